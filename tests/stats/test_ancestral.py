import io
import json

import numpy as np
import pytest
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import covariance
from phylolens.stats.ancestral import ancestral_states


def read(text):
    return TreeNode.read(io.StringIO(text), format="newick", convert_underscores=False)


def below(node):
    return "|".join(sorted(tip.name for tip in node.tips()))


def test_equals_fast_anc_of_phytools(reference):
    known = json.loads((reference / "ancestral.json").read_text())
    tree = read(known["tree"])
    found = ancestral_states(tree, known["tips"], np.array(known["traits"]).T)
    assert found.shape == (27, 2)
    for row, node in enumerate(tree.preorder()):
        if node.is_tip():
            place = known["tips"].index(node.name)
            assert found[row].tolist() == [trait[place] for trait in known["traits"]]
        else:
            expected = [states[below(node)] for states in known["states"]]
            assert found[row] == pytest.approx(expected, abs=1e-9)


def test_root_with_polytomies_is_the_mean_of_generalised_least_squares(reference):
    text = (reference / "small_tree.nwk").read_text().replace("Lithophaga:0)", "Lithophaga:0.01)")
    tree = read(text)
    c = covariance(tree)
    values = np.random.default_rng(3).normal(size=len(c))
    weights = np.linalg.solve(c.to_numpy(), np.ones(len(c)))
    root = ancestral_states(tree, list(c.index), values)[0]
    assert root == pytest.approx(weights @ values / weights.sum(), abs=1e-9)


def test_order_of_the_tips_makes_no_difference():
    tree = read("((a:1,b:2):1,(c:1,d:3):0.5);")
    values = {"a": 1.0, "b": -2.0, "c": 0.5, "d": 4.0}
    forth = ancestral_states(tree, list(values), np.array(list(values.values())))
    back = ancestral_states(tree, list(values)[::-1], np.array(list(values.values())[::-1]))
    assert forth.tolist() == back.tolist()


def test_a_node_at_a_tip_without_branch_takes_its_value():
    tree = read("((a:0,b:1):1,c:1);")
    found = ancestral_states(tree, ["a", "b", "c"], np.array([5.0, 1.0, 2.0]))
    assert found[1] == pytest.approx(5.0, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "tips", "problem"),
    [
        ("((a:1,b:1):1,c:1);", ["a", "b", "d"], "not the taxa"),
        ("((a:1,b:1):1,c:1);", ["a", "b", "c", "c"], "not the taxa"),
        ("((a:-1,b:1):1,c:1);", ["a", "b", "c"], "negative"),
        ("((a,b),c);", ["a", "b", "c"], "length zero"),
    ],
)
def test_bad_trees_are_refused(text, tips, problem):
    with pytest.raises(InputError, match=problem):
        ancestral_states(read(text), tips, np.zeros(len(tips)))
