"""Pairs of taxa: visual against genetic distance, and predicted against true."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from phylolens.report.plots.style import BLUE, ORANGE, WIDE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


FEW_PAIRS = 150  # fewer are drawn one by one
PAIRS_A_BIN, MOST_BINS = 15, 10
GAP, HOLE = 0.04, 0.15  # shares of the range of distances


def binned_medians(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Medians and quartiles of ``y`` in bins of ``x`` that hold about equally many pairs.

    Parameters
    ----------
    x, y : array, shape (n,)

    Returns
    -------
    array, shape (bins, 4)
        Median of x, and first quartile, median and third quartile of y.
    """
    # Dated trees put many pairs at nearly the same distance: bins narrower than GAP are joined,
    # and no bin reaches over a HOLE without any pair.
    bins = int(np.clip(len(x) // PAIRS_A_BIN, 1, MOST_BINS))
    span = float(np.ptp(x))
    ordered = np.sort(x)
    holes = np.flatnonzero(np.diff(ordered) > HOLE * span)
    across = (ordered[holes] + ordered[holes + 1]) / 2
    quantiles = _apart(
        np.quantile(ordered, np.linspace(0, 1, bins + 1)[1:-1]), ordered[0], ordered[-1], GAP * span
    )
    edges = np.sort(np.concatenate([quantiles, across]))
    code = np.searchsorted(edges, x, side="left")
    rows = [
        (np.median(x[code == c]), *np.quantile(y[code == c], (0.25, 0.5, 0.75)))
        for c in np.unique(code)
    ]
    return np.array(rows)


def _apart(edges: np.ndarray, low: float, high: float, gap: float) -> np.ndarray:
    """Drop edges closer than ``gap`` to either end or to the edge kept before."""
    kept = [low]
    for edge in edges:
        if edge - kept[-1] > gap and high - edge > gap:
            kept.append(float(edge))
    return np.array(kept[1:])


def draw_hexbin(visual: pd.DataFrame, genetic: pd.DataFrame, distance: str) -> "Canvas":
    """Draw pairs of taxa: hexagons coloured by their number, or dots when there are few."""
    taxa = list(genetic.index)
    upper = np.triu_indices(len(taxa), k=1)
    x, y = genetic.to_numpy()[upper], visual.loc[taxa, taxa].to_numpy()[upper]
    figure = canvas(WIDTH, 3.9)
    axes = figure.subplots()
    if len(x) < FEW_PAIRS:
        axes.plot(x, y, "o", color=BLUE, alpha=0.6, markersize=4.5, markeredgewidth=0)
    else:
        grid = 26 if len(x) > 1500 else 16
        hexagons = axes.hexbin(x, y, gridsize=grid, mincnt=1, cmap="viridis", linewidths=0.1,
                               bins="log" if len(x) > 1500 else None)  # fmt: skip
        bar = figure.colorbar(hexagons, ax=axes, pad=0.02, aspect=30)
        bar.set_label("pairs of taxa")
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        bar.outline.set_visible(False)
    if len(x) >= 2 * PAIRS_A_BIN:
        middle, low, median, high = binned_medians(x, y).T
        axes.errorbar(middle, median, yerr=[median - low, high - median], color=ORANGE, fmt="o-",
                      linewidth=1.4, elinewidth=1.0, markersize=5, markeredgecolor="white",
                      markeredgewidth=0.8, label="median and quartiles")  # fmt: skip
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0, fontsize=8)
    axes.set_xlabel("genetic distance (unit of the phylogeny)")
    axes.set_ylabel(f"visual distance ({distance})")
    axes.margins(0.04)
    return figure


MANY_PAIRS = 1500  # more are counted on a logarithmic scale


def draw_held_out(panels: Mapping[str, pd.DataFrame], genetic: pd.DataFrame) -> "Canvas":
    """Draw one panel a prediction on one scale, the identity line in each.

    Parameters
    ----------
    panels : mapping of str to DataFrame, shape (n, n)
        Title and predictions; row: held-out taxon, column: training taxon; missing within clades.
    genetic : DataFrame, shape (n, n)
        True distances.
    """
    n = len(panels)
    size = (WIDE if n > 1 else WIDTH, 4.1)
    figure = canvas(*size)
    drawn = figure.subplots(*((1, n)), squeeze=False).ravel()
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
    for axes in drawn[:1]:
        axes.set_ylabel("predicted distance")
    if all(one is not None for one in shown):
        top = max(float(one.get_array().max()) for one in shown)
        for one in shown:
            one.norm.vmin, one.norm.vmax = 1, top
        bar = figure.colorbar(shown[0], ax=list(drawn), pad=0.02, aspect=30, shrink=0.8,
                              location="right")  # fmt: skip
        bar.set_label("pairs of taxa")
        (bar.ax.yaxis).set_major_formatter(_whole)
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
