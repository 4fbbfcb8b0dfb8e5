"""Fine-tuning: the last blocks of a backbone and a head, trained so that relatives come near."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.errors import InputError
from phylolens.guide.held_out import clade_folds
from phylolens.guide.learners.metric import (
    FOLDS,
    Metric,
    Weights,
    fold_skill,
    mean_apart,
    require_torch,
)
from phylolens.guide.sample import Sample

if TYPE_CHECKING:
    from phylolens.guide.learners.tuning import TunableNetwork

Tuned = dict[str, np.ndarray]


class FineTune(BaseEstimator):
    """A backbone whose last blocks are trained by a loss of :class:`Metric`, and its head.

    A head is fitted to the untouched network's features; then the last blocks and the head are
    trained together, by AdamW on balanced batches of pictures, for as many epochs as did best on
    clades left out within the training taxa. Where none does better than the untouched network, it
    stays untouched. Last, a new head is fitted to the features of all training pictures. Batch
    normalisation keeps its published averages.

    It needs the pictures: the sample's features are not looked at, only the ids of its rows. On a
    CPU it is slow: a fit passes every picture through the network once before, once after and once
    an epoch, and trains on twice ``pictures`` of each taxon an epoch; leaving clades out does so
    several times for each clade.

    Parameters
    ----------
    paths : mapping of str to str
        File of each picture, by the ids of the sample's rows.
    backbone : str
        See :func:`phylolens.embed.find_backbone`.
    weights : str, optional
        A checkpoint to start from instead of the published one.
    blocks : int
        Groups of layers trained, counted from the end, as timm groups them.
    epochs, patience : int
        At most so many; and so many without gain before stopping. 0 epochs: the head alone.
    rate : float
        Step of AdamW.
    batch, pictures : int
        Taxa of a batch, about, and pictures averaged to each of their two training points.
    head : mapping, optional
        Settings of :class:`Metric`, ``loss`` among them.
    seed : int
        Of the pictures drawn, and the head's.

    Attributes
    ----------
    head_ : Metric
        Fitted to features of the tuned network.
    tuned_ : dict of str to array
        Trained tensors of the network, by name; empty where it stayed untouched.
    watched_ : list of float
        Skill on the clades watched, before the first and after every epoch.
    chosen_ : dict
        ``network_epochs``, and what the head chose.
    """

    def __init__(
        self,
        *,
        paths: Mapping[str, str] | None = None,
        backbone: str = "efficientnet-lite0",
        weights: str | None = None,
        blocks: int = 2,
        epochs: int = 5,
        patience: int = 2,
        rate: float = 1e-4,
        batch: int = 12,
        pictures: int = 1,
        head: Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> None:
        self.paths, self.backbone, self.weights, self.blocks = paths, backbone, weights, blocks
        self.epochs, self.patience, self.rate = epochs, patience, rate
        self.batch, self.pictures, self.head, self.seed = batch, pictures, head, seed

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "FineTune":
        """Learn; see :class:`phylolens.guide.learners.base.Learner`.

        Raises
        ------
        InputError
            If a picture is not named or readable, or torch or timm is absent.
        """
        self._check(sample)
        require_torch()
        from phylolens.guide.learners.metric_head import one_thread

        with one_thread():
            network = self._network()
            before = self._featured(network, sample)
            self.tuned_, self.watched_ = self._tune(network, sample, before, genetic, groups)
            network.load(self.tuned_)
            after = self._featured(network, sample) if self.tuned_ else before
        self.head_ = self._new_head().fit(after, genetic, groups)
        self._known = self.head_.place(after)
        self._unit = mean_apart(self.head_.distances(self._known, self._known))
        best = int(np.argmax(self.watched_)) if self.watched_ else 0
        self.chosen_ = {"network_epochs": best, **self.head_.chosen_}
        return self

    def _check(self, sample: Sample) -> None:
        if not self.paths:
            raise InputError(
                "fine-tuning needs the pictures, not only their features.",
                where="paths",
                hint="Use learner 'metric' on features.",
            )
        for name in ("blocks", "patience", "rate", "batch", "pictures"):
            if not getattr(self, name) > 0:
                raise InputError(f"it must be positive; got {getattr(self, name)}.", where=name)
        self._files(sample)

    def _files(self, sample: Sample) -> list[Path]:
        paths = self.paths or {}
        missing = [name for name in sample.ids if name not in paths]
        if missing:
            raise InputError("pictures without a file.", where="paths", ids=missing)
        return [Path(paths[name]) for name in sample.ids]

    def _network(self) -> "TunableNetwork":
        """Load the network as published."""
        from phylolens.embed import find_backbone
        from phylolens.embed.weights import get_weights
        from phylolens.guide.learners.tuning import TunableNetwork

        spec = find_backbone(self.backbone)
        given = None if self.weights is None else Path(self.weights)
        return TunableNetwork(spec, get_weights(spec, given), self.blocks)

    def _featured(self, network: "TunableNetwork", sample: Sample) -> Sample:
        return _with_features(sample, network.features(self._files(sample)))

    def _new_head(self) -> Metric:
        return Metric(**{"seed": self.seed, **(self.head or {})})

    def _tune(
        self,
        network: "TunableNetwork",
        sample: Sample,
        before: Sample,
        genetic: np.ndarray,
        groups: np.ndarray,
    ) -> tuple[Tuned, list[float]]:
        """Train on all but one fold of clades; return the tensors that did best on it.

        None, where the untouched network did best or there is nothing to watch.
        """
        from phylolens.guide.learners.metric_head import Schedule, train
        from phylolens.guide.learners.tuning import reduce_tensor

        folds = clade_folds(groups, FOLDS)
        if len(folds) < 2 or self.epochs < 1:
            return {}, []
        out = folds[0]
        kept = np.setdiff1d(np.arange(len(groups)), out)
        known, training = genetic[np.ix_(kept, kept)], sample.take(kept)
        head = self._new_head().fit(before.take(kept), known, groups[kept])
        start, best = network.tensors(), Tuned()
        skills: list[float] = []

        def watch(weights: Weights) -> float:
            nonlocal best
            head.weights_ = weights
            places = head.place(self._featured(network, sample) if skills else before)
            skills.append(fold_skill(head.distances(places[out], places[kept]), genetic, out, kept))
            if len(skills) > 1 and skills[-1] > max(skills[:-1]):
                best = network.tensors()
            return skills[-1]

        files = np.array(self._files(training), dtype=object)
        rng = np.random.default_rng([self.seed, 2])
        train(
            lambda drawn: reduce_tensor(network(list(files[drawn])), head.map_),
            training.weights,
            head.loss_of(known, head.weights_, rng),
            head.weights_,
            Schedule(self.epochs, self.patience, self.rate, self.pictures, self.batch),
            rng,
            watch,
            list(network.free.values()),
        )
        network.load(start)
        return best, skills

    def place(self, sample: Sample) -> np.ndarray:
        """Mean embedding of each taxon's pictures, shape (T, k)."""
        from phylolens.guide.learners.metric_head import one_thread

        with one_thread():
            network = self._network()
            network.load(self.tuned_)
            return self.head_.place(self._featured(network, sample))

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        found: np.ndarray = self.head_.distances(self.place(new), self._known) / self._unit
        return found

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        places = self.place(new)
        found: np.ndarray = self.head_.distances(places, places) / self._unit
        return found

    def embed_pictures(self, files: Sequence[Path]) -> np.ndarray:
        """Embed pictures, shape (N, k)."""
        from phylolens.guide.learners.metric_head import one_thread

        with one_thread():
            network = self._network()
            network.load(self.tuned_)
            return self.head_.transform(network.features(files))

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Refuse: features of the network as published are not those of the tuned one."""
        raise InputError(
            "a fine-tuned network embeds pictures, not features of another network.",
            where="learner",
            hint="Call embed_pictures with their files.",
        )


def _with_features(sample: Sample, matrix: np.ndarray) -> Sample:
    """Give a sample other features, rows as those of ``sample.matrix()``."""
    stops = np.cumsum(sample.sizes)
    return Sample(
        sample.taxa,
        matrix,
        stops - sample.sizes,
        stops,
        sample.weights,
        sample.ids,
        np.stack([sample.average(matrix), sample.average(matrix**2)]),
    )
