"""Names that differ by a slip of the pen, and one genus name for two taxa."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from phylolens.errors import Problem
from phylolens.specimens.names import key
from phylolens.taxonomy import conflicts

SHORTEST = 6  # letters: of shorter names, one letter makes another name
MOST_ALIKE = 50  # names that share one variant; more are a system of names, not slips
KINGDOMS = ("domain", "superkingdom", "kingdom")
SPECIES = "species"


def near_names(names: Sequence[str]) -> list[tuple[str, str]]:
    """Find the pairs that differ by one edit, or by accents, hyphens and blanks alone.

    Names with digits, or that differ in a last word of one or two letters, are a numbering: of
    these, only accents, hyphens and blanks count. The cost grows with the number of names, not of
    pairs: two names one edit apart share a variant with one letter left out.

    Parameters
    ----------
    names : sequence of str
        Different names of one rank.

    Returns
    -------
    list of pairs of str
        Sorted.

    Examples
    --------
    >>> near_names(["Mus musculus", "Mus musculuss", "Rattus rattus"])
    [('Mus musculus', 'Mus musculuss')]
    """
    plain = {name: _plain(name) for name in names}
    sharing: defaultdict[str, list[str]] = defaultdict(list)
    for name, text in plain.items():
        # A name with a digit is a code: one edit makes another code.
        shorter = () if any(map(str.isdigit, text)) else (
            text[:i] + text[i + 1 :] for i in range(len(text))
        )  # fmt: skip
        for variant in {text, *shorter}:
            sharing[variant].append(name)
    found = set()
    for group in sharing.values():
        if 1 < len(group) <= MOST_ALIKE:
            pairs = combinations(sorted(group), 2)
            found |= {(one, two) for one, two in pairs if _slip(one, two, plain[one], plain[two])}
    return sorted(found)


def _plain(name: str) -> str:
    """Lower case, without accents, hyphens and blanks."""
    bare = unicodedata.normalize("NFD", name.casefold())
    return "".join(c for c in bare if c.isalnum())


def _slip(one: str, other: str, a: str, b: str) -> bool:
    if a == b:
        return True
    if min(len(a), len(b)) < SHORTEST:
        return False
    if one.rsplit(" ", 1)[0] == other.rsplit(" ", 1)[0] and len(one.rsplit(" ", 1)[-1]) < 3:
        return False
    return _edits(a, b) <= 1


def _edits(a: str, b: str) -> int:
    """Edits from ``a`` to ``b`` if at most one (exchanged neighbours are one), else 2."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    rest_a, rest_b = a[start : len(a) - end], b[start : len(b) - end]
    if len(rest_a) <= 1 and len(rest_b) <= 1:
        return 1
    return 1 if len(rest_a) == 2 and rest_a == rest_b[::-1] else 2


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
