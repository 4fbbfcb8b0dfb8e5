"""Which taxon each tip of a phylogeny stands for, and why the others stand for none.

Names match exactly after one stated normalisation. Beyond that only what is unambiguous is done,
and said: a suffix of one recognisable kind that every tip carries, tips of several ranks, and tips
that name a genus where nothing else places it.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from phylolens.errors import InputError, Problem, some
from phylolens.phylogeny import names
from phylolens.specimens.names import canonical, key
from phylolens.taxonomy import lineages

GENUS = "genus"
# What every tip of a tree may carry beside its name; the name is the first group.
SUFFIXES: Mapping[str, re.Pattern[str]] = {
    "an OpenTree id (_ott and digits)": re.compile(r"(.+)[_ ]ott\d+"),
    "a family and an order in capitals": re.compile(
        r"([A-Z][a-z]+[_ ][a-z-]+(?:[_ ][a-z-]+)?)[_ ][A-Z]{4,}[_ ][A-Z]{4,}"
    ),
    "an accession number at the end": re.compile(r"(.+?)[_ ][A-Z]{1,6}_?\d{4,}(?:\.\d+)?"),
    "an accession number at the start": re.compile(r"[A-Z]{1,6}_?\d{4,}(?:\.\d+)?[_ ](.+)"),
}
_OPEN = re.compile(r"([^\W\d_]{2,}) (?:sp|spp|indet|cf|aff)\.?(?: ?[\w.]+)?", re.IGNORECASE)
EXACT, GIVEN, SHORTENED = "equal names", "--matches", "names without what every tip carries"
OTHER_RANK, GENUS_TIP, GENUS_WORD = "tips of another rank", "tips of a genus (sp.)", "first word"


class NoneMatch(InputError):
    """No tip is a taxon of the table; which are nearly so may be suggested."""


@dataclass(frozen=True)
class Placing:
    """Where tips stand.

    Parameters
    ----------
    taxon_of : dict of str to str
        Tip to taxon of the rank of comparison.
    tip_rank : str
        The rank most tips stand at.
    matched_by : dict of str to int
        Tips placed, by kind of match.
    reasons : dict of str to str
        Why each other tip is not placed.
    notes : tuple of Problem
    """

    taxon_of: dict[str, str]
    tip_rank: str
    matched_by: dict[str, int]
    reasons: dict[str, str]
    notes: tuple[Problem, ...] = ()


@dataclass
class _Work:
    table: pd.DataFrame
    ranks: tuple[str, ...]
    rank: str
    names: dict[str, str]  # tip to the name it is matched by
    found: dict[str, str] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    notes: list[Problem] = field(default_factory=list)

    def by_rank(self) -> dict[str, dict[str, str]]:
        """Tip to taxon, for each rank."""
        found = {}
        for column in self.ranks:
            known = names.match(self.names.values(), self.table[column].dropna().unique())
            found[column] = {tip: known[n] for tip, n in self.names.items() if n in known}
        return found

    def place(self, tips: Mapping[str, str], kind: str, *, also: bool = False) -> list[str]:
        """Place tips on taxa that have none yet (``also``: or have some); return those placed."""
        taken = set() if also else set(self.found.values())
        new = {tip: taxon for tip, taxon in tips.items() if taxon not in taken}
        new = {tip: taxon for tip, taxon in new.items() if tip not in self.found}
        self.found |= new
        self.kinds[kind] += len(new)
        return list(new)

    def note(self, kind: str, tips: Sequence[str], text: str) -> None:
        """Say what was decided, naming the tips."""
        if tips:
            named = tuple(f"{tip} as {self.found[tip]}" for tip in tips)
            self.notes.append(Problem(kind, "note", text, named))


def place_tips(
    tips: Sequence[str],
    table: pd.DataFrame,
    ranks: tuple[str, ...],
    rank: str,
    given: Mapping[str, str] | None = None,
) -> Placing:
    """Find the taxon of ``rank`` that each tip stands for.

    Parameters
    ----------
    tips : sequence of str
        Names at the tips of a tree, or of the rows of a matrix.
    table : DataFrame
        Rank columns.
    ranks : tuple of str
        Coarse to fine.
    rank : str
        The rank of comparison.
    given : mapping of str to str, optional
        Name of the phylogeny to name of the table, from ``--matches``.

    Raises
    ------
    NoneMatch
        If no tip is a taxon.
    InputError
        If the tips are coarser than ``rank``, or ``given`` names what is not there.
    """
    own = _given_names(tips, table, ranks, given or {})
    work = _Work(table, ranks, rank, {tip: own.get(tip, tip) for tip in tips})
    matches = work.by_rank()
    if not any(matches.values()):
        matches = _shortened(work)
    tip_rank = max(reversed(ranks), key=lambda column: len(matches[column]))
    finer = ranks[ranks.index(rank) :]
    if not any((*(matches[column] for column in finer), _genus_tips(work), _genus_words(work))):
        raise _nothing(tips, table, ranks, rank, matches)
    kind = (
        EXACT
        if all(tip == name for tip, name in work.names.items() if tip not in own)
        else SHORTENED
    )
    order = [tip_rank, *reversed(finer)] if tip_rank in finer else list(reversed(finer))
    for number, column in enumerate(dict.fromkeys(order)):
        at_rank = _parents(table, column, rank)
        placed = {tip: at_rank[taxon] for tip, taxon in matches[column].items() if taxon in at_rank}
        new = work.place(placed, kind if number == 0 else OTHER_RANK)
        if number:
            work.note("tips-of-ranks", new, f"tips of rank {column} among tips of rank {tip_rank}")
    _place_genera(work)
    reasons = _reasons(work, matches)
    if own:
        work.kinds[GIVEN] = sum(tip in work.found for tip in own)
        work.kinds[kind] -= work.kinds[GIVEN]
    counts = {name: n for name, n in work.kinds.items() if n > 0}
    return Placing(work.found, tip_rank, counts, reasons, tuple(work.notes))


def _parents(table: pd.DataFrame, fine: str, coarse: str) -> dict[str, str]:
    """Map taxa of ``fine`` to their most frequent parent at ``coarse``."""
    if fine == coarse:
        return {taxon: taxon for taxon in table[fine].dropna().unique()}
    return dict(lineages(table, (coarse, fine), fine)[coarse].dropna())


def _given_names(
    tips: Sequence[str], table: pd.DataFrame, ranks: Sequence[str], given: Mapping[str, str]
) -> dict[str, str]:
    """Hold the user's matches against both sides."""
    known = {key(tip): tip for tip in tips}
    taxa = {key(taxon) for rank in ranks for taxon in table[rank].dropna().unique()}
    lost = [name for name in given if key(name) not in known]
    if lost:
        raise InputError(
            "names that are not in the phylogeny.",
            where="--matches",
            ids=lost,
            hint="The column 'name' holds names of the phylogeny.",
        )
    foreign = [candidate for candidate in given.values() if key(candidate) not in taxa]
    if foreign:
        raise InputError(
            "candidates that are no taxon of the table.",
            where="--matches",
            ids=foreign,
            hint="The column 'candidate' holds taxa of the table; leave it blank for none.",
        )
    return {known[key(name)]: candidate for name, candidate in given.items()}


