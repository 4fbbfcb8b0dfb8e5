"""Barcodes as the genetic side: read, placed, measured, averaged between taxa."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from skbio import DNA

from phylolens.errors import InputError, Problem
from phylolens.phylogeny.barcode_names import place_barcodes
from phylolens.phylogeny.barcodes import is_aligned, read_barcodes, with_ambiguous_bases
from phylolens.phylogeny.placing import Placing
from phylolens.phylogeny.rank import RankedDistances, placed_at_rank
from phylolens.phylogeny.rank_tree import group_means
from phylolens.phylogeny.sequence_pairs import (
    LEVENSHTEIN,
    NAMES,
    SequenceDistances,
    sequence_distances,
)
from phylolens.progress import Progress, silent
from phylolens.results.barcodes import BarcodeInput, Sites
from phylolens.taxonomy import require_rank

FEW_SITES = 100  # compared of a pair; of fewer, a share of differing sites is mostly chance


@dataclass(frozen=True)
class RankedBarcodes:
    """Distances of barcodes between the taxa of one rank.

    Parameters
    ----------
    ranked : RankedDistances
        By the model asked for: means over the pairs of sequences of two taxa.
    raw : array of float, shape (n, n)
        Share of sites that differ, the same means, in the order of ``ranked.distances.ids``.
    corrected : array of float, shape (n, n) or None
        By the model ``corrected_by``; NaN where it has no value.
    corrected_by : str
    frequencies : array of float, shape (4,)
        Of A, C, G and T over all sequences used.
    found : BarcodeInput
        What was read, as ``check.json`` holds it.
    notes : tuple of Problem
        What a reader should know of the sequences.
    """

    ranked: RankedDistances
    raw: np.ndarray
    corrected: np.ndarray | None
    corrected_by: str
    frequencies: np.ndarray
    found: BarcodeInput
    notes: tuple[Problem, ...]


def barcodes_at_rank(
    path: Path,
    model: str,
    table: pd.DataFrame,
    ranks: tuple[str, ...],
    rank: str,
    *,
    matches: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> RankedBarcodes:
    """Read barcodes and average their distances between the taxa of ``rank``.

    Parameters
    ----------
    path : Path
        FASTA.
    model : str
        As of :func:`phylolens.phylogeny.sequence_distances`.
    table : DataFrame
        One row an image: ``file``, ``specimen_id`` and rank columns.
    ranks : tuple of str
        Coarse to fine.
    rank : str
        The rank of comparison.
    matches : mapping of str to str, optional
        A header, or a field of it, to the name of a taxon.
    progress : callable
        Told how many pairs are aligned.

    Raises
    ------
    InputError
        As reading, placing and measuring do; and if fewer than three taxa have a sequence.
    """
    require_rank(ranks, rank)
    sequences = read_barcodes(path)
    placing = place_barcodes(list(sequences), table, ranks, rank, matches)
    _require_three(placing, rank, path)
    # Sequences of no taxon here are not measured: one of them that is saturated is no fault.
    used = {name: sequences[name] for name in placing.taxon_of}
    measured = sequence_distances(used, model, progress=progress)
    _require_apart(measured, path)
    ranked = placed_at_rank(measured.distances, placing, table, rank)
    others = tuple(sorted(name for name in sequences if name not in used))
    ranked = replace(ranked, no_taxon=others)
    place = {taxon: code for code, taxon in enumerate(ranked.distances.ids)}
    codes = np.array([place[placing.taxon_of[name]] for name in used])
    return RankedBarcodes(
        ranked=ranked,
        raw=_means(measured.raw.data, codes, len(place)),
        corrected=None
        if measured.corrected is None
        else _means(measured.corrected, codes, len(place)),
        corrected_by=measured.corrected_by,
        frequencies=measured.frequencies,
        found=_described(sequences, used, placing, measured),
        notes=_notes(used, measured),
    )


def _means(values: np.ndarray, codes: np.ndarray, n: int) -> np.ndarray:
    means = group_means(values, codes, n)
    np.fill_diagonal(means, 0.0)
    return means


def _require_three(placing: Placing, rank: str, path: Path) -> None:
    taxa = sorted(set(placing.taxon_of.values()))
    if len(taxa) < 3:
        raise InputError(
            f"only {len(taxa)} taxa of rank {rank} have both images and a barcode; at least three "
            "are needed.",
            where=path,
            ids=taxa,
        )


def _require_apart(measured: SequenceDistances, path: Path) -> None:
    if not measured.distances.data.any():
        raise InputError("all barcodes are equal.", where=path, ids=list(measured.distances.ids))


def _described(
    sequences: Mapping[str, DNA],
    used: Mapping[str, DNA],
    placing: Placing,
    measured: SequenceDistances,
) -> BarcodeInput:
    lengths = [len(one.degap()) for one in used.values()]
    counts = Counter(placing.taxon_of.values())
    return BarcodeInput(
        model=measured.model,
        n_sequences=len(sequences),
        n_used=len(used),
        n_taxa=len(counts),
        most_of_a_taxon=max(counts.values()),
        alignment=measured.alignment,
        shortest=min(lengths),
        longest=max(lengths),
        sites=_sites(measured),
        n_ambiguous=len(with_ambiguous_bases(used)),
        placed_by=placing.matched_by,
    )


def _sites(measured: SequenceDistances) -> Sites | None:
    if measured.sites is None:
        return None
    compared = _upper(measured.sites)
    return Sites(least=int(compared.min()), median=float(np.median(compared)))


def _upper(values: np.ndarray) -> np.ndarray:
    return values[np.triu_indices(len(values), k=1)]


def _notes(used: Mapping[str, DNA], measured: SequenceDistances) -> tuple[Problem, ...]:
    notes = []
    model = NAMES[measured.model]
    if not is_aligned(used):
        said = "barcodes have different lengths: "
        said += (
            f"{model} counts missing ends as edits"
            if measured.model == LEVENSHTEIN
            else "each pair was aligned by itself; an alignment of all is better"
        )
        notes.append(Problem("unaligned-barcodes", "note", said, tuple(used)))
    if open_bases := with_ambiguous_bases(used):
        counted = (
            "counts each as a difference" if measured.model == LEVENSHTEIN else "leaves them out"
        )
        said = f"barcodes with open bases (N and the like): {model} {counted}"
        notes.append(Problem("open-bases", "note", said, tuple(open_bases)))
    if few := _few_sites(measured):
        said = f"barcodes that share fewer than {FEW_SITES} sites with another"
        notes.append(Problem("few-sites", "warning", said, tuple(few)))
    return tuple(notes)


def _few_sites(measured: SequenceDistances) -> Sequence[str]:
    if measured.sites is None:
        return ()
    off = ~np.eye(len(measured.sites), dtype=bool)
    rows = ((measured.sites < FEW_SITES) & off).any(axis=1)
    return [measured.raw.ids[int(row)] for row in np.flatnonzero(rows)]
