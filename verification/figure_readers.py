"""What an idealised reader sees in each figure, no finer than print and eye allow.

A reader makes no mistake and tires of nothing, but sees only what is drawn:

- *heatmaps* (visual and genetic distance side by side): nine colours; cells smaller than a patch
  of 4 points blur into their neighbours in the order drawn.
- *tanglegram*: the two trees, depths of their nodes to 2 points; or how many lines cross.
- *maps* (PCoA, t-SNE, UMAP): places to the width of a dot, 6 points; no tree.
- *phylomorphospace*: places as on the PCoA, and branches. Nodes whose dots coincide are one to
  the reader, who counts branches from taxon to taxon.

Readers are told the name of a point or a row, as by pointing at it; how many names have room on
paper is counted beside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from figure_worlds import Truth, as_matrix, between, renamed
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from scipy.stats import rankdata
from skbio import TreeNode

from phylolens.report.plots.labels import Box, free_place, spread_out
from phylolens.report.plots.maps import Ordination, ordinate
from phylolens.stats.ancestral import ancestral_states
from phylolens.stats.trees import untangle, visual_tree

COLOURS, PATCH, PANEL = 9, 4.0, 259.0  # colours told apart; points; points of a heatmap's side
DOT, PLANE = 6.0, (504.0, 382.0)  # points: of a marker; width and height of a map
LINE, TREE = 2.0, 144.0  # points: lines told apart; width of a tanglegram's tree
PAGE, TYPE = 648.0, 6.0  # points: height of a page; a row with a name
LETTER, NAME = 0.56 * 6.5, 6.5 * 1.2  # points: width and height of the names on maps


@dataclass(frozen=True)
class Page:
    """How large figures are printed, as a multiple of the report, and the seed of the maps."""

    seed: int = 0
    zoom: float = 1.0

    def rows_named(self, n: int) -> float:
        """Share of n rows with room for a name."""
        return min(1.0, PAGE * self.zoom // TYPE / n)


@dataclass(frozen=True)
class Reading:
    """What is read.

    Parameters
    ----------
    alike : array, shape (n, n)
        Visual distance as seen, in any unit.
    related : array, shape (n, n), or None
        Genetic distance as seen; None where the figure shows no phylogeny.
    follows : float or None
        How much visual distance seems to follow the tree, where that is read from something else
        than ``alike`` and ``related``: minus the share of lines that cross.
    named : float
        Share of the taxa whose names have room on a page.
    """

    alike: np.ndarray
    related: np.ndarray | None
    follows: float | None = None
    named: float = 1.0


def exact(truth: Truth, page: Page) -> Reading:
    """Both matrices as they are: what nobody can outdo by reading."""
    return Reading(truth.visual, truth.genetic)


def guess(truth: Truth, page: Page) -> Reading:
    """Nothing is seen: all pairs are equal."""
    nothing = np.ones_like(truth.visual)
    return Reading(nothing, nothing)


def heatmap_by_tree(truth: Truth, page: Page, *, ranks: bool = False) -> Reading:
    """Rows in the order of the tree."""
    panels = [_panel(matrix, ranks, page) for matrix in (truth.visual, truth.genetic)]
    return Reading(*panels, named=page.rows_named(len(truth.taxa)))


def heatmap_of_ranks(truth: Truth, page: Page) -> Reading:
    """The same, colours by percentile."""
    return heatmap_by_tree(truth, page, ranks=True)


def heatmap_by_name(truth: Truth, page: Page) -> Reading:
    """Rows in the order of the alphabet."""
    order = np.argsort(truth.taxa)
    found = heatmap_by_tree(renamed(truth, order), page)
    back = np.ix_(np.argsort(order), np.argsort(order))
    assert found.related is not None
    return Reading(found.alike[back], found.related[back], named=found.named)


def tanglegram(truth: Truth, page: Page) -> Reading:
    """Reference tree and visual tree."""
    looks = visual_tree(as_matrix(truth.visual, truth.taxa))
    paths = (read_paths(tree, truth.taxa, page) for tree in (looks, truth.tree))
    return Reading(*paths, named=page.rows_named(len(truth.taxa)))


def tanglegram_lines(truth: Truth, page: Page) -> Reading:
    """The same; whether looks follow the tree is judged by how few of the lines cross.

    Nodes are turned so that few do.
    """
    looks = visual_tree(as_matrix(truth.visual, truth.taxa))
    most = len(truth.taxa) * (len(truth.taxa) - 1) / 2
    share = untangle(truth.tree, looks)[2] / most
    return replace(tanglegram(truth, page), follows=-share)


def pcoa(truth: Truth, page: Page) -> Reading:
    """Two principal coordinates."""
    return _map(_ordinated(truth).points, truth, page)


def tsne(truth: Truth, page: Page) -> Reading:
    """The map of t-SNE; perplexity 30, less for few taxa."""
    from openTSNE import TSNE

    perplexity = min(30.0, (len(truth.taxa) - 1) / 3)
    engine = TSNE(perplexity=perplexity, random_state=page.seed, n_jobs=1, neighbors="exact")
    return _map(np.asarray(engine.fit(truth.looks)), truth, page)


def umap(truth: Truth, page: Page) -> Reading:
    """The map of UMAP with its own settings."""
    from umap import UMAP

    engine = UMAP(random_state=page.seed, n_jobs=1, n_neighbors=min(15, len(truth.taxa) - 1))
    return _map(np.asarray(engine.fit_transform(truth.looks), dtype=float), truth, page)


def phylomorphospace(truth: Truth, page: Page) -> Reading:
    """The plane of the PCoA with the tree laid into it."""
    found = _ordinated(truth)
    states = ancestral_states(truth.tree, found.taxa, found.points)
    nodes = list(truth.tree.preorder())
    row_of = {id(node): row for row, node in enumerate(nodes)}
    branches = [
        (row_of[id(node.parent)], row_of[id(node)])
        for node in truth.tree.preorder(include_self=False)
    ]
    tip_of = {str(node.name): row for row, node in enumerate(nodes) if node.is_tip()}
    seen = read_branches(in_dots(states, page), branches)
    tips = [tip_of[taxon] for taxon in truth.taxa]
    flat = _map(found.points, truth, page)
    return Reading(flat.alike, seen[np.ix_(tips, tips)], named=flat.named)


Reader = Callable[[Truth, Page], Reading]
READERS: Mapping[str, Reader] = {
    "heatmaps in tree order": heatmap_by_tree,
    "the same, percentiles": heatmap_of_ranks,
    "heatmaps by name": heatmap_by_name,
    "tanglegram": tanglegram,
    "the same, crossings counted": tanglegram_lines,
    "PCoA": pcoa,
    "t-SNE": tsne,
    "UMAP": umap,
    "phylomorphospace": phylomorphospace,
    "*exact distances*": exact,
    "*a guess*": guess,
}


def _panel(matrix: np.ndarray, ranks: bool, page: Page) -> np.ndarray:
    """One heatmap as seen."""
    if ranks:
        upper = np.triu_indices(len(matrix), k=1)
        matrix = _symmetric(rankdata(matrix[upper]), len(matrix))
    return in_colours(blurred(matrix, PATCH * len(matrix) / (PANEL * page.zoom)))


def _symmetric(values: np.ndarray, n: int) -> np.ndarray:
    full = np.zeros((n, n))
    full[np.triu_indices(n, k=1)] = values
    return full + full.T


def blurred(matrix: np.ndarray, width: float) -> np.ndarray:
    """Means over squares of ``width`` rows around each cell, the diagonal left out.

    Squares no wider than a cell leave it as it is.
    """
    n = len(matrix)
    half = max(width, 1.0) / 2
    middle, edge = np.arange(n) + 0.5, np.arange(n)
    upper = np.minimum(middle[:, None] + half, edge[None, :] + 1)
    share = np.clip(upper - np.maximum(middle[:, None] - half, edge[None, :]), 0, None)
    known = 1.0 - np.eye(n)
    counted = share @ known @ share.T
    return np.divide(share @ (matrix * known) @ share.T, counted,
                     out=np.zeros_like(counted), where=counted > 0)  # fmt: skip


def in_colours(matrix: np.ndarray) -> np.ndarray:
    """Values between different taxa as one of nine equal steps from least to most."""
    values = matrix[np.triu_indices(len(matrix), k=1)]
    low, span = values.min(), np.ptp(values) or 1.0
    return np.clip(np.floor((matrix - low) / span * COLOURS), 0, COLOURS - 1)


def read_paths(tree: TreeNode, taxa: tuple[str, ...], page: Page) -> np.ndarray:
    """Path lengths from tip to tip, depths of nodes read to the width of two lines."""
    depth = {id(tree): 0.0}
    for node in tree.preorder(include_self=False):
        depth[id(node)] = depth[id(node.parent)] + (node.length or 0.0)
    step = (max(depth.values()) or 1.0) * LINE / (TREE * page.zoom)
    seen = {key: round(value / step) for key, value in depth.items()}
    row_of = {taxon: row for row, taxon in enumerate(taxa)}
    paths = np.zeros((len(taxa), len(taxa)))
    below: dict[int, list[int]] = {}
    own = np.zeros(len(taxa))
    for node in tree.postorder():
        if node.is_tip():
            below[id(node)] = [row_of[str(node.name)]]
            own[row_of[str(node.name)]] = seen[id(node)]
            continue
        parts = [below.pop(id(child)) for child in node.children]
        for first, part in enumerate(parts):
            for other in parts[:first]:
                paths[np.ix_(part, other)] = -2 * seen[id(node)]
                paths[np.ix_(other, part)] = -2 * seen[id(node)]
        below[id(node)] = [row for part in parts for row in part]
    paths += own[:, None] + own[None, :]
    np.fill_diagonal(paths, 0.0)
    return paths


def in_dots(points: np.ndarray, page: Page) -> np.ndarray:
    """Places on the page, in whole dots; both axes have one scale, with room at the edges."""
    spans = np.ptp(points, axis=0)
    scale = page.zoom * min(
        side / 1.16 / (span or 1e-12) for side, span in zip(PLANE, spans, strict=True)
    )
    return np.floor((points - points.min(axis=0)) * scale / DOT)


def read_branches(cells: np.ndarray, branches: list[tuple[int, int]]) -> np.ndarray:
    """Branches counted from node to node, nodes in one cell taken for one."""
    place = np.unique(cells, axis=0, return_inverse=True)[1].ravel()
    ends = np.array([(place[a], place[b]) for a, b in branches if place[a] != place[b]])
    size = int(place.max()) + 1
    if not len(ends):
        return np.zeros((len(cells), len(cells)))
    graph = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    # Of several branches between two cells one is counted: the graph has no weights.
    steps = shortest_path(graph, directed=False, unweighted=True)
    return np.asarray(steps[np.ix_(place, place)])


def _map(points: np.ndarray, truth: Truth, page: Page) -> Reading:
    cells = in_dots(points, page)
    return Reading(between(cells), None, named=names_on_map(cells * DOT, truth.taxa, page))


def names_on_map(points: np.ndarray, taxa: tuple[str, ...], page: Page) -> float:
    """Share of names that find room beside their dot, as the report places them."""
    width, height = (page.zoom * side for side in PLANE)
    frame = Box(-0.08 * width, -0.08 * height, width, height)
    boxes: list[Box] = []
    for row in spread_out(points):
        size = (min(len(taxa[row]), 22) * LETTER, NAME)
        box = free_place(points[row], size, boxes, points, frame, most_covered=0, gap=DOT)
        if box is not None:
            boxes.append(box)
    return len(boxes) / len(taxa)


def _ordinated(truth: Truth) -> Ordination:
    return ordinate(pd.DataFrame(truth.visual, list(truth.taxa), list(truth.taxa)))
