from dataclasses import replace

import numpy as np
import pytest
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.paradigms.evaluate import Refits, judge_method
from phylolens.paradigms.methods.barcodes import Barcodes
from phylolens.paradigms.registry import registered


def test_distances_are_found_by_name(related):
    data, _ = related
    names = list(data.sample.taxa)
    order = np.random.default_rng(0).permutation(len(names))
    mixed = DistanceMatrix(data.genetic[np.ix_(order, order)], [names[place] for place in order])
    kept, out = np.arange(5, len(names)), np.arange(5)
    learner = Barcodes(mixed).fit(data.sample.take(kept), data.genetic, data.folds)
    assert learner.predict(data.sample.take(out)) == pytest.approx(data.genetic[:5, 5:])
    assert learner.between(data.sample.take(out)) == pytest.approx(data.genetic[:5, :5])
    assert learner.left_out([]) == pytest.approx(data.genetic[5:, 5:])


def test_the_tree_itself_has_all_the_skill_and_chance_has_none(related):
    data, material = related
    names = data.sample.taxa
    method = registered()["barcodes"]
    true = replace(material, barcodes=DistanceMatrix(data.genetic, names))
    assert judge_method(method, true, data, Refits(0))["skill"] == pytest.approx(1.0)
    order = np.random.default_rng(1).permutation(len(names))
    other = DistanceMatrix(data.genetic[np.ix_(order, order)], names)
    row = judge_method(method, replace(material, barcodes=other), data, Refits(99))
    assert abs(row["skill"]) < 0.15
    assert row["p_value"] is None
    assert row["recall_at_1"] is None
    assert "--barcodes" in judge_method(method, material, data, Refits(0))["why_not"]


def test_a_taxon_without_a_barcode_is_named(related):
    data, _ = related
    some = DistanceMatrix(data.genetic[1:, 1:], data.sample.taxa[1:])
    with pytest.raises(InputError, match=data.sample.taxa[0]):
        Barcodes(some).fit(data.sample, data.genetic, data.folds)
