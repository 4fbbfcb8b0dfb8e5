"""Which taxa are taken for which: the row-normalised confusion matrix."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.figures.brackets import bracket_rows
from phylolens.report.figures.style import ORANGE, canvas, shorten
from phylolens.report.ordering import runs
from phylolens.report.wording import is_italic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MOST_NAMES, MOST_NUMBERS = 40, 12


def draw_confusion(found: dict[str, Any], groups: Mapping[str, str], coarser: str) -> "Canvas":
    """Draw shares of each row; names up to 40 classes, brackets of the coarser rank beyond.

    Squares outline the taxa of the coarser rank: mistakes inside stay within the right one.

    Parameters
    ----------
    found : dict
        One rank of the summary.
    groups : mapping
        Coarser group of each label; empty where there is none.
    coarser : str
        Name of that coarser rank.
    """
    labels, matrix = found["confusion"]["labels"], np.array(found["confusion"]["matrix"])
    n = len(labels)
    sums = matrix.sum(axis=1, keepdims=True)
    shares = np.where(sums > 0, matrix / np.maximum(sums, 1), np.nan)
    side = 4.2 if n <= 12 else min(7.0, 3.2 + 0.13 * n)
    figure = canvas(side + 1.0, side)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
    axes.set_facecolor("#eeeeee")
    for spine in axes.spines.values():
        spine.set_visible(False)
    if n <= MOST_NAMES:
        size = 8.0 if n <= 20 else 6.5
        names = [shorten(label, 22) for label in labels]
        axes.set_yticks(range(n), names, fontsize=size)
        axes.set_xticks(range(n), names, fontsize=size, rotation=90)
        axes.tick_params(length=0)
        for label in (*axes.get_yticklabels(), *axes.get_xticklabels()):
            label.set_fontstyle("italic" if is_italic(found["rank"]) else "normal")
        if n <= MOST_NUMBERS:
            _write_counts(axes, matrix, shares)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        rows = [groups.get(label) for label in labels]
        bracket_rows(axes, rows, 0.8 * side, italic=is_italic(coarser))
    _outline(axes, [groups.get(label) for label in labels])
    axes.set_xlabel(f"named {found['rank']}")
    if n > MOST_NAMES:
        brackets = f" (brackets: {coarser})" if groups else ""
        axes.set_title(f"rows: true {found['rank']}{brackets}", fontweight="normal", fontsize=9)
    else:
        axes.set_ylabel(f"true {found['rank']}")
    bar = figure.colorbar(
        image, ax=axes, shrink=0.9 if n <= MOST_NUMBERS else 0.6, pad=0.02, aspect=25
    )
    bar.set_label("share of the true taxon's test images")
    bar.outline.set_visible(False)
    return figure


def _outline(axes: "Axes", groups: list[str | None]) -> None:
    """Draw a square around neighbours of one coarser taxon; single ones need none."""
    from matplotlib.patches import Rectangle

    for _, first, after in runs(groups):
        side = after - first
        if side > 1:
            corner = (first - 0.5, first - 0.5)
            axes.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=ORANGE,
                                     linewidth=0.9))  # fmt: skip


def _write_counts(axes: "Axes", matrix: np.ndarray, shares: np.ndarray) -> None:
    for (row, column), value in np.ndenumerate(matrix):
        if value:
            colour = "black" if shares[row, column] > 0.6 else "white"
            axes.text(column, row, f"{value}", ha="center", va="center", fontsize=7, color=colour)
