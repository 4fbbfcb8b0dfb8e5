"""Tree and covariance of taxa: against loops over tips, simulated traits and ape."""

import numpy as np
import pandas as pd
import pytest
from skbio import TreeNode

from phylolens.phylogeny import covariance, read_tree, to_rank
from phylolens.phylogeny.rank import patristic

RANKS = ("family", "species")


def grown(tips: list[str], rng: np.random.Generator) -> TreeNode:
    """Join random nodes in twos and threes; branches of random length, no two tips alike."""
    nodes = [TreeNode(name=name, length=float(rng.exponential())) for name in tips]
    while len(nodes) > 1:
        count = min(len(nodes), int(rng.integers(2, 4)))
        taken = [nodes.pop(int(rng.integers(len(nodes)))) for _ in range(count)]
        nodes.append(TreeNode(length=float(rng.exponential()), children=taken))
    nodes[0].rooted = True  # a polytomy at the top of a random tree is a root all the same
    return nodes[0]


def table_of(family_of: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"family": family_of.values(), "species": family_of.keys()})


def shared_path(one: TreeNode, other: TreeNode, root: TreeNode) -> float:
    """Climb from the root's side: branches above both tips."""
    above = []
    for node in (one, other):
        found = {}
        while node is not root:
            found[id(node)] = node.length
            node = node.parent
        above.append(found)
    return sum(length for key, length in above[0].items() if key in above[1])


def naive(tree: TreeNode, family_of: dict[str, str], families: list[str]) -> np.ndarray:
    tips = [tip for tip in tree.tips() if tip.name in family_of]
    shared = np.zeros((len(families), len(families)))
    for i, one in enumerate(families):
        for j, other in enumerate(families):
            found = [
                shared_path(a, b, tree)
                for a in tips
                for b in tips
                if (family_of[a.name], family_of[b.name]) == (one, other)
            ]
            shared[i, j] = sum(found) / len(found)
    return shared


@pytest.fixture
def scattered():
    """Twenty-one tips in five families that are no clades; three tips of no family."""
    rng = np.random.default_rng(4)
    tips = [f"s{place}" for place in range(24)]
    family_of = {tip: f"F{place % 5}" for place, tip in enumerate(tips[:21])}
    return grown(tips, rng), family_of


@pytest.fixture
def clades():
    """Nine families, each a clade of one to five tips; not ultrametric."""
    rng = np.random.default_rng(9)
    backbone = grown([f"F{place}" for place in range(9)], rng)
    family_of = {}
    for place, tip in enumerate(list(backbone.tips())):
        species = [f"{tip.name}_{k}" for k in range(1 + place % 5)]
        family_of |= dict.fromkeys(species, tip.name)
        clade = grown(species, rng)
        children = [clade] if clade.is_tip() else list(clade.children)
        tip.name = "95" if place % 2 else None
        tip.extend(children)
    return backbone, family_of


def test_covariance_equals_a_loop_over_tips(scattered):
    tree, family_of = scattered
    found = to_rank(tree, table_of(family_of), RANKS, "family")
    families = sorted(set(family_of.values()))
    assert list(found.covariance.index) == list(found.covariance.columns) == families
    np.testing.assert_allclose(found.covariance, naive(tree, family_of, families))
    assert found.covariance_source == "tree"


def test_covariance_is_that_of_simulated_means(scattered):
    """A trait grown along the branches, averaged by family, many times over."""
    tree, family_of = scattered
    found = to_rank(tree, table_of(family_of), RANKS, "family").covariance
    rng, n = np.random.default_rng(0), 40_000
    values = {id(tree): np.zeros(n)}
    for node in tree.preorder(include_self=False):
        step = rng.normal(size=n) * np.sqrt(node.length)
        values[id(node)] = values[id(node.parent)] + step
    traits = {tip.name: values[id(tip)] for tip in tree.tips() if tip.name in family_of}
    means = pd.DataFrame(traits).T.groupby(family_of).mean()
    seen = np.cov(means.to_numpy())
    variance = np.diag(found)
    error = np.sqrt((np.outer(variance, variance) + found.to_numpy() ** 2) / n)
    assert (np.abs(seen - found) < 4.5 * error).all(axis=None)


