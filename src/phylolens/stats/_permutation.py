"""One permutation engine for every test: permute taxa, count the null that reaches the observed."""

from collections.abc import Callable
from itertools import permutations as all_orders
from math import factorial

import numpy as np

from phylolens.errors import InputError
from phylolens.values import TestResult

EXACT_UP_TO = 8  # 8! = 40,320 orders; with fewer taxa random draws would only repeat themselves
QUANTILES = (0.025, 0.5, 0.9, 0.95, 0.975, 0.99)
HISTOGRAM_BINS = 40
TIE = 1e-12  # sums of the same terms in another order must count as equal

Statistic = Callable[[np.ndarray], float]


def orders(n: int, permutations: int, seed: int) -> tuple[np.ndarray, bool]:
    """Return the orders of n taxa to try, one a row, and whether they are all there are.

    For n <= 8 all n! orders, the identity among them; otherwise ``permutations`` random ones.
    """
    if n <= EXACT_UP_TO:
        return np.array(list(all_orders(range(n)))).reshape(factorial(n), n), True
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(n) for _ in range(permutations)]).reshape(-1, n), False


def permutation_test(
    name: str,
    statistic: Statistic,
    n: int,
    *,
    permutations: int = 999,
    alternative: str = "greater",
    seed: int = 0,
) -> TestResult:
    """Test ``statistic`` against its distribution under permuted taxa.

    Parameters
    ----------
    name : str
        Name of the test.
    statistic : callable
        Takes an order of the taxa (int array, shape (n,)) and returns a number; the identity
        gives the observed value.
    n : int
        Number of taxa.
    permutations : int
        Random permutations when n > 8.
    alternative : {'greater', 'less', 'two-sided'}
        Two-sided compares absolute values.
    seed : int
        Seed of the permutations.

    Returns
    -------
    TestResult
        p = (count(null >= observed) + 1) / (permutations + 1), ties counting (Phipson & Smyth
        2010, Stat. Appl. Genet. Mol. Biol. 9:39); for n <= 8 the exact share of all orders.
    """
    if alternative not in ("greater", "less", "two-sided"):
        raise InputError(f"unknown alternative '{alternative}': greater, less or two-sided.")
    if permutations < 1:
        raise InputError(f"at least one permutation is needed; got {permutations}.")
    observed = float(statistic(np.arange(n)))
    tried, exact = orders(n, permutations, seed)
    null = np.array([statistic(order) for order in tried])
    reached = _reaches(null, observed, alternative)
    p_value = reached / len(null) if exact else (reached + 1) / (len(null) + 1)
    counts, edges = np.histogram(null, bins=HISTOGRAM_BINS)
    return TestResult(
        name=name,
        statistic=observed,
        p_value=p_value,
        n=n,
        n_permutations=len(null),
        alternative=alternative,
        seed=seed,
        exact=exact,
        null_quantiles={str(q): float(np.quantile(null, q)) for q in QUANTILES},
        null_histogram={"edges": edges.tolist(), "counts": counts.tolist()},
    )


def _reaches(null: np.ndarray, observed: float, alternative: str) -> int:
    slack = TIE * max(1.0, abs(observed))
    if alternative == "greater":
        return int(np.count_nonzero(null >= observed - slack))
    if alternative == "less":
        return int(np.count_nonzero(null <= observed + slack))
    return int(np.count_nonzero(np.abs(null) >= abs(observed) - slack))
