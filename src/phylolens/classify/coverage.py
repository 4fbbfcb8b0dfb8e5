"""What a calibrated back-off keeps of its promise, overall and for taxa the model never saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from phylolens.classify.conformal import back_off, default_mix, mix_weights, units_needed
from phylolens.classify.lineage import TaxonTree
from phylolens.errors import InputError


@dataclass(frozen=True)
class Tested:
    """A model's probabilities for specimens it was not calibrated on, beside the truth.

    Parameters
    ----------
    marginals : array, shape (n, m)
        Probability of every node of the tree.
    path : array of int, shape (n, ranks)
        From :func:`phylolens.classify.conformal.walk`.
    truth : array of int, shape (n,)
        Finest true node in the tree, -1 for none.
    strata : array of str, shape (n,)
        From :func:`phylolens.classify.conformal.strata`; rows with ``no label`` are left out.
    specimens : array of str, shape (n,)
        Several pictures of one specimen count as one.
    depth : array of int, shape (n,), optional
        :meth:`TaxonTree.depth_of` the labels: what is finer is not judged.
    """

    __test__ = False  # not a pytest class

    marginals: np.ndarray
    path: np.ndarray
    truth: np.ndarray
    strata: np.ndarray
    specimens: np.ndarray
    depth: np.ndarray | None = None

    def __post_init__(self) -> None:
        parts = (self.marginals, self.path, self.truth, self.strata, self.specimens)
        if len({len(part) for part in parts}) > 1:
            raise InputError(f"one row a picture is needed; got {[len(part) for part in parts]}.")


def conformal_summary(
    tree: TaxonTree,
    tested: Tested,
    *,
    alpha: float,
    mix: Mapping[str, float],
    thresholds: Mapping[str, float],
    n_calibration: Mapping[str, int],
    proven: bool = False,
) -> dict[str, Any]:
    """Test both calibrations: with unknown taxa mixed in, and on known taxa alone.

    Parameters
    ----------
    tree : TaxonTree
        Taxa of the model that is tested.
    tested : Tested
        Specimens of any strata.
    alpha : float
        Accepted share of wrong answers.
    mix : mapping
        Share of each stratum that the mixed calibration assumed.
    thresholds, n_calibration : mapping
        Keys ``mixed`` and ``known_only``: from :func:`phylolens.classify.conformal.threshold`,
        and how many specimens it was learnt on.

    proven : bool
        Whether known taxa were calibrated on specimens kept from the model.

    Returns
    -------
    dict
        ``alpha``, ``mix``, ``threshold`` (None: nothing is safe), ``n_calibration``,
        ``guarantee``; ``coverage``, ``interval``, ``n`` (specimens) and ``resolved_at`` over the
        tested strata weighted to the mix; ``by_stratum`` the same for each stratum tested;
        ``known_only`` all of this for that calibration, its coverage on known taxa, and by
        stratum for all. Answering "none" is never wrong; ``resolved_at`` says how often that was.
        Intervals are over specimens: of unknown taxa they say nothing about other such taxa.
    """
    known = [name for name in np.unique([*mix, *tested.strata]) if name.startswith("known ")]
    mixes = {"mixed": dict(mix), "known_only": default_mix(np.array(known))}
    mixed, alone = (
        _summary(tree, tested, alpha, mixes[kind], thresholds[kind], n_calibration[kind], sure)
        for kind, sure in (("mixed", False), ("known_only", proven))
    )
    return {**mixed, "known_only": alone}


def _summary(
    tree: TaxonTree,
    tested: Tested,
    alpha: float,
    mix: dict[str, float],
    q: float,
    n: int,
    proven: bool,
) -> dict[str, Any]:
    accepted = back_off(tree, tested.marginals, tested.path, q)
    judged = accepted if tested.depth is None else tree.cut(accepted, tested.depth)
    right = tree.contains(judged, tested.truth)
    found = [str(name) for name in np.unique(tested.strata) if name != "no label"]
    shares = {name: mix[name] for name in found if mix.get(name, 0) > 0}
    rows = np.isin(tested.strata, list(shares))
    weights = mix_weights(tested.strata[rows], shares, tested.specimens[rows])
    groups = {name: np.asarray(tested.strata == name) for name in found}
    return {
        "alpha": alpha,
        "mix": mix,
        "threshold": float(q) if np.isfinite(q) else None,
        "n_calibration": n,
        "guarantee": guarantee(alpha, mix, n, q, proven),
        **_tested(tree, accepted[rows], right[rows], tested.specimens[rows], weights),
        "by_stratum": {
            name: _tested(tree, accepted[rows], right[rows], tested.specimens[rows])
            for name, rows in groups.items()
        },
    }


def _tested(
    tree: TaxonTree,
    accepted: np.ndarray,
    right: np.ndarray,
    specimens: np.ndarray,
    weights: np.ndarray | None = None,
) -> dict[str, Any]:
    """Coverage and the share resolved at each rank, every specimen counting once."""
    if not len(specimens):
        return {"n": 0, "coverage": None, "interval": None, "resolved_at": {}}
    codes, counts = np.unique(specimens, return_inverse=True, return_counts=True)[1:]
    each = 1 / counts[codes] if weights is None else weights
    share = each / each.sum()
    per_unit = np.bincount(codes, share)
    coverage = float(share @ right)
    ranks = np.append(tree.nodes["rank"].to_numpy(object), "none")[accepted]
    return {
        "n": len(counts),
        "coverage": coverage,
        "interval": list(wilson(coverage, 1 / float(per_unit @ per_unit))),
        "resolved_at": {name: float(share @ (ranks == name)) for name in (*tree.ranks, "none")},
    }


def wilson(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share, for ``n`` units or as many as weighted ones are worth.

    Shares of specimens need not be 0 or 1; then the interval is somewhat too wide, never too
    narrow. Weighted units count (sum w)^2 / sum w^2 (Kish 1965).
    """
    z = float(norm.ppf((1 + level) / 2))
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(max(share * (1 - share), 0) / n + z**2 / (4 * n**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def guarantee(
    alpha: float, mix: Mapping[str, float], n_calibration: int, q: float, proven: bool = False
) -> str:
    """Say in plain words what the calibration promises and what it does not.

    ``proven`` tells whether the model had no part in its own calibration specimens; by
    cross-fitting, coverage is measured, not guaranteed.
    """
    if not np.isfinite(q):
        return (
            f"Nothing is promised: {n_calibration} calibration specimens are too few for alpha "
            f"{alpha:g} (at least {units_needed(alpha)} of equal weight are needed), so no rank "
            "is called safe."
        )
    shares = ", ".join(f"{name} {share:.1%}" for name, share in mix.items() if share > 0)
    new = [name for name in mix if name.startswith("unknown ") and mix[name] > 0]
    outside = (
        "It does not hold for each of these groups alone: taxa the model never saw are answered "
        "wrongly more often than known ones."
        if new
        else "It covers only taxa the model was trained on. A specimen of any other taxon can be "
        "given a wrong name more often than that."
    )
    way = (
        "It was calibrated on specimens kept from the model."
        if proven
        else "It was calibrated by cross-fitting, for which coverage is not proven but measured."
    )
    word = "contains" if proven else "is meant to contain"
    least = "at least" if proven else "about"
    return (
        f"Of new specimens like the {n_calibration} it was calibrated on ({shares}), the accepted "
        f"taxon {word} the true one for {least} {1 - alpha:.0%} on average. {way} {outside} "
        "It is a statement about many specimens, not about one taxon or picture, and pictures "
        "taken in another way are not covered."
    )