def _shortened(work: _Work) -> dict[str, dict[str, str]]:
    """Match names without a suffix of one kind that every tip carries."""
    tips = list(work.names)
    for what, expression in SUFFIXES.items():
        found = [expression.fullmatch(tip) for tip in tips]
        if not all(found):
            continue
        short = {tip: match.group(1) for tip, match in zip(tips, found, strict=True) if match}
        tried = _Work(work.table, work.ranks, work.rank, short)
        matches = tried.by_rank()
        if any(matches.values()):
            work.names = short
            examples = tuple(f"{tip} as {short[tip]}" for tip in tips[:3])
            repeats = len(short) - len({key(name) for name in short.values()})
            said = f"every tip carries {what}; names were matched without it"
            if repeats:
                said += f", and {repeats} tips share a name with another: such tips are averaged"
            work.notes.append(Problem("tip-suffix", "note", said, examples))
            return matches
    return {column: {} for column in work.ranks}


def _genus_tips(work: _Work) -> dict[str, str]:
    """Tips such as ``Mus_sp.`` and what they stand for at the rank of comparison."""
    if GENUS not in work.ranks or work.ranks.index(work.rank) > work.ranks.index(GENUS):
        return {}
    at_rank = {key(one): taxon for one, taxon in _parents(work.table, GENUS, work.rank).items()}
    found = {}
    for tip, name in work.names.items():
        match = _OPEN.fullmatch(canonical(name))
        if match and key(match.group(1)) in at_rank:
            found[tip] = at_rank[key(match.group(1))]
    return found


