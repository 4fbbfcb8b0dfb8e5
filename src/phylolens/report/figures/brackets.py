"""Brackets beside a matrix that name the coarser group of neighbouring taxa."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from phylolens.report.figures.style import GREY, INK, shorten
from phylolens.report.ordering import runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def bracket_rows(
    axes: "Axes", groups: Sequence[str | None], *, labels: bool = True, size: float = 7.0
) -> None:
    """Draw brackets left of the rows of a matrix.

    Parameters
    ----------
    axes : Axes
        Holds a matrix whose row i spans i - 0.5 to i + 0.5.
    groups : sequence of str or None
        Group of each row; stretches of one group share a bracket, unknown ones get none.
    labels : bool
        Whether to name the groups; a name that would touch the one before it is left out.
    size : float
        Points of the names.
    """
    axes.set_yticks([])
    rows_per_name = _rows_per_name(axes, len(groups), size)
    free_from = -1.0
    transform = axes.get_yaxis_transform()
    for name, first, after in runs(groups):
        pad = min(0.25, 0.1 * (after - first))
        span = [first - 0.5 + pad, after - 0.5 - pad]
        axes.plot([-0.02, -0.035, -0.035, -0.02], [span[0], span[0], span[1], span[1]],
                  transform=transform, color=INK, linewidth=0.6, clip_on=False)  # fmt: skip
        middle = (first + after - 1) / 2
        if (
            labels
            and middle - rows_per_name / 2 >= free_from
            and after - first >= (0.35 * rows_per_name)
        ):
            axes.text(-0.05, middle, shorten(name, 20), transform=transform, ha="right",
                      va="center", fontsize=size, color=INK)  # fmt: skip
            free_from = middle + rows_per_name / 2


def _rows_per_name(axes: "Axes", n: int, size: float) -> float:
    """Rows that one line of text covers."""
    figure = axes.get_figure(root=True)
    height = axes.get_position().height * (figure.get_figheight() if figure else 4.0) * 72
    return n * size * 1.15 / max(height, 1.0)


def lines_between(axes: "Axes", groups: Sequence[str | None], colour: str = GREY) -> None:
    """Rule thin lines through a matrix where the group changes."""
    for _, first, _after in runs(groups):
        if first:
            axes.axhline(first - 0.5, color=colour, linewidth=0.35)
            axes.axvline(first - 0.5, color=colour, linewidth=0.35)
