"""Ranks and lineages: which columns are ranks, which taxon lies in which, how far two taxa are.

A taxonomy is a table: one row a specimen or taxon, one column a rank, coarse to fine; a missing
value means unknown and is never a class.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.rank_names import STANDARD_RANKS

# Words with another meaning, too: they count only where the column nests like a rank.
AMBIGUOUS = (
    *("form", "variety", "series", "section", "cohort", "division", "realm", "domain", "class"),
)
DOMAINS = ("eukaryota", "eukarya", "eucarya", "bacteria", "archaea", "eubacteria", "archaebacteria")
STRAY = 0.05  # share of rows of "class" that may contradict nesting: mistakes, to be reported


def find_ranks(table: pd.DataFrame, columns: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Find the ranks among columns named as such, coarse to fine in their standard order.

    Words that have another meaning, too (``form``, ``series``, ``realm`` ...) count only where the
    column nests strictly between its neighbours.

    Parameters
    ----------
    table : DataFrame
        With the columns.
    columns : sequence of str
        Standard rank names, in any case; others are passed over.

    Returns
    -------
    ranks : tuple of str
    left_out : list of str
        Ambiguous columns that do not nest.
    """
    place = {rank: number for number, rank in enumerate(STANDARD_RANKS)}
    named = [name for name in columns if name.strip().lower() in place]
    known = sorted(named, key=lambda name: place[name.strip().lower()])
    sure = [name for name in known if name.strip().lower() not in AMBIGUOUS]
    left_out = []
    for name in [name for name in known if name not in sure]:
        if len(known) > 1 and not _nests(table, name, known, sure):
            left_out.append(name)
        else:
            sure = [one for one in known if one in sure or one == name]
    return tuple(sure), left_out


def _nests(table: pd.DataFrame, name: str, known: list[str], sure: list[str]) -> bool:
    """Whether an ambiguous column lies between its neighbours as a rank would."""
    word = name.strip().lower()
    values = table[name].dropna()
    if word == "realm" or (word == "domain" and not _are_domains(values)):
        return word == "realm" and bool(values.astype(str).str.lower().str.endswith("viria").all())
    at = known.index(name)
    above = [one for one in known[:at] if one in sure]
    below = [one for one in known[at + 1 :] if one in sure]
    if word == "class":  # mostly a rank; but in tables for machine learning the label itself
        torn = two_parents(table, name, below[0]) if below else pd.DataFrame()
        return not len(torn) or torn[torn.duplicated("fine")]["n"].sum() <= STRAY * len(table)
    if values.nunique() < 2 and word != "domain":
        return False
    if below and len(two_parents(table, name, below[0])):
        return False
    if above and len(two_parents(table, above[-1], name)):
        return False
    return not below or values.nunique() < table[below[0]].nunique() or not above


def _are_domains(values: pd.Series) -> bool:
    return bool(values.astype(str).str.lower().isin(DOMAINS).all())


def nested_columns(table: pd.DataFrame, candidates: Sequence[str]) -> tuple[str, ...]:
    """Find columns that nest, fewest values first: what may be ranks, for a message.

    Every value of one lies in a single value of the next coarser; a column with a value of its own
    for every row is an id.
    """
    counts = {name: int(table[name].nunique()) for name in candidates}
    nested: list[str] = []
    for name in sorted((n for n in candidates if counts[n] > 1), key=lambda n: counts[n]):
        if counts[name] == len(table):
            continue
        if not nested or not len(two_parents(table, nested[-1], name)):
            nested.append(name)
    return tuple(nested)


def two_parents(table: pd.DataFrame, coarse: str, fine: str) -> pd.DataFrame:
    """List the ``fine`` taxa that lie in more than one ``coarse`` taxon.

    Returns
    -------
    DataFrame
        Columns ``fine``, ``coarse``, ``n`` (rows), the most frequent parent first.
    """
    pairs = table[[coarse, fine]].dropna()
    pairs = pairs.groupby([fine, coarse], sort=True).size().rename("n").reset_index()
    repeated = pairs[pairs.duplicated(fine, keep=False)]
    ordered = repeated.sort_values([fine, "n", coarse], ascending=[True, False, True])
    return ordered.rename(columns={fine: "fine", coarse: "coarse"}).reset_index(drop=True)


