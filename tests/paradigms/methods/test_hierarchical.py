import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from phylolens.classification.heads.soft_targets import softmax_targets
from phylolens.paradigms.methods.hierarchical import _fit, _lineage
from phylolens.paradigms.rank_places import contradictions, share_contradicted

LINEAGE = pd.DataFrame({"order": ["A", "A", "B"], "family": ["x", "y", "z"]}, index=["x", "y", "z"])


def test_contradictions_against_a_count_by_hand():
    said = {
        "family": np.array(["x", "y", "z", "z"]),
        "order": np.array(["A", "B", "B", "A"]),
    }
    assert share_contradicted(said, LINEAGE) == 0.5
    assert share_contradicted({"family": said["family"]}, LINEAGE) is None


def test_figures_of_species_never_seen(related):
    data, material = related
    learner = _fit(material, "sequential", False)
    found = contradictions(material, data, learner)
    assert found["macro_f1_genus"] > 0.5
    assert 0 <= found["contradictions"] < 0.5
    assert {"macro_f1_order", "macro_f1_family"} <= set(found)


def test_relatives_share_in_the_target_of_training_taxa_alone(related):
    data, material = related
    kept = np.arange(10, len(data.sample))
    learner = _fit(material, "parallel", True)
    learner.fit(data.sample.take(kept), data.genetic[np.ix_(kept, kept)], data.folds[kept])
    names = [data.sample.taxa[place] for place in kept]
    assert list(learner.head_.classes_) == sorted(names)
    expected = softmax_targets(
        sorted(names),
        (tuple(names), data.genetic[np.ix_(kept, kept)]),
        learner.head_.temperature,
    )
    assert learner.head_.targets()[0] == pytest.approx(expected)
    hard = _fit(material, "parallel", False)
    hard.fit(data.sample.take(kept), data.genetic[np.ix_(kept, kept)], data.folds[kept])
    assert np.array_equal(hard.head_.targets()[0], np.eye(len(kept)))


def test_lineages_end_at_the_rank_of_comparison(related):
    _, material = related
    found = _lineage(material)
    assert list(found.columns) == ["subclass", "order", "family", "genus"]
    assert found.index.is_unique


def test_a_rank_of_which_no_taxon_was_trained_on_has_no_figure(related):
    """Species held out cannot be named as species; a genus among them that is new counts less."""
    data, material = related
    learner = _fit(material, "sequential", False)
    whole = contradictions(material, data, learner)
    new = data.new_species
    assert new is not None
    tested = {data.sample.taxa[code] for code in data.sample.codes[new.test]}
    taught = {data.sample.taxa[code] for code in data.sample.codes[~new.test]}

    class Forgetful:
        fit, answers = learner.fit, learner.answers

        @property
        def classes_by_rank(self):
            known = learner.classes_by_rank
            return known | {"genus": np.array(sorted(taught - tested), dtype=str)}

    found = contradictions(material, data, Forgetful())
    assert "macro_f1_genus" not in found
    assert found == {key: value for key, value in whole.items() if key != "macro_f1_genus"}
