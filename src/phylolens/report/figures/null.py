"""What the correlations would be if looks and lineage had nothing to do with each other."""

from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.figures.style import GREY, INK, ORANGE, PALE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


def draw_null(tests: list[dict[str, Any]]) -> "Canvas":
    """Draw one histogram a test, the observed value marked."""
    shown = [test for test in tests if test["histogram"].get("counts")]
    figure = canvas(WIDTH, 0.4 + 2.0 * len(shown))
    panels = figure.subplots(len(shown), 1, squeeze=False, sharex=True).ravel()
    for axes, test in zip(panels, shown, strict=True):
        _panel(axes, test)
    panels[-1].set_xlabel("correlation r")
    ends = [end for t in shown for end in (*t["histogram"]["edges"], t["statistic"])]
    margin = 0.06 * (max(ends) - min(ends))
    panels[-1].set_xlim(min(ends) - margin, max(ends) + margin)
    return figure


def _panel(axes: "Axes", test: dict[str, Any]) -> None:
    edges, counts = np.array(test["histogram"]["edges"]), np.array(test["histogram"]["counts"])
    axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color="#a9bccd", linewidth=0)
    top = 1.25 * counts.max()
    axes.set_ylim(0, top)
    observed = test["statistic"]
    axes.axvline(observed, color=ORANGE, linewidth=1.8)
    low, high = min(edges[0], observed), max(edges[-1], observed)
    if test["q95"] is not None:
        _mark_q95(axes, test["q95"], 0.8 * top, leftwards=test["q95"] < observed)
    side = "right" if observed > (low + high) / 2 else "left"
    axes.annotate(f"observed r = {test['r']}, p = {test['p']}", (observed, 0.99 * top),
                  (-4 if side == "right" else 4, 0), textcoords="offset points", ha=side,
                  va="top", color=ORANGE, fontweight="bold", fontsize=8.5)  # fmt: skip
    axes.set_title(f"{test['words']}, {test['n']} taxa")
    axes.set_ylabel("permutations")
    axes.spines["left"].set_color(PALE)


def _mark_q95(axes: "Axes", q95: float, height: float, *, leftwards: bool) -> None:
    """Mark what 95% of the permutations stay below, the words away from the observed line."""
    axes.plot([q95, q95], [0, height], color=GREY, linewidth=1.0, linestyle=(0, (3, 2)))
    axes.annotate("95% of\npermutations", (q95, height), (-3 if leftwards else 3, 0), va="top",
                  ha="right" if leftwards else "left", textcoords="offset points", fontsize=7,
                  color=INK)  # fmt: skip
