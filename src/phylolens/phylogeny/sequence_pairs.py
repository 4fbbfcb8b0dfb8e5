"""Distances between DNA sequences: edit distance, share of differing sites, models of substitution.

Sites where either sequence has a gap or an open base are left out pair by pair. Sequences of
different lengths are aligned pair by pair, which takes milliseconds a pair; edit distance needs no
alignment. A pair that a model cannot measure stops the run by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist
from scipy.spatial.distance import squareform
from skbio import DNA, DistanceMatrix, TabularMSA
from skbio.alignment import align_dists, pair_align_nucl
from skbio.sequence import distance as measures

from phylolens.errors import InputError
from phylolens.phylogeny.barcodes import is_aligned
from phylolens.progress import Progress, silent
from phylolens.results.barcodes import Alignment

Model = Literal["levenshtein", "p", "jc69", "k2p", "tn93", "logdet"]
MODELS: tuple[str, ...] = get_args(Model)
LEVENSHTEIN, RAW = "levenshtein", "p"
BESIDE = "k2p"  # corrects for repeated substitutions where the distance asked for does not
NAMES: Mapping[str, str] = {
    "levenshtein": "edit distance",
    "p": "p-distance",
    "jc69": "JC69",
    "k2p": "K2P",
    "tn93": "TN93",
    "logdet": "LogDet",
}
BASES = "ACGT"
MOST_ALIGNED_PAIRS = 12_000  # about a minute and a half; more belong to an aligner
SHOWN_PAIRS = 3
# Of alignments: ends are free, and differing bases cost so little that sequences which differ at
# half their sites still lie upon each other (BLASTN's costs would slide them apart).
MATCH, MISMATCH, GAP_OPEN, GAP_EXTEND = 2.0, -1.0, 8.0, 1.0
LEAST_OVERLAP = 0.5  # of the shorter sequence; less is no alignment


@dataclass(frozen=True)
class SequenceDistances:
    """Distances between n sequences, and what they are made of.

    Parameters
    ----------
    model : str
        One of ``MODELS``.
    distances : DistanceMatrix
        By the model: substitutions a site, or for ``levenshtein`` edits as a share of the longer
        sequence, for ``p`` the share of sites that differ.
    raw : DistanceMatrix
        Share of sites that differ; the edit distance where nothing was aligned.
    corrected : array of float, shape (n, n) or None
        ``distances`` where they come from a model of substitution, else those of K2P, NaN where it
        has no value; None where nothing was aligned.
    corrected_by : str
        The model of ``corrected``.
    sites : array of int, shape (n, n) or None
        Sites compared of each pair; None where nothing was aligned.
    alignment : str
        ``given``, ``pairwise`` or ``none``.
    frequencies : array of float, shape (4,)
        Of A, C, G and T over all sequences.
    """

    model: str
    distances: DistanceMatrix
    raw: DistanceMatrix
    corrected: np.ndarray | None
    corrected_by: str
    sites: np.ndarray | None
    alignment: Alignment
    frequencies: np.ndarray


def sequence_distances(
    sequences: Mapping[str, DNA], model: str = "k2p", *, progress: Progress = silent
) -> SequenceDistances:
    """Measure distances between all pairs of sequences.

    Jukes and Cantor (1969), Kimura (1980), Tamura and Nei (1993) and Lockhart et al. (1994) as
    scikit-bio has them; base frequencies of TN93 are those of all sequences. LogDet, as in ape, is
    above 0 also of equal sequences when bases are unequally frequent. Levenshtein (1966) as
    rapidfuzz has it, of the sequences without gaps.

    Parameters
    ----------
    sequences : mapping of str to skbio.DNA
        At least two; aligned if all have one length.
    model : str
        ``levenshtein``, ``p``, ``jc69``, ``k2p``, ``tn93`` or ``logdet``.
    progress : callable
        Told how many pairs are aligned.

    Returns
    -------
    SequenceDistances

    Raises
    ------
    InputError
        If there is no such model, pairs share no site or do not align, a model has no value for a
        pair (too different; of ``tn93`` and ``logdet`` also where a base is missing), or too many
        pairs would need alignment.

    Examples
    --------
    >>> from skbio import DNA
    >>> from phylolens.phylogeny import sequence_distances
    >>> found = sequence_distances({"a": DNA("ACGTACGTAC"), "b": DNA("ACGTACGTAT")}, "jc69")
    >>> round(float(found.distances["a", "b"]), 4), float(found.raw["a", "b"])
    (0.1073, 0.1)
    """
    if model not in MODELS:
        raise InputError(
            f"unknown distance between sequences '{model}'.",
            where="--genetic",
            hint=f"Known: {', '.join(MODELS)}.",
        )
    names = list(sequences)
    frequencies, aligned = base_frequencies(sequences), is_aligned(sequences)
    corrected_by = BESIDE if model in (LEVENSHTEIN, RAW) else model
    sites: np.ndarray | None = None
    corrected: np.ndarray | None = None
    if aligned:
        sites, raw, corrected = _of_alignment(sequences, corrected_by)
    elif model == LEVENSHTEIN:
        raw = edit_distances(list(sequences.values()))
    else:
        sites, raw, corrected = _pairwise(sequences, corrected_by, frequencies, progress)
    _require_sites(sites, names)
    if model == LEVENSHTEIN:
        found = edit_distances(list(sequences.values()))
    else:
        found = raw if model == RAW or corrected is None else corrected
    _require_defined(found, names, model, frequencies)
    return SequenceDistances(
        model=model,
        distances=DistanceMatrix(found, names),
        raw=DistanceMatrix(raw, names),
        corrected=corrected,
        corrected_by=corrected_by,
        sites=sites,
        alignment="given" if aligned else "none" if model == LEVENSHTEIN else "pairwise",
        frequencies=frequencies,
    )


def base_frequencies(sequences: Mapping[str, DNA]) -> np.ndarray:
    """Return the shares of A, C, G and T among the bases of all sequences.

    Parameters
    ----------
    sequences : mapping of str to skbio.DNA

    Returns
    -------
    array of float, shape (4,)
    """
    counts = sum(_codes(one) for one in sequences.values())
    found = np.asarray(counts, dtype=float)
    return found / found.sum()


def _codes(sequence: DNA) -> np.ndarray:
    every = np.bincount(np.frombuffer(bytes(sequence.values), dtype=np.uint8), minlength=128)
    return every[[ord(base) for base in BASES]]


def edit_distances(sequences: Sequence[DNA]) -> np.ndarray:
    """Return edits (insertions, deletions, substitutions) as shares of the longer sequence.

    Parameters
    ----------
    sequences : sequence of skbio.DNA
        Gaps are removed; open bases differ from all others.

    Returns
    -------
    array of float, shape (n, n)
    """
    bare = [str(one.degap()) for one in sequences]
    return cdist(bare, bare, scorer=Levenshtein.normalized_distance, dtype=np.float64, workers=-1)


def _of_alignment(
    sequences: Mapping[str, DNA], model: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sites, raw and model distances by scikit-bio; NaN where there are none."""
    msa = TabularMSA(list(sequences.values()), index=list(sequences))
    raw, found = (
        np.array(align_dists(msa, name, shared_by_all=False).data, dtype=float)
        for name in ("pdist", model)
    )
    letters = np.vstack([one.values.view(np.uint8) for one in sequences.values()])
    known = np.isin(letters, [ord(base) for base in BASES]).astype(np.float32)
    # Exact in single precision: far below 2 ** 24 sites.
    return np.rint(known @ known.T).astype(int), raw, found


