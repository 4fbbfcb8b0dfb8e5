"""The tree of taxa against naive walks over the labels."""

import numpy as np
import pandas as pd
import pytest

from phylolens.classification.lineage import ROOT, TaxonTree
from phylolens.errors import InputError

RANKS = ("order", "family", "genus", "species")
SMALL = pd.DataFrame(
    [
        ["O1", "F1", "G1", "s1"],
        ["O1", "F1", "G1", "s2"],
        ["O1", "F1", "G2", "s3"],
        ["O1", "F2", "G3", None],
        ["O2", None, "G4", "s4"],  # its family is not known
        ["O2", "F3", None, None],
        [None, None, None, "s5"],  # nothing above it is known
    ],
    columns=list(RANKS),
).astype(object)


@pytest.fixture(scope="module")
def small() -> TaxonTree:
    return TaxonTree.of(SMALL, RANKS)


@pytest.fixture(scope="module")
def random_table() -> pd.DataFrame:
    """A hundred species whose lineages have gaps at random."""
    rng = np.random.default_rng(3)
    species = np.arange(100)
    genus, family, order = species // 3, species // 9, species // 27
    table = pd.DataFrame(
        {
            "order": [f"o{x}" for x in order],
            "family": [f"f{x}" for x in family],
            "genus": [f"g{x}" for x in genus],
            "species": [f"s{x}" for x in species],
        }
    ).astype(object)
    return table.mask(rng.random(table.shape) < 0.15, None)


@pytest.fixture(scope="module")
def tree(random_table) -> TaxonTree:
    return TaxonTree.of(random_table, RANKS)


def ancestors(tree: TaxonTree, node: int) -> list[int]:
    """Walk to the root, one parent at a time."""
    found = []
    while node != ROOT:
        found.append(node)
        node = int(tree.nodes["parent"].iloc[node])
    return found


@pytest.fixture(scope="module")
def drawn(tree) -> tuple[np.ndarray, np.ndarray]:
    """Leaf probabilities over species and a few inner nodes."""
    leaves = np.sort(np.append(tree.at_rank("species"), tree.at_rank("family")[:4]))
    return np.random.default_rng(5).dirichlet(np.full(len(leaves), 0.05), size=40), leaves


def test_parents_skip_what_is_not_known(small):
    parent = {
        small.name(node): small.name(up) if up != ROOT else "root"
        for node, up in enumerate(small.nodes["parent"])
    }
    assert parent["species:s3"] == "genus:G2"
    assert parent["genus:G4"] == "order:O2"
    assert parent["species:s5"] == parent["order:O1"] == "root"
    assert len(parent) == 2 + 3 + 4 + 5
    assert small.nodes["rank"].tolist() == sorted(small.nodes["rank"], key=RANKS.index)


def test_the_most_frequent_parent_counts():
    table = pd.DataFrame({"family": ["A", "B", "B"], "genus": ["g", "g", "g"]})
    tree = TaxonTree.of(table, ("family", "genus"))
    assert tree.labels(tree.path(tree.find("genus", "g"))).tolist() == ["B", "g"]


def test_row_order_does_not_matter(random_table, tree):
    shuffled = TaxonTree.of(random_table.sample(frac=1, random_state=1), RANKS)
    pd.testing.assert_frame_equal(tree.nodes, shuffled.nodes)


def test_names_lead_back(small):
    assert [small.number(small.name(node)) for node in range(len(small))] == list(range(len(small)))
    assert small.find("genus", "G9") == ROOT
    with pytest.raises(InputError, match="genus:G9"):
        small.number("genus:G9")
    with pytest.raises(IndexError):
        small.name(ROOT)


def test_rows_get_their_finest_known_taxon(small):
    rows = pd.DataFrame(
        [
            ["O1", "F1", "G1", "s2"],
            ["O1", "F1", "G1", "new"],
            ["O1", "F1", "new", "new"],
            ["O1", "new", None, None],
            ["new", None, None, None],
            [None, None, None, "s3"],
            [None, None, None, None],
        ],
        columns=list(RANKS),
    )
    wanted = ["species:s2", "genus:G1", "family:F1", "order:O1", None, "species:s3", None]
    found = [small.name(node) if node != ROOT else None for node in small.node_of(rows)]
    assert found == wanted
    assert (small.node_of(rows[["order"]])[:3] == small.find("order", "O1")).all()


