"""Genetic, unguided and guided similarity side by side, in tree order, on one colour scale."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from phylolens.report.figures.brackets import bracket_rows
from phylolens.report.figures.style import WIDE, WIDTH, canvas, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MOST_NAMES = 40
TIE_DIGITS = 6  # written matrices are rounded: smaller differences are no order
TITLES = {
    "genetic": "genetic (the target)",
    "unguided": "visual, unguided",
    "guided": "visual, guided: in-sample",
}


def ranked(matrix: pd.DataFrame) -> pd.DataFrame:
    """Replace the similarities between taxa by their percentile ranks, 0 to 100.

    Parameters
    ----------
    matrix : DataFrame, shape (T, T)
        Symmetric; the diagonal becomes missing, since likeness to oneself is no finding.
    """
    from scipy.stats import rankdata

    upper = np.triu_indices(len(matrix), k=1)
    ranks = rankdata(matrix.to_numpy()[upper].round(TIE_DIGITS))
    percentiles = np.full(matrix.shape, np.nan)
    percentiles[upper] = 100 * (ranks - 1) / max(len(ranks) - 1, 1)
    percentiles = np.fmax(percentiles, percentiles.T)
    return pd.DataFrame(percentiles, matrix.index, matrix.columns)


def draw_heatmaps(
    matrices: Mapping[str, pd.DataFrame],
    order: Sequence[str],
    groups: Mapping[str, str],
    coarser: str,
    *,
    ranks: bool = False,
    stacked: bool = False,
) -> "Canvas":
    """Draw the matrices that are there, side by side or, for narrow screens, stacked.

    Parameters
    ----------
    matrices : mapping of str to DataFrame
        Similarities in [-1, 1] by name of :data:`TITLES`.
    order : sequence of str
        Taxa in tree order.
    groups, coarser
        Coarser group of each taxon and the name of that rank, for brackets.
    ranks : bool
        Show percentile ranks within each matrix instead of values on one scale.
    stacked : bool
        One below the other.
    """
    shown = [name for name in TITLES if name in matrices]
    rows, columns = (len(shown), 1) if stacked else (1, len(shown))
    figure = canvas(*((WIDTH, 4.3 * rows + 0.7) if stacked else (WIDE, 3.6)))
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    low, high = (0, 100) if ranks else (-1, 1)
    for place, (axes, name) in enumerate(zip(panels, shown, strict=True)):
        table = matrices[name].loc[list(order), list(order)]
        image = axes.imshow(ranked(table) if ranks else table, cmap="viridis", vmin=low, vmax=high,
                            interpolation="nearest")  # fmt: skip
        axes.set_title(TITLES[name])
        _finish(axes, order, groups, 4.0 if stacked else 2.6, named=stacked or place == 0)
    where: dict[str, Any] = {"location": "bottom", "shrink": 0.8 if stacked else 0.4}
    bar = figure.colorbar(image, ax=list(panels), aspect=40, pad=0.02, **where)
    bar.set_ticks([low, (low + high) / 2, high])
    bar.set_label("similarity, percentile within each panel" if ranks else "similarity")
    bar.outline.set_visible(False)
    if groups:
        panels[0].set_ylabel(f"brackets: {coarser}", labelpad=74, fontsize=8)
    return figure


def _finish(
    axes: "Axes", order: Sequence[str], groups: Mapping[str, str], height: float, *, named: bool
) -> None:
    """Take the frame away; put brackets or names beside the rows."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    if named and groups:
        bracket_rows(axes, [groups.get(taxon) for taxon in order], height, size=6.5)
    elif named and len(order) <= MOST_NAMES:
        axes.set_yticks(range(len(order)), [shorten(t, 22) for t in order], fontsize=6.5)
        axes.tick_params(length=0)
