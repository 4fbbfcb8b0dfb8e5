"""Saturation of sequences: raw differences against distances, and what unrelated ones would be."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from phylolens.report.plots.pairs import FEW_PAIRS, MANY_PAIRS, PAIRS_A_BIN, binned_medians
from phylolens.report.plots.style import BLUE, GREY, ORANGE, WIDE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


def draw_saturation(
    raw: pd.DataFrame, beside: Mapping[str, pd.DataFrame], unrelated: float, what: str
) -> "Canvas":
    """Draw one panel a kind of distance, raw differences upwards.

    Parameters
    ----------
    raw : DataFrame, shape (n, n)
        Share of sites that differ.
    beside : mapping of str to DataFrame, shape (n, n)
        Label of the axis to distances of the same taxa; missing where there is none.
    unrelated : float
        Share of sites that differ between unrelated sequences.
    what : str
        Label of the vertical axis.
    """
    n = len(beside)
    figure = canvas(WIDE if n > 1 else WIDTH, 3.7)
    panels = figure.subplots(1, n, sharey=True, squeeze=False).ravel()
    taxa = list(raw.index)
    upper = np.triu_indices(len(taxa), k=1)
    y = raw.to_numpy()[upper]
    for axes, (label, square) in zip(panels, beside.items(), strict=True):
        x = square.loc[taxa, taxa].to_numpy()[upper]
        known = np.isfinite(x)
        _pairs(axes, x[known], y[known])
        axes.axhline(unrelated, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.set_xlabel(label)
        axes.set_xlim(left=0)
    top = max(unrelated, float(y.max()))
    panels[0].set_ylim(0, 1.1 * top)
    panels[0].set_ylabel(what)
    panels[0].annotate("unrelated sequences", (1.0, unrelated), (-2, 3),
                       xycoords=("axes fraction", "data"), textcoords="offset points",
                       ha="right", fontsize=8, color=GREY)  # fmt: skip
    return figure


def _pairs(axes: "Axes", x: np.ndarray, y: np.ndarray) -> None:
    """Draw pairs as hexagons, or dots when they are few, with medians over them."""
    if len(x) < FEW_PAIRS:
        axes.plot(x, y, "o", color=BLUE, alpha=0.6, markersize=4, markeredgewidth=0)
    else:
        many = len(x) > MANY_PAIRS
        axes.hexbin(x, y, gridsize=26 if many else 16, mincnt=1, cmap="viridis", linewidths=0.1,
                    bins="log" if many else None)  # fmt: skip
    if len(x) >= 2 * PAIRS_A_BIN:
        middle, low, median, high = binned_medians(x, y).T
        axes.errorbar(middle, median, yerr=[median - low, high - median], color=ORANGE, fmt="o-",
                      linewidth=1.4, elinewidth=1.0, markersize=5, markeredgecolor="white",
                      markeredgewidth=0.8)  # fmt: skip
