from dataclasses import replace

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import make_learner
from phylolens.paradigms import choose_methods, run_bench
from phylolens.paradigms.evaluate import Refits, judge_method
from phylolens.paradigms.method import Method
from phylolens.stats._permutation import holm

FEW = ("euclidean", "gp")


def broken(material):
    raise InputError("it cannot be done.", hint="Do something else.")


def test_figures_are_those_of_the_parts(related):
    data, material = related
    found = run_bench(choose_methods(FEW), material, data, refits=19)
    rows = {row.name: row for row in found.methods}
    left_out = leave_clades_out(
        lambda: make_learner("gp", 0), data.sample, data.genetic, data.folds, inner_folds=data.inner
    )
    assert rows["gp"].skill == pytest.approx(skill(left_out, data.genetic))
    assert found.baselines.gp == pytest.approx(rows["gp"].skill)
    assert rows["gp"].kmult is None  # it saw the tree
    assert rows["euclidean"].kmult > 0.5
    assert rows["euclidean"].mantel > 0.5
    assert [row.p_holm for row in found.methods] == holm([row.p_value for row in found.methods])
    assert found.n_compared == 2
    assert found.best == max(rows, key=lambda name: rows[name].skill)
    assert list(found.table()["name"]) == list(FEW)


def test_equal_seeds_give_equal_rows(related):
    data, material = related
    one, other = (
        run_bench(choose_methods(FEW), material, data, refits=9).to_dict() for _ in range(2)
    )
    for rows in (one["methods"], other["methods"]):
        for row in rows:
            del row["seconds"], row["peak_mb"]
    assert one == other


def test_finished_methods_are_kept(related):
    data, material = related
    kept = {}

    def keep(name, make):
        if name not in kept:
            kept[name] = make()
        return kept[name]

    first = run_bench(choose_methods(["cosine"]), material, data, refits=0, keep=keep)
    kept["cosine"]["skill"] = 0.123
    again = run_bench(choose_methods(["cosine", "euclidean"]), material, data, refits=0, keep=keep)
    assert first.methods[0].skill != 0.123
    assert {row.name: row.skill for row in again.methods}["cosine"] == 0.123


def test_what_cannot_be_made_says_why(related):
    data, material = related

    def method(**more):
        return Method("m", "advanced/graph", broken, "nothing", "Nothing.", **more)

    views = replace(material, views=None)
    assert (
        "give --images" in judge_method(method(needs=("views",)), views, data, Refits(0))["why_not"]
    )
    absent = method(packages=("no_such_library",), extra="bench")
    assert (
        judge_method(absent, material, data, Refits(0))["why_not"]
        == "needs no_such_library: pip install 'phylolens[bench]'"
    )
    weights = method(needs=("checkpoint",), get="fetch them")
    assert "fetch them" in judge_method(weights, material, data, Refits(0))["why_not"]
    slow = method(cost="costly")
    assert "--budget full" in judge_method(slow, material, data, Refits(0))["why_not"]
    row = judge_method(method(), material, data, Refits(0))
    assert row["status"] == "not made"
    assert "it cannot be done" in row["why_not"]


def test_refits_that_would_take_too_long_are_not_made(related):
    data, material = related
    row = judge_method(choose_methods(["gp"])[0], material, data, Refits(99, 1e-6))
    assert row["p_value"] is None
    assert row["p_why"].startswith("not made: the refits would take about")


def test_distances_alone_are_not_asked_for_images(related):
    data, material = related
    euclidean = choose_methods(["euclidean"])[0]
    row = judge_method(replace(euclidean, gives="distances"), material, data, Refits(0))
    assert row["recall_at_1"] is None
    assert row["macro_f1_unseen_species"] is None
    assert np.isfinite(row["skill"])
    assert row["mantel"] > 0.5
