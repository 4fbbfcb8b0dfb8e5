"""Stated certainty against the share of right answers, and what leaving out the unsure gains."""

from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.figures.style import BLUE, GREY, WIDE, WIDTH, canvas, distinct

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

LARGEST_DOT = 70.0  # square points


def draw_reliability(ranks: list[dict[str, Any]], *, narrow: bool = False) -> "Canvas":
    """Draw a small diagram a rank; the area of a dot is the number of images in its bin."""
    shown = [rank for rank in ranks if rank["bins"]]
    across = min(len(shown), 2 if narrow else 3 if len(shown) > 4 else 4)
    down = -(-len(shown) // across)
    wide = 3.5 if narrow else min(WIDE, 0.6 + 2.15 * across)
    figure = canvas(wide, 0.35 + down * (wide / across + 0.15))
    panels = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for place, axes in enumerate(panels.ravel()):
        axes.set_visible(place < len(shown))
        if place + across >= len(shown):  # the lowest one drawn of its column
            axes.tick_params(labelbottom=True)
    for axes, rank in zip(panels.ravel(), shown, strict=False):
        _panel(axes, rank)
    figure.supxlabel("stated certainty", fontsize=9)
    figure.supylabel("share of right answers", fontsize=9)
    return figure


def _panel(axes: "Axes", rank: dict[str, Any]) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    if rank["bins_before"]:
        before = np.array([(row["confidence"], row["accuracy"]) for row in rank["bins_before"]])
        axes.plot(*before.T, "o", color=GREY, markersize=3.0, markerfacecolor="white")
    rows = np.array([(row["confidence"], row["accuracy"], row["n"]) for row in rank["bins"]])
    axes.plot(rows[:, 0], rows[:, 1], color=BLUE, linewidth=0.9, alpha=0.6)
    axes.scatter(rows[:, 0], rows[:, 1], s=LARGEST_DOT * rows[:, 2] / rows[:, 2].max(),
                 color=BLUE, linewidths=0.5, edgecolors="white", zorder=3, alpha=0.85)  # fmt: skip
    axes.set_title(rank["rank"])
    axes.set_aspect("equal")
    axes.set_xlim(-0.03, 1.05)
    axes.set_ylim(-0.03, 1.05)
    axes.set_xticks([0, 0.5, 1], ["0", "50%", "100%"], fontsize=7.5)
    axes.set_yticks([0, 0.5, 1], ["0", "50%", "100%"], fontsize=7.5)


def draw_risk(ranks: list[dict[str, Any]]) -> "Canvas":
    """Draw the share of wrong answers among the surest images, a line a rank."""
    figure = canvas(WIDTH, 3.1)
    axes = figure.subplots()
    shown = [rank for rank in ranks if rank["risk"]]
    for rank, (colour, dashes) in zip(shown, distinct(len(shown)), strict=True):
        coverage, risk = np.array(rank["risk"]).T
        axes.plot(coverage, risk, color=colour, linewidth=1.6, linestyle=dashes,
                  label=rank["rank"])  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(0, None)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
    axes.set_xlabel("images answered, the surest first")
    axes.set_ylabel("wrong among them")
    axes.legend(loc="upper left", fontsize=8, handlelength=2.6)
    return figure
