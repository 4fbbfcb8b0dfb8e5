"""Branches as alternatives of a choice: how much each kind of evidence counts.

A conditional logit (McFadden 1974, in Frontiers in Econometrics) is fitted to the pseudo-unknowns
of every depth, whose branch is known; how new an unknown is itself says how much each depth's
counts. What the model calls 0.9 comes true for nine in ten of such unknowns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from sklearn.linear_model import LogisticRegression

from phylolens.placement.evidence import KINDS, Evidence
from phylolens.placement.leave_out import Fold

# Evidence of each method; the branch's length and height count in all of them.
PRIOR = ("length", "height")  # what is known of a branch before any image is seen
METHODS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "nearest": ("tip", *PRIOR),
        "least-squares": ("distances", *PRIOR),
        "brownian": ("brownian", *PRIOR),
        "calibrated": ("brownian", "distances", "votes", "tip", *PRIOR),
    }
)
WITHOUT_IMAGES = "without images"
PENALTY = 0.1  # on the squares of weights of standardised evidence, in pseudo-unknowns
FEWEST = 3  # pseudo-unknowns of a depth


@dataclass(frozen=True, eq=False)
class ChoiceModel:
    """Weights of the evidence by depth, and how likely each depth is.

    Parameters
    ----------
    depths : tuple of str
        Ranks, fine to coarse.
    weights : array, shape (depths, kinds)
        0 for the kinds that a method does not use.
    centers, scales : array, shape (facts,)
        Of the facts that tell how new an unknown is.
    slopes : array, shape (depths, facts)
    offsets : array, shape (depths,)
        Of a multinomial logit on them.
    """

    depths: tuple[str, ...]
    weights: np.ndarray
    centers: np.ndarray
    scales: np.ndarray
    slopes: np.ndarray
    offsets: np.ndarray

    @classmethod
    def fit(
        cls,
        folds: Sequence[Fold],
        used: Sequence[str],
        without: np.ndarray | None = None,
        start: "ChoiceModel | None" = None,
    ) -> "ChoiceModel":
        """Maximise the likelihood of the true branches, depth by depth.

        Parameters
        ----------
        folds : sequence of Fold
        used : sequence of str
            Kinds of evidence.
        without : int array, optional
            Taxa whose pseudo-unknowns are not looked at.
        start : ChoiceModel, optional
            Of other pseudo-unknowns: where the search begins. The likelihood has one maximum.
        """
        apart = np.array([], dtype=int) if without is None else without
        kept = [~np.isin(fold.taxa, apart) for fold in folds]
        weights, depths, facts, labels = [], [], [], []
        for depth in dict.fromkeys(fold.depth for fold in folds):
            own = [(fold, rows) for fold, rows in zip(folds, kept, strict=True)
                   if fold.depth == depth and rows.any()]  # fmt: skip
            known = [(fold, rows & (fold.branches >= 0)) for fold, rows in own]
            if sum(int(rows.sum()) for _, rows in known) < FEWEST:
                continue
            depths.append(depth)
            first = None if start is None or depth not in start.depths else start.of(depth)
            weights.append(_weights(known, used, first))
            for fold, rows in own:
                facts.append(fold.evidence.facts()[rows])
                labels += [depth] * int(rows.sum())
        if not depths:
            return cls.plain(used)
        return cls(tuple(depths), np.array(weights), *_newness(facts, labels, depths))

    @classmethod
    def plain(cls, used: Sequence[str]) -> "ChoiceModel":
        """Return the model of too few taxa to fit one: likelihood and prior as they are."""
        weights = np.array([[1.0 if kind in used and kind != "height" else 0.0 for kind in KINDS]])
        nothing = np.zeros(4)
        return cls(("",), weights, nothing, nothing + 1, nothing[None], np.zeros(1))

    def of(self, depth: str) -> np.ndarray:
        """Weights of a depth, shape (kinds,)."""
        found: np.ndarray = self.weights[self.depths.index(depth)]
        return found

    def depth_shares(self, evidence: Evidence) -> np.ndarray:
        """Probability of each depth, shape (Q, depths); before any image all are alike."""
        facts = (evidence.facts() - self.centers) / self.scales
        found: np.ndarray = np.exp(log_softmax(facts @ self.slopes.T + self.offsets, axis=1))
        return found

    def log_shares(self, evidence: Evidence, depth: str | None = None) -> np.ndarray:
        """Logarithm of the probability of every branch, shape (Q, branches).

        Parameters
        ----------
        evidence : Evidence
        depth : str, optional
            Where it is known how new the unknowns are: the rank of the clade that is new.
        """
        each = np.stack([log_softmax(evidence.kinds @ one, axis=1) for one in self.weights])
        if depth is not None:
            return np.asarray(each[self.depths.index(depth)])
        shares = np.log(np.maximum(self.depth_shares(evidence), 1e-300))
        found: np.ndarray = logsumexp(each + shares.T[:, :, None], axis=0)
        return found


def _weights(
    folds: Sequence[tuple[Fold, np.ndarray]], used: Sequence[str], start: np.ndarray | None
) -> np.ndarray:
    """Fit the conditional logit of one depth; every pseudo-unknown counts alike."""
    places = [KINDS.index(kind) for kind in used]
    blocks = [fold.evidence.kinds[rows][:, :, places].astype(np.float64) for fold, rows in folds]
    truths = [fold.branches[rows] for fold, rows in folds]
    scale = np.mean([block.std(axis=1).mean(axis=0) for block in blocks if len(block)], axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    blocks = [block / scale for block in blocks]
    n = sum(len(block) for block in blocks)

    def cost(weights: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = PENALTY * float(weights @ weights), 2 * PENALTY * weights
        for block, truth in zip(blocks, truths, strict=True):
            logs = log_softmax(block @ weights, axis=1)
            rows = np.arange(len(truth))
            value -= logs[rows, truth].sum()
            slope -= block[rows, truth].sum(axis=0)
            slope += np.einsum("qb,qbf->f", np.exp(logs), block, optimize=True)
        return value / n, slope / n

    first = np.zeros(len(places)) if start is None else start[places] * scale
    found = minimize(cost, first, jac=True, method="L-BFGS-B", options={"ftol": 1e-7})
    weights = np.zeros(len(KINDS))
    weights[places] = found.x / scale
    return weights


def _newness(
    facts: Sequence[np.ndarray], labels: Sequence[str], depths: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fit how likely each depth is, all being alike beforehand."""
    rows = np.concatenate(facts)
    centers, scales = rows.mean(axis=0), rows.std(axis=0)
    scales = np.where(scales > 1e-9, scales, 1.0)
    if len(depths) == 1:
        return centers, scales, np.zeros((1, rows.shape[1])), np.zeros(1)
    codes = np.array([depths.index(label) for label in labels])
    model = LogisticRegression(class_weight="balanced", max_iter=2000)
    model.fit((rows - centers) / scales, codes)
    slopes, offsets = model.coef_, model.intercept_
    if len(depths) == 2:  # scikit-learn gives the second's alone
        slopes, offsets = np.vstack([-slopes, slopes]) / 2, np.hstack([-offsets, offsets]) / 2
    return centers, scales, slopes, offsets