def _place_genera(work: _Work) -> None:
    """Place what nothing else places by tips of its genus."""
    new = work.place(_genus_tips(work), GENUS_TIP)
    work.note("genus-tips", new, "tips of an unnamed species stand for their genus")
    new = work.place(_genus_words(work), GENUS_WORD)
    work.note(
        "genus-word", new, "other species of a genus stand for it, as none of the table is a tip"
    )


def _genus_words(work: _Work) -> dict[str, str]:
    """Tips that are species of a genus of the table, by their first word."""
    if GENUS not in work.ranks or work.ranks.index(work.rank) > work.ranks.index(GENUS):
        return {}
    at_rank = {key(one): taxon for one, taxon in _parents(work.table, GENUS, work.rank).items()}
    others = {}
    for tip, name in work.names.items():
        words = canonical(name).split(" ")
        if len(words) > 1 and words[1][:1].islower() and key(words[0]) in at_rank:
            others[tip] = at_rank[key(words[0])]
    return others


def _reasons(work: _Work, matches: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    coarser = work.ranks[: work.ranks.index(work.rank)]
    finer = work.ranks[work.ranks.index(work.rank) :]
    reasons = {}
    for tip in work.names:
        if tip in work.found:
            continue
        above = next((column for column in coarser if tip in matches[column]), None)
        if any(tip in matches[column] for column in finer):
            reasons[tip] = "its taxon has other tips, or no parent at the rank of comparison"
        elif above is not None:
            reasons[tip] = f"a tip of rank {above}, coarser than {work.rank}"
        else:
            reasons[tip] = "no taxon of the table has this name"
    return reasons


def _nothing(
    tips: Sequence[str],
    table: pd.DataFrame,
    ranks: Sequence[str],
    rank: str,
    matches: Mapping[str, Mapping[str, str]],
) -> InputError:
    coarse = max(ranks, key=lambda column: len(matches[column]))
    if matches[coarse]:
        return InputError(
            f"the tips of the phylogeny are taxa of rank {coarse}, coarser than {rank}.",
            where="--rank",
            hint=f"Compare at --rank {coarse}.",
        )
    taxa = table[rank].dropna().unique()
    return NoneMatch(
        f"no name of the phylogeny is a taxon of the images; its tips: {some(tips, 3)}; the "
        f"images' {rank}: {some(taxa, 3)}.{_in_addition(tips, table, ranks)}",
        hint=names.RULE,
    )


def _in_addition(tips: Sequence[str], table: pd.DataFrame, ranks: Sequence[str]) -> str:
    """Say so where tips begin or end with the names of taxa and carry more."""
    taxa = {key(taxon) for rank in ranks for taxon in table[rank].dropna().unique()}
    for side, said in ((1, "begin"), (-1, "end")):
        longer = [tip for tip in tips if _parts(tip, side) & taxa]
        if len(longer) > 1:
            return f" {len(longer)} tips {said} with the name of a taxon and carry more."
    return ""


def _parts(tip: str, side: int) -> set[str]:
    words = key(tip).split(" ")
    n = len(words)
    if side > 0:
        return {" ".join(words[:k]) for k in range(1, n)}
    return {" ".join(words[k:]) for k in range(1, n)}
