"""Find free places for pictures and names among points, nearest first, none over another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
