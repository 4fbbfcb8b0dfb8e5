"""An unrooted tree gives the same numbers wherever it was cut; a dated one keeps its root."""

import numpy as np
import pandas as pd
import pytest
from skbio import TreeNode

from phylolens.phylogeny import read_tree, to_rank
from phylolens.phylogeny.root import is_rooted, rooted_at_midpoint

TEXTS = {
    "((a:1,b:2):1,(c:1,d:3):2);": True,
    "[&U]((a:1,b:2):1,(c:1,d:3):2);": False,
    "(a:1,b:2,(c:1,d:3):2);": False,
    "[&R](a:1,b:2,(c:1,d:3):2);": True,
    "(a:5,b:5,(c:3,d:3):2);": True,  # dated: the polytomy is a root
    "(a:5.001,b:5,(c:3,d:3):2);": True,
    "((a:1,b:2,(c:1,d:3):2):4);": False,
    "#NEXUS begin trees; utree t = ((a:1,b:2):1,(c:1,d:3):2); end;": False,
    "#NEXUS begin trees; tree t = [&U] ((a:1,b:2):1,(c:1,d:3):2); end;": False,
    "#NEXUS begin trees; tree t = [&R] (a:1,b:2,(c:1,d:3):2); end;": True,
}


@pytest.mark.parametrize("text", TEXTS)
def test_rooted_or_not(write, text):
    assert is_rooted(read_tree(write("t.tre", text))) is TEXTS[text]


def random_unrooted(rng, n):
    nodes = [TreeNode(name=f"t{k:02d}", length=float(rng.exponential())) for k in range(n)]
    while len(nodes) > 3:
        taken = [nodes.pop(int(rng.integers(len(nodes)))) for _ in range(2)]
        nodes.append(TreeNode(length=float(rng.exponential()), children=taken))
    return TreeNode(children=nodes)


@pytest.mark.parametrize("seed", range(5))
def test_the_cut_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    tree = random_unrooted(rng, 12)
    wanted = str(rooted_at_midpoint(tree))
    inner = [node for node in tree.traverse() if not node.is_tip() and node is not tree]
    for node in inner:
        assert rounded(rooted_at_midpoint(tree.root_at(node, reset=True))) == rounded(wanted)
        cut = tree.root_at(node, above=True, reset=True)  # within a branch: two at the top
        cut.rooted = False
        assert rounded(rooted_at_midpoint(cut)) == rounded(wanted)


def rounded(tree):
    read = TreeNode.read([str(tree)])
    for node in read.traverse():
        node.length = None if node.length is None else round(node.length, 9)
    return str(read)


def test_taxa_of_a_rank_do_not_depend_on_the_cut():
    rng = np.random.default_rng(3)
    tree = random_unrooted(rng, 14)
    names = sorted(tip.name for tip in tree.tips())
    table = pd.DataFrame({"genus": [f"g{k // 2}" for k in range(14)], "species": names})
    first = to_rank(tree, table, ("genus", "species"), "genus")
    assert (first.rooted, first.root) == (False, "midpoint")
    for node in [node for node in tree.traverse() if not node.is_tip()][1:6]:
        other = to_rank(tree.root_at(node, reset=True), table, ("genus", "species"), "genus")
        np.testing.assert_allclose(other.covariance, first.covariance, atol=1e-12)
        np.testing.assert_allclose(other.distances.data, first.distances.data, atol=1e-12)
    told = tree.copy()
    told.rooted = True
    assert to_rank(told, table, ("genus", "species"), "genus").rooted
