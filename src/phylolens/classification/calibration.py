"""Learn from rows kept from a model how sure it may be, and how deep to answer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.classification.acceptance import (
    Acceptance,
    clades,
    cross_fitted,
    learning_weights,
    path_evidence,
)
from phylolens.classification.blend import tempered, with_rest
from phylolens.classification.confidence import extrapolate_temperature, fit_temperature
from phylolens.classification.conformal import (
    along,
    cut_path,
    needed,
    set_scores,
    threshold,
    wrong_taxa,
)
from phylolens.classification.cross_fit import (
    FOLDS,
    OutOfFold,
)
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.novelty import msp
from phylolens.classification.strata import (
    ALPHA_UNKNOWN,
    Shares,
    Strata,
    each_threshold,
    expected_mix,
    mix_weights,
    promised,
    units_of,
)

FEWEST_FOR_HALVES = 4  # specimens a taxon; with fewer, half of them say little about the whole
MOST = 1.5  # factor that extrapolation may change a temperature by


@dataclass(frozen=True)
class Calibration:
    """What was learnt from rows kept from the heads.

    Parameters
    ----------
    alpha : float
        Accepted share of wrong answers.
    mix : mapping of str to float
        Assumed share of each stratum among new specimens.
    thresholds : mapping of str to float
        Of a safe answer; infinite where calibration specimens were too few. For ``each`` the least
        value of ``acceptance``, for ``mixed`` and ``known_only`` the least probability.
    set_thresholds : mapping of str to float
        For sets of the finest taxa within the accepted one, by the same guarantees; both cover
        known taxa only.
    novelty : mapping of str to array
        Scores ``msp`` and ``knn`` of the same known specimens, one a row.
    acceptance : Acceptance
        How likely each taxon of a path is to be right, from probability and novelty.
    alpha_unknown : float
        Accepted share of wrong answers in each stratum of ``promised``.
    promised : tuple of str
        Unknown strata that ``each`` serves by themselves; others had too few taxa.
    """

    alpha: float
    mix: Mapping[str, float]
    thresholds: Mapping[str, float]
    set_thresholds: Mapping[str, float]
    novelty: Mapping[str, np.ndarray]
    acceptance: Acceptance
    alpha_unknown: float = ALPHA_UNKNOWN
    promised: tuple[str, ...] = ()


def fit_temperatures(
    found: OutOfFold, rows: pd.DataFrame, tree: TaxonTree
) -> tuple[dict[str, float], dict[str, float]]:
    """Find the temperatures of the cross-fitted heads, and those of the heads to be stored.

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
    tested = rows.loc[found.files]
    weights = _even(tested["specimen_id"].to_numpy(str))
    temperatures = {}
    for rank in tree.ranks:
        nodes = tree.at_rank(rank)
        if len(nodes) < 2:  # nothing to be unsure of
            temperatures[rank] = 1.0
            continue
        column = pd.Index(tree.labels(nodes)).get_indexer(pd.Index(tested[rank]))
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
    unknown: Shares,
    alpha_unknown: float = ALPHA_UNKNOWN,
) -> Calibration:
    """Learn the thresholds and the novelty scores of known specimens.

    Parameters
    ----------
    found : OutOfFold
    rows : DataFrame
        Indexed by file; ``specimen_id`` and the ranks.
    tree : TaxonTree
    temperatures : mapping of str to float
        By rank.
    alpha : float
        Accepted share of wrong answers in the expected mix, and among known taxa.
    unknown : float or mapping of str to float
        See :func:`phylolens.classification.strata.expected_mix`.
    alpha_unknown : float
        Accepted share of wrong answers in each unknown stratum.
    """
    # Known specimens of the folds that leave taxa out serve the novelty scores alone.
    found = found.take(found.known | np.char.startswith(found.strata, "unknown"))
    tested = rows.loc[found.files]
    truth, units = tree.node_of(tested), tested["specimen_id"].to_numpy(str)
    marginals = tempered(tree, found.raw, temperatures)
    path = tree.top_down(marginals)
    depth = tree.depth_of(tested)
    wrong = wrong_taxa(tree, path, truth, depth)
    mix = expected_mix(found.strata, unknown)
    groups = Strata(
        names=found.strata,
        units=units_of(found.strata, tested),
        weights=mix_weights(found.strata, mix, units),
        specimens=units,
    )
    # What each taxon of a path is worth: its probability, or with novelty weighed in.
    evidence = path_evidence(tree, marginals, path, found.distances)
    judged = np.arange(path.shape[1]) <= depth[:, None]
    learning = learning_weights(found.strata, mix, groups.units)[:, None] * judged
    accepted = cross_fitted(evidence, wrong, learning, clades(tested, tree.ranks))
    chance = along(marginals, path)
    known = found.known
    named = known & np.isin(truth, tree.tips)

    def limits(values: np.ndarray, kind: str) -> tuple[float, float]:
        """Thresholds of safe answers, and of the sets within them."""
        q, least = (
            _threshold(kind, needed(values, wrong), groups, known, alpha, alpha_unknown, lower)
            for lower in (False, True)
        )
        cut = cut_path(values[named], path[named], least)
        in_set = set_scores(tree, marginals[named], cut, truth[named])
        return q, threshold(in_set, alpha, units=units[named])

    found_limits = {
        "each": limits(accepted, "each"),
        "mixed": limits(chance, "mixed"),
        "known_only": limits(chance, "known_only"),
    }
    # One image a specimen: images of one are alike, and a p-value counts specimens.
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
        acceptance=Acceptance.fit(evidence, wrong, learning),
        alpha_unknown=alpha_unknown,
        promised=tuple(promised(found.strata, groups.units, alpha_unknown)),
    )


def _threshold(
    kind: str,
    scores: np.ndarray,
    groups: Strata,
    known: np.ndarray,
    alpha: float,
    alpha_unknown: float,
    lower: bool,
) -> float:
    """Threshold of one guarantee."""
    if kind == "each":
        return each_threshold(scores, groups, alpha, alpha_unknown, lower=lower)
    if kind == "mixed":
        return threshold(scores, alpha, groups.weights, groups.specimens, lower=lower)
    return threshold(scores[known], alpha, units=groups.specimens[known], lower=lower)


def _even(units: np.ndarray) -> np.ndarray:
    """Weights that give every specimen the same say."""
    codes, counts = np.unique(units, return_inverse=True, return_counts=True)[1:]
    return 1 / counts[codes]