def _pairwise(
    sequences: Mapping[str, DNA], model: str, frequencies: np.ndarray, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Align every pair by itself; sites, raw and model distances."""
    bare = [one.degap() for one in sequences.values()]
    pairs = list(combinations(range(len(bare)), 2))
    if len(pairs) > MOST_ALIGNED_PAIRS:
        raise InputError(
            f"sequences of different lengths, {len(bare)} of them: {len(pairs):,} pairs would have "
            f"to be aligned; at most {MOST_ALIGNED_PAIRS:,} are.",
            where="--barcodes",
            hint="Align them first (MAFFT, MUSCLE), or take --genetic levenshtein.",
        )
    measure = getattr(measures, model)
    more = {"freqs": frequencies} if model == "tn93" else {}
    rows = np.zeros((3, len(pairs)))
    for place, (i, j) in enumerate(pairs):
        if place % 100 == 0:
            progress("aligning barcodes", place, len(pairs))
        path = pair_align_nucl(
            bare[i], bare[j], sub_score=(MATCH, MISMATCH), gap_cost=(GAP_OPEN, GAP_EXTEND)
        ).paths[0]
        one, other = (DNA(text) for text in path.to_aligned((bare[i], bare[j])))
        both = one.definites() & other.definites()
        rows[0, place] = both.sum()
        rows[1, place] = measures.pdist(one, other)
        rows[2, place] = measure(one, other, **more) if rows[1, place] >= 0 else np.nan
    sites, raw, found = (squareform(row) for row in rows)
    _require_overlap(sites, bare, list(sequences))
    return sites.astype(int), raw, found


def _require_overlap(sites: np.ndarray, bare: Sequence[DNA], names: Sequence[str]) -> None:
    """Refuse pairs that could not be laid upon each other."""
    known = np.array([int(one.definites().sum()) for one in bare])
    shorter = np.minimum.outer(known, known)
    upper = np.triu(np.ones(sites.shape, dtype=bool), k=1)
    if (apart := np.argwhere((sites < LEAST_OVERLAP * shorter) & upper)).size:
        raise InputError(
            f"barcodes that do not align over half of the shorter one, {len(apart):,} pairs: "
            f"{_named(apart, names)}.",
            where="--barcodes",
            ids=_concerned(apart, names),
            hint="Look for another marker, another strand or another part of it; or align them "
            "first (MAFFT, MUSCLE).",
        )


def _require_sites(sites: np.ndarray | None, names: Sequence[str]) -> None:
    if sites is None:
        return
    upper = np.triu(np.ones(sites.shape, dtype=bool), k=1)
    if (lacking := np.argwhere((sites == 0) & upper)).size:
        raise InputError(
            f"pairs of barcodes without a common site: {_named(lacking, names)}.",
            where="--barcodes",
            ids=_concerned(lacking, names),
            hint="They cover different parts of the marker: remove the shorter ones.",
        )


def _require_defined(
    found: np.ndarray, names: Sequence[str], model: str, frequencies: np.ndarray
) -> None:
    """Name the pairs whose distance the model cannot tell."""
    upper = np.triu(np.ones(found.shape, dtype=bool), k=1)
    undefined = np.argwhere(~np.isfinite(found) & upper)
    if not undefined.size:
        return
    n_pairs, absent = (
        int(upper.sum()),
        [b for b, f in zip(BASES, frequencies, strict=True) if not f],
    )
    why = "they are too different: the model is saturated"
    if model == "logdet":
        why = "they are too different, or one of the four bases never meets itself"
    if model == "tn93" and absent:
        why = f"no sequence holds {' or '.join(absent)}"
    raise InputError(
        f"{NAMES[model]} has no value for {len(undefined):,} of {n_pairs:,} pairs of barcodes; "
        f"{why}: {_named(undefined, names)}.",
        where=f"--genetic {model}",
        ids=_concerned(undefined, names),
        hint="Take --genetic p, which has a value for every pair, or remove sequences of another "
        "marker or of poor quality.",
    )


def _named(pairs: np.ndarray, names: Sequence[str]) -> str:
    shown = [f"'{names[i]}' and '{names[j]}'" for i, j in pairs[:SHOWN_PAIRS].tolist()]
    more = len(pairs) - len(shown)
    return "; ".join(shown) + (f"; and {more:,} more pairs" if more > 0 else "")


def _concerned(pairs: np.ndarray, names: Sequence[str]) -> list[str]:
    return [names[place] for place in dict.fromkeys(pairs.ravel().tolist())]
