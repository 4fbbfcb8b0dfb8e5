"""Metric learning: a small head on frozen features, trained so that relatives come near."""

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator

from phylolens.errors import InputError
from phylolens.guided.clades import clade_folds
from phylolens.guided.learners.closed_form import skill_beside
from phylolens.guided.learners.inputs import Weights, check_fit, head_places, reduced
from phylolens.guided.learners.pair_losses import unit
from phylolens.guided.sample import Sample
from phylolens.random import stream

MetricLoss = Literal[
    "triplet",
    "triplet-hard",
    "triplet-semihard",
    "contrastive",
    "arcface",
    "ranked-list",
    "multilevel",
    "multi-similarity",
    "hierarchical-triplet",
    "ranknet",
    "listwise",
]
NAMES: tuple[str, ...] = get_args(MetricLoss)
OF_ANGLES = ("arcface", "multi-similarity", "ranked-list")
FOLDS = 4  # one of so many groups of clades is watched


class Metric(BaseEstimator):
    """Linear map, with or without a hidden layer beside it, of principal components of features.

    Trained by AdamW on balanced batches from the unguided embedding on, for as many epochs as did
    best on clades left out within the training taxa; then anew on all of them. Where no epoch beats
    the unguided embedding there, it stays as it is. Distances are those between the taxa's mean
    embeddings, Euclidean or, for losses of angles, chords. They count in units of their mean over
    training pairs, since embeddings grow as they are trained and every fit stops elsewhere.

    Fitted with torch on one thread, answered with numpy. A fit takes half a second on 140 taxa of
    18 images with 2,560 features; leaving clades out refits it six times a clade, which fewer
    ``inner_folds`` make cheaper (:func:`phylolens.guided.held_out.leave_clades_out`).

    Parameters
    ----------
    loss : str
        ``ranknet``, ``hierarchical-triplet`` or ``listwise``; or, of pytorch-metric-learning,
        ``triplet`` (drawn at random; ``triplet-hard`` and ``triplet-semihard`` are mined),
        ``contrastive``, ``arcface``, ``multi-similarity``, ``ranked-list`` or ``multilevel``. See
        :mod:`phylolens.guided.learners.metric_losses`.
    margin : float
        Factor on the margins that losses take from the phylogeny.
    dimensions : int
        Of the embedding.
    hidden : int
        Units of the hidden layer; 0 for none.
    components : int
        Principal components that the head sees.
    epochs, patience : int
        At most so many; and so many without gain before stopping. With fewer than two clades
        nothing can be watched, and half of ``epochs`` are run.
    rate : float
        Step of AdamW.
    bag : int
        Images averaged to a training point.
    batch : int
        Taxa of a batch, about.
    seed : int
        Of images drawn, batches and first weights.

    Attributes
    ----------
    chosen_ : dict
        ``loss``, ``epochs`` and, where clades were watched, ``inner_skill`` on them.
    watched_ : list of float
        Skill on the clades watched, before the first and after every epoch.
    """

    def __init__(
        self,
        *,
        loss: MetricLoss = "ranknet",
        margin: float = 1.0,
        dimensions: int = 32,
        hidden: int = 0,
        components: int = 256,
        epochs: int = 40,
        patience: int = 8,
        rate: float = 0.01,
        bag: int = 4,
        batch: int = 48,
        seed: int = 0,
    ) -> None:
        self.loss, self.margin, self.dimensions, self.hidden = loss, margin, dimensions, hidden
        self.components, self.epochs, self.patience = components, epochs, patience
        self.rate, self.bag, self.batch, self.seed = rate, bag, batch, seed

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Metric":
        """Learn; see :class:`phylolens.guided.learners.base.Learner`.

        Raises
        ------
        InputError
            If a setting or value cannot be used, or torch or the library of the loss is absent.
        """
        self._check(sample, genetic, groups)
        self.map_ = reduced(sample, self.components, stream(self.seed, "guided.metric.components"))
        rows = self.map_(sample.matrix())
        epochs = self._choose(rows, sample, genetic, groups)
        self.weights_, _ = self._train(rows, sample.weights, genetic, epochs)
        self._known = self.place(sample)
        self._unit = mean_apart(self.distances(self._known, self._known))
        return self

    def _check(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> None:
        if self.loss not in NAMES:
            raise InputError(
                f"no loss '{self.loss}'.", where="loss", hint=f"There are: {', '.join(NAMES)}."
            )
        counts = ("dimensions", "components", "epochs", "patience", "bag", "batch")
        for name in (*counts, "margin", "rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"it must be positive; got {getattr(self, name)}.", where=name)
        check_fit(sample, genetic, groups)
        require_torch()

    def _choose(
        self, rows: np.ndarray, sample: Sample, genetic: np.ndarray, groups: np.ndarray
    ) -> int:
        """Epochs that did best on clades left out; 0 where none beats the unguided embedding."""
        folds = clade_folds(groups, FOLDS)
        self.chosen_: dict[str, Any] = {"loss": self.loss}
        self.watched_: list[float] = []
        if len(folds) < 2:
            self.chosen_ |= {"epochs": self.epochs // 2, "why": "fewer than two clades to watch"}
            return self.epochs // 2
        out = folds[0]
        kept = np.setdiff1d(np.arange(len(groups)), out)
        training = np.isin(sample.codes, kept)

        def watch(weights: Weights) -> float:
            places = sample.average(head_places(rows, weights))
            return fold_skill(self.distances(places[out], places[kept]), genetic, out, kept)

        _, self.watched_ = self._train(
            rows[training],
            sample.weights[training],
            genetic[np.ix_(kept, kept)],
            self.epochs,
            watch,
        )
        best = int(np.argmax(self.watched_))
        self.chosen_ |= {"epochs": best, "inner_skill": self.watched_[best]}
        return best

    def _train(
        self,
        rows: np.ndarray,
        shares: np.ndarray,
        genetic: np.ndarray,
        epochs: int,
        watch: Callable[[Weights], float] | None = None,
    ) -> tuple[Weights, list[float]]:
        import torch

        from phylolens.embedding.threads import one_thread
        from phylolens.guided.learners.metric_head import first_weights, train

        rng = stream(self.seed, "guided.metric.batches")
        width = rows.shape[1]
        first = first_weights(width, min(self.dimensions, width), self.hidden, rng)
        inputs = torch.tensor(rows)
        with one_thread():
            loss, schedule = self.loss_of(genetic, first, rng), self.schedule(epochs)
            return train(inputs.__getitem__, shares, loss, first, schedule, rng, watch)

    def loss_of(self, genetic: np.ndarray, weights: Weights, rng: np.random.Generator) -> Any:
        """Make the loss for taxa with these distances and a head with these weights."""
        from phylolens.guided.learners.metric_losses import LOSSES

        return LOSSES[self.loss](genetic, self.margin, weights["linear"].shape[1], rng)

    def schedule(self, epochs: int) -> Any:
        """How the head is trained for so many epochs."""
        from phylolens.guided.learners.metric_head import Schedule

        return Schedule(epochs, self.patience, self.rate, self.bag, self.batch)

    def distances(self, places: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Distances between embedded taxa, shapes (P, k) and (Q, k) to (P, Q)."""
        if self.loss in OF_ANGLES:
            places, others = unit(places), unit(others)
        return cdist(places, others)

    def place(self, sample: Sample) -> np.ndarray:
        """Mean embedding of each taxon's images, shape (T, k)."""
        if self.hidden:
            return sample.average(self.transform(sample.matrix()))
        return self.transform(sample.means)  # a linear map of the mean is the mean of the maps

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        found: np.ndarray = self.distances(self.place(new), self._known) / self._unit
        return found

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        places = self.place(new)
        found: np.ndarray = self.distances(places, places) / self._unit
        return found

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k)."""
        return head_places(self.map_(matrix), self.weights_)


def fold_skill(
    predicted: np.ndarray, genetic: np.ndarray, out: np.ndarray, kept: np.ndarray
) -> float:
    """Skill beside column means of predictions for taxa left out, shape (len(out), len(kept))."""
    free = genetic[np.ix_(kept, kept)].sum(axis=0) / max(len(kept) - 1, 1)
    columns = np.tile(free, len(out))
    return skill_beside(columns, genetic[np.ix_(out, kept)].ravel())(predicted.ravel())


def mean_apart(distances: np.ndarray) -> float:
    """Mean over pairs of different taxa, (T, T); 1 where there are none or all are 0."""
    n = len(distances)
    return float(distances.sum()) / max(n * (n - 1), 1) or 1.0


def require_torch() -> None:
    """Raise :class:`InputError` unless torch is installed."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise InputError(
            "metric learning is done with torch, which is not installed.",
            where="learner",
            hint="Install it with: pip install 'phylolens[metric]'.",
        ) from error
