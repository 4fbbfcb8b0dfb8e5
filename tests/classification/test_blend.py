"""The blend of heads against dictionaries and loops, its temperatures against the softmax."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB

from phylolens.classification.blend import OWN_SHARE, RankBlend, tempered, with_rest
from phylolens.classification.heads import choice_of, fit_head, probabilities
from phylolens.classification.heads.inner_choice import InnerChoice, frozen_of, split_choice
from phylolens.classification.heads.prototype import Prototype
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.transform import with_steps

RANKS = ("order", "family", "species")


@pytest.fixture(scope="module")
def gaps(nested_world):
    """A table in which some rows are named to the family or the order only."""
    features, table = nested_world()
    table.loc[::7, "species"] = None
    table.loc[::14, "family"] = None
    table = table.set_index("file", drop=False)
    tree = TaxonTree.of(table, RANKS)
    labels = np.array([tree.name(node) for node in tree.node_of(table)])
    assert {label.partition(":")[0] for label in labels} == set(RANKS), "leaves of every rank"
    return features.matrix, table, tree, labels


@pytest.fixture(scope="module")
def fitted(gaps) -> RankBlend:
    matrix, table, tree, labels = gaps
    return RankBlend.fit(Prototype(), tree, matrix, labels, table["specimen_id"].to_numpy(str))


def undivided(tree: TaxonTree, labels: np.ndarray) -> np.ndarray:
    """Rows whose taxon has no finer one in the tree: the others have a blank."""
    parents = set(tree.nodes["parent"])
    return np.array([tree.number(label) not in parents for label in labels])


def above(tree: TaxonTree, name: str) -> list[str]:
    """A taxon and its ancestors, one parent after the other."""
    node, found = tree.number(name), []
    while node >= 0:
        found.append(tree.name(node))
        node = int(tree.nodes["parent"].iloc[node])
    return found


def test_raw_is_leaf_sums_averaged_with_own_heads(gaps, fitted):
    matrix, table, tree, labels = gaps
    asked, groups = matrix[:25], table["specimen_id"].to_numpy(str)
    tips = undivided(tree, labels)
    assert 0 < tips.sum() < len(tips)
    leaf = fit_head(Prototype(), matrix[tips], labels[tips], groups[tips])
    own = {}
    for rank in RANKS[:-1]:
        rows = table[rank].notna().to_numpy()
        names = f"{rank}:" + table[rank][rows]
        own[rank] = fit_head(Prototype(), matrix[rows], names.to_numpy(str), groups[rows])
    expected = np.zeros((len(asked), len(tree)))
    for row, chances in enumerate(leaf.predict_proba(asked)):
        sums = {tree.name(node): 0.0 for node in range(len(tree))}
        for name, chance in zip(leaf.classes_, chances, strict=True):
            for taxon in above(tree, name):
                sums[taxon] += chance
        for head in own.values():
            for name, chance in zip(head.classes_, head.predict_proba(asked[row : row + 1])[0],
                                    strict=True):  # fmt: skip
                sums[name] = (sums[name] + chance) / 2
        expected[row] = [sums[tree.name(node)] for node in range(len(tree))]
    assert OWN_SHARE == 0.5
    np.testing.assert_allclose(fitted.raw(asked), expected, atol=1e-12)


def test_the_finest_rank_and_ranks_of_one_taxon_have_no_own_head(gaps, nested_world):
    matrix, table, tree, labels = gaps
    groups = table["specimen_id"].to_numpy(str)
    assert set(RankBlend.fit(Prototype(), tree, matrix, labels, groups).own) == {"order", "family"}
    rows = (table["order"] == "O0").to_numpy()
    one = TaxonTree.of(table[rows], RANKS)
    blend = RankBlend.fit(Prototype(), one, matrix[rows], labels[rows], groups[rows])
    assert set(blend.own) == {"family"}
    np.testing.assert_allclose(blend.raw(matrix)[:, one.at_rank("order")], 1, atol=1e-12)


def test_a_head_that_chooses_lends_its_transforms_to_heads_that_choose_for_themselves(gaps):
    matrix, table, tree, labels = gaps
    groups = table["specimen_id"].to_numpy(str)
    head = InnerChoice(("prototype", "lda:0.6"), ("root", "centre", "unit"))
    blend = RankBlend.fit(head, tree, matrix, labels, groups)
    rooted = np.sign(matrix) * np.sqrt(np.abs(matrix))
    centred = rooted - rooted[undivided(tree, labels)].mean(axis=0)
    inside = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(split_choice(blend.leaf)[0](matrix), inside, atol=1e-4)
    for rank, own in blend.own.items():
        rows = table[rank].notna().to_numpy()
        names = (f"{rank}:" + table[rank][rows]).to_numpy(str)
        expected = fit_head(clone(own), inside[rows], names, labels[rows])
        assert choice_of(own).head == choice_of(expected).head
        np.testing.assert_allclose(
            probabilities(own, inside[:9]), probabilities(expected, inside[:9]), atol=1e-3
        )


def test_own_heads_choose_with_whole_finest_taxa_left_out(gaps, monkeypatch):
    matrix, table, tree, labels = gaps
    told = []
    whole = InnerChoice.fit

    def spy(self, X, y, groups=None):
        told.append((len(X), groups))
        return whole(self, X, y, groups)

    monkeypatch.setattr(InnerChoice, "fit", spy)
    specimens = table["specimen_id"].to_numpy(str)
    RankBlend.fit(InnerChoice(("prototype", "lda:0.6"), ()), tree, matrix, labels, specimens)
    (_, first), *others = told
    np.testing.assert_array_equal(first, specimens[undivided(tree, labels)])
    assert len(others) == 2
    for (_, groups), rank in zip(others, ("order", "family"), strict=True):
        np.testing.assert_array_equal(groups, labels[table[rank].notna().to_numpy()])


def test_unfitted_heads_keep_their_choices(gaps):
    matrix, table, tree, labels = gaps
    groups = table["specimen_id"].to_numpy(str)
    head = InnerChoice(("prototype", "lda:0.6"), ())
    blend = RankBlend.fit(head, tree, matrix, labels, groups)
    leaf, own = blend.unfitted()
    assert leaf.candidates == (blend.leaf.choice_,)
    assert not hasattr(leaf, "classes_")
    assert {rank: each.candidates for rank, each in own.items()} == {
        rank: (each.choice_,) for rank, each in blend.own.items()
    }
    again = RankBlend.fit(leaf, tree, matrix, labels, groups, own)
    np.testing.assert_allclose(again.raw(matrix[:9]), blend.raw(matrix[:9]), atol=1e-12)


def test_choices_are_kept_behind_transforms_and_plain_heads_are_cloned(gaps):
    matrix, _, _, labels = gaps
    piped = with_steps(("root", "unit"), InnerChoice(("prototype", "lda:0.6"), ()), 0)
    fit_head(piped, matrix, labels)
    frozen = frozen_of(piped)
    assert frozen[-1].candidates == (piped[-1].choice_,)
    assert [name for name, _ in frozen.steps] == [name for name, _ in piped.steps]
    transform, classifier = split_choice(piped)
    answers = classifier.predict_proba(transform(matrix[:9]))
    np.testing.assert_allclose(answers, piped.predict_proba(matrix[:9]), atol=1e-12)
    plain = GaussianNB().fit(matrix, labels)
    assert not hasattr(frozen_of(plain), "classes_")
    assert split_choice(plain)[1] is plain
    assert split_choice(plain)[0](matrix) is matrix


# Temperatures


@pytest.fixture(scope="module")
def small():
    nodes = [("order", "A", -1), ("order", "B", -1), ("family", "a1", 0), ("family", "a2", 0),
             ("family", "b1", 1)]  # fmt: skip
    tree = TaxonTree(("order", "family"), pd.DataFrame(nodes, columns=["rank", "taxon", "parent"]))
    raw = np.array([[0.6, 0.4, 0.5, 0.1, 0.4], [0.1, 0.9, 0.3, 0.1, 0.2], [1.0, 0, 0, 1.0, 0]])
    return tree, raw


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_tempered_against_a_loop(small, temperature):
    tree, raw = small
    at = {"order": 1.0, "family": temperature}
    found = tempered(tree, raw, at)
    for row, shares in enumerate(raw):
        expected = {}
        for nodes, power in (((0, 1), 1.0), ((2, 3, 4), 1 / temperature)):
            rest = max(0.0, 1 - sum(shares[node] for node in nodes))
            total = sum(shares[node] ** power for node in nodes) + rest**power
            for node in nodes:
                expected[node] = shares[node] ** power / total
        for child, parent in ((2, 0), (3, 0), (4, 1)):
            expected[child] = min(expected[child], expected[parent])
        np.testing.assert_allclose(found[row], [expected[n] for n in range(5)], atol=1e-9)


def test_tempered_leaves_its_input_alone_and_nests(small):
    tree, raw = small
    before = raw.copy()
    found = tempered(tree, raw, {"family": 0.3})
    np.testing.assert_array_equal(raw, before)
    parents = tree.nodes["parent"].to_numpy()
    inner = parents >= 0
    assert (found[:, inner] <= found[:, parents[inner]]).all()
    np.testing.assert_allclose(tempered(tree, raw, {}), tree.capped(raw))


def test_capped_goes_down_several_ranks():
    rows = [("order", "A", -1), ("family", "a", 0), ("genus", "g", 1), ("genus", "h", 0),
            ("genus", "k", -1)]  # fmt: skip
    nodes = pd.DataFrame(rows, columns=["rank", "taxon", "parent"])
    tree = TaxonTree(("order", "family", "genus"), nodes)
    given = np.array([[0.2, 0.5, 0.9, 0.4, 0.7], [0.8, 0.1, 0.05, 0.9, 0.0]])
    expected = [[0.2, 0.2, 0.2, 0.2, 0.7], [0.8, 0.1, 0.05, 0.8, 0.0]]
    np.testing.assert_array_equal(tree.capped(given), expected)
    assert given[0, 1] == 0.5, "the input stays"


def test_with_rest_never_goes_below_zero():
    found = with_rest(np.array([[0.2, 0.3], [0.6, 0.6]]))
    np.testing.assert_allclose(found, [[0.2, 0.3, 0.5], [0.6, 0.6, 0.0]])


def test_the_best_taxon_of_a_rank_is_named(gaps, fitted):
    matrix, _, tree, _ = gaps
    marginals = fitted.marginals(matrix[:12])
    names, chances = fitted.at_rank(marginals, "family")
    nodes = [n for n in range(len(tree)) if tree.nodes["rank"].iloc[n] == "family"]
    for row in range(12):
        best = max(nodes, key=lambda node: marginals[row, node])
        assert names[row] == tree.nodes["taxon"].iloc[best]
        assert chances[row] == marginals[row, best]
