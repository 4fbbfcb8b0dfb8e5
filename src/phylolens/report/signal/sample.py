"""The same tests over a sample of trees: how far the answer hangs on one tree."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.signal.tests import TESTS, TWINS
from phylolens.report.signal.trees import MEASURES
from phylolens.report.wording import count, number


def about_sample(
    found: Mapping[str, Any], tests: list[dict[str, Any]], trees: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Sum up ``tree_sample``; None where one tree was given.

    Returns
    -------
    dict or None
        ``rows`` (test, value on the tree compared with, median and 95% interval over the trees)
        and ``sentence``.
    """
    own = found.get("tree_sample")
    if not own or not own.get("intervals"):
        return None
    given = {test["name"]: test["r"] for test in tests}
    given |= {row["key"]: row["value"] for row in (trees or {"rows": []})["rows"]}
    rows = [
        {
            "name": TESTS[name].name if name in TESTS else _measure(name),
            "given": given.get(name, "–"),
            "median": number(one.get("median")),
            "interval": f"{number(one.get('low'))} to {number(one.get('high'))}",
        }
        for name, one in own["intervals"].items()
        if one and one.get("median") is not None and _shown(name, own["intervals"])
    ]
    file = own.get("file", "a file")
    used, n = own.get("n_used"), own.get("n_trees")
    read = count(used, "tree") if used == n or n is None else f"{used:,} of {count(n, 'tree')}"
    return {
        "rows": rows,
        "sentence": f"The statistics were computed again on {read} of {file}.",
    }


def _shown(name: str, intervals: Mapping[str, Any]) -> bool:
    return name != TWINS[1] or TWINS[0] not in intervals


def _measure(name: str) -> str:
    return MEASURES[name].name if name in MEASURES else name
