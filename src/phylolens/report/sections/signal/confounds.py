"""Could it be the source? Columns that set images of taxa apart, and what is left without them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from phylolens.report.columns import constancy, quoted, with_twins
from phylolens.report.sections.signal.tests import Subject, TestRow
from phylolens.report.sections.signal.verdict import Verdict
from phylolens.report.text import UNDEFINED, distance, listed, number, p_value, percent, plural
from phylolens.results.confounds import Confounds, JudgedColumn
from phylolens.results.permutation import ShortTest

LEVEL = 0.05
UNTOLD, NOT_WITHIN, HOLDS = "nothing can be told", "not within sources", "holds within sources"
TESTS = {
    "lambda_score": "score of λ",
    "protest": "PROTEST",
    "mantel_pearson": "Mantel test",
}
SCHEMES = {
    "within taxa": "measured within {taxa} that have images of several",
    "taxon means": "the mean of its {taxa}, whatever history they share included",
}


@dataclass(frozen=True)
class ConfoundRow:
    """Tests within the values of a column, as text."""

    column: str
    words: str
    within: str
    adjusted: str
    n_moved: int


@dataclass(frozen=True)
class ConfoundFacts:
    """Columns that may make taxa look similar.

    Parameters
    ----------
    conclusion : str
        The worst of the columns in use; empty where none is.
    worst, used : list of JudgedColumn
        The columns it is of, and all in use.
    lines : list of str
        A sentence or two a column.
    rows : list of ConfoundRow
    """

    conclusion: str
    worst: list[JudgedColumn]
    used: list[JudgedColumn]
    lines: list[str]
    rows: list[ConfoundRow]


def about_confounds(found: Confounds | None, rank: str) -> ConfoundFacts | None:
    """Sum up ``confounds`` of ``signal.json``; None where no column may be one."""
    columns = found.columns if found else []
    shown = [column for column in columns if column.used or column.named]
    if not found or not shown:
        return None
    conclusion = found.conclusion or "" if found.used else ""
    return ConfoundFacts(
        conclusion,
        worst=[column for column in found.used if column.conclusion == conclusion],
        used=found.used,
        lines=[_line(column, rank) for column in shown],
        rows=[row for column in found.used for row in _rows(column)],
    )


def _line(column: JudgedColumn, rank: str) -> str:
    text = f"{with_twins(column)}: {constancy(column, rank)}. {_with_visual(column)}"
    if not column.used:
        return f"{text} It was left out of account."
    taxa, adjusted = plural(rank), column.adjusted
    if column.coincide:
        changes = column.phylogeny.changes
        times = "" if changes is None else f" (it changes {changes} times along the tree)"
        text += (
            f" It goes with the clades{times}, so that what lies between its values is the work of "
            "either."
        )
    if adjusted:
        how = SCHEMES[adjusted.way].format(taxa=taxa)
        text += (
            f" Adjusted: the effect of each value, {how}, was taken out of the features, and with "
            f"it {percent(max(adjusted.removed or 0.0, 0.0))} of the variance between {taxa}."
        )
    return text


def _with_visual(column: JudgedColumn) -> str:
    visual, tree = column.visual, column.phylogeny
    if visual.p_value is None:
        return "It differs between all of them, so that nothing can be held against it."
    goes = visual.p_value <= LEVEL
    text = f"It {'goes' if goes else 'does not go'} with visual distance "
    text += f"(r = {number(visual.pearson)}, "
    text += f"p = {p_value(visual.p_value)}"
    if visual.same_mean is not None and visual.other_mean is not None:
        text += (
            f"; mean distance {distance(visual.same_mean)} within a value, "
            f"{distance(visual.other_mean)} between two"
        )
    also = tree.p_value is not None and tree.p_value <= LEVEL
    joined = (
        ("and with" if also else "and not with") if goes else ("but with" if also else "nor with")
    )
    of_tree = p_value(tree.p_value) if tree.p_value is not None else UNDEFINED
    return f"{text}) {joined} the phylogeny (r = {number(tree.pearson)}, p = {of_tree})."


def _rows(column: JudgedColumn) -> list[ConfoundRow]:
    within = column.within.tests if column.within else {}
    adjusted = column.adjusted.tests if column.adjusted else {}
    return [
        ConfoundRow(
            column.column,
            words,
            _cell(within.get(name)),
            _cell(adjusted.get(name)),
            column.within.n_moved or 0 if column.within else 0,
        )
        for name, words in TESTS.items()
        if name in within or name in adjusted
    ]


def _cell(test: ShortTest | None) -> str:
    if test is None or test.z is None or test.p_value is None:
        return "–"
    return f"{number(test.statistic)} (z = {number(test.z, 1)}, p = {p_value(test.p_value)})"


def with_confounds(
    told: Verdict, own: ConfoundFacts | None, subject: Subject, first: TestRow
) -> Verdict:
    """Let the verdict say no more than the sources of the images allow.

    Parameters
    ----------
    told : Verdict
        What the tests allow.
    own : ConfoundFacts or None
    subject : Subject
    first : TestRow
        The test that leads.

    Returns
    -------
    Verdict
        A ``yes`` becomes ``open`` where there is no sign of it among taxa of one source; elsewhere
        a sentence is added.
    """
    if not own or not own.conclusion or told.kind == "circular":
        return told
    if told.kind == "yes" and own.conclusion in (UNTOLD, NOT_WITHIN):
        return Verdict("open", _open(own, subject, first), _without_finding(told.rest))
    if told.kind == "yes" and (tied := [one for one in own.used if one.coincide]):
        return replace(told, claim=f"{told.claim} {_tied(tied, subject)}")
    return replace(told, rest=f"{_beside(own, subject)} {told.rest}".strip())


def _without_finding(rest: str) -> str:
    """Leave out what takes it for granted that relatives look alike."""
    parts = rest.replace("Why relatives look alike", "\0Why relatives look alike").split("\0")
    return " ".join(part.strip() for part in parts if not part.startswith("Why relatives"))


def _open(own: ConfoundFacts, subject: Subject, first: TestRow) -> str:
    """Say why visual distance that agrees with the tree need not follow it."""
    what, figures = subject.plural, f"{first.figure}, {subject.taxa}"
    within = _p_within(own.worst)
    if own.conclusion == UNTOLD:
        return (
            f"Nothing can be told: visual similarity agrees with the tree ({figures}), but "
            f"{_go(own.worst)} "
            "with the clades and with visual distance, too. Whether relatives resemble each "
            "other, or images "
            f"of one source do, these {what} cannot show{within}."
        )
    return (
        f"Whether closely related {what} look more alike stays open: visual similarity agrees "
        "with the tree "
        f"({figures}), but not among {what} of one {_either(own.worst)}{within}, so that the "
        "source of the images may be the reason."
    )


def _p_within(columns: Sequence[JudgedColumn]) -> str:
    """Give the p of the test that decides within values, where it could be made."""
    tests = [one.deciding_tests.get("lambda_score") for one in columns]
    p = [p_value(test.p_value) for test in tests if test and test.p_value is not None]
    how = ", their effect taken out" if all(one.adjusted for one in columns) else ""
    return f" (permuted among these{how}: p = {listed(p)})" if p else ""


def _either(columns: Sequence[JudgedColumn]) -> str:
    return " or one ".join(quoted([column]) for column in columns)


def _go(columns: Sequence[JudgedColumn]) -> str:
    return f"{quoted(columns)} {'goes' if len(columns) == 1 else 'go'}"


def _tied(columns: Sequence[JudgedColumn], subject: Subject) -> str:
    return (
        f"This holds among {subject.plural} of one {_either(columns)}{_p_within(columns)}; "
        "between those of different ones, which are clades, similarity may be that of the source."
    )


def _beside(own: ConfoundFacts, subject: Subject) -> str:
    """Add what the sources say to a verdict that they do not change."""
    columns, what = own.worst, subject.plural
    if own.conclusion == HOLDS:
        return (
            f"Among {what} of one {_either(columns)} visual similarity follows the tree, too"
            f"{_p_within(columns)}."
        )
    if own.conclusion == UNTOLD:
        return (
            f"{_go(columns)} with the clades and with visual distance, so that nothing can be told "
            "of either."
        )
    if own.conclusion == NOT_WITHIN:
        return (
            f"Images of one {_either(columns)} look alike, and among its {what} there is no sign "
            f"of the tree{_p_within(columns)}."
        )
    return ""
