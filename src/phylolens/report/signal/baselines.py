"""What is known without a picture, beside what the pictures show."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.signal.tests import LEVEL
from phylolens.report.wording import number, p_value

NAMED = (
    ("taxonomy_only", "taxonomy alone", "no pictures; steps over {ranks}"),
    ("row_means", "row means", "no pictures; each taxon's mean genetic distance, in-sample"),
    (
        "image_counts",
        "numbers of images",
        "no looks; how differently often two taxa were photographed",
    ),
)


def about_baselines(
    found: Mapping[str, Any], tests: list[dict[str, Any]], *, circular: bool
) -> list[dict[str, str]]:
    """Rows of the table: correlations with genetic distance, of the pictures and without them."""
    rows = []
    mantel = {test["name"]: test["r"] for test in tests}
    if "mantel_pearson" in mantel:
        rows.append(
            {
                "kind": "mine",
                "name": "pictures (in-sample)" if circular else "pictures",
                "note": "",
                "pearson": mantel["mantel_pearson"],
                "spearman": mantel.get("mantel_spearman", "–"),
            }
        )
    for key, name, note in NAMED:
        own = found.get(key)
        if own:
            rows.append(
                {
                    "kind": "baseline",
                    "name": name,
                    "note": note.format(ranks=", ".join(own.get("ranks") or [])),
                    "pearson": number(own.get("pearson")),
                    "spearman": number(own["spearman"]) if "spearman" in own else "–",
                }
            )
    return rows


def beside(found: Mapping[str, Any], tests: list[dict[str, Any]]) -> str:
    """Set the correlation of the pictures and that of taxonomy alone side by side."""
    taxonomy = (found.get("taxonomy_only") or {}).get("pearson")
    own = next((test for test in tests if test["name"] == "mantel_pearson"), None)
    alone = "axonomy alone, without a picture, reaches"
    if own is None:
        return "" if taxonomy is None else f"T{alone} r = {number(taxonomy)}."
    text = f"Visual and genetic distance correlate with r = {own['r']}"
    text += f" (95% interval {own['interval']})" if own["interval"] else ""
    if taxonomy is not None:
        more = "more" if taxonomy > own["statistic"] else "less"
        text += f"; t{alone} {more}, r = {number(taxonomy)}"
    return text + "."


def remarks(found: Mapping[str, Any]) -> list[str]:
    """Say what else comes free: branch lengths, and uneven sampling."""
    lines = []
    row_means = (found.get("row_means") or {}).get("pearson")
    if row_means is not None:
        lines.append(
            f"Long and short branches alone (each taxon's mean distance to the others) give "
            f"r = {number(row_means)}, in-sample."
        )
    lines += _sampling(found.get("image_counts") or {})
    return lines


def _sampling(counts: Mapping[str, Any]) -> list[str]:
    """Say so where looks go with how often taxa were photographed."""
    looks = counts.get("visual") or {}
    r, p = looks.get("pearson"), looks.get("p_pearson")
    if r is None or p is None or p > LEVEL:
        return []
    return [
        f"Looks go with the number of images, too (r = {number(r)}, p = {p_value(p)} by a Mantel "
        "test): taxa photographed alike often look more alike, for whatever reason."
    ]
