"""The reference tree and the visual tree face to face, equal taxa joined by lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from skbio import TreeNode

from phylolens.phylogeny.names import normalise
from phylolens.report.plots.labels import Groups, handles, set_italic
from phylolens.report.plots.style import INK, WIDE, canvas, shorten
from phylolens.report.results import Results
from phylolens.report.text import is_italic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


SUPPORTED = 50.0  # per cent of the replicates


def read_tree(results: Results, name: str, taxa: Sequence[str]) -> TreeNode | None:
    """Read a tree of the signal stage; None unless its tips are ``taxa``, then named like them."""
    tree = results.tree(name)
    if tree is None:
        return None
    known = {normalise(taxon): taxon for taxon in taxa}
    found = []
    for tip in tree.tips():
        tip.name = known.get(normalise(tip.name))
        found.append(tip.name or "")
    return tree if sorted(found) == sorted(taxa) else None


@dataclass(frozen=True)
class Branches:
    """A tree drawn with its root at the left.

    Parameters
    ----------
    across : array, shape (m, 2, 2)
        Horizontal lines, one a branch: start and end as (depth, height).
    upright : array, shape (k, 2, 2)
        Vertical lines, one an inner node.
    supported : array, shape (s, 2)
        Inner nodes with a support of at least half of the replicates.
    n_inner : int
        Inner nodes that carry a support.
    depth : float
        Largest depth of a tip, unit of the branch lengths.
    tips, height : mapping of str to float
        Depth and height of each tip.
    """

    across: np.ndarray
    upright: np.ndarray
    supported: np.ndarray
    n_inner: int
    depth: float
    tips: Mapping[str, float]
    height: Mapping[str, float]


def lay_out(tree: TreeNode, order: Sequence[str]) -> Branches:
    """Place every node: depth is the path from the root, height the place of a tip in ``order``.

    An inner node stands in the middle of its children. Trees without lengths are drawn with
    branches of length one.
    """
    place = {taxon: float(row) for row, taxon in enumerate(order)}
    bare = not any(node.length for node in tree.preorder(include_self=False))
    depth: dict[int, float] = {id(tree): 0.0}
    height: dict[int, float] = {}
    for node in tree.preorder(include_self=False):
        depth[id(node)] = depth[id(node.parent)] + (1.0 if bare else node.length or 0.0)
    for node in tree.postorder():
        below = [height[id(child)] for child in node.children]
        height[id(node)] = (min(below) + max(below)) / 2 if below else place[node.name]
    inner = [node for node in tree.preorder() if node.children]
    support = {id(node): support_of(node) for node in inner if node.parent is not None}
    known = {key: value for key, value in support.items() if value is not None}
    return Branches(
        across=np.array(
            [
                ((depth[id(node.parent)], height[id(node)]), (depth[id(node)], height[id(node)]))
                for node in tree.preorder(include_self=False)
            ]
        ),
        upright=np.array(
            [
                [
                    (depth[id(node)], end([height[id(child)] for child in node.children]))
                    for end in (min, max)
                ]
                for node in inner
            ]
        ),
        supported=np.array(
            [(depth[key], height[key]) for key, value in known.items() if value >= SUPPORTED]
        ).reshape(-1, 2),
        n_inner=len(known),
        depth=max(depth[id(tip)] for tip in tree.tips()),
        tips={str(tip.name): depth[id(tip)] for tip in tree.tips()},
        height=place,
    )


def support_of(node: TreeNode) -> float | None:
    """Support of a branch, per cent: the label of the node below it; None without a number."""
    try:
        value = float(node.name or "")
    except ValueError:
        return None
    return value if np.isfinite(value) else None


FEWEST_TIPS, MOST_NAMED, MOST_TIPS = 4, 150, 1500
MOST_ON_PAGE = 72  # rows with names that a reader sees without scrolling: 9 inches
LINES, LONGEST = 2.4, 28  # inches of the lines, letters of a name
LEAST_TREE = 0.6  # inches
ROW, SMALLEST, LARGEST = 0.125, 2.2, 7.0  # inches: of a tip; of all tips; of all without names
CHARACTER = 0.55  # width of a letter in heights of the type
TREE = "#4a4a4a"


def draw_tanglegram(
    trees: tuple[TreeNode, TreeNode],
    orders: tuple[Sequence[str], Sequence[str]],
    groups: Groups,
    rank: str,
    *,
    most_named: int = MOST_NAMED,
) -> "Canvas":
    """Draw two trees of the same tips, the first at the left.

    Parameters
    ----------
    trees : tuple of TreeNode
        Reference tree, and visual tree with support as labels of its inner nodes.
    orders : tuple of sequences of str
        Their tips from top to bottom, as the trees allow.
    groups : Groups
        Colours of the lines; without groups, lines are darker the further they lead.
    rank : str
        Of the tips.
    most_named : int
        Trees of more tips are drawn without names, at the height of a screen.
    """
    n = len(orders[0])
    named = n <= most_named
    rows = max(SMALLEST, ROW * n) if named else LARGEST
    size = 0.0 if not named else min(7.5, 72 * 0.82 * rows / n)
    figure = canvas(WIDE, rows + 0.45 + _legend_height(groups))
    figure.get_layout_engine().set(w_pad=0.01, wspace=0.0)  # type: ignore[union-attr,call-arg]
    names = _name_width(orders[0], size)
    between = LINES * (1.0 if named else 1.6) + names * 2
    tree = max((WIDE - between) / 2, LEAST_TREE)
    left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=(tree, between, tree))
    _tree(left, lay_out(trees[0], orders[0]), n)
    _tree(right, lay_out(trees[1], orders[1]), n, support=True)
    right.invert_xaxis()
    left.set_ylim(n - 0.5, -0.5)
    left.set_title("phylogeny")
    right.set_title("visual tree", loc="right")
    if named:
        _names(middle, orders, rank, size)
    share = names / between
    _lines(middle, orders, groups, (share, 1.0 - share))
    if groups.legend:
        legend = figure.legend(handles=handles(groups, lines=True), loc="outside lower center",
                               ncols=5, fontsize=7.5, handlelength=1.4,
                               title=f"lines: {groups.rank}", title_fontsize=7.5)  # fmt: skip
        set_italic(legend, groups.rank)
    return figure


def _legend_height(groups: Groups) -> float:
    """Inches that the legend takes."""
    if not groups.legend:
        return 0.0
    return 0.3 + 0.17 * np.ceil(len(groups.legend) / (5))


def _tree(axes: "Axes", branches: Branches, n: int, *, support: bool = False) -> None:
    """Draw one tree in an axes of its own, tips dotted out to its edge."""
    from matplotlib.collections import LineCollection

    width = 0.9 if n <= MOST_NAMED else 0.4
    if n <= MOST_NAMED:
        gaps = [
            ((depth, branches.height[taxon]), (1.02 * branches.depth, branches.height[taxon]))
            for taxon, depth in branches.tips.items()
            if depth < 0.97 * branches.depth
        ]
        axes.add_collection(LineCollection(gaps, colors="#b0b0b0", linewidths=0.6,
                                           linestyles=[(0, (1, 2.5))]))  # fmt: skip
    lines = np.concatenate([branches.across, branches.upright])
    axes.add_collection(LineCollection(list(lines), colors=TREE, linewidths=width))
    if support and len(branches.supported):
        axes.plot(*branches.supported.T, "o", color=INK, markersize=3.2 if n <= MOST_NAMED else 1.6,
                  markeredgewidth=0, zorder=3)  # fmt: skip
    axes.set_xlim(-0.02 * branches.depth, 1.02 * branches.depth)
    axes.axis("off")


def _name_width(taxa: Sequence[str], size: float) -> float:
    """Inches that the names at one side take; 0 without type."""
    longest = max(len(shorten(name, LONGEST)) for name in taxa)
    return (longest + 1.5) * CHARACTER * size / 72


def _names(
    axes: "Axes",
    orders: tuple[Sequence[str], Sequence[str]],
    rank: str,
    size: float,
) -> None:
    """Write the names beside the tips."""
    style = "italic" if is_italic(rank) else "normal"
    sides = (0.01, "left"), (0.99, "right")
    for order, (x, side) in zip(orders[:2], sides, strict=False):
        for y, name in enumerate(order):
            text = axes.text(x, y, shorten(name, LONGEST), fontsize=size, ha=side,
                             va="center", fontstyle=style)  # fmt: skip
            text.set_in_layout(False)


def _lines(
    axes: "Axes",
    orders: tuple[Sequence[str], Sequence[str]],
    groups: Groups,
    ends: tuple[float, float],
) -> None:
    """Join equal taxa."""
    from matplotlib.collections import LineCollection

    n = len(orders[0])
    place = {taxon: row for row, taxon in enumerate(orders[1])}
    segments = [((ends[0], row), (ends[1], place[taxon])) for row, taxon in enumerate(orders[0])]
    colours: list[Any] = [groups.of[taxon].colour for taxon in orders[0]]
    if not groups.legend:
        moved = np.array([abs(start[1] - end[1]) for start, end in segments]) / max(n - 1, 1)
        colours = displacement_colours(moved)
    width = 1.1 if n <= MOST_NAMED else 0.45
    axes.add_collection(LineCollection(segments, colors=colours, linewidths=width))
    axes.set_xlim(0, 1)
    axes.axis("off")


def displacement_colours(moved: np.ndarray) -> list[Any]:
    """Pale for taxa at equal places, dark for those at opposite ends; ``moved`` in [0, 1]."""
    from matplotlib import colormaps

    return list(colormaps["cividis_r"](0.15 + 0.85 * moved))


def tangle_facts(trees: tuple[TreeNode, TreeNode], n: int, crossings: int) -> dict[str, Any]:
    """Numbers for the caption."""
    looks = lay_out(trees[1], [str(tip.name) for tip in trees[1].tips()])
    most = n * (n - 1) // 2
    return {
        "n_taxa": n,
        "crossings": int(crossings),
        "most_crossings": most,
        "share": crossings / most,
        "n_supported": len(looks.supported),
        "n_branches": looks.n_inner,
    }
