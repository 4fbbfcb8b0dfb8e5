"""How the fit of the guided embedding went, beside giving every pair the same value."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from phylolens.report.figures.style import BLUE, ORANGE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

MOST_POINTS = 1500


def draw_loss(table: pd.DataFrame, constant: float) -> "Canvas":
    """Draw the loss (columns ``epoch``, ``loss``) and the mean squared error of a constant."""
    keep = np.unique(np.linspace(0, len(table) - 1, MOST_POINTS).astype(int))
    epoch, loss = table["epoch"].to_numpy()[keep], table["loss"].to_numpy()[keep]
    figure = canvas(WIDTH, 2.9)
    axes = figure.subplots()
    axes.plot(epoch, loss, color=BLUE, linewidth=1.6)
    axes.axhline(constant, color=ORANGE, linewidth=1.3, linestyle=(0, (5, 2)))
    top = max(loss.max(), constant)
    axes.set_ylim(0, 1.12 * top)
    axes.set_xlim(0, max(float(epoch[-1]), 1.0))
    axes.annotate("guided, in-sample", (epoch[len(epoch) // 2], loss[len(loss) // 2]), (0, 6),
                  textcoords="offset points", ha="center", color=BLUE)  # fmt: skip
    axes.annotate(f"constant: {constant:.3f}", (epoch[-1], constant), (-2, 4),
                  textcoords="offset points", ha="right", color=ORANGE)  # fmt: skip
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("training step")
    axes.set_ylabel("mean squared error")
    return figure
