"""At which relatedness does visual distance follow lineage? The Mantel correlogram.

Oden & Sokal (1986) Syst. Zool. 35:608; Legendre & Legendre (2012) Numerical Ecology, 13.1.6.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats._align import aligned
from phylolens.stats._pairs import permuted_products, standard_pairs
from phylolens.stats._permutation import holm, orders, require_permutations, result_of
from phylolens.stats.correlation import level

FEWEST_PAIRS = 10  # a class of fewer is shown, not tested
MOST_CLASSES = 10
LIMITS = ("number", "width")


@dataclass(frozen=True)
class DistanceClass:
    """One class of genetic distance.

    Parameters
    ----------
    low, high : float
        Limits, unit of the genetic distances; ``high`` belongs to the class, ``low`` to the one
        before (or to the first).
    n_pairs : int
        Pairs of taxa in the class.
    r : float or None
        Mantel correlation of the class with visual similarity: positive where taxa of the class
        look MORE alike than pairs do on average. None where the class holds all pairs or none.
    p_value : float or None
        Two-sided, by permuted taxa; None where not tested.
    p_holm : float or None
        The same, corrected for the number of classes tested (Holm 1979, Scand. J. Stat. 6:65).
    """

    low: float
    high: float
    n_pairs: int
    r: float | None
    p_value: float | None = None
    p_holm: float | None = None

    @property
    def tested(self) -> bool:
        """Whether the class holds enough pairs for a test."""
        return self.p_value is not None

    def to_dict(self) -> dict[str, Any]:
        """Return the class as it is written to JSON."""
        return asdict(self) | {"tested": self.tested}


def correlogram(
    visual: DistanceMatrix,
    genetic: DistanceMatrix,
    *,
    classes: int | None = None,
    limits: str = "number",
    permutations: int = 999,
    seed: int = 0,
) -> tuple[DistanceClass, ...]:
    """Correlate visual similarity with membership in each class of genetic distance.

    Parameters
    ----------
    visual, genetic : DistanceMatrix
        The same taxa, in any order; aligned by id.
    classes : int, optional
        Number of classes, at least 2; fewer come out where equal distances cannot be told apart.
        By default 10 (``number``; fewer when a class would hold under 10 pairs) or Sturges' number
        (``width``).
    limits : {'number', 'width'}
        ``number``: classes of about equally many pairs, so that every test has something to go by;
        ``width``: classes of equal width, as ``vegan::mantel.correlog`` makes them.
    permutations : int
        Random permutations, the same for all classes; with 8 taxa or fewer all are enumerated.
    seed : int
        Seed of the permutations.

    Returns
    -------
    tuple of DistanceClass
        From near to far.

    Raises
    ------
    InputError
        If ids differ, fewer than three taxa are given, one matrix is constant, or a setting is
        unknown.
    """
    require_permutations(permutations)
    visual, genetic = aligned(visual, genetic)
    n = len(visual.ids)
    upper = np.triu_indices(n, k=1)
    looks = standard_pairs(visual.data, "pearson")
    standard_pairs(genetic.data, "pearson")  # refuses constant distances
    pairs = level(genetic.data[upper])  # equal distances share a class whatever their rounding
    highs = _high_limits(pairs, classes, limits)
    place = np.searchsorted(highs, pairs, side="left")
    sizes = np.bincount(place, minlength=len(highs))

    members = [_member(place == k, n) for k in range(len(highs))]
    tried, exact = orders(n, permutations, seed)
    # The identity is the first row. Dissimilarity is correlated, similarity reported.
    products = -permuted_products(looks, members, np.vstack([np.arange(n), tried]))
    scale = float(genetic.data.max())
    lows = np.concatenate([pairs.min(keepdims=True), highs[:-1]])
    found = []
    for k, size in enumerate(sizes.tolist()):
        r = products[:, k]
        p_value = None
        if FEWEST_PAIRS <= size < len(pairs):
            p_value = result_of(
                "class", float(r[0]), r[1:], exact, n, alternative="two-sided", seed=seed
            ).p_value
        value = float(r[0]) if 0 < size < len(pairs) else None
        found.append(
            DistanceClass(float(lows[k] * scale), float(highs[k] * scale), size, value, p_value)
        )
    return _corrected(found)


def _high_limits(pairs: np.ndarray, classes: int | None, limits: str) -> np.ndarray:
    """Upper limits of the classes, each part of its class, the last one the largest distance."""
    if limits not in LIMITS:
        raise InputError(f"unknown limits of classes '{limits}': number or width.")
    if classes is not None and classes < 2:
        raise InputError(f"a correlogram needs at least two classes; got {classes}.")
    if limits == "width":
        number = classes or int(np.ceil(1 + np.log2(len(pairs))))
        return np.linspace(pairs.min(), pairs.max(), number + 1)[1:]
    number = classes or int(np.clip(len(pairs) // FEWEST_PAIRS, 2, MOST_CLASSES))
    shares = np.arange(1, number + 1) / number
    return np.unique(np.quantile(pairs, shares, method="inverted_cdf"))


def _member(inside: np.ndarray, n: int) -> np.ndarray:
    """Square array of a class, scaled so that its product with standard pairs is a correlation."""
    share = inside.mean()
    spread = np.sqrt(inside.sum() * (1 - share))
    square = np.zeros((n, n))
    square[np.triu_indices(n, k=1)] = inside / spread if spread > 0 else 0.0
    return square + square.T


def _corrected(found: list[DistanceClass]) -> tuple[DistanceClass, ...]:
    """Add Holm's correction over the classes tested."""
    corrected = iter(holm([one.p_value for one in found if one.p_value is not None]))
    return tuple(replace(one, p_holm=next(corrected)) if one.tested else one for one in found)
