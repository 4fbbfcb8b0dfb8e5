"""A model over all ranks whose confidence has been calibrated, and its answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from phylolens.classify.blend import RankBlend, tempered, with_rest
from phylolens.classify.confidence import extrapolate_temperature, fit_temperature
from phylolens.classify.conformal import (
    back_off,
    default_mix,
    mix_weights,
    scores,
    set_scores,
    threshold,
)
from phylolens.classify.cross_fit import (
    FOLDS,
    REFERENCE_ROWS,
    OutOfFold,
    ask,
    cross_fit,
    joined,
    spread,
)
from phylolens.classify.lineage import TaxonTree
from phylolens.classify.novelty import knn_distance, msp, unit_rows
from phylolens.progress import Progress, silent
from phylolens.specimens import specimen_folds
from phylolens.values import Features

ALPHA = 0.1  # accepted share of wrong answers
KNOWN_SHARE = 0.9  # of new specimens
FEWEST_FOR_HALVES = 4  # specimens a taxon; with fewer, half of them say little about the whole
MOST = 1.5  # factor that extrapolation may change a temperature by
GUARANTEES = ("mixed", "known_only")


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
    set_threshold : float
        For flat conformal sets of the finest taxa, known ones only.
    novelty : mapping of str to array
        Scores ``msp`` and ``knn`` of the same known specimens, one a row.
    """

    alpha: float
    mix: Mapping[str, float]
    thresholds: Mapping[str, float]
    set_threshold: float
    novelty: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Answers:
    """A model's answers to ``n`` rows.

    Parameters
    ----------
    ids : tuple of str
        One a row.
    marginals : array of float64, shape (n, m)
        Calibrated probability of every taxon.
    path : array of int, shape (n, ranks)
        Answer at every rank, from the top down, -1 where there is none.
    accepted : array of int, shape (n,)
        Deepest safe taxon; -1 where no rank is safe.
    novelty : mapping of str to array, shape (n,)
        Scores ``msp`` and ``knn``, high for the unfamiliar.
    """

    ids: tuple[str, ...]
    marginals: np.ndarray
    path: np.ndarray
    accepted: np.ndarray
    novelty: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class TrustedModel:
    """Fitted heads over all ranks, with their calibration.

    Parameters
    ----------
    blend : RankBlend
        Heads, taxonomy and temperatures.
    calibration : Calibration
    reference : array of float16, shape (r, d)
        Rows it was fitted on (at most 20,000), for the distance to the nearest.
    spec : mapping
        How the features were made.
    card : mapping
        What a user should know: head, data, seed, how well it did.
    """

    blend: RankBlend
    calibration: Calibration
    reference: np.ndarray
    spec: Mapping[str, Any]
    card: Mapping[str, Any]

    @property
    def tree(self) -> TaxonTree:
        """Taxa the model knows."""
        return self.blend.tree

    @property
    def finest(self) -> np.ndarray:
        """Nodes of the finest rank, int of shape (k,)."""
        return self.tree.at_rank(self.tree.ranks[-1])

    def answer(self, features: Features, guarantee: str = "mixed") -> Answers:
        """Name what the rows show at every rank, and how deep the answer is safe.

        Parameters
        ----------
        features : Features
            Made as ``spec`` says.
        guarantee : str
            ``mixed`` (new specimens may be of unknown taxa) or ``known_only``.
        """
        marginals = self.blend.marginals(features.matrix)
        path = self.tree.top_down(marginals)
        q = self.calibration.thresholds[guarantee]
        distances = knn_distance(features.matrix, self.reference)
        return Answers(
            ids=features.ids,
            marginals=marginals,
            path=path,
            accepted=back_off(self.tree, marginals, path, q),
            novelty={"msp": msp(marginals[:, self.finest]), "knn": distances},
        )


