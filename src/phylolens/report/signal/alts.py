"""What each figure shows, for those who cannot see it."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.signal.tests import each_test
from phylolens.report.wording import count, listed

NAMED = 5  # worst fitting taxa


def alts(summary: Mapping[str, Any], worst: list[str]) -> dict[str, str]:
    """Alternative texts of the figures of this section, by name of the figure.

    Parameters
    ----------
    summary : dict
        As :func:`phylolens.report.signal.about_signal` makes it, all but this.
    worst : list of str
        Taxa by Procrustes residual, largest first.
    """
    what, taxa = summary["plural"], count(summary["n_taxa"], summary["rank"])
    correlation = next((test for test in summary["tests"] if test["symbol"] == "r"), None)
    r = f": r = {correlation['r']}" if correlation else ""
    trees, clades = summary["trees"], summary["clades"]
    values = [f"{row['name']} {row['value']}" for row in (trees or {"rows": []})["rows"]]
    n_clades = count(len(clades["rows"]), "clade") if clades else "each clade"
    return {
        "hexbin": (
            f"Visual against genetic distance of {summary['n_pairs']:,} pairs of {what}, with "
            f"medians in bins of equal numbers of pairs{r}."
        ),
        "null": (
            f"Statistics under permuted taxa with the observed one marked. "
            f"{each_test(summary['tests'])}."
        ),
        "heatmaps": f"Visual and genetic distance of {taxa}, both in the order of the tree{r}.",
        "ranks": f"The same two matrices of {taxa} as percentiles within each panel.",
        "correlogram": (summary["correlogram"] or {}).get("sentence") or "Mantel correlogram.",
        "tanglegram": (
            f"Reference tree and tree of looks of {taxa} face to face, the same taxa joined by "
            f"lines. {(trees or {}).get('sentence', '')}"
        ).strip(),
        "pcoa": f"{taxa} by the first two principal coordinates of their visual distances.",
        "phylomorphospace": f"The reference tree of {taxa} laid over the map of their looks.",
        "procrustes": (
            f"{what.capitalize()} whose looks fit their place in the phylogeny worst"
            + (f": first {listed(worst[:NAMED])}." if worst else ".")
        ),
        "measures": (
            "Distance of the tree of looks to the reference tree, beside random and shuffled "
            f"ones: {listed(values)}."
        ),
        "clades": f"Correlation of visual and genetic distance within {n_clades}.",
    }
