import numpy as np
import pytest
from sklearn.metrics import f1_score

from phylolens.paradigms.probe import cluster_scores, probe_score


def test_classes_apart_are_told_and_noise_is_not(related):
    data, _ = related
    new = data.new_species
    codes = np.unique(new.classes, return_inverse=True)[1]
    apart = np.eye(codes.max() + 1)[codes]
    assert probe_score(apart, new) == 1.0
    noise = np.random.default_rng(0).standard_normal((len(codes), 5))
    assert probe_score(noise, new) < 0.15


def test_macro_f1_counts_the_tested_classes_alone(related):
    data, _ = related
    new = data.new_species
    rng = np.random.default_rng(1)
    codes = np.unique(new.classes, return_inverse=True)[1]
    embedded = np.eye(codes.max() + 1)[codes] + 0.5 * rng.standard_normal((len(codes), 1))
    asked = np.unique(new.classes[new.test])
    assert len(asked) < len(np.unique(new.classes))
    flat = np.zeros((len(codes), 2))
    first = np.unique(new.classes[~new.test])[0]
    said = np.full(new.test.sum(), first)
    expected = f1_score(new.classes[new.test], said, labels=asked, average="macro", zero_division=0)
    assert probe_score(flat, new) <= max(expected, 1.0 / len(asked))
    assert 0.9 < probe_score(embedded, new) <= 1.0


def test_clusters_beside_permuted_labels(related):
    data, _ = related
    codes = np.unique(data.labels["genus"], return_inverse=True)[1]
    rng = np.random.default_rng(2)
    found = cluster_scores(np.eye(codes.max() + 1)[codes] * 10, data, 0)
    assert set(found) == {"subclass", "order", "family", "genus", "species"}
    assert found["genus"]["ari"] == pytest.approx(1.0)
    noise = cluster_scores(rng.standard_normal((len(codes), 4)), data, 0)
    for own in noise.values():
        assert abs(own["ari"]) < 0.1
        assert own["nmi"] == pytest.approx(own["nmi_permuted"], abs=0.12)
