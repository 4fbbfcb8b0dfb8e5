"""Could it be the source? Columns that set images of taxa apart, and what is left without them."""

from collections.abc import Mapping, Sequence
from typing import Any

from phylolens.report.columns import constancy, quoted, with_twins
from phylolens.report.sections.signal.tests import figure
from phylolens.report.text import count, distance, listed, number, p_value, percent, plural

LEVEL = 0.05
UNTOLD, NOT_WITHIN, HOLDS = "nothing can be told", "not within sources", "holds within sources"
TESTS = {
    "lambda_score": "score of λ",
    "protest": "PROTEST",
    "mantel_pearson": "Mantel test",
}
WAYS = {
    "within taxa": "measured within {taxa} that have images of several",
    "taxon means": "the mean of its {taxa}, whatever history they share included",
}


def about_confounds(found: Mapping[str, Any], rank: str) -> dict[str, Any] | None:
    """Sum up ``confounds`` of ``signal.json``; None where no column may be one.

    Returns
    -------
    dict or None
        ``conclusion``, the worst of the columns in use, empty where none is; ``worst``, the columns
        it is of; ``lines``, a sentence or two a column; ``rows``, tests within values and adjusted
        for them.
    """
    own = found.get("confounds") or {}
    columns = own.get("columns") or []
    used = [column for column in columns if column.get("used")]
    shown = [column for column in columns if column.get("used") or column.get("named")]
    if not shown:
        return None
    conclusion = own.get("conclusion", "") if used else ""
    return {
        "conclusion": conclusion,
        "worst": [column for column in used if column.get("conclusion") == conclusion],
        "used": used,
        "lines": [_line(column, rank) for column in shown],
        "rows": [row for column in used for row in _rows(column)],
    }


def _line(column: Mapping[str, Any], rank: str) -> str:
    text = f"{with_twins(column)}: {constancy(column, rank)}. {_with_looks(column)}"
    if not column.get("used"):
        return f"{text} It was left out of account."
    taxa, way = plural(rank), column.get("adjusted")
    if column["coincide"]:
        text += (
            f" It goes with the clades (it changes {column['phylogeny'].get('changes', '')} times "
            "along the tree), so that what lies between its values is the work of either."
            if "changes" in column["phylogeny"]
            else " It goes with the clades, so that what lies between its values is the work of "
            "either."
        )
    if way:
        text += (
            f" Adjusted: the effect of each value, {WAYS[way['way']].format(taxa=taxa)}, was taken "
            f"out of the features, and with it {percent(max(way['removed'], 0.0))} of the variance "
            f"between {taxa}."
        )
    return text


def _with_looks(column: Mapping[str, Any]) -> str:
    looks, tree = column["visual"], column["phylogeny"]
    if looks["p_value"] is None:
        return "It differs between all of them, so that nothing can be held against it."
    goes = looks["p_value"] <= LEVEL
    text = f"It {'goes' if goes else 'does not go'} with looks (r = {number(looks['pearson'])}, "
    text += f"p = {p_value(looks['p_value'])}"
    if looks["same_mean"] is not None and looks["other_mean"] is not None:
        text += (
            f"; mean distance {distance(looks['same_mean'])} within a value, "
            f"{distance(looks['other_mean'])} between two"
        )
    also = tree["p_value"] is not None and tree["p_value"] <= LEVEL
    joined = (
        ("and with" if also else "and not with") if goes else ("but with" if also else "nor with")
    )
    return (
        f"{text}) {joined} the phylogeny (r = {number(tree['pearson'])}, "
        f"p = {p_value(tree['p_value'])})."
    )


def _rows(column: Mapping[str, Any]) -> list[dict[str, Any]]:
    adjusted = (column.get("adjusted") or {}).get("tests") or {}
    return [
        {
            "column": column["column"],
            "words": words,
            "within": _cell(column["within"]["tests"].get(name)),
            "adjusted": _cell(adjusted.get(name)),
            "n_moved": column["within"]["n_moved"],
        }
        for name, words in TESTS.items()
        if name in column["within"]["tests"] or name in adjusted
    ]


