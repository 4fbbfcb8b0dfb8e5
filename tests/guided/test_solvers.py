"""Minimisations that wait for each other end where each would end alone."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from phylolens.guided.learners.solvers import minimise_together

STARTS = [np.random.default_rng(k).normal(size=4) for k in range(6)]


def together(starts, asked=None, steps=200):
    def evaluate(numbers, points):
        if asked is not None:
            asked.append(tuple(numbers))
        return [(rosen(x) * (k + 1), rosen_der(x) * (k + 1)) for k, x in zip(numbers, points)]  # noqa: B905

    return minimise_together(evaluate, starts, steps=steps, tolerance=1e-12)


def test_each_ends_where_it_would_alone():
    for number, found in enumerate(together(STARTS)):
        alone = minimize(
            lambda x, k=number: (rosen(x) * (k + 1), rosen_der(x) * (k + 1)),
            STARTS[number],
            jac=True,
            method="L-BFGS-B",
            options={"ftol": 1e-12, "gtol": 1e-9, "maxiter": 200, "maxfun": 600},
        )
        np.testing.assert_array_equal(found.point, alone.x)
        assert found.evaluations == alone.nfev
        assert found.curve[0] == rosen(STARTS[number]) * (number + 1)
        assert found.curve[-1] == alone.fun
        assert (np.diff(found.curve) <= 0).all()


def test_all_that_still_run_are_evaluated_together():
    asked: list[tuple[int, ...]] = []
    found = together(STARTS, asked)
    for step, numbers in enumerate(asked):
        running = tuple(k for k, one in enumerate(found) if one.evaluations > step)
        assert numbers == running
    again: list[tuple[int, ...]] = []
    together(STARTS, again)
    assert again == asked


def test_steps_are_bounded():
    for found in together(STARTS, steps=3):
        assert len(found.curve) <= 4


@pytest.mark.parametrize("n", [1, 3])
def test_an_error_reaches_the_caller(n):
    def evaluate(numbers, points):
        raise ZeroDivisionError("no value")

    with pytest.raises(ZeroDivisionError, match="no value"):
        minimise_together(evaluate, STARTS[:n], steps=5, tolerance=1e-6)
