"""How likely is each taxon of a path to be right? Probability and novelty, weighed together.

A head not trained on an order is often sure of a wrong one, so its probability alone says
little about specimens of unknown taxa. The distance to the nearest training image says more. Here
one logistic regression a rank learns, from specimens and taxa left out of training at every rank,
how likely the path's taxon is right given that the one above is. Their products fall along the
path, so that the path can be cut at a threshold like the probabilities themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from phylolens.classification.conformal import along
from phylolens.classification.lineage import ROOT, TaxonTree
from phylolens.classification.strata import mix_weights

FOLDS = 5  # of clades, so that no row is judged by a model that its relatives were in
SMALLEST = 1e-6  # probabilities are kept this far from 0 and 1
NEAREST = 1e-3  # added to distances before their logarithm
LEAST_SHARE = 0.01  # of each stratum while learning, even where none is expected
EVIDENCE = 4  # numbers a taxon: see :func:`evidence`


@dataclass(frozen=True)
class PathEvidence:
    """What is known of the path of each of ``n`` rows, beside the taxa on it.

    Parameters
    ----------
    path : array of int, shape (n, ranks)
        Node at every rank, -1 where there is none.
    chance : array of float64, shape (n, ranks)
        Calibrated probability of each, from :func:`phylolens.classification.conformal.along`.
    familiar : array of float64, shape (n,)
        Largest probability of any finest taxon.
    distances : array of float64, shape (n,)
        Cosine distance to the nearest training row.
    """

    path: np.ndarray
    chance: np.ndarray
    familiar: np.ndarray
    distances: np.ndarray

    def take(self, rows: np.ndarray) -> "PathEvidence":
        """Return some rows."""
        return PathEvidence(
            self.path[rows], self.chance[rows], self.familiar[rows], self.distances[rows]
        )


def evidence(found: PathEvidence) -> np.ndarray:
    """Put the evidence for every taxon of every path into numbers, shape (n, ranks, 4).

    Log-odds of its probability, of its share of the parent's, and of the best finest taxon; and
    the logarithm of the distance to the nearest training row.
    """
    above = np.column_stack([np.ones(len(found.path)), found.chance[:, :-1]])
    shape = found.chance.shape
    return np.stack(
        [
            _odds(found.chance),
            _odds(found.chance / np.maximum(above, SMALLEST)),
            np.broadcast_to(_odds(found.familiar)[:, None], shape),
            np.broadcast_to(np.log(found.distances + NEAREST)[:, None], shape),
        ],
        axis=-1,
    )


def _odds(chance: np.ndarray) -> np.ndarray:
    return np.asarray(logit(np.clip(chance, SMALLEST, 1 - SMALLEST)))


@dataclass(frozen=True)
class Acceptance:
    """Fitted weights of the evidence.

    Parameters
    ----------
    weights : array of float64, shape (ranks, 5)
        Intercept and weights of :func:`evidence`, on the scale of log-odds.
    """

    weights: np.ndarray

    @classmethod
    def fit(cls, found: PathEvidence, wrong: np.ndarray, rows: np.ndarray) -> "Acceptance":
        """Learn from rows kept from their heads.

        Parameters
        ----------
        found : PathEvidence
        wrong : array of bool, shape (n, ranks)
            Taxa of the path that are wrong.
        rows : array of float64, shape (n, ranks)
            Weight of each row, 0 at ranks where it cannot be judged.
        """
        values, weights = evidence(found), np.zeros((wrong.shape[1], 1 + EVIDENCE))
        right_above = np.cumsum(wrong, axis=1) - wrong == 0
        for place in range(wrong.shape[1]):
            used = right_above[:, place] & (found.path[:, place] != ROOT) & (rows[:, place] > 0)
            right = ~wrong[used, place]
            weights[place] = _logistic(values[used, place], right, rows[used, place])
        return cls(weights)

    def along(self, found: PathEvidence) -> np.ndarray:
        """Estimate how likely each taxon of the path is right, shape (n, ranks).

        It never rises along the path; ranks that the path leaves out pass on what is above.
        """
        values = evidence(found)
        odds = self.weights[:, 0] + np.einsum("nre,re->nr", values, self.weights[:, 1:])
        return np.cumprod(np.where(found.path == ROOT, 1.0, expit(odds)), axis=1)


def _logistic(values: np.ndarray, right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Fit one rank; where all rows are right, or all wrong, their share with two rows added."""
    if len(np.unique(right)) < 2:
        share = (right.sum() + 1) / (len(right) + 2)
        return np.array([logit(share), *np.zeros(EVIDENCE)])
    centre, spread = values.mean(axis=0), values.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(max_iter=1000)
    model.fit((values - centre) / spread, right, sample_weight=weights / weights.mean())
    slopes = model.coef_[0] / spread
    return np.array([model.intercept_[0] - slopes @ centre, *slopes])


def learning_weights(strata: np.ndarray, mix: Mapping[str, float], units: np.ndarray) -> np.ndarray:
    """Weigh rows by the expected mix, no stratum below a hundredth, shape (n,)."""
    found = {str(name): max(mix.get(str(name), 0.0), LEAST_SHARE) for name in np.unique(strata)}
    return mix_weights(strata, found, units)


def clades(table: pd.DataFrame, ranks: Sequence[str]) -> np.ndarray:
    """Name the clade each row is kept with, shape (n,).

    Its taxon of the coarsest rank that has enough of them for the folds; the specimen itself where
    it has no such label, or no rank has.
    """
    own = table["specimen_id"].to_numpy(str)
    rank = next((name for name in ranks if table[name].nunique() >= FOLDS), None)
    if rank is None:
        return own
    named = table[rank].notna().to_numpy(bool)
    taxa = table[rank].astype(object).where(named, "").to_numpy(object).astype(str)
    return np.where(named, np.char.add("taxon:", taxa), np.char.add("specimen:", own))


def cross_fitted(
    found: PathEvidence, wrong: np.ndarray, rows: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """Judge every row by a model fitted to the other clades, shape (n, ranks).

    Parameters
    ----------
    found, wrong, rows
        As for :meth:`Acceptance.fit`.
    groups : array of str, shape (n,)
        Clades that are kept together; folds are filled largest clade first.
    """
    names, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    fold_of, filled = np.zeros(len(names), dtype=int), np.zeros(FOLDS)
    for group in np.argsort(-sizes, kind="stable"):
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += sizes[group]
    folds, scores = fold_of[codes], np.zeros(wrong.shape)
    for number in np.unique(folds):
        tested = folds == number
        fitted = Acceptance.fit(found.take(~tested), wrong[~tested], rows[~tested])
        scores[tested] = fitted.along(found.take(tested))
    return scores


def path_evidence(
    tree: TaxonTree, marginals: np.ndarray, path: np.ndarray, distances: np.ndarray
) -> PathEvidence:
    """Collect the evidence from calibrated probabilities, shape (n, m), and distances."""
    finest = marginals[:, tree.at_rank(tree.ranks[-1])]
    return PathEvidence(path, along(marginals, path), finest.max(axis=1), distances)