def test_paths_and_common_ancestors_against_a_walk(tree):
    rng = np.random.default_rng(8)
    one, two = rng.integers(ROOT, len(tree), size=(2, 500))
    common = tree.lca(one, two)
    for a, b, found in zip(one, two, common, strict=True):
        shared = set(ancestors(tree, a)) & set(ancestors(tree, b))
        assert found == max(shared, default=ROOT)
    for node in range(len(tree)):
        assert sorted(ancestors(tree, node)) == [x for x in tree.path(node) if x != ROOT]
    expected = [
        above in [*ancestors(tree, below), ROOT] for above, below in zip(one, two, strict=True)
    ]
    assert tree.contains(one, two).tolist() == expected


def test_marginals_against_a_walk(tree, drawn):
    probabilities, leaves = drawn
    naive = np.zeros((len(probabilities), len(tree)))
    for row in range(len(probabilities)):
        for column, leaf in enumerate(leaves):
            for node in ancestors(tree, leaf):
                naive[row, node] += probabilities[row, column]
    found = tree.marginals(probabilities, leaves)
    np.testing.assert_allclose(found, naive, atol=1e-12)
    for node, parent in enumerate(tree.nodes["parent"]):
        assert parent == ROOT or (found[:, parent] >= found[:, node]).all()
    assert found.max() <= 1


def test_marginals_of_complete_lineages_sum_to_one():
    table = pd.DataFrame({"order": list("AABB"), "species": list("wxyz")})
    tree = TaxonTree.of(table, ("order", "species"))
    drawn = np.random.default_rng(0).dirichlet(np.ones(4), size=9)
    found = tree.marginals(drawn, tree.at_rank("species"))
    for rank in tree.ranks:
        np.testing.assert_allclose(found[:, tree.at_rank(rank)].sum(axis=1), 1)


def test_walking_down_against_a_loop(tree, drawn):
    marginals = tree.marginals(*drawn)
    paths = tree.top_down(marginals)
    for row, path in enumerate(paths):
        naive, node = [], ROOT
        while True:
            below = [k for k, up in enumerate(tree.nodes["parent"]) if up == node]
            if not below or max(marginals[row, below]) == 0:
                break
            node = max(below, key=lambda k: (marginals[row, k], -k))
            naive.append(node)
        assert [x for x in path if x != ROOT] == naive


def test_walking_down_may_disagree_with_the_best_leaf():
    """Two species of one genus together outweigh the single best species."""
    table = pd.DataFrame({"genus": ["G", "G", "H"], "species": ["a", "b", "c"]})
    tree = TaxonTree.of(table, ("genus", "species"))
    marginals = tree.marginals(np.array([[0.35, 0.25, 0.4]]), tree.at_rank("species"))
    assert tree.labels(tree.top_down(marginals)).tolist() == [["G", "a"]]
    assert tree.labels(tree.best(marginals)).tolist() == [["G", "c"]]


def test_an_inner_leaf_ends_a_path(small):
    leaves = small.numbers(["species:s1", "species:s4", "family:F3"])
    marginals = small.marginals(np.array([[0.1, 0.2, 0.7], [0.0, 0.0, 1.0]]), leaves)
    names = small.labels(small.top_down(marginals))
    assert names.tolist() == [["O2", "F3", None, None]] * 2


@pytest.mark.parametrize(
    ("rank", "taxon", "parent", "said"),
    [
        (["order", "family"], ["O", "F"], [1, -1], "stand before"),
        (["order", "order"], ["O", "P"], [-1, 0], "coarser"),
        (["order", "order"], ["O", "O"], [-1, -1], "once"),
        (["order", "tribe"], ["O", "T"], [-1, 0], "tribe"),
    ],
)
def test_impossible_trees_are_refused(rank, taxon, parent, said):
    nodes = pd.DataFrame({"rank": rank, "taxon": taxon, "parent": parent})
    with pytest.raises(InputError, match=said):
        TaxonTree(("order", "family"), nodes)


def test_tips_are_what_is_not_divided_further(small, tree):
    names = [small.name(node) for node in small.tips]
    assert names == ["family:F3", "genus:G3"] + [f"species:s{k}" for k in (1, 2, 3, 4, 5)]
    assert tree.tips.tolist() == [k for k in range(len(tree)) if not len(tree.children(k))]
