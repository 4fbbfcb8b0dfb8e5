"""Published and honest statistics on one scale: null, noise, perfection and the observed value."""

from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.figures.style import BLUE, GREY, INK, ORANGE, PALE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

NARROW = 3.5  # inches
ROW, EDGE = 0.7, 0.95  # inches a statistic, and for axis and legend
NULL = "#a9bccd"
OBSERVED: dict[str, Any] = {"marker": "o", "color": ORANGE, "markersize": 5, "linestyle": ""}
PERFECT: dict[str, Any] = {"marker": "D", "markeredgecolor": BLUE, "markerfacecolor": "none",
                           "markersize": 8, "linestyle": ""}  # fmt: skip


def draw_audit(rows: list[dict[str, Any]], *, narrow: bool = False) -> "Canvas":
    """Draw one line a statistic: histogram of its null, noise below it, observed and perfect.

    Parameters
    ----------
    rows : list of dict
        ``title``, ``statistic``, ``null_histogram``, ``noise`` (mean, low, high), ``perfect``,
        ``honest``.
    narrow : bool
        For phones.
    """
    figure = canvas(NARROW if narrow else WIDTH, EDGE + ROW * len(rows) + (0.3 if narrow else 0))
    axes = figure.subplots()
    for place, row in enumerate(rows):
        _row(axes, len(rows) - 1 - place, row)
    axes.set_ylim(-0.55, len(rows) - 0.05)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=PALE, linewidth=0.8, zorder=0)
    axes.set_xlabel("correlation")
    _legend(axes, columns=1 if narrow else 2)
    return figure


def _row(axes: "Axes", base: float, row: dict[str, Any]) -> None:
    edges = np.array(row["null_histogram"]["edges"])
    counts = np.array(row["null_histogram"]["counts"], dtype=float)
    heights = base + 0.5 * counts / counts.max()
    axes.stairs(heights, edges, baseline=base, fill=True, color=NULL)
    axes.axhline(base, color=PALE, linewidth=0.7, zorder=0)
    noise = row["noise"]
    if noise:
        low, high = noise["low"], noise["high"]
        axes.plot([low, high], [base - 0.1] * 2, color=GREY, linewidth=2.2, solid_capstyle="butt")
    if row["perfect"] is not None:
        axes.plot(row["perfect"], base, **PERFECT, clip_on=False, zorder=4)
    axes.plot(row["statistic"], base, **OBSERVED, clip_on=False, zorder=5)
    weight = "bold" if row["honest"] else "normal"
    axes.annotate(row["title"], (0.0, base + 0.66), xycoords=("axes fraction", "data"), fontsize=8,
                  va="center", color=INK, fontweight=weight).set_in_layout(False)  # fmt: skip


def _legend(axes: "Axes", columns: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], **OBSERVED, label="these matrices"),
        Line2D([], [], **PERFECT, label="perfect agreement"),
        Patch(color=NULL, label="taxa shuffled"),
        Line2D([], [], color=GREY, linewidth=2.2, label="random centroids (95%)"),
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.07), ncols=columns,
                fontsize=8, columnspacing=1.5)  # fmt: skip
