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
