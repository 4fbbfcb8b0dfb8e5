"""Brackets beside a matrix that name the coarser group of neighbouring taxa."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from phylolens.report.figures.style import INK, shorten
from phylolens.report.ordering import runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, RIGHT, NAME = -0.035, -0.02, -0.05  # in widths of the matrix


def bracket_rows(
    axes: "Axes",
    groups: Sequence[str | None],
    height: float,
    *,
    italic: bool = False,
    size: float = 7.0,
) -> None:
    """Draw brackets left of the rows of a matrix.

    Larger groups are named first; a name that would touch another one is left out.

    Parameters
    ----------
    axes : Axes
        Holds a matrix whose row i spans i - 0.5 to i + 0.5.
    groups : sequence of str or None
        Group of each row; stretches of one group share a bracket, unknown ones get none.
    height : float
        Height of the matrix on paper, inches.
    italic : bool
        Whether names of the groups are set in italics.
    size : float
        Points of the names.
    """
    line = len(groups) * size * 1.15 / (72 * height)  # rows that one line of text covers
    for _, first, after in runs(groups):
        _bracket(axes, first, after, line)
    for name, middle in _named(groups, line):
        axes.text(NAME, middle, shorten(name, 20), transform=axes.get_yaxis_transform(),
                  ha="right", va="center", fontsize=size, color=INK,
                  fontstyle="italic" if italic else "normal")  # fmt: skip


def _bracket(axes: "Axes", first: int, after: int, line: float) -> None:
    """Draw one bracket; groups thinner than a third of a line are a tick."""
    if after - first < line / 3:
        x, y = [LEFT, RIGHT], [(first + after - 1) / 2] * 2
    else:
        pad = 0.12 * min(line, after - first)
        top, bottom = first - 0.5 + pad, after - 0.5 - pad
        x, y = [RIGHT, LEFT, LEFT, RIGHT], [top, top, bottom, bottom]
    transform = axes.get_yaxis_transform()
    axes.plot(x, y, transform=transform, color=INK, linewidth=0.6, clip_on=False)


def _named(groups: Sequence[str | None], line: float) -> list[tuple[str, float]]:
    """Choose the groups whose names fit, with the middle row of each, largest first."""
    taken: list[tuple[str, float]] = []
    for name, first, after in sorted(runs(groups), key=lambda run: (run[1] - run[2], run[1])):
        middle = (first + after - 1) / 2
        if all(abs(middle - other) >= line for _, other in taken):
            taken.append((name, middle))
    return taken