def _cell(test: Mapping[str, Any] | None) -> str:
    if not test:
        return "–"
    return (
        f"{number(test['statistic'])} (z = {number(test['z'], 1)}, p = {p_value(test['p_value'])})"
    )


def with_confounds(told: Mapping[str, str], summary: Mapping[str, Any]) -> dict[str, str]:
    """Let the verdict say no more than the sources of the images allow.

    Parameters
    ----------
    told : mapping
        What :func:`phylolens.report.signal.verdict.verdict` gave.
    summary : mapping
        With ``confounds``, ``tests``, ``rank``, ``plural`` and ``n_taxa``.

    Returns
    -------
    dict
        The same keys. A ``yes`` becomes ``open`` where there is no sign of it among taxa of one
        source; elsewhere a sentence is added.
    """
    own = summary["confounds"]
    if not own or not own["conclusion"] or told["kind"] == "circular":
        return dict(told)
    kind, claim, rest = told["kind"], told["claim"], told["rest"]
    if kind == "yes" and own["conclusion"] in (UNTOLD, NOT_WITHIN):
        kind, claim, rest = "open", _open(own, summary), _without_finding(rest)
    elif kind == "yes" and (tied := [one for one in own["used"] if one.get("coincide")]):
        claim = f"{claim} {_tied(tied, summary)}"
    else:
        rest = f"{_beside(own, summary)} {rest}".strip()
    return {"kind": kind, "claim": claim, "rest": rest, "verdict": f"{claim} {rest}".strip()}


def _without_finding(rest: str) -> str:
    """Leave out what takes it for granted that relatives look alike."""
    parts = rest.replace("Why relatives look alike", "\0Why relatives look alike").split("\0")
    return " ".join(part.strip() for part in parts if not part.startswith("Why relatives"))


def _open(own: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Say why looks that agree with the tree need not follow lineage."""
    what, first = summary["plural"], summary["tests"][0]
    figures = f"{figure(first)}, {count(summary['n_taxa'], summary['rank'])}"
    within = _p_within(own["worst"])
    if own["conclusion"] == UNTOLD:
        return (
            f"Nothing can be told: looks agree with the tree ({figures}), but {_go(own['worst'])} "
            "with the clades and with looks, too. Whether relatives resemble each other, or images "
            f"of one source do, these {what} cannot show{within}."
        )
    return (
        f"Whether closely related {what} look more alike stays open: looks agree with the tree "
        f"({figures}), but not among {what} of one {_either(own['worst'])}{within}, so that the "
        "source of the images may be the reason."
    )


def _p_within(columns: Sequence[Mapping[str, Any]]) -> str:
    """Give the p of the test that decides within values, where it could be made."""
    p = [
        p_value(test["p_value"])
        for one in columns
        if (test := (one["adjusted"] or one["within"])["tests"].get("lambda_score"))
    ]
    how = ", their effect taken out" if all(one["adjusted"] for one in columns) else ""
    return f" (permuted among these{how}: p = {listed(p)})" if p else ""


def _either(columns: Sequence[Mapping[str, Any]]) -> str:
    return " or one ".join(quoted([column]) for column in columns)


def _go(columns: Sequence[Mapping[str, Any]]) -> str:
    return f"{quoted(columns)} {'goes' if len(columns) == 1 else 'go'}"


def _tied(columns: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> str:
    return (
        f"This holds among {summary['plural']} of one {_either(columns)}{_p_within(columns)}; "
        "between those of different ones, which are clades, similarity may be that of the source."
    )


def _beside(own: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Add what the sources say to a verdict that they do not change."""
    columns, what = own["worst"], summary["plural"]
    if own["conclusion"] == HOLDS:
        return (
            f"Among {what} of one {_either(columns)} looks follow the tree, too"
            f"{_p_within(columns)}."
        )
    if own["conclusion"] == UNTOLD:
        return (
            f"{_go(columns)} with the clades and with looks, so that nothing can be told of either."
        )
    if own["conclusion"] == NOT_WITHIN:
        return (
            f"Images of one {_either(columns)} look alike, and among its {what} there is no sign "
            f"of the tree{_p_within(columns)}."
        )
    return ""