def fit_trusted(
    features: Features,
    table: pd.DataFrame,
    ranks: Sequence[str],
    head: ClassifierMixin,
    *,
    alpha: float = ALPHA,
    known_share: float = KNOWN_SHARE,
    calibration: str = "cross",
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[TrustedModel, OutOfFold]:
    """Fit a head to the finest taxa and calibrate it on specimens and taxa left out in turn.

    With ``cross`` calibration the stored head has seen every row; the calibration comes from heads
    that had not seen the rows they were asked about. These were fitted on fewer rows, so coverage
    of the stored head can differ by a few points from what is asked for, either way. With
    ``split`` a fifth of the specimens is kept from the stored head and known taxa are calibrated
    on them: coverage of known taxa is as asked for (but for the temperatures, which see the same
    specimens), and the head somewhat worse.

    Parameters
    ----------
    features : Features
        Rows of all files of the table.
    table : DataFrame
        Columns ``file``, ``specimen_id`` and ``ranks``; every row has some label.
    ranks : sequence of str
        Coarse to fine.
    head : classifier
        Unfitted; what it chooses by inner cross-validation is chosen once, on all rows.
    alpha : float
        Accepted share of wrong answers.
    known_share : float
        Share of new specimens expected to be of known taxa; the rest is shared evenly by the
        kinds of unknown ones.
    calibration : str
        ``cross`` or ``split``.

    Returns
    -------
    model : TrustedModel
    out_of_fold : OutOfFold
        The answers it was calibrated on.

    Raises
    ------
    TooFew
        If there is nothing to calibrate on.
    """
    rows = table.set_index("file", drop=False)
    kept = rows
    if calibration == "split":
        fold = specimen_folds(table, ranks, FOLDS, seed)[0]
        kept = rows.loc[list(fold.train)]
    tree = TaxonTree.of(kept, ranks)
    labels = np.array([tree.name(node) for node in tree.node_of(kept)])
    matrix = features.take([str(name) for name in kept.index]).matrix
    blend = RankBlend.fit(head, tree, matrix, labels, kept["specimen_id"].to_numpy(str))
    whole = calibration != "split"
    parts = cross_fit(
        features, kept, tree, *blend.unfitted(), specimens=whole, seed=seed, progress=progress
    )
    if not whole:
        parts.append(ask("specimen", blend, features, kept, rows.loc[list(fold.test)]))
    found = joined(parts)
    own, ahead = fit_temperatures(found, rows, tree)
    found = found.take(found.left_out != "half")
    learnt = calibrate(found, rows, tree, own, alpha, known_share)
    card = {
        "n_images": len(kept),
        "n_specimens": int(kept["specimen_id"].nunique()),
        "calibration": calibration,
        "seed": seed,
    }
    reference = unit_rows(matrix[spread(len(matrix), REFERENCE_ROWS)]).astype(np.float16)
    blend = replace(blend, temperatures=ahead)
    return TrustedModel(blend, learnt, reference, dict(features.spec), card), found


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
    needed = scores(tree, marginals, tree.top_down(marginals), truth, tree.depth_of(asked))
    known = found.known
    mix = default_mix(found.strata, known_share)
    weights = mix_weights(found.strata, mix, units)
    finest = tree.at_rank(tree.ranks[-1])
    named = known & np.isin(truth, finest)
    columns = np.searchsorted(finest, truth[named])
    # One picture a specimen: pictures of one are alike, and a p-value counts specimens.
    once = np.flatnonzero(known)[np.sort(np.unique(units[known], return_index=True)[1])]
    in_set = set_scores(marginals[np.ix_(named, finest)], columns)
    return Calibration(
        alpha=alpha,
        mix=mix,
        thresholds={
            "mixed": threshold(needed, alpha, weights, units),
            "known_only": threshold(needed[known], alpha, units=units[known]),
        },
        set_threshold=threshold(in_set, alpha, units=units[named]),
        novelty={
            "msp": msp(marginals[np.ix_(once, finest)]),
            "knn": found.distances[once],
        },
    )


def _even(units: np.ndarray) -> np.ndarray:
    """Weights that give every specimen the same say."""
    codes, counts = np.unique(units, return_inverse=True, return_counts=True)[1:]
    return 1 / counts[codes]
