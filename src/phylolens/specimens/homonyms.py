"""One name for two taxa: the codes of nomenclature let a beetle and a fungus share a genus name."""

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from phylolens.errors import Problem
from phylolens.specimens.names import key
from phylolens.specimens.near_names import near_names
from phylolens.taxonomy import conflicts

KINGDOMS = ("domain", "superkingdom", "kingdom")
SPECIES = "species"


def qualify_homonyms(
    table: pd.DataFrame, ranks: Sequence[str]
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Tell homonyms apart by their parent: ``Microdon (Syrphidae)``.

    A name in two parents is a pair of homonyms if the parents share none of its species; where they
    do, or the parents' names are nearly equal, the table has a mistake, which is left to be
    reported. Above the genus, only names in two kingdoms count.

    Parameters
    ----------
    table : DataFrame
        Clean labels.
    ranks : sequence of str
        Coarse to fine.
    """
    table, problems = table.copy(), []
    for rank in ranks:
        if rank == SPECIES or ranks.index(rank) == 0:
            continue
        for name in _in_several_parents(table, ranks, rank):
            rows = table[rank] == name
            by = _telling_rank(table[rows], ranks, rank)
            if by is None:
                continue
            parents = sorted(table.loc[rows, by].dropna().unique())
            known = rows & table[by].notna()
            table.loc[known, rank] = [f"{name} ({parent})" for parent in table.loc[known, by]]
            table.loc[rows & table[by].isna(), rank] = None
            said = (
                f"{rank} '{name}' stands for {len(parents)} taxa without a common species "
                f"(homonyms) and is told apart by {by}; if that is a mistake, correct the {by}"
            )
            named = tuple(f"{name} ({parent})" for parent in parents)
            problems.append(Problem("homonym", "warning", said, named))
    return table, tuple(problems)


def _in_several_parents(table: pd.DataFrame, ranks: Sequence[str], rank: str) -> list[str]:
    above = ranks[: list(ranks).index(rank) + 1]
    return sorted(
        {
            name
            for _, fine, found in conflicts(table, above)
            if fine == rank
            for name in found["fine"]
        }
    )


def _telling_rank(rows: pd.DataFrame, ranks: Sequence[str], rank: str) -> str | None:
    """Return the nearest coarser rank that tells homonyms apart; None if it is a mistake."""
    above = list(ranks[: list(ranks).index(rank)])
    kingdoms = any(rows[one].nunique() > 1 for one in above if one in KINGDOMS)
    if not kingdoms and (rank != "genus" or SPECIES not in ranks):
        return None
    for by in reversed(above):
        parents = rows[by].dropna().unique()
        if len(parents) < 2:
            continue
        if near_names(sorted(parents)):
            return None
        if SPECIES in ranks and not _disjoint(rows, by):
            return None
        return by
    return None


def _disjoint(rows: pd.DataFrame, by: str) -> bool:
    species = [
        {key(name) for name in group[SPECIES].dropna()} for _, group in rows.groupby(by, sort=True)
    ]
    return all(species) and not any(a & b for a, b in combinations(species, 2))
