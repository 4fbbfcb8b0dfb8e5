"""Scores of clades held out, for two learners to be compared."""

import numpy as np
import pytest

from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import make_learner
from phylolens.paradigms import choose_methods
from phylolens.paradigms.clade_scores import (
    CladeScores,
    clade_scores,
    few_images,
    gain_of_precision,
    gain_of_skill,
    lighter,
)
from phylolens.paradigms.evaluate import Refits, judge_method


def make():
    return make_learner("gp", 0)


def test_clades_sum_up_to_the_figures_of_the_bench(related):
    data, material = related
    found = clade_scores(make, data, data.inner)
    row = judge_method(choose_methods(["gp"])[0], material, data, Refits(0))
    left_out = leave_clades_out(make, data.sample, data.genetic, data.folds, inner_folds=data.inner)
    assert found.skill == pytest.approx(skill(left_out, data.genetic))
    assert found.mean_average_precision == pytest.approx(row["map"])
    assert len(found.errors) == data.clades.n
    assert found.queried.sum() == row["n_queried_taxa"]
    one = data.clades.groups == 3
    errors = np.nansum((left_out.guided[one] - data.genetic[one]) ** 2)
    assert found.errors[3] == pytest.approx(errors)


def test_without_inner_folds_only_images_are_asked(related):
    data, _ = related
    found = clade_scores(make, data, folds=3)
    assert found.errors.sum() == found.free.sum() == 0
    assert 0 < found.mean_average_precision < 1


def test_gains_are_those_of_the_totals():
    better = CladeScores(np.arange(5.0), np.full(5, 10.0), np.full(5, 2.0), np.full(5, 3))
    worse = CladeScores(np.arange(5.0) + 1, np.full(5, 10.0), np.full(5, 1.0), np.full(5, 3))
    assert gain_of_skill("s", [better], [worse]).value == pytest.approx(better.skill - worse.skill)
    assert gain_of_precision("m", [better], [worse]).value == pytest.approx(1 / 3)


def test_few_images_keep_every_taxon(related):
    data, _ = related
    few = few_images(data.sample, 2, 0)
    assert few.taxa == data.sample.taxa
    assert list(few.sizes) == [min(2, size) for size in data.sample.sizes]
    assert few_images(data.sample, 2, 0).ids == few.ids != few_images(data.sample, 2, 1).ids
    place = data.sample.ids.index(few.ids[7])
    np.testing.assert_array_equal(few.matrix()[7], data.sample.matrix()[place])
    light = lighter(data, 2, 0)
    assert tuple(light.labels.index) == light.sample.ids
    assert light.new_species is None
