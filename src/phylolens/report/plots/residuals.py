"""The taxa whose visual place fits the phylogeny worst, with their images."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from phylolens.report.plots.style import BLUE, GREY, WIDTH, canvas, shorten
from phylolens.report.text import is_italic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


FEWEST_TAXA, MOST_BARS = 5, 20
ROW = 0.2, 0.42  # inches, without and with images
PICTURE = 0.38  # inches, longer side


def worst(residuals: pd.DataFrame) -> pd.DataFrame:
    """Rows of the largest residuals, largest first; ties by name."""
    ordered = residuals.sort_values(["residual", "taxon"], ascending=[False, True])
    return ordered.head(MOST_BARS)


def draw_residuals(
    residuals: pd.DataFrame, rank: str, pictures: Mapping[str, np.ndarray]
) -> "Canvas":
    """Draw bars, the worst fit on top.

    Parameters
    ----------
    residuals : DataFrame
        ``taxon``, ``residual``; one row each taxon.
    rank : str
        Of the taxa.
    images : mapping of str to array
        RGB images of some taxa.
    """
    shown = worst(residuals)
    with_images = any(taxon in pictures for taxon in shown["taxon"])
    figure = canvas(WIDTH, 0.8 + ROW[with_images] * len(shown))
    axes = figure.subplots()
    places = range(len(shown))
    axes.barh(places, shown["residual"], color=BLUE, height=0.62)
    median = residuals["residual"].median()
    axes.axvline(median, color="white", linewidth=2.6)
    axes.axvline(median, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.annotate("median of all", (median, 1.0), (0, 2), xycoords=("data", "axes fraction"),
                  textcoords="offset points", ha="center", fontsize=8, color=GREY)  # fmt: skip
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_yticks(places, [shorten(taxon, 26) for taxon in shown["taxon"]], fontsize=8)
    axes.tick_params(axis="y", length=0, pad=34 if with_images else 3)
    for label in axes.get_yticklabels():
        label.set_fontstyle("italic" if is_italic(rank) else "normal")
    axes.set_xlim(0, 1.04 * float(shown["residual"].max()))
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel("Procrustes residual (0 = the visual place fits the phylogeny)")
    for place, taxon in zip(places, shown["taxon"], strict=True):
        if taxon in pictures:
            _picture(axes, pictures[taxon], place)
    return figure


def _picture(axes: "Axes", picture: np.ndarray, place: int) -> None:
    """Set an image between the name and the bar."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    dpi = axes.figure.dpi
    image = OffsetImage(picture, zoom=PICTURE * dpi / max(picture.shape[:2]) * 72 / dpi,
                        interpolation="antialiased")  # fmt: skip
    box = AnnotationBbox(image, (0, place), xybox=(-18, 0), xycoords=("axes fraction", "data"),
                         boxcoords="offset points", frameon=False, pad=0, box_alignment=(0.5, 0.5),
                         annotation_clip=False)  # fmt: skip
    axes.add_artist(box)
