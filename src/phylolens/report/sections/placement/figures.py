"""The figure of an unknown: the reference tree, its branches by probability."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from phylolens.placement.branches import Branches
from phylolens.report.plots.style import BLUE, GREY, INK, WIDE, canvas, shorten
from phylolens.report.sections.placement.facts import PlaceFacts

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

NAMED = 3  # likeliest branches whose taxa are named
WIDEST = 7.0  # points, of a branch that is certain
MANY = 40  # tips, above which only those of the likeliest branches are named


def place_figures(facts: PlaceFacts) -> Iterator[tuple[str, "Canvas"]]:
    """Draw a tree for every unknown that has a block."""
    if facts.tree is None:
        return
    for block in facts.blocks:
        yield block.figure, draw_posterior(facts.tree, block.shares)


def draw_posterior(tree: Branches, shares: np.ndarray) -> "Canvas":
    """Draw the tree, root at the left; likely branches are wide and dark."""
    from matplotlib.collections import LineCollection

    n = len(tree.taxa)
    figure = canvas(WIDE, float(np.clip(0.9 + 0.16 * n, 2.4, 4.2)))
    axes = figure.subplots()
    rows = heights_of(tree)
    parents = np.where(tree.parents < 0, len(rows) - 1, tree.parents)
    across = np.stack(
        [np.stack([tree.heights[parents], rows], 1), np.stack([tree.heights, rows], 1)], 1
    )[:-1]
    upright = [
        [(tree.heights[p], rows[p]), (tree.heights[p], row)]
        for p, row in zip(parents[:-1], rows[:-1], strict=True)
    ]
    thin = 0.9 if n <= MANY else 0.4
    axes.add_collection(LineCollection(upright, colors=GREY, linewidths=thin))
    axes.add_collection(LineCollection(list(across), colors=GREY, linewidths=thin))
    likely = np.flatnonzero(shares > 0.005)
    axes.add_collection(
        LineCollection(
            [across[branch] for branch in likely],
            colors=BLUE,
            linewidths=1.0 + WIDEST * shares[likely],
            capstyle="round",
            alpha=0.9,
        )
    )
    _name(axes, tree, rows, shares)
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= tree.height])
    axes.set_xlim(-0.02 * tree.height, 1.45 * tree.height)
    axes.set_ylim(n - 0.3, -0.7)
    axes.set_yticks([])
    axes.set_xlabel("distance from the root")
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    return figure


def heights_of(tree: Branches) -> np.ndarray:
    """Place of each node across the drawing: tips in order, nodes in the middle of theirs."""
    first, last = tree.spans.T
    found: np.ndarray = (first + last - 1) / 2
    return found


def _name(axes: object, tree: Branches, rows: np.ndarray, shares: np.ndarray) -> None:
    """Name the likeliest branches, one below the other where they would touch."""
    top = [int(branch) for branch in np.argsort(-shares)[:NAMED] if shares[branch] > 0.005]
    gap = (len(tree.taxa) + 0.4) / 14
    taken: list[float] = []
    for branch in sorted(top, key=lambda one: rows[one]):
        first, last = tree.spans[branch]
        name = (
            tree.taxa[first] if last - first == 1 else f"{tree.taxa[first]} … {tree.taxa[last - 1]}"
        )
        at = max(float(rows[branch]), taken[-1] + gap if taken else -np.inf)
        taken.append(at)
        axes.text(  # type: ignore[attr-defined]
            1.02 * tree.height,
            at,
            f"{shares[branch]:.2f}  {shorten(name, 42)}",
            va="center",
            fontsize=8,
            color=INK,
        )
