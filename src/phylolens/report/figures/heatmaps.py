"""Genetic, unguided and guided similarity side by side, in tree order, on one colour scale."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from phylolens.report.figures.brackets import bracket_rows
from phylolens.report.figures.style import WIDE, WIDTH, canvas, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

MOST_NAMES = 40
TITLES = {
    "genetic": "genetic (the target)",
    "unguided": "visual, unguided",
    "guided": "visual, guided: in-sample",
}


def draw_heatmaps(
    matrices: Mapping[str, pd.DataFrame],
    order: Sequence[str],
    groups: Mapping[str, str],
    coarser: str,
    *,
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
    stacked : bool
        One below the other.
    """
    shown = [name for name in TITLES if name in matrices]
    rows, columns = (len(shown), 1) if stacked else (1, len(shown))
    size = (WIDTH, 4.3 * rows + 0.6) if stacked else (WIDE, 3.75)
    figure = canvas(*size)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for place, (axes, name) in enumerate(zip(panels, shown, strict=True)):
        table = matrices[name].loc[list(order), list(order)]
        image = axes.imshow(table, cmap="viridis", vmin=-1, vmax=1, interpolation="nearest")
        axes.set_title(TITLES[name])
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        if not stacked and place:
            continue
        if groups:
            bracket_rows(axes, [groups.get(taxon) for taxon in order], size=6.5)
        elif len(order) <= MOST_NAMES:
            axes.set_yticks(range(len(order)), [shorten(t, 22) for t in order], fontsize=6.5)
            axes.tick_params(length=0)
    where: dict[str, Any] = {
        "location": "bottom",
        "shrink": 0.8 if stacked else 0.4,
        "aspect": 40,
        "pad": 0.02,
    }
    bar = figure.colorbar(image, ax=list(panels), **where)
    bar.set_label("similarity")
    bar.outline.set_visible(False)
    if groups:
        panels[0].set_ylabel(f"brackets: {coarser}", labelpad=70, fontsize=8)
    return figure
