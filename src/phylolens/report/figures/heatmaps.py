"""Genetic, unguided and guided similarity side by side, in tree order, on one colour scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from phylolens.report.figures.brackets import bracket_rows
from phylolens.report.figures.style import WIDE, WIDTH, canvas, shorten
from phylolens.report.wording import is_italic
from phylolens.stats.correlation import ranks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MOST_NAMES = 40
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
    upper = np.triu_indices(len(matrix), k=1)
    place = ranks(matrix.to_numpy()[upper])
    percentiles = np.full(matrix.shape, np.nan)
    percentiles[upper] = 100 * (place - 1) / max(len(place) - 1, 1)
    percentiles = np.fmax(percentiles, percentiles.T)
    return pd.DataFrame(percentiles, matrix.index, matrix.columns)


@dataclass(frozen=True)
class Rows:
    """What stands beside the rows of a heatmap.

    Parameters
    ----------
    taxa : sequence of str
        In tree order.
    rank : str
        Their rank.
    groups : mapping of str to str
        Coarser group of each taxon; empty where there is none.
    coarser : str
        Rank of the groups.
    """

    taxa: Sequence[str]
    rank: str
    groups: Mapping[str, str]
    coarser: str


def draw_heatmaps(
    matrices: Mapping[str, pd.DataFrame],
    beside: Rows,
    *,
    ranks: bool = False,
    stacked: bool = False,
) -> "Canvas":
    """Draw the matrices that are there, side by side or, for narrow screens, stacked.

    Parameters
    ----------
    matrices : mapping of str to DataFrame
        Similarities in [-1, 1] by name of :data:`TITLES`.
    beside : Rows
        Order, names and groups of the taxa.
    ranks : bool
        Show percentile ranks within each matrix instead of values on one scale.
    stacked : bool
        One below the other.
    """
    shown = [name for name in TITLES if name in matrices]
    rows, columns = (len(shown), 1) if stacked else (1, len(shown))
    height = 3.6 if len(beside.taxa) <= MOST_NAMES else 4.2  # names on the right take width
    figure = canvas(*((WIDTH, height * rows + 0.7) if stacked else (WIDE, 3.6)))
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    low, high = (0, 100) if ranks else (-1, 1)
    order = list(beside.taxa)
    for axes, name in zip(panels, shown, strict=True):
        table = matrices[name].loc[order, order]
        image = axes.imshow(ranked(table) if ranks else table, cmap="viridis", vmin=low, vmax=high,
                            interpolation="nearest")  # fmt: skip
        axes.set_title(TITLES[name])
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    for axes in panels if stacked else panels[:1]:
        _bracket(axes, beside, 4.0 if stacked else 2.6)
    for axes in panels if stacked else panels[-1:]:
        _name(axes, beside)
    where: dict[str, Any] = {"location": "bottom", "shrink": 0.8 if stacked else 0.4}
    bar = figure.colorbar(image, ax=list(panels), aspect=40, pad=0.02, **where)
    bar.set_ticks([low, (low + high) / 2, high])
    bar.set_label("similarity, percentile within each panel" if ranks else "similarity")
    bar.outline.set_visible(False)
    return figure


def _bracket(axes: "Axes", beside: Rows, height: float) -> None:
    """Draw the groups' brackets on the left."""
    if beside.groups:
        groups = [beside.groups.get(taxon) for taxon in beside.taxa]
        bracket_rows(axes, groups, height, italic=is_italic(beside.coarser), size=6.5)
        axes.set_ylabel(f"brackets: {beside.coarser}", labelpad=74, fontsize=8)


def _name(axes: "Axes", beside: Rows) -> None:
    """Write the names of a few taxa on the right."""
    if len(beside.taxa) <= MOST_NAMES:
        axes.yaxis.tick_right()
        names = [shorten(taxon, 22) for taxon in beside.taxa]
        axes.set_yticks(range(len(names)), names, fontsize=6)
        axes.tick_params(length=0)
        for label in axes.get_yticklabels():
            label.set_fontstyle("italic" if is_italic(beside.rank) else "normal")
