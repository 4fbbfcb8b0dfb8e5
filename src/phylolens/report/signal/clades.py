"""The same tests within each clade, with its number of taxa."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.signal.tests import LEVEL, TESTS
from phylolens.report.wording import count, listed, number, p_value, plural

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


def about_clades(found: Mapping[str, Any], primary: str) -> dict[str, Any] | None:
    """Sum up ``by_clade``; None where it was not made or no clade has taxa enough.

    Returns
    -------
    dict or None
        ``columns``, tests by short name; ``rows``, largest clades of each rank first; ``sentence``.
    """
    clades = [one for one in found.get("by_clade") or [] if one.get("n_taxa")]
    if not clades:
        return None
    tests = [_tests(one) for one in clades]
    names = [name for name in TESTS if name in SHORT and any(name in own for own in tests)]
    ranks = list(dict.fromkeys(one.get("rank", "") for one in clades))
    rows = [
        {
            "rank": one.get("rank", ""),
            "clade": str(one["clade"]),
            "n_taxa": one["n_taxa"],
            "cells": [_cell(own.get(name)) for name in names],
            "yes": _yes(own.get(primary) or {}),
            "mantel": _yes(own.get(MANTEL) or {}) if primary != MANTEL and MANTEL in own else None,
            "r": number(one["pearson"]) if one.get("pearson") is not None else "–",
        }
        for one, own in zip(clades, tests, strict=True)
    ]
    rows.sort(key=lambda row: (ranks.index(row["rank"]), -row["n_taxa"], row["clade"]))
    chosen = primary if primary in names else (names[0] if names else "")
    return {
        "columns": [SHORT[name] for name in names],
        "rows": rows,
        "test": SHORT.get(chosen, ""),
        "sentence": _sentence(rows, ranks, found["rank"], SHORT.get(chosen, "")),
    }


def _tests(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tests of one clade; older results hold two correlations and no p."""
    if one.get("tests"):
        return {name: own for name, own in one["tests"].items() if own}
    return {
        f"mantel_{way}": {"statistic": one[way], "p_value": one.get(f"p_{way}")}
        for way in ("pearson", "spearman")
        if one.get(way) is not None
    }


def _yes(test: Mapping[str, Any]) -> bool:
    return test.get("p_holm") is not None and test["p_holm"] <= LEVEL


def _cell(test: Mapping[str, Any] | None) -> dict[str, str]:
    if not test or test.get("statistic") is None:
        return {"value": "–", "p": ""}
    p = test.get("p_holm")
    return {
        "value": number(test["statistic"]),
        "p": f"p = {p_value(p)}" if p is not None else "",
    }


def _sentence(rows: list[dict[str, Any]], ranks: list[str], rank: str, test: str) -> str:
    if len(rows) == 1:
        only = f"{rows[0]['clade']} ({count(rows[0]['n_taxa'], rank)})"
        found = "looks follow lineage" if rows[0]["yes"] else f"there is no sign by {test}"
        return f"Large enough to be tested by itself is {only}: within it {found}."
    fewest = min(row["n_taxa"] for row in rows)
    kind = ranks[0] if len(ranks) == 1 and ranks[0] else "clade"
    base = f"Tested were {count(len(rows), kind)} with at least {count(fewest, rank)}"
    yes = [f"{row['clade']} (n = {row['n_taxa']})" for row in rows if row["yes"]]
    if not yes:
        return (
            f"{base}: in none is there a sign by {test} after Holm’s correction. In clades of few "
            f"{plural(rank)} a real signal is easily missed."
        )
    more = f" and {len(yes) - NAMED} more" if len(yes) > NAMED else ""
    shown = ", ".join(yes[:NAMED]) if more else listed(yes)
    missed = " In the others a real signal may have been missed." if len(yes) < len(rows) else ""
    nested = ""
    if len({row["rank"] for row in rows if row["yes"]}) > 1:
        nested = " Finer clades lie within coarser ones: these are not so many findings."
    return (
        f"{base}: by {test}, after Holm’s correction, looks follow lineage in {len(yes):,}: "
        f"{shown}{more}{_by_mantel(rows)}.{nested}{missed}"
    )


def _by_mantel(rows: list[dict[str, Any]]) -> str:
    """Say how many of the clades Mantel's test finds, where another test leads."""
    if any(row["mantel"] is None for row in rows):
        return ""
    n = sum(row["mantel"] for row in rows)
    return f"; by Mantel’s test in {n or 'none'}"
