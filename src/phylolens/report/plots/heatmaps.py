"""Matrices of the same taxa side by side, in tree order, taxa of one group bracketed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from phylolens.report.plots.labels import bracket_rows
from phylolens.report.plots.style import GREY, INK, WIDE, WIDTH, canvas, shorten
from phylolens.report.text import is_italic
from phylolens.stats.correlation import ranks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure as Canvas
    from matplotlib.image import AxesImage


MOST_NAMES = 40
MOST_ROWS = 350  # more would be thinner than a dot of the file


@dataclass(frozen=True)
class Scale:
    """How values become colours.

    Parameters
    ----------
    quantity : str
        What the values are, for the colour bar.
    ends : tuple of float or None
        Of the scale; without them every panel spans its own values between different taxa and has
        a colour bar of its own.
    colours : str
        Name of the colour map; alike is bright.
    """

    quantity: str
    ends: tuple[float, float] | None
    colours: str


SIMILARITY = Scale("similarity", (-1.0, 1.0), "viridis")
DISTANCE = Scale("distance", None, "viridis_r")


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


def ranked(matrix: pd.DataFrame) -> pd.DataFrame:
    """Replace the similarities between taxa by their percentile ranks, 0 to 100.

    Parameters
    ----------
    matrix : DataFrame, shape (T, T)
        Symmetric; the diagonal becomes missing, since likeness to oneself is no finding. Missing
        values stay so.
    """
    upper = np.triu_indices(len(matrix), k=1)
    values = matrix.to_numpy()[upper]
    known = np.isfinite(values)
    place = ranks(values[known])
    percentiles = np.full(matrix.shape, np.nan)
    percentiles[upper[0][known], upper[1][known]] = 100 * (place - 1) / max(len(place) - 1, 1)
    percentiles = np.fmax(percentiles, percentiles.T)
    return pd.DataFrame(percentiles, matrix.index, matrix.columns)


def between(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return the values between different taxa; the diagonal becomes missing."""
    return matrix.mask(np.eye(len(matrix), dtype=bool))


def coarsened(values: np.ndarray) -> np.ndarray:
    """Average neighbouring rows and columns until few enough are left to be seen.

    Parameters
    ----------
    values : array, shape (n, n)
        Missing values are left out of the means.

    Returns
    -------
    array, shape (m, m)
        m = n / k for the smallest whole k that gives at most 350 rows; where n is no multiple of
        k, blocks are of k or k + 1 rows.
    """
    n = len(values)
    step = -(-n // MOST_ROWS)
    if step == 1:
        return values
    starts = np.linspace(0, n, n // step, endpoint=False).astype(int)

    def sums(of: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.add.reduceat(of, starts, axis=0), starts, axis=1)

    known = np.isfinite(values)
    counted = sums(known.astype(float))
    blank = np.full(counted.shape, np.nan)
    return np.divide(sums(np.where(known, values, 0.0)), counted, out=blank, where=counted > 0)


def draw_heatmaps(
    matrices: Mapping[str, pd.DataFrame],
    beside: Rows,
    scale: Scale,
    *,
    ranks: bool = False,
) -> "Canvas":
    """Draw the matrices side by side.

    Parameters
    ----------
    matrices : mapping of str to DataFrame
        By title, in the order drawn.
    beside : Rows
        Order, names and groups of the taxa.
    scale : Scale
        Of the values.
    ranks : bool
        Show percentile ranks within each matrix instead of values.
    """
    rows, columns = (1, len(matrices))
    shared = ranks or scale.ends is not None
    figure = canvas(*_size(matrices, beside, shared=shared))
    panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
    ends = (0.0, 100.0) if ranks else scale.ends
    order = list(beside.taxa)
    where: dict[str, Any] = {"location": "bottom", "aspect": 40, "pad": 0.02}
    for axes, (title, matrix) in zip(panels, matrices.items(), strict=True):
        table = matrix.loc[order, order]
        if ranks or ends is None:
            table = ranked(table) if ranks else between(table)
        image = _image(axes, table, ends, scale.colours)
        axes.set_title(title, color=GREY if "in-sample" in title else INK,
                       fontsize=8.5 if len(panels) > 3 else None)  # fmt: skip
        if not shared:
            _colour_bar(figure.colorbar(image, ax=axes, shrink=0.6, **where), scale.quantity)
    for axes in panels[:1]:
        _bracket(axes, beside, 7.8 / columns)
    for axes in panels[-1:]:
        _name(axes, beside)
    if shared:
        bar = figure.colorbar(image, ax=panels, shrink=0.4, **where)
        _colour_bar(
            bar, f"{scale.quantity}, percentile within each panel" if ranks else scale.quantity
        )
    return figure


def _size(
    matrices: Mapping[str, pd.DataFrame], beside: Rows, *, shared: bool
) -> tuple[float, float]:
    """Width and height, inches."""
    return WIDE, {1: 4.6, 2: 4.6, 3: 3.6}.get(len(matrices), 3.0)
    height = 3.1 if len(beside.taxa) <= MOST_NAMES else 4.2  # names on the right take width
    return WIDTH, (height if shared else height + 0.6) * len(matrices) + 0.7 * shared


def _image(
    axes: "Axes", table: pd.DataFrame, ends: tuple[float, float] | None, colours: str
) -> "AxesImage":
    """Draw one matrix without frame and ticks."""
    n = len(table)
    image = axes.imshow(coarsened(table.to_numpy()), cmap=colours, interpolation="nearest",
                        extent=(-0.5, n - 0.5, n - 0.5, -0.5))  # fmt: skip
    image.set_clim(*(ends or (np.nanmin(table), np.nanmax(table))))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return image


def _colour_bar(bar: "Colorbar", label: str) -> None:
    """Mark the ends and the middle."""
    low, high = bar.mappable.get_clim()
    places = [low, (low + high) / 2, high]
    whole = all(place % 1 == 0 for place in places)
    decimals = 0 if whole else next((k for k in range(5) if high - low >= 10 ** (2 - k)), 5)
    bar.set_ticks(places, labels=[f"{place:.{decimals}f}".replace("-", "−") for place in places])
    bar.set_label(label)
    bar.outline.set_visible(False)


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
