"""What the tests allow to be said, and no more."""

from typing import Any

from phylolens.report.signal.tests import each_test, orders_tried
from phylolens.report.wording import count, listed, number, percent

LEVEL = 0.05


def verdict(summary: dict[str, Any]) -> str:
    """Say what the tests allow: one sentence, no more than they carry."""
    first = summary["tests"][0]
    n, what = count(summary["n_taxa"], summary["rank"]), summary["plural"]
    figures = f"r = {first['r']}, p = {first['p']}, {n}"
    if summary["circular"]:
        return (
            f"In-sample: the features were fitted to this phylogeny, so this figure says nothing "
            f"about whether looks follow lineage ({figures})."
        )
    if first["smallest_p"] and first["smallest_p"] > LEVEL:
        return (
            f"With {n} the test cannot decide: the smallest p-value it could give is "
            f"{number(first['smallest_p'])} ({figures})."
        )
    below = [test["p_value"] <= LEVEL for test in summary["tests"]]
    if all(below):
        return (
            f"Closely related {what} look more alike than chance would make them ({figures}; "
            f"{orders_tried(first)})."
        )
    if any(below):
        return (
            f"The tests disagree, so the question stays open ({each_test(summary['tests'])}; {n})."
        )
    return (
        f"There is no evidence here that closely related {what} look more alike ({figures}). "
        "That is no evidence of the opposite: with few taxa, or features that miss what matters, "
        "a real signal can go unseen."
    )


def more(summary: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Say how certain the first correlation is and what stands beside it."""
    first, lines = summary["tests"][0], []
    if first["interval"]:
        lines.append(
            f"The correlation is uncertain by the choice of taxa: 95% interval {first['interval']}."
        )
    if first["statistic"] > 0:
        lines.append(
            f"A correlation of {first['r']} means that genetic distance goes with "
            f"{percent(first['statistic'] ** 2)} of the variation in visual distance."
        )
    if summary["influential"]:
        lines.append(
            f"Without the single most influential {summary['rank']}, "
            f"{summary['influential']['taxon']}, r would be "
            f"{number(summary['influential']['pearson'])}."
        )
    taxonomy = found.get("taxonomy_only") or {}
    if taxonomy.get("pearson") is not None:
        steps = listed(taxonomy.get("ranks") or [])
        higher = taxonomy["pearson"] > first["statistic"]
        lines.append(
            f"Knowing only the {steps} of each {summary['rank']}, and no picture, gives "
            f"r = {number(taxonomy['pearson'])} with the same genetic distances, "
            f"{'more' if higher else 'less'} than the pictures. Whether pictures add anything to "
            "the taxonomy is not tested here."
        )
    row_means = (found.get("row_means") or {}).get("pearson")
    if row_means is not None:
        lines.append(
            f"Long and short branches alone (each taxon's mean distance to the others) give "
            f"r = {number(row_means)}, in-sample."
        )
    return lines


def answer(summary: dict[str, Any], found: dict[str, Any]) -> str:
    """Answer in the first box."""
    taxonomy = (found.get("taxonomy_only") or {}).get("pearson")
    text = str(summary["verdict"])
    if taxonomy is not None:
        text += f" Taxonomy alone, without a picture, reaches r = {number(taxonomy)}."
    return text
