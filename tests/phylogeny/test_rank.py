"""Phylogenies brought to a rank, against a double loop over tips."""

import numpy as np
import pandas as pd
import pytest
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import names, read_tree, to_rank
from phylolens.phylogeny.rank import patristic

RANKS = ("order", "family", "species")


def random_tree(tips: list[str], rng: np.random.Generator) -> TreeNode:
    """Join random nodes, two or three at a time."""
    nodes = [TreeNode(name=name, length=float(rng.exponential())) for name in tips]
    while len(nodes) > 1:
        count = min(len(nodes), int(rng.integers(2, 4)))
        taken = [nodes.pop(int(rng.integers(len(nodes)))) for _ in range(count)]
        nodes.append(TreeNode(length=float(rng.exponential()), children=taken))
    nodes[0].rooted = True  # a polytomy at the top of a random tree is a root all the same
    return nodes[0]


def naive_distance(one: TreeNode, other: TreeNode) -> float:
    """Climb from both tips to the first node they share."""
    path, node, climbed = {}, one, 0.0
    while node is not None:
        path[id(node)] = climbed
        climbed += node.length or 0.0
        node = node.parent
    node, climbed = other, 0.0
    while id(node) not in path:
        climbed += node.length or 0.0
        node = node.parent
    return path[id(node)] + climbed


def naive_means(tree: TreeNode, family_of: dict[str, str], families: list[str]) -> np.ndarray:
    tips = [tip for tip in tree.tips() if tip.name in family_of]
    means = np.zeros((len(families), len(families)))
    for i, one in enumerate(families):
        for j, other in enumerate(families):
            if i == j:
                continue
            found = [
                naive_distance(a, b)
                for a in tips
                for b in tips
                if family_of[a.name] == one and family_of[b.name] == other
            ]
            means[i, j] = sum(found) / len(found)
    return means


@pytest.fixture
def world():
    rng = np.random.default_rng(11)
    species = [f"Genus s{place}" for place in range(24)]
    family = [f"F{place}" for place in rng.integers(0, 6, 24)]
    table = pd.DataFrame({"order": "O", "family": family, "species": species})
    tips = [name.replace(" ", "_") for name in species] + ["stranger", "other_stranger"]
    return random_tree(tips, rng), table


def test_means_equal_a_double_loop_over_tips(world):
    tree, table = world
    found = to_rank(tree, table, RANKS, "family")
    family_of = {
        name.replace(" ", "_"): family
        for name, family in zip(table["species"], table["family"], strict=True)
    }
    families = sorted(set(table["family"]))
    assert list(found.distances.ids) == families
    np.testing.assert_allclose(found.distances.data, naive_means(tree, family_of, families))
    assert found.n_tips == table["family"].value_counts().to_dict()
    assert (found.tip_rank, found.no_taxon) == ("species", ("other_stranger", "stranger"))


def test_tree_and_its_matrix_give_the_same(world):
    tree, table = world
    from_tree = to_rank(tree, table, RANKS, "family")
    from_matrix = to_rank(patristic(tree), table, RANKS, "family")
    np.testing.assert_allclose(from_tree.distances.data, from_matrix.distances.data)
    of_tree, of_matrix = from_tree.to_dict(), from_matrix.to_dict()
    assert of_tree.pop("not_monophyletic")
    assert of_matrix.pop("not_monophyletic") == {}  # a matrix does not say
    assert of_tree == of_matrix


def test_dropping_tips_leaves_the_other_distances(world):
    """A cut tree must keep the path lengths, also where a family shrinks to one tip."""
    tree, table = world
    whole = patristic(tree)
    few = table.groupby("family").head(1)
    found = to_rank(tree, few, RANKS, "species")
    assert len(found.distances.ids) == table["family"].nunique()
    for one in found.distances.ids:
        for other in found.distances.ids:
            known = whole[one.replace(" ", "_"), other.replace(" ", "_")]
            assert found.distances[one, other] == pytest.approx(known)
    assert len(list(tree.tips())) == 26  # the caller's tree is untouched