def test_covariance_of_means_equals_ape(reference):
    known = pd.read_csv(reference / "vcv.csv", index_col=0)
    family_of = {tip: f"F{place // 3}" for place, tip in enumerate(known.index)}
    tree = read_tree(reference / "small_tree.nwk")
    tree.rooted = True  # ape takes the node on top for the root
    found = to_rank(tree, table_of(family_of), RANKS, "family").covariance
    means = known.groupby(family_of).mean().T.groupby(family_of).mean()
    np.testing.assert_allclose(found, means.loc[found.index, found.columns], atol=1e-12)


def test_paths_of_the_reduced_tree_are_the_mean_distances(clades):
    tree, family_of = clades
    found = to_rank(tree, table_of(family_of), RANKS, "family")
    assert found.not_monophyletic == {}
    paths = patristic(found.tree).filter(found.distances.ids)
    np.testing.assert_allclose(paths.data, found.distances.data, atol=1e-12)


def test_reduced_tree_has_the_topology_of_the_given_one(clades):
    tree, family_of = clades
    found = to_rank(tree, table_of(family_of), RANKS, "family")
    first = {family: tip for tip, family in reversed(family_of.items())}
    pruned = tree.shear(first.values())
    for tip in pruned.tips():
        tip.name = family_of[tip.name]
    assert found.tree.compare_rfd(pruned, rooted=True) == 0
    assert len(list(tree.tips())) == len(family_of)  # the caller's tree is untouched


def test_covariance_of_the_reduced_tree_differs_within_taxa_only(clades):
    tree, family_of = clades
    found = to_rank(tree, table_of(family_of), RANKS, "family")
    of_tips = covariance(found.tree).loc[found.covariance.index, found.covariance.columns]
    more = of_tips.to_numpy() - found.covariance.to_numpy()
    np.testing.assert_allclose(more[~np.eye(9, dtype=bool)], 0, atol=1e-12)
    several = np.array([found.n_tips[name] > 1 for name in found.covariance.index])
    assert (np.diag(more)[several] > 0.01).all()
    np.testing.assert_allclose(np.diag(more)[~several], 0, atol=1e-12)


def test_one_tip_a_taxon_leaves_the_tree_as_it_is(clades):
    tree, family_of = clades
    found = to_rank(tree, table_of(family_of), RANKS, "species")
    names = list(found.covariance.index)
    np.testing.assert_array_equal(found.covariance, covariance(tree).loc[names, names])
    np.testing.assert_allclose(
        covariance(found.tree).loc[names, names], found.covariance, atol=1e-12
    )
    assert found.tree.compare_rfd(tree, rooted=True) == 0


def test_ultrametric_trees_stay_so(write):
    text = "(((a:1,b:1):2,(c:2,d:2):1):1,(e:3,(f:.5,g:.5):2.5):1);"
    family_of = dict(zip("abcdefg", "AABBCDD", strict=True))
    found = to_rank(read_tree(write("t.nwk", text)), table_of(family_of), RANKS, "family")
    assert str(found.tree).strip() == "((A:3.0,B:3.0):1.0,(C:3.0,D:3.0):1.0);"


def test_branches_of_one_polytomy_may_be_a_taxon(write):
    tree = read_tree(write("t.nwk", "[&R]((a:1,b:3,(c:1,d:1):1,e:5):1,f:2,g:1);"))
    family_of = dict(zip("abcdefg", "AABBACD", strict=True))
    found = to_rank(tree, table_of(family_of), RANKS, "family")
    assert found.not_monophyletic == {}
    assert str(found.tree).strip() == "(C:2.0,D:1.0,(A:3.0,B:2.0):1.0);"
    np.testing.assert_allclose(
        patristic(found.tree).filter(found.distances.ids).data, found.distances.data
    )


def test_broken_taxa_are_named_with_those_within(write):
    text = "((a:1,(b:1,x:1):1):1,((a2:1,c:1):1,(d:1,d2:1):1):1,(e:1,e2:1):2);"
    family_of = {"a": "A", "a2": "A", "b": "B", "c": "C", "d": "D", "d2": "D", "e": "E", "e2": "E"}
    found = to_rank(read_tree(write("t.nwk", text)), table_of(family_of), RANKS, "family")
    assert found.not_monophyletic == {"A": ("B", "C", "D")}
    assert {tip.name for tip in found.tree.tips()} == set("ABCDE")
    assert found.covariance_source == "tree"
    assert found.to_dict()["not_monophyletic"] == {"A": ["B", "C", "D"]}


