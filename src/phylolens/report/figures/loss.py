"""How the fit of the guided embedding went, beside giving every pair the same value."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from phylolens.report.figures.style import GREY, ORANGE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

MOST_POINTS = 1500


def draw_loss(table: pd.DataFrame, constant: float | None) -> "Canvas":
    """Draw the in-sample loss (columns ``epoch``, ``loss``) and that of a constant, where known."""
    keep = np.unique(np.linspace(0, len(table) - 1, MOST_POINTS).astype(int))
    epoch, loss = table["epoch"].to_numpy()[keep], table["loss"].to_numpy()[keep]
    figure = canvas(WIDTH, 2.9)
    axes = figure.subplots()
    axes.plot(epoch, loss, color=GREY, linewidth=1.6)
    axes.set_ylim(min(0.0, 1.12 * float(loss.min())), 1.12 * max(loss.max(), constant or 0.0))
    axes.set_xlim(0, max(float(epoch[-1]), 1.0))
    # Left end above the curve, which falls: what is right of there lies lower.
    axes.annotate("guided, in-sample", (epoch[len(epoch) // 2], loss[len(loss) // 2]), (0, 6),
                  textcoords="offset points", color=GREY)  # fmt: skip
    if constant is not None:
        axes.axhline(constant, color=ORANGE, linewidth=1.3, linestyle=(0, (5, 2)))
        axes.annotate(f"constant: {constant:.3f}", (epoch[-1], constant), (-2, 4),
                      textcoords="offset points", ha="right", color=ORANGE)  # fmt: skip
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("training step")
    axes.set_ylabel("loss" if constant is None else "mean squared error")
    return figure
