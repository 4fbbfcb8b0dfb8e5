"""Two principal coordinates of the visual distances: taxa as points, with images or the tree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens.phylogeny.geometry import principal_coordinates
from phylolens.report.plots.labels import (
    ROOT,
    Box,
    Groups,
    free_place,
    handles,
    set_italic,
    spread_out,
)
from phylolens.report.plots.style import GREY, INK, WIDE, canvas, settle, shorten
from phylolens.report.text import is_italic
from phylolens.stats.ancestral import ancestral_states

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


FEWEST_ON_MAP, MOST_NAMED, MOST_IN_TREE = 4, 25, 150
MOST_IMAGES, PICTURE = 12, 0.55  # inches, longer side
NAME = 6.5  # points


@dataclass(frozen=True)
class Ordination:
    """Taxa in two dimensions.

    Parameters
    ----------
    taxa : tuple of str
    points : array, shape (T, 2)
        Unit of the distances.
    shares : tuple of float
        Of the variation on all real axes, those of the two shown.
    """

    taxa: tuple[str, ...]
    points: np.ndarray
    shares: tuple[float, float]


def ordinate(visual: pd.DataFrame) -> Ordination:
    """Find the first two principal coordinates; the sign of an axis makes its largest value > 0."""
    matrix = DistanceMatrix(np.ascontiguousarray(visual.to_numpy()), list(visual.index))
    axes = principal_coordinates(matrix).to_numpy()
    squares = (axes**2).sum(axis=0)
    points = np.zeros((len(visual), 2))
    points[:, : min(2, axes.shape[1])] = axes[:, :2]
    for column in points.T:
        # Rounded, so that of two equally far ends the same one wins on every machine.
        end = column[np.argmax(np.round(np.abs(column), 9))]
        column *= -1.0 if end < 0 else 1.0
    shares = [*(squares / squares.sum()), 0.0][:2]
    return Ordination(tuple(visual.index), points, (float(shares[0]), float(shares[1])))


def worth_showing(found: Ordination, taxa: Sequence[str]) -> list[str]:
    """Taxa whose images are tried first: spread out, a few more than there is room for."""
    rows = [row for row, taxon in enumerate(found.taxa) if taxon in set(taxa)]
    chosen = spread_out(found.points[rows])[: 4 * MOST_IMAGES]
    return [found.taxa[rows[place]] for place in chosen]


def draw_pcoa(
    found: Ordination,
    groups: Groups,
    rank: str,
    pictures: Mapping[str, np.ndarray],
) -> "Canvas":
    """Draw taxa by visual distance, with the images of a few spread-out ones.

    Parameters
    ----------
    found : Ordination
        Places.
    groups : Groups
        Colours and shapes.
    rank : str
        Of the taxa.
    images : mapping of str to array
        RGB images of some taxa, of at most a few hundred dots a side.
    """
    figure, axes = _open(found, groups, room=0.16 if pictures else 0.08)
    _scatter(axes, found, groups)
    _settle(figure, found, groups)
    taken = _pictures(axes, found, pictures, MOST_IMAGES, rank)
    if len(found.taxa) <= MOST_NAMED:
        _names(axes, found, rank, taken, without=set(pictures) if taken else set())
    return figure


def draw_phylomorphospace(found: Ordination, tree: TreeNode, groups: Groups, rank: str) -> "Canvas":
    """Draw the tree into the plane of the visual coordinates (Sidlauskas 2008, Evolution 62:3135).

    Inner nodes stand at their most probable places under Brownian motion.
    """
    from matplotlib.collections import LineCollection

    states = ancestral_states(tree, found.taxa, found.points)
    row_of = {id(node): row for row, node in enumerate(tree.preorder())}
    segments = [
        (states[row_of[id(node.parent)]], states[row_of[id(node)]])
        for node in tree.preorder(include_self=False)
    ]
    figure, axes = _open(found, groups, room=0.08)
    many = len(found.taxa) > MOST_NAMED
    axes.add_collection(LineCollection(segments, colors="#8a8a8a", linewidths=0.6 if many else 0.9,
                                       zorder=1))  # fmt: skip
    inner = [row_of[id(node)] for node in tree.preorder(include_self=False) if node.children]
    axes.plot(*states[inner].T, "o", color=GREY, markersize=1.8, markeredgewidth=0, zorder=2)
    axes.plot(*states[0], marker="*", color="white", markeredgecolor=INK, markersize=11,
              markeredgewidth=1.0, linestyle="none", label=ROOT, zorder=4)  # fmt: skip
    _scatter(axes, found, groups)
    _settle(figure, found, groups)
    if not many:
        _names(axes, found, rank, [], without=set())
    return figure


def _open(found: Ordination, groups: Groups, *, room: float) -> "tuple[Canvas, Axes]":
    """Open a figure whose both axes have one scale, with some room around the points."""
    figure = canvas(WIDE, 6.0)
    axes = figure.subplots()
    axes.margins(room)
    axes.set_aspect("equal", adjustable="datalim")
    for letter, number, share in zip("xy", (1, 2), found.shares, strict=True):
        axes.set(
            **{
                f"{letter}label": f"visual distance, axis {number} ({100 * share:.0f}% of "
                "variation)"
            }
        )
    return figure, axes


def _scatter(axes: "Axes", found: Ordination, groups: Groups) -> None:
    size = 6.5 if len(found.taxa) <= 60 else (5.0 if len(found.taxa) <= 200 else 3.8)
    marks = groups.legend or sorted(set(groups.of.values()), key=lambda mark: mark.label)
    for place, mark in enumerate(reversed(marks)):  # the rest first, below the others
        rows = [row for row, taxon in enumerate(found.taxa) if groups.of[taxon] == mark]
        axes.plot(*found.points[rows].T, mark.shape, color=mark.colour, markersize=size,
                  markeredgecolor="white", markeredgewidth=0.5, zorder=3 + 0.01 * place,
                  gid="taxa")  # fmt: skip


def _settle(figure: "Canvas", found: Ordination, groups: Groups) -> None:
    """Add the legend and fix the layout, so that what follows can be placed in dots."""
    extra = [line for line in figure.axes[0].lines if line.get_label() == ROOT]
    entries = [*handles(groups), *extra]
    if entries:
        legend = figure.legend(handles=entries, ncols=1, fontsize=8,
                               loc="outside right upper",
                               title=groups.rank or None, title_fontsize=8)  # fmt: skip
        set_italic(legend, groups.rank)
    settle(figure)
    figure.axes[0].apply_aspect()
    figure.axes[0].autoscale(False)


def _dots(axes: "Axes", points: np.ndarray) -> tuple[np.ndarray, Box]:
    """Points in dots of the figure, and the frame of the axes."""
    frame = axes.get_window_extent()
    return axes.transData.transform(points), Box(frame.x0, frame.y0, frame.x1, frame.y1)


def _pictures(
    axes: "Axes", found: Ordination, pictures: Mapping[str, np.ndarray], most: int, rank: str
) -> list[Box]:
    """Lay images of spread-out taxa beside their points; returns the places taken."""
    rows = [row for row, taxon in enumerate(found.taxa) if taxon in pictures]
    points, frame = _dots(axes, found.points)
    dpi = axes.figure.dpi
    caption = NAME * 1.3 / 72 * dpi
    taken: list[Box] = []
    for place in spread_out(found.points[rows]):
        if len(taken) == most:
            break
        row = rows[place]
        image = pictures[found.taxa[row]]
        scale = PICTURE * dpi / max(image.shape[:2])
        name = shorten(found.taxa[row], 17)
        width = max(scale * image.shape[1], _width(name, dpi))
        size = (width, scale * image.shape[0] + caption)
        box = free_place(points[row], size, taken, points, frame, most_covered=len(points) // 25,
                         gap=8.0)  # fmt: skip
        if box is not None:
            taken.append(box)
            _picture(axes, image, box, caption, found.points[row])
            _write(axes, name, (box.middle[0], box.bottom), "bottom", rank)
    return taken


def _picture(axes: "Axes", image: np.ndarray, box: Box, caption: float, point: np.ndarray) -> None:
    """Draw one image into its box, below the points, with a line to its taxon."""
    to_data = axes.transData.inverted()
    height = box.top - box.bottom - caption
    half = height * image.shape[1] / image.shape[0] / 2
    (left, bottom), (right, top) = to_data.transform(
        [(box.middle[0] - half, box.bottom + caption), (box.middle[0] + half, box.top)]
    )
    axes.plot([point[0], (left + right) / 2], [point[1], (bottom + top) / 2], color=GREY,
              linewidth=0.7, zorder=1.5)  # fmt: skip
    axes.imshow(image, extent=(left, right, bottom, top), aspect="auto", zorder=2,
                interpolation="antialiased", gid="picture")  # fmt: skip


def _names(
    axes: "Axes", found: Ordination, rank: str, taken: list[Box], *, without: set[str]
) -> None:
    """Write the names of the taxa wherever there is room."""
    points, frame = _dots(axes, found.points)
    dpi = axes.figure.dpi
    boxes = list(taken)
    for row in spread_out(found.points):
        name = shorten(found.taxa[row], 22)
        if found.taxa[row] in without:
            continue
        size = (_width(name, dpi), NAME * 1.2 / 72 * dpi)
        box = free_place(points[row], size, boxes, points, frame, most_covered=0, gap=6.0)
        if box is not None:
            boxes.append(box)
            _write(axes, name, box.middle, "center", rank)


def _width(name: str, dpi: float) -> float:
    """Dots that a name takes, as far as can be said without setting it."""
    return len(name) * 0.56 * NAME / 72 * dpi


def _write(axes: "Axes", name: str, place: tuple[float, float], upright: str, rank: str) -> None:
    from matplotlib.patheffects import withStroke

    x, y = axes.transData.inverted().transform(place)
    axes.text(x, y, name, fontsize=NAME, ha="center", va=upright, zorder=5,
              fontstyle="italic" if is_italic(rank) else "normal",
              path_effects=[withStroke(linewidth=1.6, foreground="white")])  # fmt: skip
