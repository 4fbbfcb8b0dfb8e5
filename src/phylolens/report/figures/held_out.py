"""Predicted against genetic distance of pairs held out, with and without pictures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from phylolens.report.figures.hexbin import FEW_PAIRS
from phylolens.report.figures.style import BLUE, ORANGE, WIDE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MANY_PAIRS = 1500  # more are counted on a logarithmic scale
NARROW = 3.6  # inches


def draw_held_out(
    panels: Mapping[str, pd.DataFrame], genetic: pd.DataFrame, *, narrow: bool = False
) -> "Canvas":
    """Draw one panel a prediction on one scale, the identity line in each.

    Parameters
    ----------
    panels : mapping of str to DataFrame, shape (n, n)
        Title and predictions; row: held-out taxon, column: training taxon; missing within clades.
    genetic : DataFrame, shape (n, n)
        True distances.
    narrow : bool
        One panel below the other.
    """
    n = len(panels)
    size = (NARROW, 0.3 + 3.0 * n) if narrow else (WIDE if n > 1 else WIDTH, 4.1)
    figure = canvas(*size)
    drawn = figure.subplots(*((n, 1) if narrow else (1, n)), squeeze=False).ravel()
    taxa = list(genetic.index)
    pairs = {title: _pairs(own.loc[taxa, taxa], genetic) for title, own in panels.items()}
    values = np.concatenate([np.concatenate(both) for both in pairs.values()])
    low, high = float(values.min()), float(values.max())
    margin = 0.03 * (high - low) or 0.05
    ends = (low - margin, high + margin)
    shown = [_panel(axes, *pairs[title], ends) for axes, title in zip(drawn, pairs, strict=True)]
    for axes, title in zip(drawn, pairs, strict=True):
        axes.set_title(title)
        axes.set_xlabel("genetic distance")
    for axes in drawn if narrow else drawn[:1]:
        axes.set_ylabel("predicted distance")
    if all(one is not None for one in shown):
        top = max(float(one.get_array().max()) for one in shown)
        for one in shown:
            one.norm.vmin, one.norm.vmax = 1, top
        bar = figure.colorbar(shown[0], ax=list(drawn), pad=0.02, aspect=30, shrink=0.8,
                              location="bottom" if narrow else "right")  # fmt: skip
        bar.set_label("pairs of taxa")
        (bar.ax.xaxis if narrow else bar.ax.yaxis).set_major_formatter(_whole)
        bar.ax.minorticks_off()
        bar.outline.set_visible(False)
    return figure


def _whole(value: float, _: object) -> str:
    return f"{value:,.0f}"


def _pairs(predicted: pd.DataFrame, genetic: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return true and predicted distances of the pairs that were predicted."""
    known = np.isfinite(predicted.to_numpy())
    return genetic.to_numpy()[known], predicted.to_numpy()[known]


def _panel(axes: "Axes", x: np.ndarray, y: np.ndarray, ends: tuple[float, float]):  # type: ignore[no-untyped-def]
    """Draw pairs as hexagons, or dots when they are few; return the hexagons."""
    found = None
    if len(x) < FEW_PAIRS:
        axes.plot(x, y, "o", color=BLUE, alpha=0.6, markersize=4, markeredgewidth=0)
    else:
        many = len(x) > MANY_PAIRS
        found = axes.hexbin(x, y, gridsize=30 if many else 18, mincnt=1, cmap="viridis",
                            linewidths=0.1, extent=(*ends, *ends),
                            bins="log" if many else None)  # fmt: skip
    axes.plot(ends, ends, color=ORANGE, linewidth=1.4)
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.set_aspect("equal")
    axes.locator_params(nbins=5)
    return found
