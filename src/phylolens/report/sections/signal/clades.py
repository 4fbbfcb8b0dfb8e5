"""What images add to the taxonomy: permutations within clades, and each clade alone."""

from dataclasses import dataclass

from phylolens.report.sections.signal.tests import LEVEL, TESTS
from phylolens.report.text import count, listed, number, p_value, plural
from phylolens.results.base import Number
from phylolens.results.permutation import PermutationTest, ShortTest
from phylolens.results.signal import SignalResult
from phylolens.results.signal_parts import CladeTests

SHORT = {
    "lambda_score": "score of λ",
    "kmult": "K_mult",
    "mantel_pearson": "Mantel r",
    "mantel_spearman": "Mantel, ranks",
    "protest": "PROTEST",
    "dcor": "dist. cor.",
}
MANTEL = "mantel_pearson"
NAMED = 8  # clades named in the sentence


@dataclass(frozen=True)
class Cell:
    """One figure of a table, with its p or other figures below it."""

    value: str = "–"
    note: str = ""


@dataclass(frozen=True)
class CladeRow:
    """One clade, its figures as text; ``mantel`` is None where Mantel's test leads or is absent."""

    rank: str
    clade: str
    n_taxa: int
    cells: list[Cell]
    yes: bool
    mantel: bool | None


@dataclass(frozen=True)
class CladeFacts:
    """The tests within single clades.

    Parameters
    ----------
    columns : list of str
        Tests by short name.
    rows : list of CladeRow
        Largest clades of each rank first.
    test : str
        The one that the sentence is of.
    sentence : str
    """

    columns: list[str]
    rows: list[CladeRow]
    test: str
    sentence: str


def about_clades(found: SignalResult, primary: str) -> CladeFacts | None:
    """Sum up ``by_clade``; None where it was not made or no clade has taxa enough."""
    clades = [one for one in found.by_clade or [] if one.n_taxa]
    if not clades:
        return None
    tests = [_tests(one) for one in clades]
    names = [name for name in TESTS if name in SHORT and any(name in own for own in tests)]
    ranks = list(dict.fromkeys(one.rank for one in clades))
    rows = [
        CladeRow(
            rank=one.rank,
            clade=one.clade,
            n_taxa=one.n_taxa or 0,
            cells=[_cell(own.get(name)) for name in names],
            yes=_yes(own.get(primary)),
            mantel=_yes(own.get(MANTEL)) if primary != MANTEL and MANTEL in own else None,
        )
        for one, own in zip(clades, tests, strict=True)
    ]
    rows.sort(key=lambda row: (ranks.index(row.rank), -row.n_taxa, row.clade))
    chosen = primary if primary in names else (names[0] if names else "")
    test = SHORT.get(chosen, "")
    columns = [SHORT[name] for name in names]
    return CladeFacts(columns, rows, test, _sentence(rows, ranks, found.rank, test))


def _tests(one: CladeTests) -> dict[str, ShortTest]:
    """Return the tests of one clade; older results hold two correlations and no p."""
    if one.tests:
        return {name: own for name, own in one.tests.items() if own}
    older = {
        "mantel_pearson": (one.pearson, one.p_pearson),
        "mantel_spearman": (one.spearman, one.p_spearman),
    }
    return {
        name: ShortTest(statistic=value, p_value=p)
        for name, (value, p) in older.items()
        if value is not None
    }


def _yes(test: ShortTest | None) -> bool:
    return test is not None and test.p_holm is not None and test.p_holm <= LEVEL


def _cell(test: ShortTest | None) -> Cell:
    if test is None or test.statistic is None:
        return Cell()
    note = f"p = {p_value(test.p_holm)}" if test.p_holm is not None else ""
    return Cell(number(test.statistic), note)


def _sentence(rows: list[CladeRow], ranks: list[str], rank: str, test: str) -> str:
    if len(rows) == 1:
        only = f"{rows[0].clade} ({count(rows[0].n_taxa, rank)})"
        found = (
            "visual similarity follows lineage" if rows[0].yes else f"there is no sign by {test}"
        )
        return f"Large enough to be tested by itself is {only}: within it {found}."
    fewest = min(row.n_taxa for row in rows)
    kind = ranks[0] if len(ranks) == 1 and ranks[0] else "clade"
    base = f"Tested were {count(len(rows), kind)} with at least {count(fewest, rank)}"
    yes = [f"{row.clade} (n = {row.n_taxa})" for row in rows if row.yes]
    if not yes:
        return (
            f"{base}: in none is there a sign by {test} after Holm’s correction. In clades of few "
            f"{plural(rank)} a real signal is easily missed."
        )
    more = f" and {len(yes) - NAMED} more" if len(yes) > NAMED else ""
    shown = ", ".join(yes[:NAMED]) if more else listed(yes)
    missed = " In the others a real signal may have been missed." if len(yes) < len(rows) else ""
    nested = ""
    if len({row.rank for row in rows if row.yes}) > 1:
        nested = " Finer clades lie within coarser ones: these are not so many findings."
    return (
        f"{base}: by {test}, after Holm’s correction, visual similarity follows lineage in "
        f"{len(yes):,}: "
        f"{shown}{more}{_by_mantel(rows)}.{nested}{missed}"
    )


