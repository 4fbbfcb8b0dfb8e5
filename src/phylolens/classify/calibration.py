"""Learn from rows a model has not seen how sure it may be, and how deep to answer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.classify.blend import tempered, with_rest
from phylolens.classify.confidence import extrapolate_temperature, fit_temperature
from phylolens.classify.conformal import (
    back_off,
    default_mix,
    mix_weights,
    scores,
    threshold,
)
from phylolens.classify.cross_fit import (
    FOLDS,
    OutOfFold,
)
from phylolens.classify.finest_sets import set_scores
from phylolens.classify.lineage import TaxonTree
from phylolens.classify.novelty import msp

FEWEST_FOR_HALVES = 4  # specimens a taxon; with fewer, half of them say little about the whole
MOST = 1.5  # factor that extrapolation may change a temperature by


@dataclass(frozen=True)
class Calibration:
    """What was learnt from rows the heads had not seen.

    Parameters
    ----------
    alpha : float
        Accepted share of wrong answers.
    mix : mapping of str to float
        Assumed share of each stratum among new specimens.
    thresholds : mapping of str to float
        Least probability of a safe answer, for ``mixed`` and ``known_only``; infinite where
        calibration specimens were too few.
    set_thresholds : mapping of str to float
        For sets of the finest taxa within the accepted one, by the same guarantees; both cover
        known taxa only.
    novelty : mapping of str to array
        Scores ``msp`` and ``knn`` of the same known specimens, one a row.
    """

    alpha: float
    mix: Mapping[str, float]
    thresholds: Mapping[str, float]
    set_thresholds: Mapping[str, float]
    novelty: Mapping[str, np.ndarray]


def fit_temperatures(
    found: OutOfFold, rows: pd.DataFrame, tree: TaxonTree
) -> tuple[dict[str, float], dict[str, float]]:
    """Find the temperatures of the heads that were asked, and those of the heads to be stored.

    The stored heads are fitted to more rows and so are right more often; their temperatures are
    extrapolated from heads fitted to half of the specimens and to four fifths.

    Returns
    -------
    own, ahead : dict of str to float
        By rank.
    """
    own = _temperatures(found, "specimen", rows, tree)
    sizes = rows.groupby(tree.ranks[-1])["specimen_id"].nunique()
    if not (found.left_out == "half").any() or sizes.median() < FEWEST_FOR_HALVES:
        return own, own
    half = _temperatures(found, "half", rows, tree)
    share = 1 - 1 / FOLDS
    ahead = {r: extrapolate_temperature({0.5: half[r], share: own[r]}) for r in own}
    return own, {r: float(np.clip(ahead[r], own[r] / MOST, own[r] * MOST)) for r in own}


def _temperatures(
    found: OutOfFold, kind: str, rows: pd.DataFrame, tree: TaxonTree
) -> dict[str, float]:
    """Fit each rank's temperature on known taxa, every specimen counting once."""
    found = found.take((found.left_out == kind) & np.char.startswith(found.strata, "known"))
    asked = rows.loc[found.files]
    weights = _even(asked["specimen_id"].to_numpy(str))
    temperatures = {}
    for rank in tree.ranks:
        nodes = tree.at_rank(rank)
        if len(nodes) < 2:  # nothing to be unsure of
            temperatures[rank] = 1.0
            continue
        column = pd.Index(tree.labels(nodes)).get_indexer(pd.Index(asked[rank]))
        with np.errstate(divide="ignore"):
            logs = np.log(with_rest(found.raw[:, nodes]))
        temperatures[rank] = fit_temperature(logs, column, weights)
    return temperatures


def calibrate(
    found: OutOfFold,
    rows: pd.DataFrame,
    tree: TaxonTree,
    temperatures: Mapping[str, float],
    alpha: float,
    known_share: float,
) -> Calibration:
    """Learn the thresholds and the novelty scores of known specimens."""
    # Known specimens of the folds that leave taxa out serve the novelty scores alone.
    found = found.take(found.known | np.char.startswith(found.strata, "unknown"))
    asked = rows.loc[found.files]
    truth, units = tree.node_of(asked), asked["specimen_id"].to_numpy(str)
    marginals = tempered(tree, found.raw, temperatures)
    path = tree.top_down(marginals)
    needed = scores(tree, marginals, path, truth, tree.depth_of(asked))
    known = found.known
    mix = default_mix(found.strata, known_share)
    weights = mix_weights(found.strata, mix, units)
    named = known & np.isin(truth, tree.tips)

    def limits(rows: np.ndarray, weights: np.ndarray | None) -> tuple[float, float]:
        """Thresholds of safe answers, learnt on some rows, and of the sets within them."""
        q, least = (
            threshold(needed[rows], alpha, weights, units[rows], lower=lower)
            for lower in (False, True)
        )
        accepted = back_off(tree, marginals[named], path[named], least)
        in_set = set_scores(tree, marginals[named], accepted, truth[named])
        return q, threshold(in_set, alpha, units=units[named])

    found_limits = {
        "mixed": limits(np.full(len(known), True), weights),
        "known_only": limits(known, None),
    }
    # One picture a specimen: pictures of one are alike, and a p-value counts specimens.
    once = np.flatnonzero(known)[np.sort(np.unique(units[known], return_index=True)[1])]
    finest = tree.at_rank(tree.ranks[-1])
    return Calibration(
        alpha=alpha,
        mix=mix,
        thresholds={kind: q for kind, (q, _) in found_limits.items()},
        set_thresholds={kind: q for kind, (_, q) in found_limits.items()},
        novelty={
            "msp": msp(marginals[np.ix_(once, finest)]),
            "knn": found.distances[once],
        },
    )


def _even(units: np.ndarray) -> np.ndarray:
    """Weights that give every specimen the same say."""
    codes, counts = np.unique(units, return_inverse=True, return_counts=True)[1:]
    return 1 / counts[codes]
