"""How much signal do the tests need? Power against Pagel's lambda, and how the tests compare.

Slow: run with ``make verify``; ``pytest -rP`` shows the tables. Looks evolve by Brownian motion on
one random tree a size; lambda takes away what relatives share. That permuting specimens instead of
taxa rejects too often is shown in ``test_type_one_error.py``.
"""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from null_worlds import in_worlds
from signal_worlds import lambda_world

LAMBDAS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
TESTS = ["kmult", "mantel_pearson", "mantel_spearman", "protest", "dcor", "lambda"]
WORLDS = 200
ERROR = np.sqrt(0.25 / WORLDS)  # the largest a share can have
SIZES = (30, 74)


def shares(**how: Any) -> pd.Series:
    """Share of worlds with p <= 0.05, by test."""
    found = in_worlds(partial(lambda_world, **how), range(WORLDS))[TESTS]
    return (found <= 0.05 + 1e-12).mean()


@pytest.fixture(scope="module")
def power() -> dict[int, pd.DataFrame]:
    """One row a lambda, one column a test; looks in eight axes."""
    tables = {}
    for n in SIZES:
        rows = {lambda_: shares(n=n, lambda_=lambda_) for lambda_ in LAMBDAS}
        tables[n] = pd.DataFrame(rows).T.rename_axis("lambda")
        print(f"\n{n} taxa: share of {WORLDS} worlds with p <= 0.05\n{tables[n].to_string()}")
    return tables


@pytest.mark.parametrize("n", SIZES)
def test_without_signal_a_twentieth_is_rejected(power, n):
    assert power[n].loc[0.0].max() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / WORLDS)


@pytest.mark.parametrize("n", SIZES)
def test_more_signal_is_found_more_often(power, n):
    assert (power[n].diff().dropna() >= -2 * ERROR).all(axis=None)
    assert (power[n].loc[1.0] > power[n].loc[0.1]).all()


@pytest.mark.parametrize("n", SIZES)
def test_brownian_looks_are_found(power, n):
    assert power[n].loc[1.0].min() >= 0.9


@pytest.mark.parametrize("n", [20, 30])
def test_kmult_finds_brownian_looks_more_often_than_mantel(n):
    """In a single axis, where it is hard."""
    found = shares(n=n, lambda_=1.0, axes=1)
    print(f"{n} taxa, one axis, lambda 1: {found.to_dict()}")
    assert found["kmult"] >= found[["mantel_pearson", "mantel_spearman"]].max()
    assert found["kmult"] >= 0.9


def test_two_sister_tips_almost_without_branches_cost_kmult_its_power(power):
    """A limit, not a feature: K divides by branches, and the shortest have the last word.

    Of the 74 tips two pairs are closer than a thousandth of the largest distance. Where looks hold
    anything that is not of the tree (lambda below 1), the difference between such sisters is all
    K_mult sees. The same tree with tips longer by a twentieth of its height loses nothing.
    """
    found = shares(n=74, lambda_=0.25, longer_tips=0.05)
    print(f"74 taxa, lambda 0.25, longer tips: {found.to_dict()}")
    assert power[74].loc[0.25, "kmult"] < 0.3
    assert power[74].loc[0.25].drop("kmult").min() > 0.8
    assert found["kmult"] > 0.7
