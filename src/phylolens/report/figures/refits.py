"""The skill that chance gives: refits with images exchanged among taxa."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.figures.null import ALL, NARROW, heights, mark_observed
from phylolens.report.figures.style import GREY, INK, ORANGE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

FEWEST_BINS = 8


def draw_refits(null: Mapping[str, Any], skill: float, *, narrow: bool = False) -> "Canvas":
    """Draw the histogram of skill under permuted refits and the observed skill.

    Parameters
    ----------
    null : mapping
        ``null`` of ``guide.json``: ``histogram`` (``edges``, ``counts``), ``p_value``.
    skill : float
        As observed.
    narrow : bool
        For narrow screens.
    """
    edges, height = heights(coarser(null["histogram"]))
    figure = canvas(NARROW if narrow else WIDTH, 2.5)
    axes = figure.subplots()
    axes.stairs(height, edges, fill=True, color=ALL, linewidth=0)
    axes.axvline(0.0, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.set_ylim(0, 1.32)
    ends = [float(edges[0]), float(edges[-1]), skill, 0.0]
    margin = 0.05 * (max(ends) - min(ends)) or 0.05
    axes.set_xlim(min(ends) - margin, max(ends) + margin)
    if null.get("skill_q95") is not None:
        axes.plot([null["skill_q95"]] * 2, [0, 1.02], color=GREY, linewidth=1.0,
                  linestyle=(0, (3, 2)))  # fmt: skip
    mark_observed(axes, {"statistic": skill, "p_value": null["p_value"]})
    axes.set_xlabel("skill on clades held out")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _legend(figure, null)
    return figure


def coarser(histogram: Mapping[str, Any]) -> dict[str, Any]:
    """Join bins until there are about twice the root of the count: few refits make a comb else."""
    counts, edges = np.asarray(histogram["counts"]), np.asarray(histogram["edges"])
    wanted = max(FEWEST_BINS, int(2 * np.sqrt(counts.sum())))
    joined = max(1, len(counts) // wanted)
    starts = np.arange(0, len(counts), joined)
    return {
        "edges": [*edges[starts], edges[-1]],
        "counts": np.add.reduceat(counts, starts).tolist(),
    }


def _legend(figure: "Canvas", null: Mapping[str, Any]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = [Patch(color=ALL, label="images exchanged")]
    if null.get("skill_q95") is not None:
        entries.append(
            Line2D([], [], color=GREY, linewidth=1.0, linestyle=(0, (3, 2)), label="95% of them")
        )
    entries.append(Line2D([], [], color=ORANGE, linewidth=1.8, label="observed"))
    figure.legend(handles=entries, loc="outside upper right", ncols=3, fontsize=8, borderpad=0,
                  columnspacing=1.4, labelcolor=INK)  # fmt: skip
