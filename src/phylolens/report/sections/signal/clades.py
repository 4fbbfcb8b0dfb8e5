"""What images add to the taxonomy: permutations within clades, and each clade alone."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.sections.signal.tests import LEVEL, TESTS
from phylolens.report.text import count, listed, number, p_value, plural

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


UNTESTED = "Whether images add anything to the taxonomy is not tested here."
WAYS = {
    "pearson": "Pearson",
    "spearman": "Spearman (ranks)",
    "pearson_within_pairs": "Pearson, pairs of one {rank} only",
}


def about_within(
    found: Mapping[str, Any], clades: Mapping[str, Any] | None, *, circular: bool
) -> dict[str, Any] | None:
    """Sum up ``within_clades``; None in results that never tried it.

    Parameters
    ----------
    found : mapping
        ``signal.json``.
    clades : mapping or None
        What the tests within single clades found: it must not be contradicted.
    circular : bool
        Whether the features were fitted to the phylogeny.

    Returns
    -------
    dict or None
        ``sentence``; ``rows``, one a correlation; ``rank``, the rank kept in place; ``beyond``,
        whether looks follow lineage beyond it (None: not decided).
    """
    if "within_clades" not in found:
        return None
    own, rank = found["within_clades"], found["rank"]
    if not own:
        text = (
            f"Whether images add anything to the taxonomy could not be tested: that needs a "
            f"coarser rank with clades of several {plural(rank)} each."
        )
        return {"rank": "", "rows": [], "beyond": None, "sentence": text, "short": text}
    rows = [
        _row(words.format(rank=own["rank"]), own[key], own.get("n_taxa_moved"))
        for key, words in WAYS.items()
        if own.get(key)
    ]
    summary = {"rank": own["rank"], "rows": rows} | _verdict(own["rank"], rank, rows, circular)
    if summary["beyond"] is False:
        summary |= _single(own["rank"], summary["short"], clades)
    tested = (
        f"{plural(rank).capitalize()} changed places only within their {plural(own['rank'])}, of "
        f"which {own['n_clades']:,} have several."
    )
    return summary | {"sentence": f"{summary['short']} {tested}"}


def _row(words: str, test: Mapping[str, Any], moved: int | None) -> dict[str, Any]:
    middle = (test.get("null_quantiles") or {}).get("0.5")
    return {
        "words": words,
        "observed": number(test["statistic"]),
        "kept": number(middle) if middle is not None else "–",
        "kept_value": middle,
        "gain": number(test["statistic"] - middle, 3) if middle is not None else "–",
        "statistic": test["statistic"],
        "z": number(test["z"], 1) if test.get("z") is not None else "–",
        "p_value": test["p_value"],
        "p": p_value(test["p_value"]),
        "n": moved if moved is not None else test["n"],
        "n_permutations": test["n_permutations"],
        "smallest_p": test.get("smallest_p") or 0.0,
    }


def _verdict(within: str, rank: str, rows: list[dict[str, Any]], circular: bool) -> dict[str, Any]:
    """Say whether nearer relatives look more alike inside a clade, too."""
    figures = _figures(rows[:1], within, rank)
    if circular:
        return {"beyond": None, "short": f"Within {plural(within)}, in-sample: {figures}."}
    if rows[0]["smallest_p"] > LEVEL or rows[0]["z"] == "–":  # permuting changes nothing
        text = f"Too few {plural(rank)} share one {within} to decide beyond that level ({figures})."
        return {"beyond": None, "short": text}
    below = [row["p_value"] <= LEVEL for row in rows]
    if all(below):
        text = f"Looks follow lineage beyond the {within} level, too ({figures})."
        return {"beyond": True, "short": text}
    if any(below):
        text = (
            f"Whether looks follow lineage beyond the {within} level stays open, as the "
            f"correlations disagree ({_figures(rows, within, rank)})."
        )
        return {"beyond": None, "short": text}
    text = f"There is no sign that looks follow lineage beyond the {within} level ({figures})."
    return {"beyond": False, "short": text}


def _single(within: str, short: str, clades: Mapping[str, Any] | None) -> dict[str, Any]:
    """Weigh a permutation within all clades against tests within single ones."""
    rows = [row for row in (clades or {"rows": []})["rows"] if row["rank"] == within]
    yes = sum(row["yes"] for row in rows)
    if not yes or clades is None:
        return {}
    figures = short[short.index("(") :].rstrip(".")
    text = (
        f"Whether looks follow lineage beyond the {within} level stays open: Mantel’s test, "
        f"{plural(within)} kept together, finds no sign {figures}, but {clades['test']} does "
        f"within {yes} of {count(len(rows), within)} tested alone."
    )
    return {"beyond": None, "short": text}


def _figures(rows: list[dict[str, Any]], within: str, rank: str) -> str:
    each = "; ".join(
        f"{row['words'] + ': ' if len(rows) > 1 else ''}r = {row['observed']}, {row['kept']} when "
        f"permuted within {plural(within)}, a gain of {row['gain']}, p = {row['p']}"
        for row in rows
    )
    return (
        f"{each}; {rows[0]['n']:,} {plural(rank)} moved, {rows[0]['n_permutations']:,} permutations"
    )
