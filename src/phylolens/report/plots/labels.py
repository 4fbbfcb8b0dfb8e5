"""Names, groups and brackets beside the taxa of a figure, set so that none overlap."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phylolens.report.ordering import runs
from phylolens.report.plots.style import BLUE, INK, ORANGE, shorten
from phylolens.report.text import is_italic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D


ANGLES = np.pi * np.arange(16) / 8
STEPS = (0.0, 0.4, 0.9)  # gaps tried, in heights of the box
FARTHER = 2  # points that a place one step nearer may cover more


@dataclass(frozen=True)
class Box:
    """A rectangle, edges in dots of the figure."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> "Box":
        """Return the box with this middle and size."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @property
    def middle(self) -> tuple[float, float]:
        """Middle of the box."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def touches(self, other: "Box") -> bool:
        """Whether two boxes share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def within(self, other: "Box") -> bool:
        """Whether this box lies inside the other."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.bottom >= other.bottom
            and self.top <= other.top
        )

    def count(self, points: np.ndarray) -> int:
        """Points, shape (n, 2), inside the box."""
        x, y = points.T
        inside = (x > self.left) & (x < self.right) & (y > self.bottom) & (y < self.top)
        return int(inside.sum())


def spread_out(points: np.ndarray) -> list[int]:
    """Order points so that each is the farthest from all before it.

    Parameters
    ----------
    points : array, shape (n, 2)

    Returns
    -------
    list of int
        Rows; the first is the farthest from the mean. Ties go to the earlier row.
    """
    if not len(points):
        return []
    chosen = [int(np.argmax(_apart(points, points.mean(axis=0))))]
    nearest = _apart(points, points[chosen[0]])
    while len(chosen) < len(points):
        nearest[chosen] = -1.0
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, _apart(points, points[chosen[-1]]))
    return chosen


def _apart(points: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.round(np.linalg.norm(points - other, axis=1), 9)


def free_place(
    anchor: np.ndarray,
    size: tuple[float, float],
    taken: Sequence[Box],
    points: np.ndarray,
    frame: Box,
    *,
    most_covered: int | None = None,
    gap: float = 4.0,
) -> Box | None:
    """Find a place for a box beside its point.

    Parameters
    ----------
    anchor : array, shape (2,)
        The point that the box belongs to.
    size : tuple of float
        Width and height of the box.
    taken : sequence of Box
        Places that are no longer free.
    points : array, shape (n, 2)
        Points to cover as few of as possible.
    frame : Box
        The box stays inside.
    most_covered : int, optional
        Places that cover more points than this are not taken.
    gap : float
        Least distance between the point and the box.

    Returns
    -------
    Box or None
        The place that covers few points and is near.
    """
    best, fewest = None, np.inf
    for place, step in enumerate(STEPS):
        for angle in ANGLES:
            box = _beside(anchor, size, angle, gap + step * size[1])
            if not box.within(frame) or any(box.touches(other) for other in taken):
                continue
            covered = box.count(points)
            if most_covered is not None and covered > most_covered:
                continue
            if covered + FARTHER * place < fewest:
                best, fewest = box, covered + FARTHER * place
    return best


def _beside(anchor: np.ndarray, size: tuple[float, float], angle: float, gap: float) -> Box:
    """Box that lies in this direction with that gap between its edge and the point."""
    cos, sin = np.cos(angle), np.sin(angle)
    reach = min(
        size[0] / 2 / abs(cos) if abs(cos) > 1e-9 else np.inf,
        size[1] / 2 / abs(sin) if abs(sin) > 1e-9 else np.inf,
    )
    middle = anchor + (reach + gap) * np.array([cos, sin])
    return Box.around(float(middle[0]), float(middle[1]), *size)


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


MOST_GROUPS = 8
OTHER, ROOT = "other", "root"
# Okabe & Ito (2008) without yellow, which is lost on white, and a brown; shapes differ as well.
COLOURS = (BLUE, ORANGE, "#009e73", "#cc79a7", "#56b4e9", "#e69f00", INK, "#7a4a12")
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "p")


@dataclass(frozen=True)
class Mark:
    """How the taxa of one group are drawn."""

    label: str
    colour: str
    shape: str


PLAIN = Mark("", BLUE, "o")
REST = Mark(OTHER, "#9a9a9a", "o")


@dataclass(frozen=True)
class Groups:
    """The marks of all taxa.

    Parameters
    ----------
    rank : str
        Rank of the groups; empty where there are none, and all taxa are alike.
    of : mapping of str to Mark
        Taxon to mark.
    legend : sequence of Mark
        Largest group first, the rest last; empty without groups.
    """

    rank: str
    of: Mapping[str, Mark]
    legend: Sequence[Mark]


def mark_groups(taxa: Sequence[str], groups: Mapping[str, str], rank: str) -> Groups:
    """Give the largest groups a mark of their own, all others one together.

    Parameters
    ----------
    taxa : sequence of str
        All that are drawn.
    groups : mapping of str to str
        Group of each taxon; taxa of unknown group count as "other".
    rank : str
        Of the groups.
    """
    sizes = Counter(groups[taxon] for taxon in taxa if taxon in groups)
    if len(sizes) < 2:
        return Groups("", dict.fromkeys(taxa, PLAIN), [])
    named = sorted(sizes, key=lambda name: (-sizes[name], name))[:MOST_GROUPS]
    marks = {
        name: Mark(name, colour, shape)
        for name, colour, shape in zip(named, COLOURS, SHAPES, strict=False)
    }
    of = {taxon: marks.get(groups.get(taxon, ""), REST) for taxon in taxa}
    rest = [REST] if REST in of.values() else []
    return Groups(rank, of, [*marks.values(), *rest])


def handles(groups: Groups, *, lines: bool = False) -> "list[Line2D]":
    """Make the entries of a legend: points, or lines."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=mark.colour, label=shorten(mark.label, 22),
               **({"linewidth": 1.8} if lines else {"marker": mark.shape, "linestyle": "none",
                                                    "markersize": 5.5}))
        for mark in groups.legend
    ]  # fmt: skip


def set_italic(legend: "Legend", rank: str) -> None:
    """Set the names of genera and species in italics."""
    for text in legend.get_texts():
        if is_italic(rank) and text.get_text() not in (OTHER, ROOT):
            text.set_fontstyle("italic")