def test_order_of_rows_and_repeated_rows_change_nothing(world):
    tree, table = world
    shuffled = pd.concat([table, table]).sample(frac=1, random_state=1)
    one, two = (to_rank(tree, rows, RANKS, "family") for rows in (table, shuffled))
    np.testing.assert_array_equal(one.distances.data, two.distances.data)
    assert one.distances.ids == two.distances.ids


@pytest.fixture
def small(write):
    tree = read_tree(write("t.nwk", "((A_a:1,'A  B':2):1,(Bb:1,(cc:.5,X:9):.25):3,dd:4);"))
    table = pd.DataFrame(
        {
            "order": ["O", "O", "O", "P", None],
            "family": ["F", "F", "G", "H", "I"],
            "species": ["a a", "A b", "BB", "CC", "ee"],
        }
    )
    return tree, table


def test_names_match_after_the_stated_rule_only(small):
    tree, table = small
    found = to_rank(tree, table, RANKS, "species")
    assert found.distances.ids == ("A b", "BB", "CC", "a a")
    assert found.no_phylogeny == ("ee",)
    assert found.no_taxon == ("X", "dd")
    assert found.distances["a a", "A b"] == 3
    assert found.distances["BB", "CC"] == 1.75


def test_taxa_without_tips_are_named_at_the_rank_compared(small):
    tree, table = small
    found = to_rank(tree, table, RANKS, "family")
    assert found.no_phylogeny == ("I",)
    assert found.n_tips == {"F": 2, "G": 1, "H": 1}


def test_tips_may_be_families(small, write):
    _, table = small
    tree = read_tree(write("f.nwk", "(F:1,(G:1,H:2):1,Q:1);"))
    found = to_rank(tree, table, RANKS, "family")
    assert (found.tip_rank, found.no_taxon) == ("family", ("Q",))
    assert found.distances["G", "H"] == 3


def test_tips_at_several_ranks_are_read_at_the_most_frequent(small, write):
    _, table = small
    tree = read_tree(write("m.nwk", "(a_a:1,(bb:1,H:2):1,cc:1);"))
    found = to_rank(tree, table, RANKS, "species")
    assert (found.tip_rank, found.no_taxon) == ("species", ("H",))


def test_names_that_fit_two_ranks_are_read_at_the_finer(write):
    tree = read_tree(write("t.nwk", "(a:1,(b:1,c:2):1);"))
    table = pd.DataFrame({"family": list("ABC"), "species": list("ABC")})
    found = to_rank(tree, table, ("family", "species"), "species")
    assert found.tip_rank == "species"


def test_names_that_share_nothing_are_refused_and_shown(small):
    tree, table = small
    other = table.assign(order="none", family=list("pqrst"), species=list("klmno"))
    with pytest.raises(InputError, match=r"'A_a'.*'p', 'q'"):
        to_rank(tree, other, RANKS, "family")


def test_tips_coarser_than_the_rank_are_refused(small, write):
    _, table = small
    tree = read_tree(write("f.nwk", "(F:1,(G:1,H:2):1,Q:1);"))
    with pytest.raises(InputError, match="--rank family"):
        to_rank(tree, table, RANKS, "species")


def test_two_taxa_are_too_few(small):
    tree, table = small
    with pytest.raises(InputError, match="only 2 taxa") as caught:
        to_rank(tree, table.iloc[:3], RANKS, "family")
    assert caught.value.ids == ("F", "G")


def test_unknown_rank_is_refused(small):
    with pytest.raises(InputError, match="order, family, species"):
        to_rank(*small, RANKS, "tribe")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("Pecten_maximus", "pecten  maximus", True),
        (" 'Arca' ", "arca", True),
        ("Ärca", "ärca", True),
        ("Pecten", "Pectinidae", False),
        ("P-maximus", "P maximus", False),
    ],
)
def test_normalisation(one, other, equal):
    assert (names.normalise(one) == names.normalise(other)) is equal


def test_repeated_names_are_refused():
    with pytest.raises(InputError, match="'A b'"):
        names.require_unique(["a_b", "c", "A b"], "file.nwk", "tips")
    names.require_unique(["ab", "a b"], "file.nwk", "tips")
