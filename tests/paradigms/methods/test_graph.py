"""Networks on the tree against loops; taxa without images; which tree the graph is of."""

import numpy as np
import pytest
from skbio import DistanceMatrix, TreeNode

torch = pytest.importorskip("torch")

from phylolens.paradigms.graph import ROUNDS, SLOPE, first_weights, messages  # noqa: E402
from phylolens.paradigms.tree_graph import TreeGraph, neighbours  # noqa: E402

NEWICK = "((a:1,b:2):1,(c:1,(d:0.5,e:0.5):1):2);"


@pytest.fixture(scope="module")
def graph():
    tree = TreeNode.read([NEWICK])
    names = list("abcde")
    return neighbours(tree.cophenet().filter(names).data)


def test_the_tree_that_distances_came_from_is_joined(graph):
    """Branches of additive distances are found again: weights are one over their length."""
    assert graph.shape == (8, 8)
    assert graph.sum(axis=1) == pytest.approx(1.0)
    assert (np.diag(graph) == 0).all()
    assert (graph[:5, :5] == 0).all()  # tips hang on inner nodes alone
    (of_d,), (of_e,) = (np.flatnonzero(graph[tip]) for tip in (3, 4))
    assert of_d == of_e  # the cherry
    inner = graph[of_d]
    assert inner[3] == pytest.approx(inner[4])  # branches of the same length


def test_few_taxa_hang_on_one_node():
    found = neighbours(np.array([[0.0, 1, 2], [1, 0, 2], [2, 2, 0]]))
    assert found.shape == (4, 4)
    assert found[3, :3] == pytest.approx(1 / 3)


@pytest.mark.parametrize("attention", [False, True])
def test_messages_against_loops(graph, attention):
    rng = np.random.default_rng(0)
    weights = first_weights(4, 3, rng)
    inputs = np.zeros((8, 3), dtype=np.float32)
    inputs[:5] = rng.standard_normal((5, 3))
    tensors = {name: torch.tensor(value) for name, value in weights.items()}
    found = messages(
        tensors,
        torch.tensor(inputs),
        torch.tensor(graph, dtype=torch.float32),
        attention=attention,
    ).numpy()
    states = inputs.astype(float)
    for _ in range(ROUNDS):
        new = np.zeros_like(states)
        for node in range(8):
            others = np.flatnonzero(graph[node])
            shares = graph[node, others]
            if attention:
                scores = np.array(
                    [states[node] @ weights["to"] + states[one] @ weights["from"] for one in others]
                )
                scores = np.where(scores > 0, scores, SLOPE * scores) + np.log(shares)
                shares = np.exp(scores) / np.exp(scores).sum()
            heard = sum(share * states[one] for share, one in zip(shares, others, strict=True))
            new[node] = np.tanh(states[node] @ weights["own"] + heard @ weights["others"])
        states = new + inputs
    assert found == pytest.approx(states, abs=1e-4)


def test_images_that_are_hidden_have_no_part(related):
    data, _ = related
    hidden = np.zeros(len(data.sample), dtype=bool)
    hidden[[2, 7, 11]] = True
    one = TreeGraph(steps=5).fit_hiding(data.sample, data.genetic, data.folds, hidden)
    order = np.arange(len(data.sample))
    order[[2, 7, 11]] = [30, 31, 32]  # the hidden taxa get images of others
    other = TreeGraph(steps=5).fit_hiding(
        data.sample.permuted(order), data.genetic, data.folds, hidden
    )
    assert one.known_places == pytest.approx(other.known_places, abs=1e-5)


def test_a_fit_to_the_tree_beats_none(related):
    data, _ = related
    start = TreeGraph(steps=0).fit(data.sample, data.genetic, data.folds)
    found = TreeGraph(steps=150).fit(data.sample, data.genetic, data.folds)
    upper = np.triu_indices(len(data.sample), k=1)

    def error(learner):
        predicted = learner.predict(data.sample)
        scale = data.genetic[upper].mean()
        return ((predicted[upper] * scale - data.genetic[upper]) ** 2).mean()

    assert error(found) < 0.6 * error(start)
    again = TreeGraph(steps=150).fit(data.sample, data.genetic, data.folds)
    assert np.array_equal(found.known_places, again.known_places)
    assert (
        found.trained_parameters
        < TreeGraph(attention=True, steps=1)
        .fit(data.sample, data.genetic, data.folds)
        .trained_parameters
    )


def test_ids_of_the_matrix_do_not_matter(graph):
    order = [3, 1, 0, 4, 2]
    tree = TreeNode.read([NEWICK]).cophenet().filter([list("abcde")[place] for place in order])
    other = neighbours(DistanceMatrix(tree.data).data)
    assert sorted(np.round(other[other > 0], 6)) == sorted(np.round(graph[graph > 0], 6))
