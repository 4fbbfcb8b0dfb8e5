"""A model over all ranks whose confidence has been calibrated, and its answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from phylolens.classification.acceptance import path_evidence
from phylolens.classification.blend import RankBlend
from phylolens.classification.calibration import Calibration, calibrate, fit_temperatures
from phylolens.classification.conformal import along, cut_path, finest_sets
from phylolens.classification.cross_fit import (
    FOLDS,
    REFERENCE_ROWS,
    OutOfFold,
    cross_fit,
    joined,
    out_of_fold,
    spread,
)
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.novelty import knn_distance, msp, unit_rows
from phylolens.classification.strata import ALPHA_UNKNOWN, Shares, require_shares
from phylolens.progress import Progress, silent
from phylolens.results.classifier import ModelCard
from phylolens.specimens import specimen_folds
from phylolens.values import Features

ALPHA = 0.1  # accepted share of wrong answers
UNKNOWN_SHARE = 0.1  # of new specimens
GUARANTEES = ("each", "mixed", "known_only")


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
    sets : array of bool, shape (n, tips)
        Finest taxa that may be meant if the specimen's is a known one, of the tree's tips; all lie
        within the accepted taxon.
    novelty : mapping of str to array, shape (n,)
        Scores ``msp`` and ``knn``, high for the unfamiliar.
    """

    ids: tuple[str, ...]
    marginals: np.ndarray
    path: np.ndarray
    accepted: np.ndarray
    sets: np.ndarray
    novelty: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class CalibratedModel:
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
    card : ModelCard
        What a user should know: head, data, seed, how well it did.
    """

    blend: RankBlend
    calibration: Calibration
    reference: np.ndarray
    spec: Mapping[str, Any]
    card: ModelCard

    @property
    def tree(self) -> TaxonTree:
        """Taxa the model knows."""
        return self.blend.tree

    @property
    def finest(self) -> np.ndarray:
        """Nodes of the finest rank, int of shape (k,)."""
        return self.tree.at_rank(self.tree.ranks[-1])

    def answer(self, features: Features, guarantee: str = GUARANTEES[0]) -> Answers:
        """Name what the rows show at every rank, and how deep the answer is safe.

        Parameters
        ----------
        features : Features
            Made as ``spec`` says.
        guarantee : str
            ``each`` (for known taxa and for each kind of unknown ones), ``mixed`` (on average over
            the expected mix) or ``known_only``.
        """
        marginals = self.blend.marginals(features.matrix)
        path = self.tree.top_down(marginals)
        distances = knn_distance(features.matrix, self.reference)
        values = self.path_values(marginals, path, distances)[guarantee]
        accepted = cut_path(values, path, self.calibration.thresholds[guarantee])
        limit = self.calibration.set_thresholds[guarantee]
        return Answers(
            ids=features.ids,
            marginals=marginals,
            path=path,
            accepted=accepted,
            sets=finest_sets(self.tree, marginals, path, accepted, limit),
            novelty={"msp": msp(marginals[:, self.finest]), "knn": distances},
        )

    def path_values(
        self, marginals: np.ndarray, path: np.ndarray, distances: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Give each taxon of the paths the value that each guarantee holds against its threshold.

        Arrays of shape (n, ranks): of ``each`` the acceptance, of the others the probability.
        """
        evidence = path_evidence(self.tree, marginals, path, distances)
        chance = along(marginals, path)
        accepted = self.calibration.acceptance.along(evidence)
        return {"each": accepted, "mixed": chance, "known_only": chance}


def fit_calibrated(
    features: Features,
    table: pd.DataFrame,
    ranks: Sequence[str],
    head: ClassifierMixin,
    *,
    alpha: float = ALPHA,
    unknown: Shares = UNKNOWN_SHARE,
    alpha_unknown: float = ALPHA_UNKNOWN,
    calibration: str = "cross",
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[CalibratedModel, OutOfFold]:
    """Fit a head to the finest taxa and calibrate it on specimens and taxa left out in turn.

    With ``cross`` calibration the stored head is trained on every row; the calibration comes from
    heads that answered only about rows kept from them. These were fitted on fewer rows, so coverage
    of the stored head can differ by a few points from what is asked for, either way. With
    ``split`` a fifth of the specimens is kept from the stored head and known taxa are calibrated
    on them: coverage of known taxa is as asked for (but for the temperatures, which use the same
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
        Accepted share of wrong answers, in the expected mix and among known taxa.
    unknown : float or mapping of str to float
        Share of new specimens expected to be of unknown taxa, in all or by rank; see
        :func:`phylolens.classification.strata.expected_mix`.
    alpha_unknown : float
        Accepted share of wrong answers among specimens of unknown species, of unknown genera and
        so on, each by itself.
    calibration : str
        ``cross`` or ``split``.

    Returns
    -------
    model : CalibratedModel
    out_of_fold : OutOfFold
        The answers it was calibrated on.

    Raises
    ------
    TooFew
        If there is nothing to calibrate on.
    """
    require_shares(unknown)
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
        parts.append(out_of_fold("specimen", blend, features, kept, rows.loc[list(fold.test)]))
    found = joined(parts)
    own, ahead = fit_temperatures(found, rows, tree)
    found = found.take(found.left_out != "half")
    learnt = calibrate(found, rows, tree, own, alpha, unknown, alpha_unknown)
    card = ModelCard(
        n_images=len(kept),
        n_specimens=int(kept["specimen_id"].nunique()),
        calibration=calibration,
        seed=seed,
    )
    reference = unit_rows(matrix[spread(len(matrix), REFERENCE_ROWS)]).astype(np.float16)
    blend = replace(blend, temperatures=ahead)
    return CalibratedModel(blend, learnt, reference, dict(features.spec), card), found