def _by_mantel(rows: list[CladeRow]) -> str:
    """Say how many of the clades Mantel's test finds, where another test leads."""
    if any(row.mantel is None for row in rows):
        return ""
    n = sum(bool(row.mantel) for row in rows)
    return f"; by Mantel’s test in {n or 'none'}"


@dataclass(frozen=True)
class WithinRow:
    """One correlation with taxa permuted within clades, its figures as text."""

    words: str
    observed: str
    kept: str
    gain: str
    z: str
    p: str
    p_value: Number
    n: int
    n_permutations: int
    smallest_p: Number


@dataclass(frozen=True)
class WithinFacts:
    """What images add to the taxonomy.

    Parameters
    ----------
    rank : str
        The rank kept in place.
    rows : list of WithinRow
        One a correlation.
    beyond : bool or None
        Whether visual distance follows genetic distance beyond it; None: not decided.
    short, sentence : str
        The finding, and the same with how it was tested.
    """

    rank: str
    rows: list[WithinRow]
    beyond: bool | None
    short: str
    sentence: str


def about_within(
    found: SignalResult, clades: CladeFacts | None, *, circular: bool
) -> WithinFacts | None:
    """Sum up ``within_clades``; None in results that never tried it.

    Parameters
    ----------
    found : SignalResult
    clades : CladeFacts or None
        What the tests within single clades found: it must not be contradicted.
    circular : bool
        Whether the features were fitted to the phylogeny.
    """
    if "within_clades" not in found.model_fields_set:
        return None
    own, rank = found.within_clades, found.rank
    if not own:
        text = (
            f"Whether images add anything to the taxonomy could not be tested: that needs a "
            f"coarser rank with clades of several {plural(rank)} each."
        )
        return WithinFacts("", [], None, text, text)
    tests = {
        "Pearson": own.pearson,
        "Spearman (ranks)": own.spearman,
        f"Pearson, pairs of one {own.rank} only": own.pearson_within_pairs,
    }
    rows = [_row(words, test, own.n_taxa_moved) for words, test in tests.items() if test]
    beyond, short = _verdict(own.rank, rank, rows, circular)
    if beyond is False:
        beyond, short = _single(own.rank, short, clades)
    tested = (
        f"{plural(rank).capitalize()} changed places only within their {plural(own.rank)}, of "
        f"which {own.n_clades:,} have several."
    )
    return WithinFacts(own.rank, rows, beyond, short, f"{short} {tested}")


def _row(words: str, test: PermutationTest, moved: int | None) -> WithinRow:
    assert test.statistic is not None
    assert test.p_value is not None
    middle = test.null_median
    return WithinRow(
        words=words,
        observed=number(test.statistic),
        kept=number(middle) if middle is not None else "–",
        gain=number(test.statistic - middle, 3) if middle is not None else "–",
        z=number(test.z, 1) if test.z is not None else "–",
        p=p_value(test.p_value),
        p_value=test.p_value,
        n=moved if moved is not None else test.n or 0,
        n_permutations=test.n_permutations or 0,
        smallest_p=test.smallest_p or 0.0,
    )


def _verdict(
    within: str, rank: str, rows: list[WithinRow], circular: bool
) -> tuple[bool | None, str]:
    """Say whether nearer relatives look more alike inside a clade, too."""
    figures = _figures(rows[:1], within, rank)
    if circular:
        return None, f"Within {plural(within)}, in-sample: {figures}."
    if rows[0].smallest_p > LEVEL or rows[0].z == "–":  # permuting changes nothing
        text = f"Too few {plural(rank)} share one {within} to decide beyond that level ({figures})."
        return None, text
    below = [row.p_value <= LEVEL for row in rows]
    if all(below):
        return (
            True,
            f"Visual similarity follows lineage beyond the {within} level, too ({figures}).",
        )
    if any(below):
        text = (
            f"Whether visual similarity follows lineage beyond the {within} level stays open, as "
            "the "
            f"correlations disagree ({_figures(rows, within, rank)})."
        )
        return None, text
    return (
        False,
        f"There is no sign that visual similarity follows lineage beyond the {within} level "
        f"({figures}).",
    )


def _single(within: str, short: str, clades: CladeFacts | None) -> tuple[bool | None, str]:
    """Weigh a permutation within all clades against tests within single ones."""
    rows = [row for row in clades.rows if row.rank == within] if clades else []
    yes = sum(row.yes for row in rows)
    if not yes or clades is None:
        return False, short
    figures = short[short.index("(") :].rstrip(".")
    text = (
        f"Whether visual similarity follows lineage beyond the {within} level stays open: "
        "Mantel’s test, "
        f"{plural(within)} kept together, finds no sign {figures}, but {clades.test} does "
        f"within {yes} of {count(len(rows), within)} tested alone."
    )
    return None, text


def _figures(rows: list[WithinRow], within: str, rank: str) -> str:
    each = "; ".join(
        f"{row.words + ': ' if len(rows) > 1 else ''}r = {row.observed}, {row.kept} when "
        f"permuted within {plural(within)}, a gain of {row.gain}, p = {row.p}"
        for row in rows
    )
    return f"{each}; {rows[0].n:,} {plural(rank)} moved, {rows[0].n_permutations:,} permutations"
