"""Readers see what is drawn and no more, on cases small enough to be worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from figure_readers import (
    DOT,
    PANEL,
    PATCH,
    READERS,
    Page,
    Reading,
    blurred,
    heatmap_by_name,
    heatmap_by_tree,
    in_colours,
    in_dots,
    names_on_map,
    read_branches,
    read_paths,
)
from figure_worlds import SIZES, draw_world, plant
from scipy.spatial.distance import squareform
from skbio import TreeNode
from visualisations import (
    clades_ranked,
    clusters,
    convergent_rank,
    divergent_rank,
    in_order,
    nearest_found,
    planted_found,
    scores,
    top_share,
)

PAGE = Page()
QUICK = [name for name in READERS if name not in ("t-SNE", "UMAP")]


@pytest.fixture(scope="module")
def world():
    return draw_world(20, 1.0, 0)


def test_cells_as_large_as_a_patch_are_seen_one_by_one():
    matrix = squareform(np.arange(1.0, 7.0))
    assert np.array_equal(blurred(matrix, 0.5), matrix)
    assert np.array_equal(blurred(matrix, 1.0), matrix)


def test_smaller_cells_blur_into_their_neighbours_but_not_into_the_diagonal():
    matrix = squareform([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])  # 01 02 03 12 13 23
    # Three by three cells around (0, 2): rows 0 and 1, columns 1 to 3, without cell (1, 1).
    assert blurred(matrix, 3.0)[0, 2] == pytest.approx(np.mean([1, 2, 3, 4, 5]))
    # Two cells wide: halves of the neighbours; at an edge the square ends.
    corner = blurred(matrix, 2.0)[0, 3]
    assert corner == pytest.approx(
        (matrix[0, 3] + 0.5 * matrix[0, 2] + 0.5 * matrix[1, 3] + 0.25 * matrix[1, 2]) / 2.25
    )


def test_nine_colours_from_the_least_to_the_most():
    matrix = squareform(np.linspace(10.0, 19.0, 10))
    seen = in_colours(matrix)[np.triu_indices(5, k=1)]
    assert list(seen) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]


def test_order_matters_only_where_cells_are_small(world):
    by_tree, by_name = (reader(world, PAGE) for reader in (heatmap_by_tree, heatmap_by_name))
    upper = np.triu_indices(len(world.taxa), k=1)
    assert np.array_equal(by_tree.alike[upper], by_name.alike[upper])
    small = Page(zoom=0.2 * PATCH * len(world.taxa) / PANEL)
    by_tree, by_name = (reader(world, small) for reader in (heatmap_by_tree, heatmap_by_name))
    assert not np.array_equal(by_tree.alike[upper], by_name.alike[upper])
    own = nearest_found(by_tree.related, world.genetic)
    assert own > nearest_found(by_name.related, world.genetic)


def test_paths_are_read_from_depths_of_nodes():
    tree = TreeNode.read(["((a:1,b:3):2,c:4);"])  # the deepest tip is at 5
    fine = read_paths(tree, ("a", "b", "c"), Page(zoom=1000.0))
    assert fine / fine[0, 1] * 4 == pytest.approx(squareform([4.0, 7.0, 9.0]), rel=1e-3)
    coarse = read_paths(tree, ("a", "b", "c"), Page(zoom=1 / 72))  # one step across the tree
    assert coarse[0, 1] == coarse[0, 2]  # the node at 2 of 5 is read as the root


def test_dots_keep_both_axes_to_one_scale():
    cells = in_dots(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), PAGE)
    assert cells[1, 0] == cells[2, 1] == np.floor(382 / 1.16 / DOT)


def test_nodes_in_one_place_are_one_to_the_reader():
    # A chain 0 - 1 - 2 - 3; then 1 and 3 in one cell.
    chain = [(0, 1), (1, 2), (2, 3)]
    apart = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]])
    assert read_branches(apart, chain)[0].tolist() == [0, 1, 2, 3]
    apart[3] = apart[1]
    assert read_branches(apart, chain)[0].tolist() == [0, 1, 2, 1]


def test_names_need_room():
    spread = np.array([[0.0, 0.0], [200.0, 0.0], [0.0, 200.0], [200.0, 200.0]])
    taxa = ("Aba_ba", "Caca_c", "Dada_d", "Eaea_e")
    assert names_on_map(spread, taxa, PAGE) == 1.0
    heap = np.zeros((60, 2)) + np.arange(60)[:, None] % 8
    assert names_on_map(heap, tuple(f"Nomen_{i}" for i in range(60)), PAGE) < 0.5


def test_ties_count_by_chance():
    wanted = np.array([True, False, False, True])
    assert top_share(np.array([1, 2, 3, 4]), wanted, 2) == 0.5
    assert top_share(np.array([1, 1, 1, 1]), wanted, 2) == 0.5
    assert top_share(np.array([1, 2, 2, 2]), wanted, 2) == pytest.approx((1 + 1 / 3) / 2)


def test_clusters_of_two_far_groups():
    distances = squareform([1.0, 9.0, 9.0, 9.0, 9.0, 1.0])
    assert list(clusters(distances, 2)) in ([1, 1, 2, 2], [2, 2, 1, 1])


def test_planted_pairs_are_ranked_among_their_kind(world):
    n = len(world.taxa)
    assert planted_found(-1.0 * world.convergent, world.convergent) == 1.0
    assert np.isnan(planted_found(np.zeros((n, n)), np.zeros((n, n), dtype=bool)))
    read = Reading(world.visual, world.genetic)
    near = world.family[:, None] == world.family[None, :]
    np.fill_diagonal(near, False)
    first = np.argsort(divergent_rank(read, world)[np.triu_indices(n, k=1)])[: near.sum() // 4]
    assert near[np.triu_indices(n, k=1)][first].all()
    far = world.order[:, None] != world.order[None, :]
    first = np.argsort(convergent_rank(read, world)[np.triu_indices(n, k=1)])[:10]
    assert far[np.triu_indices(n, k=1)][first].all()
    flat = Reading(world.visual, None)
    assert np.ptp(divergent_rank(flat, world)) == 0


def test_worlds_of_another_lambda_in_order():
    rows = pd.DataFrame({"lambda": [1.0, 1.0, 0.0, 0.0], "judged": [0.9, 0.2, 0.1, 0.2]})
    assert in_order(rows).tolist() == [1.0, 0.75, 1.0, 0.75]


@pytest.mark.parametrize("n", [20, 75])
def test_what_is_planted(n):
    world = draw_world(n, 1.0, 3)
    number = SIZES[n][1]
    upper = np.triu_indices(n, k=1)
    assert world.convergent[upper].sum() == number
    assert not (world.convergent & (world.order[:, None] == world.order[None, :])).any()
    assert not (world.divergent & (world.family[:, None] != world.family[None, :])).any()
    both = world.convergent.any(axis=1) & (world.divergent.sum(axis=1) > 1)
    assert not both.any()
    middle = np.median(world.visual[upper])
    assert np.median(world.visual[world.convergent]) < 0.7 * middle
    assert world.taxa == tuple(str(tip.name) for tip in world.tree.tips())


def test_nothing_else_is_moved():
    means = np.random.default_rng(0).normal(size=(8, 3))
    order, family = np.arange(8) // 4, np.arange(8) // 2
    moved, convergent, divergent = plant(means, order, family, 1, np.random.default_rng(1))
    assert (moved != means).any(axis=1).sum() == 2
    assert convergent.sum() == 2
    assert divergent.sum() == 2


@pytest.mark.parametrize("name", QUICK)
def test_no_reader_beats_exact_numbers_and_all_beat_a_guess(world, name):
    found = scores(world, READERS[name](world, PAGE))
    best = scores(world, READERS["*exact distances*"](world, PAGE))
    least = scores(world, READERS["*a guess*"](world, PAGE))
    for key in ("neighbours", "relatives", "clades"):
        assert least[key] - 1e-9 <= found[key] <= best[key] + 1e-9
    assert best["neighbours"] == best["relatives"] == best["clades"] == 1.0
    assert best["together"] == pytest.approx(clades_ranked(world.visual, world))
