"""Phylogenies handed over as values: unsound ones are refused, small and odd ones work."""

import numpy as np
import pandas as pd
import pytest
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import covariance, to_rank
from phylolens.phylogeny.rank import patristic


def tree_of(text: str) -> TreeNode:
    return TreeNode.read([text], convert_underscores=False)


def ranked(phylogeny, names: str = "abc"):
    table = pd.DataFrame({"family": list(names.upper()), "species": list(names)})
    return to_rank(phylogeny, table, ("family", "species"), "family")


def matrix_of(one: float, two: float, three: float, names: str = "abc") -> DistanceMatrix:
    return DistanceMatrix([[0, one, two], [one, 0, three], [two, three, 0]], list(names))


REFUSED = {
    "two tips": (tree_of("(a:1,b:1);"), "phylogeny: a tree needs at least three tips; got 2"),
    "one tip": (tree_of("(a:1);"), "got 1"),
    "repeated tips": (tree_of("(a:1,(b:1,a:1):1,c:1);"), "'a'"),
    "alike tips": (tree_of("(a:1,(b:1,A:1):1,c:1);"), "'A'"),
    "no lengths": (tree_of("(a,b,(c,d));"), "no branch lengths"),
    "a length missing": (tree_of("(a:1,b:1,(c:1,d):1);"), "'d'"),
    "negative": (tree_of("(a:1,b:-1,c:1);"), "'b'"),
    "not a number": (tree_of("(a:1,b:nan,c:1);"), "'b'"),
    "infinite": (tree_of("(a:1,b:1,c:inf);"), "'c'"),
    "all zero": (tree_of("(a:0,b:0,c:0);"), "all branch lengths are zero"),
    "all zero but others": (tree_of("((a:0,b:0,c:0):1,x:1);"), "distances between the taxa with"),
    "negative matrix": (matrix_of(1, -2, 3), "'a', 'c'"),
    "infinite matrix": (matrix_of(1, np.inf, 3), "missing or infinite"),
    "zero matrix": (matrix_of(0, 0, 0), "all distances are zero"),
    "alike rows": (matrix_of(1, 2, 3, ["a", "b c", "b_c"]), "'b_c'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unsound_phylogenies_are_refused(case):
    phylogeny, message = REFUSED[case]
    with pytest.raises(InputError) as caught:
        ranked(phylogeny)
    assert message in str(caught.value)


@pytest.mark.parametrize("phylogeny", [tree_of("((a:1,b:2):.5,c:4);"), matrix_of(3, 5.5, 6.5)])
def test_three_taxa_are_enough(phylogeny):
    found = ranked(phylogeny)
    np.testing.assert_allclose(found.distances.data, matrix_of(3, 5.5, 6.5).data)
    np.testing.assert_allclose(
        patristic(found.tree).filter(list("ABC")).data, found.distances.data, atol=1e-12
    )
    values = np.diag(found.covariance)[:, None] + np.diag(found.covariance) - 2 * found.covariance
    np.testing.assert_allclose(values, found.distances.data, atol=1e-12)


def test_three_broken_taxa_still_get_a_tree():
    tree = tree_of("((a:1,(b:1,c:1):1):1,(a2:1,(b2:2,c2:1):1):1);")
    table = pd.DataFrame({"family": list("ABCABC"), "species": ["a", "b", "c", "a2", "b2", "c2"]})
    found = to_rank(tree, table, ("family", "species"), "family")
    assert found.not_monophyletic == {"A": ("B", "C"), "B": ("A", "C"), "C": ("A", "B")}
    assert sorted(tip.name for tip in found.tree.tips()) == ["A", "B", "C"]
    assert all(node.length >= 0 for node in found.tree.traverse(include_self=False))


def test_zero_branches_are_kept():
    """A tip on its ancestor is a taxon as good as any; only two on one spot are listed."""
    found = ranked(tree_of("((a:0,b:2):1,c:3,d:3);"), "abcd")
    assert found.zero_length_pairs == ()
    assert found.distances["A", "B"] == 2
    assert np.linalg.matrix_rank(found.covariance) == 4
    same = ranked(tree_of("((a:0,b:0):1,c:3,d:3);"), "abcd")
    assert same.zero_length_pairs == (("A", "B"),)
    assert ranked(patristic(tree_of("((a:0,b:0):1,c:3,d:3);")), "abcd").zero_length_pairs == (
        ("A", "B"),
    )


@pytest.mark.parametrize("inner", ["a", "95", "B"])
def test_labels_of_inner_nodes_are_no_tips(inner):
    tree = tree_of(f"((a:1,b:2){inner}:.5,(c:1,x:1){inner}:3){inner};")
    found = ranked(tree)
    assert found.n_tips == {"A": 1, "B": 1, "C": 1}
    assert found.no_taxon == ("x",)
    np.testing.assert_allclose(found.distances.data, matrix_of(3, 5.5, 6.5).data)
    expected = covariance(tree).loc[list("abc"), list("abc")]
    np.testing.assert_array_equal(found.covariance, expected)
