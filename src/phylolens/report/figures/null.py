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
    return figure


def _panel(axes: "Axes", test: dict[str, Any]) -> None:
    edges, counts = np.array(test["histogram"]["edges"]), np.array(test["histogram"]["counts"])
    axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color="#a9bccd", linewidth=0)
    top = 1.25 * counts.max()
    axes.set_ylim(0, top)
    observed = test["statistic"]
    axes.axvline(observed, color=ORANGE, linewidth=1.8)
    if test["q95"] is not None:
        axes.axvline(test["q95"], ymax=0.78, color=GREY, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.annotate("95% of\npermutations", (test["q95"], 0.8 * top), (-3, 0), ha="right",
                      textcoords="offset points", fontsize=7, color=INK, va="top")  # fmt: skip
    low, high = min(edges[0], observed), max(edges[-1], observed)
    axes.set_xlim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    side = "right" if observed > (low + high) / 2 else "left"
    axes.annotate(f"observed r = {test['r']}, {test['p']}", (observed, 0.99 * top),
                  (-4 if side == "right" else 4, 0), textcoords="offset points", ha=side,
                  va="top", color=ORANGE, fontweight="bold", fontsize=8.5)  # fmt: skip
    axes.set_title(f"{test['words']}, {test['n']} taxa")
    axes.set_ylabel("permutations")
    axes.set_facecolor("white")
    axes.spines["bottom"].set_color(INK)
    axes.spines["left"].set_color(PALE)
