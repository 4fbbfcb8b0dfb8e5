"""The genetic side of a run: a tree, a matrix or barcodes, at the rank of comparison.

Beside a tree or a matrix, barcodes are no second genetic side: they are held against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.phylogeny import Phylogeny, RankedDistances, read_phylogeny, to_rank
from phylolens.phylogeny.barcode_names import fields
from phylolens.phylogeny.barcode_rank import RankedBarcodes, barcodes_at_rank
from phylolens.phylogeny.placing import NoneMatch
from phylolens.phylogeny.rank import tip_names
from phylolens.phylogeny.suggestions import read_matches, suggest
from phylolens.pipeline.settings import Settings
from phylolens.progress import Progress
from phylolens.writing import write_csv

MATCHES = "matches.csv"
UNROOTED = (
    "the tree is unrooted and was rooted at its midpoint; K, lambda and disagreeing pairs depend "
    "on the root, so tests of the distances come first (a rooted tree is marked [&R])"
)


@dataclass(frozen=True)
class GeneticSide:
    """Genetic distances of the run, and what was said in reading them.

    Parameters
    ----------
    ranked : RankedDistances
        What is tested, learned and reported.
    source : str
        ``tree``, ``distances`` or ``barcodes``.
    barcodes : RankedBarcodes or None
        Where sequences were given.
    notes : list of Problem
    """

    ranked: RankedDistances
    source: str
    barcodes: RankedBarcodes | None
    notes: list[Problem]


def genetic_side(
    settings: Settings, table: pd.DataFrame, ranks: tuple[str, ...], rank: str, progress: Progress
) -> GeneticSide:
    """Read the genetic side and bring it to the rank.

    Parameters
    ----------
    settings : Settings
        ``tree``, ``distances``, ``barcodes`` and what belongs to them.
    table : DataFrame
        Rows that place tips and sequences in the taxa worked on.
    ranks : tuple of str
        Coarse to fine.
    rank : str
        The rank of comparison.
    progress : callable
        Told how many barcodes are aligned.

    Raises
    ------
    InputError
        If it cannot be read, matched or measured.
    """
    notes: list[Problem] = []
    beside = settings.tree is not None or settings.distances is not None
    ranked: RankedDistances | None = None
    source = "tree" if settings.tree else "distances"
    if beside:
        phylogeny = read_phylogeny(
            tree=settings.tree, distances=settings.distances, ids=settings.ids, notes=notes
        )
        ranked = _ranked(settings, phylogeny, table, ranks, rank)
    barcodes = _barcodes(settings, table, ranks, rank, progress, beside=beside)
    if ranked is None:
        assert barcodes is not None
        ranked, source = barcodes.ranked, "barcodes"
    notes += ranked.notes
    if barcodes is not None:
        notes += [*(barcodes.ranked.notes if beside else ()), *barcodes.notes]
    if (settings.out / MATCHES).is_file() and settings.matches is None:
        said = f"names that nearly match the phylogeny are in {MATCHES}: check, edit, and give "
        notes.append(Problem("near-matches", "note", f"{said}the file back with --matches"))
    if not ranked.rooted:
        notes.append(Problem("unrooted-tree", "warning", UNROOTED))
    return GeneticSide(ranked, source, barcodes, notes)


def _barcodes(
    settings: Settings,
    table: pd.DataFrame,
    ranks: tuple[str, ...],
    rank: str,
    progress: Progress,
    *,
    beside: bool,
) -> RankedBarcodes | None:
    """Bring barcodes to the rank; ``--matches`` is of the tree or matrix where there is one."""
    if settings.barcodes is None:
        return None
    given = None if settings.matches is None or beside else read_matches(settings.matches)
    path = settings.barcodes
    try:
        found = barcodes_at_rank(
            path, settings.genetic, table, ranks, rank, matches=given, progress=progress
        )
    except NoneMatch as error:
        if not beside and _write_suggestions(settings, _parts(error.ids), table, ranks):
            raise _with_suggestions(error, settings) from error
        raise
    if not beside:
        _write_suggestions(settings, _parts(found.ranked.no_taxon), table, ranks)
    return found


def _parts(headers: Sequence[object]) -> list[str]:
    """Fields of headers that may be names."""
    return list(dict.fromkeys(part for header in headers for part in fields(str(header))))


def _ranked(
    settings: Settings,
    phylogeny: Phylogeny,
    table: pd.DataFrame,
    ranks: tuple[str, ...],
    rank: str,
) -> RankedDistances:
    """Bring the phylogeny to the rank; write which other names nearly match."""
    given = read_matches(settings.matches) if settings.matches else None
    try:
        ranked = to_rank(phylogeny, table, ranks, rank, matches=given)
    except NoneMatch as error:
        if _write_suggestions(settings, tip_names(phylogeny), table, ranks):
            raise _with_suggestions(error, settings) from error
        raise
    _write_suggestions(settings, ranked.no_taxon, table, ranks)
    return ranked


def _with_suggestions(error: InputError, settings: Settings) -> InputError:
    return InputError(
        error.problem,
        hint=f"Names that nearly match are in {settings.out / MATCHES}: check them and "
        f"give the file back with --matches. {error.hint}",
    )


def _write_suggestions(
    settings: Settings, tips: Sequence[str], table: pd.DataFrame, ranks: Sequence[str]
) -> bool:
    """Write ``matches.csv``; whether there is any. A file that the user gave is left alone."""
    path = settings.out / MATCHES
    if settings.matches is not None and settings.matches.resolve() == path.resolve():
        return True
    found = suggest(tips, table, ranks)
    if len(found):
        write_csv(path, found)
    else:
        path.unlink(missing_ok=True)
    return bool(len(found))