def test_tips_of_no_taxon_break_nothing(write):
    tree = read_tree(write("t.nwk", "((a:1,(a2:1,x:1):1):1,b:1,c:1);"))
    family_of = {"a": "A", "a2": "A", "b": "B", "c": "C"}
    assert to_rank(tree, table_of(family_of), RANKS, "family").not_monophyletic == {}


def test_broken_taxa_get_the_neighbour_joining_tree_of_their_distances(scattered):
    tree, family_of = scattered
    found = to_rank(tree, table_of(family_of), RANKS, "family")
    assert len(found.not_monophyletic) == 5
    from_matrix = to_rank(patristic(tree), table_of(family_of), RANKS, "family")
    assert str(found.tree) == str(from_matrix.tree)


@pytest.mark.parametrize(
    "text",
    ["((((a:1,b:2):1):1,c:4):5);", "(x:1,(((a:1,b:2):2,c:4):5):1);", "((a:1,b:2):2,c:4):9;"],
)
def test_the_root_is_the_last_ancestor_of_all_taxa(text):
    tree = TreeNode.read([text], convert_underscores=False)
    found = to_rank(tree, table_of({name: name for name in "abc"}), RANKS, "species")
    np.testing.assert_array_equal(found.covariance, [[3, 2, 0], [2, 4, 0], [0, 0, 4]])
    assert str(found.tree).strip() == "(c:4.0,(a:1.0,b:2.0):2.0);"


def test_a_matrix_gets_its_neighbour_joining_tree(clades):
    tree, _ = clades
    species = {tip.name: tip.name for tip in tree.tips()}
    found = to_rank(patristic(tree), table_of(species), RANKS, "species")
    paths = patristic(found.tree).filter(found.distances.ids)
    np.testing.assert_allclose(paths.data, found.distances.data, atol=1e-9)
    assert found.covariance_source == (
        "neighbour-joining tree of the matrix, rooted at its midpoint"
    )
    names = list(found.distances.ids)
    np.testing.assert_array_equal(found.covariance, covariance(found.tree).loc[names, names])
    depth = np.diag(found.covariance)
    assert np.sort(depth)[-2:] == pytest.approx(found.distances.data.max() / 2)  # the midpoint


def test_taxa_that_cannot_be_told_apart_are_listed(write):
    tree = read_tree(write("t.nwk", "((a:0,b:0,c:1e-6):1,(d:0,e:1):1,(f:0,(g:0,h:2):0):1);"))
    found = to_rank(tree, table_of({name: name for name in "abcdefgh"}), RANKS, "species")
    assert found.zero_length_pairs == (("a", "b"), ("f", "g"))
    assert found.to_dict()["zero_length_pairs"] == [["a", "b"], ["f", "g"]]
    rank = np.linalg.matrix_rank(found.covariance.to_numpy(), tol=1e-9)
    assert rank == len(found.covariance) - len(found.zero_length_pairs)


def test_few_pairs_are_shown_and_all_counted(write):
    text = "(" + ",".join(f"t{place}:0" for place in range(6)) + ",a:1,b:1);"
    names = [f"t{place}" for place in range(6)] + ["a", "b"]
    table = table_of({name: name for name in names})
    found = to_rank(read_tree(write("t.nwk", text)), table, RANKS, "species")
    assert len(found.zero_length_pairs) == found.to_dict()["n_zero_length_pairs"] == 15
    assert len(found.to_dict()["zero_length_pairs"]) == 5


def test_a_ladder_of_many_levels(write):
    depth = 3000
    text = "(" * depth + "x:1,y:1)" + "".join(f":1,t{i}:1)" for i in range(depth - 1)) + ";"
    names = [f"t{place}" for place in range(depth - 1)] + ["x", "y"]
    family_of = {name: f"F{place // 100:02d}" for place, name in enumerate(names)}
    found = to_rank(read_tree(write("t.nwk", text)), table_of(family_of), RANKS, "family")
    assert list(found.not_monophyletic) == [f"F{k:02d}" for k in range(30)]  # F30 is one tip
    # Tip k leaves the ladder 2998 - k above the root; two share what the higher k does.
    assert found.covariance.loc["F00", "F01"] == pytest.approx(2998 - 149.5)