def conflicts(table: pd.DataFrame, ranks: Sequence[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield coarse rank, fine rank and :func:`two_parents` wherever that finds any.

    Each rank is held against the next coarser one; taxa with a row where that is unknown are held
    against the ranks above it, too.
    """
    for place, fine in enumerate(ranks):
        for above in reversed(range(place)):
            between = list(ranks[above + 1 : place])
            gaps = table.loc[table[between].isna().any(axis=1), fine] if between else table[fine]
            found = two_parents(table[table[fine].isin(gaps.dropna())], ranks[above], fine)
            if len(found):
                yield ranks[above], fine, found


def lineages(table: pd.DataFrame, ranks: Sequence[str], rank: str) -> pd.DataFrame:
    """Give every taxon of ``rank`` its lineage over the coarser ranks.

    Where rows disagree, the most frequent parent counts (``phylolens check`` names such taxa).

    Parameters
    ----------
    table : DataFrame
        One row a specimen, with the rank columns.
    ranks : sequence of str
        Rank names, coarse to fine.
    rank : str
        The rank whose taxa are wanted.

    Returns
    -------
    DataFrame
        Index: taxa of ``rank``, sorted; columns: ``ranks`` down to and including ``rank``.
    """
    require_rank(ranks, rank)
    columns = list(ranks[: list(ranks).index(rank) + 1])
    known = table.dropna(subset=[rank])
    taxa = sorted(known[rank].unique())
    result = pd.DataFrame({rank: taxa}, index=pd.Index(taxa, name="taxon"))
    for column in columns[:-1]:
        counted = known.groupby([rank, column], sort=True).size().rename("n").reset_index()
        first = counted.sort_values(["n", column], ascending=[False, True])
        result[column] = first.drop_duplicates(rank).set_index(rank)[column].reindex(taxa)
    return result[columns]


def require_rank(ranks: Sequence[str], rank: str, where: str = "--rank") -> None:
    """Raise :class:`InputError` unless ``rank`` is one of ``ranks``."""
    if rank not in ranks:
        raise InputError(
            f"rank '{rank}' is not among the ranks read ({', '.join(ranks) or 'none'}).",
            where=where,
            hint="Choose one of them, or name the rank columns with --ranks, coarse to fine.",
        )


def require_coarse_to_fine(table: pd.DataFrame, ranks: Sequence[str], where: object) -> None:
    """Raise :class:`InputError` where a rank named coarser lies within the next one.

    Standard ranks in their standard order are trusted: there, two parents are faults of the table.
    """
    place = {rank: number for number, rank in enumerate(STANDARD_RANKS)}
    for coarse, fine in pairwise(ranks):
        standard = [place.get(name.strip().lower()) for name in (coarse, fine)]
        if None not in standard and standard == sorted(standard):  # type: ignore[type-var]
            continue
        if len(two_parents(table, coarse, fine)) and not len(two_parents(table, fine, coarse)):
            raise InputError(
                f"ranks go from coarse to fine, but every {coarse} lies in one {fine}, and some "
                f"{fine} in several values of {coarse}.",
                where=where,
                hint=f"Name {fine} before {coarse} in --ranks.",
            )


def taxonomic_steps(lineage: pd.DataFrame) -> np.ndarray:
    """Distance between taxa from the taxonomy alone: 1 + the number of coarser ranks that differ.

    Families of one order are at 1, of one subclass at 2, others at 3. An unknown parent is shared
    with no other taxon.

    Parameters
    ----------
    lineage : DataFrame
        One row a taxon, rank columns coarse to fine, the last being the taxa themselves.

    Returns
    -------
    array of float, shape (n, n)
        Steps; zero on the diagonal.
    """
    steps = np.ones((len(lineage), len(lineage)))
    for column in lineage.columns[:-1]:
        codes = pd.factorize(lineage[column])[0]
        same = (codes[:, None] == codes[None, :]) & (codes[:, None] >= 0)
        steps += ~same
    np.fill_diagonal(steps, 0.0)
    return steps


def nesting_problems(table: pd.DataFrame, ranks: Sequence[str]) -> list[Problem]:
    """Report taxa that lie in two parents, such as a genus under two families."""
    problems = []
    for coarse, fine, found in conflicts(table, ranks):
        for taxon, rows in found.groupby("fine", sort=True):
            parents = ", ".join(f"{row.coarse} ({row.n} rows)" for row in rows.itertuples())
            message = f"{fine} '{taxon}' lies in {len(rows)} values of {coarse}: {parents}"
            problems.append(Problem("two-parents", "error", message, (str(taxon),)))
    return problems
