"""What pictures add to the taxonomy: taxa are shuffled only among their nearest relatives."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.signal.tests import LEVEL
from phylolens.report.wording import count, number, p_value, plural

UNTESTED = "Whether pictures add anything to the taxonomy is not tested here."
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
            f"Whether pictures add anything to the taxonomy could not be tested: that needs a "
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
    if rows[0]["smallest_p"] > LEVEL or rows[0]["z"] == "–":  # shuffling changes nothing
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
    """Weigh a shuffle within all clades against tests within single ones."""
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
        f"shuffled within {plural(within)}, a gain of {row['gain']}, p = {row['p']}"
        for row in rows
    )
    return f"{each}; {rows[0]['n']:,} {plural(rank)} moved, {rows[0]['n_permutations']:,} shuffles"
