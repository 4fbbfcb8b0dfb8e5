"""Names that nearly match the table: ``matches.csv``, for the user to edit and give back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from phylolens.errors import InputError
from phylolens.specimens.names import key
from phylolens.specimens.near_names import near_names
from phylolens.specimens.table import load_table
from phylolens.specimens.unknown import is_blank

COLUMNS = ("name", "candidate", "why")
SHORT = 10  # characters of a name in strict PHYLIP
MOST_NAMES = 50_000  # beyond it, spellings are not compared


def suggest(tips: Sequence[str], table: pd.DataFrame, ranks: Sequence[str]) -> pd.DataFrame:
    """Suggest taxa for tips that stand for none.

    Parameters
    ----------
    tips : sequence of str
        Tips that are not placed.
    table : DataFrame
        Rank columns.
    ranks : sequence of str
        Coarse to fine.

    Returns
    -------
    DataFrame
        Columns ``name`` (of the phylogeny), ``candidate`` (of the table) and ``why``; sorted, one
        row a pair. A candidate may be a taxon that has other tips.
    """
    taxa: dict[str, str] = {}
    for rank in ranks:
        taxa |= {key(taxon): taxon for taxon in table[rank].dropna().unique()}
    found: dict[tuple[str, str], str] = {}
    by_epithet = _by_epithet(taxa)
    for tip in tips:
        words = key(tip).split(" ")
        for candidate, why in (
            *((taxon, "begins like this name, cut short") for taxon in _cut(tip, taxa)),
            *_longer(words, taxa),
            *((taxon, "same epithet, another genus") for taxon in _epithet(words, by_epithet)),
        ):
            found.setdefault((tip, candidate), why)
    for tip, candidate in _near(tips, taxa):
        found.setdefault((tip, candidate), "nearly the same spelling")
    rows = [(tip, candidate, why) for (tip, candidate), why in sorted(found.items())]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _cut(tip: str, taxa: dict[str, str]) -> list[str]:
    """Find the only taxon that a name of ten characters, as of strict PHYLIP, begins."""
    short = key(tip)
    if len(short) not in (SHORT - 1, SHORT) or short in taxa:
        return []
    found = [taxon for name, taxon in taxa.items() if name.startswith(short)]
    return found if len(found) == 1 else []


def _longer(words: list[str], taxa: dict[str, str]) -> Iterable[tuple[str, str]]:
    """Find the longest taxon a tip begins with, else ends with."""
    n = len(words)
    for k in range(n - 1, 0, -1):
        if (name := " ".join(words[:k])) in taxa:
            # A genus alone is no match for a species of it, unless the species is not named.
            if k > 1 or words[1] in ("sp", "sp.", "spp", "spp.", "indet", "indet."):
                yield taxa[name], "begins with this name and carries more"
            return
    for k in range(1, n - 1):
        if (name := " ".join(words[k:])) in taxa:
            yield taxa[name], "ends with this name and carries more"
            return


def _by_epithet(taxa: dict[str, str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, taxon in taxa.items():
        words = name.split(" ")
        if len(words) == 2:
            found[_stem(words[1])].append(taxon)
    return found


def _epithet(words: list[str], by_epithet: dict[str, list[str]]) -> list[str]:
    """Find the only taxon with a tip's epithet, whatever its gender."""
    if len(words) != 2:
        return []
    candidates = by_epithet.get(_stem(words[1]), [])
    return candidates if len(candidates) == 1 else []


def _stem(epithet: str) -> str:
    for ending in ("us", "um", "is", "er", "a", "e"):
        if len(epithet) > len(ending) + 3 and epithet.endswith(ending):
            return epithet[: -len(ending)]
    return epithet


def _near(tips: Sequence[str], taxa: dict[str, str]) -> Iterable[tuple[str, str]]:
    own = {key(tip): tip for tip in tips}
    both = sorted({*own, *taxa})
    if len(both) > MOST_NAMES:
        return
    for one, other in near_names(both):
        for tip, taxon in ((one, other), (other, one)):
            if tip in own and taxon in taxa and tip not in taxa:
                yield own[tip], taxa[taxon]


def read_matches(path: Path) -> dict[str, str]:
    """Read which name of the phylogeny is which taxon of the table.

    Parameters
    ----------
    path : Path
        A table with the columns ``name`` (of the phylogeny) and ``candidate`` (of the table); rows
        without a candidate do not count.

    Raises
    ------
    InputError
        If a column is missing, or a name stands for two candidates.
    """
    loaded = load_table(path)
    columns = {str(name).lower(): name for name in loaded.frame.columns}
    missing = [name for name in ("name", "candidate") if name not in columns]
    if missing:
        raise InputError(
            "a column is missing.",
            where=path,
            ids=missing,
            hint="'name' holds names of the phylogeny, 'candidate' those of the table.",
        )
    found: dict[str, str] = {}
    for row, name, candidate in zip(
        loaded.rows, loaded.frame[columns["name"]], loaded.frame[columns["candidate"]], strict=True
    ):
        if candidate is None or is_blank(candidate):
            continue
        if name is None or found.get(name, candidate) != candidate:
            raise InputError(
                f"'{name}' stands for two candidates or is blank.",
                where=path,
                ids=[row],
                hint="Leave one candidate for each name; clear the others.",
            )
        found[name] = candidate
    return found
