"""Every method: no skill where images say nothing of the tree, some where relatives look alike."""

import pytest

from phylolens.paradigms.evaluate import Refits, judge_method
from phylolens.paradigms.registry import registered

METHODS = list(registered().values())
CHANCE, SOME = 0.15, 0.05  # the most that chance gave here, and less than any learner reached


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_no_skill_without_a_relation(method, unrelated):
    data, material = unrelated
    row = judge_method(method, material, data, Refits(0))
    if row["why_not"]:
        pytest.skip(row["why_not"])
    assert -0.3 < row["skill"] < CHANCE


@pytest.mark.parametrize(
    "method", [one for one in METHODS if one.sees == "tree"], ids=lambda method: method.name
)
def test_skill_where_relatives_look_alike(method, related):
    data, material = related
    row = judge_method(method, material, data, Refits(0))
    if row["why_not"]:
        pytest.skip(row["why_not"])
    assert row["skill"] > SOME
