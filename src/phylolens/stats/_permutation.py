"""One permutation engine for every test: permute taxa, count the null that reaches the observed."""

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations as all_orders
from math import factorial, prod

import numpy as np
from scipy.stats import boxcox

from phylolens.errors import InputError
from phylolens.random import stream
from phylolens.values import TestResult

EXACT_UP_TO = 8  # 8! = 40,320 orders; with fewer taxa random draws would only repeat themselves
QUANTILES = (0.025, 0.5, 0.9, 0.95, 0.975, 0.99)
HISTOGRAM_BINS = 40
NARROW = 0.05  # a null of so small a relative range is not bent by a power worth speaking of
TIE = 1e-12  # sums of the same terms in another order must count as equal
ALTERNATIVES = ("greater", "less", "two-sided")
Statistic = Callable[[np.ndarray], float]


def orders(
    n: int, permutations: int, seed: int, blocks: np.ndarray | None = None
) -> tuple[np.ndarray, bool]:
    """Return the orders of n taxa to try, one a row, and whether they are all there are.

    Parameters
    ----------
    n : int
        Number of taxa.
    permutations : int
        Random orders, when there are more than 8! = 40,320 possible ones; otherwise all of them,
        the identity first.
    seed : int
        Seed of the random orders.
    blocks : int array, shape (n,), optional
        Taxa are permuted among those of the same code only.

    Returns
    -------
    orders : int array, shape (m, n)
    exact : bool
    """
    codes = np.zeros(n, dtype=int) if blocks is None else np.asarray(blocks)
    members = [np.flatnonzero(codes == code) for code in np.unique(codes)]
    if prod(factorial(len(rows)) for rows in members) <= factorial(EXACT_UP_TO):
        return np.array(list(_all(n, members))).reshape(-1, n), True
    rng = stream(seed, "stats.permutations")
    found = np.tile(np.arange(n), (permutations, 1))
    for rows in members:
        if len(rows) > 1:
            columns = rows if len(rows) < n else slice(None)  # a slice is not copied
            found[:, columns] = rng.permuted(found[:, columns], axis=1)
    return found, False


def _all(n: int, members: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield every order within blocks, the identity first."""
    if not members:
        yield np.arange(n)
        return
    rows, others = members[0], members[1:]
    for rest in _all(n, others):
        for order in all_orders(rows):
            whole = rest.copy()
            whole[rows] = order
            yield whole


def permutation_test(
    name: str,
    statistic: Statistic,
    n: int,
    *,
    permutations: int = 999,
    alternative: str = "greater",
    seed: int = 0,
    blocks: np.ndarray | None = None,
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
    blocks : int array, shape (n,), optional
        Permute within blocks only (see :func:`orders`).

    Returns
    -------
    TestResult
        See :func:`result_of`.
    """
    require_permutations(permutations)
    tried, exact = orders(n, permutations, seed, blocks)
    observed = float(statistic(np.arange(n)))
    null = np.array([statistic(order) for order in tried])
    return result_of(name, observed, null, exact, n, alternative=alternative, seed=seed)


def require_permutations(permutations: int) -> None:
    """Raise :class:`InputError` for less than one permutation."""
    if permutations < 1:
        raise InputError(f"at least one permutation is needed; got {permutations}.")


def result_of(
    name: str,
    observed: float,
    null: np.ndarray,
    exact: bool,
    n: int,
    *,
    alternative: str = "greater",
    seed: int = 0,
) -> TestResult:
    """Hold an observed value against its null distribution.

    Parameters
    ----------
    name : str
        Name of the test.
    observed : float
        The statistic of the data.
    null : array, shape (m,)
        The statistic under permuted taxa; all orders, the identity among them, when ``exact``.
    exact, n, alternative, seed
        See :class:`phylolens.values.TestResult`.

    Returns
    -------
    TestResult
        p = (count(null >= observed) + 1) / (m + 1), ties counting (Phipson & Smyth 2010, Stat.
        Appl. Genet. Mol. Biol. 9:39); when exact the share of all orders. ``z`` as
        :func:`effect_size` gives it.
    """
    if alternative not in ALTERNATIVES:
        raise InputError(f"unknown alternative '{alternative}': greater, less or two-sided.")
    p_value = p_value_of(observed, null, exact, alternative)
    counts, edges = np.histogram(null, bins=HISTOGRAM_BINS, range=_range(null))
    return TestResult(
        name=name,
        statistic=observed,
        p_value=p_value,
        n=n,
        n_permutations=len(null),
        alternative=alternative,
        seed=seed,
        exact=exact,
        z=effect_size(observed, null),
        n_best=best_orders(observed, null, exact, alternative),
        null_quantiles={str(q): float(np.quantile(null, q)) for q in QUANTILES},
        null_histogram={"edges": edges.tolist(), "counts": counts.tolist()},
    )


def _range(null: np.ndarray) -> tuple[float, float]:
    """Limits of the histogram; a null that hardly varies gets room for its bins."""
    low, high = float(null.min()), float(null.max())
    least = 1e-9 * max(abs(low), abs(high), 1e-300)
    return (low, high) if high - low > least else (low - least, high + least)


def p_value_of(observed: float, null: np.ndarray, exact: bool, alternative: str) -> float:
    """P-value of an observed value within its null; see :func:`result_of`."""
    reached = _reaches(null, observed, alternative)
    return reached / len(null) if exact else (reached + 1) / (len(null) + 1)


def best_orders(observed: float, null: np.ndarray, exact: bool, alternative: str) -> int:
    """Count the orders that share the best value of all tried, the observed one among them.

    Sister tips equally long can change places and nothing changes: of four taxa in two such pairs
    8 of the 24 orders agree best, and no p below a third is possible.
    """
    values = null if exact else np.append(null, observed)
    if alternative == "less":
        best = values.min()
    else:
        best = values[np.abs(values).argmax()] if alternative == "two-sided" else values.max()
    return _reaches(values, float(best), alternative)


def effect_size(observed: float, null: np.ndarray) -> float | None:
    """Count the standard deviations of the observed value above the mean of its null.

    The observed value is one of the null's, as it is for p. Skewed nulls of positive statistics
    are made normal first (Box & Cox 1964), as Collyer, Baken & Adams (2022, Methods Ecol. Evol.
    13:367) do, so that values of different tests and trees can be compared.

    Returns
    -------
    float or None
        None where the null does not vary.
    """
    values = np.append(null, observed)
    if np.ptp(values) <= TIE * max(1.0, abs(observed)):
        return None
    if values.min() > 0 and np.ptp(values) > NARROW * values.max():  # else its power overflows
        values = boxcox(values)[0]
    spread = values.std()
    return float((values[-1] - values.mean()) / spread) if spread > 0 else None


def _reaches(null: np.ndarray, observed: float, alternative: str) -> int:
    slack = TIE * max(1.0, abs(observed))
    if alternative == "greater":
        return int(np.count_nonzero(null >= observed - slack))
    if alternative == "less":
        return int(np.count_nonzero(null <= observed + slack))
    return int(np.count_nonzero(np.abs(null) >= abs(observed) - slack))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values so that any false rejection at all is as rare as each one was.

    Holm (1979) Scand. J. Stat. 6:65. The step-down maximum of ``p (m - rank + 1)``, as
    ``statsmodels.multipletests`` gives it; that one collects garbage on every call, which costs
    more than a test.

    Returns
    -------
    list of float
        In the order given, at most 1.
    """
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    corrected = np.empty(len(given))
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(value) for value in corrected]
