"""Values are checked when made and trusted after."""

import json

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.values import Features, TestResult


def test_take_follows_the_ids_asked_for():
    matrix = np.arange(8).reshape(4, 2)
    taken = Features(("a", "b", "c", "d"), matrix, {"backbone": "x"}).take(["c", "a"])
    assert taken.ids == ("c", "a")
    np.testing.assert_array_equal(taken.matrix, [[4, 5], [0, 1]])
    assert taken.spec == {"backbone": "x"}


def test_take_names_ids_without_row():
    with pytest.raises(InputError, match="'z'"):
        Features(("a",), np.ones((1, 2))).take(["a", "z"])


def test_features_become_float32_and_string_ids():
    features = Features((1, 2), np.eye(2, dtype=int))
    assert features.matrix.dtype == np.float32
    assert features.ids == ("1", "2")
    assert len(features) == 2


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e39])
def test_values_that_are_not_finite_are_refused_by_id(wrong):
    matrix = np.ones((3, 2))
    matrix[1, 0] = wrong
    with pytest.raises(InputError, match="'b'"):
        Features(("a", "b", "c"), matrix)


def test_repeated_ids_are_refused():
    with pytest.raises(InputError, match="unique") as caught:
        Features(("a", "b", "a", 1, "1"), np.ones((5, 1)))
    assert caught.value.ids == ("1", "a")


@pytest.mark.parametrize("shape", [(3, 2), (2,), (2, 2, 2)])
def test_shapes_that_do_not_fit_two_ids_are_refused(shape):
    with pytest.raises(InputError, match="one row an id"):
        Features(("a", "b"), np.ones(shape))


@pytest.mark.parametrize(("exact", "count", "smallest"), [(False, 999, 0.001), (True, 24, 1 / 24)])
def test_smallest_p(exact, count, smallest):
    result = TestResult("t", 0.5, 0.2, 4, count, "greater", 0, exact=exact)
    assert result.smallest_p == smallest
    assert json.loads(json.dumps(result.to_dict()))["smallest_p"] == smallest
