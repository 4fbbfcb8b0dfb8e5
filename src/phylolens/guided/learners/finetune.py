"""Fine-tuning: the last blocks of a backbone and a head, trained so that relatives come near."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.embedding import find_backbone
from phylolens.embedding.training_images import NO_IMAGES, TrainingImages, require_training
from phylolens.embedding.weights import get_weights
from phylolens.errors import InputError
from phylolens.guided.clades import clade_folds
from phylolens.guided.learners.inputs import Weights
from phylolens.guided.learners.metric import FOLDS, Metric, fold_skill, mean_apart
from phylolens.guided.sample import Sample, with_features
from phylolens.random import stream

if TYPE_CHECKING:
    from phylolens.embedding.tuning import TunableNetwork

Tuned = dict[str, np.ndarray]
FEATURES_HINT = "Give --images instead of --features, or learner 'metric', which takes features."


class FineTune(BaseEstimator):
    """A backbone whose last blocks are trained by a loss of :class:`Metric`, and its head.

    A head is fitted to the untouched network's features; then the last blocks and the head are
    trained together, by AdamW on balanced batches of images, for as many epochs as did best on
    clades left out within the training taxa. Where none does better than the untouched network, it
    stays untouched. Last, a new head is fitted to the features of all training images. Batch
    normalisation keeps its published averages. Features without negative values are square-rooted,
    as they are for every other learner.

    It needs the images: the sample's features are not looked at, only the ids of its rows. The
    frozen part of the network sees each image once, whatever the number of fits; the trained part
    sees every image of a fit once an epoch and once after, and trains on twice ``bag`` of each
    taxon an epoch. Leaving clades out takes six fits a clade.

    Parameters
    ----------
    images : TrainingImages, optional
        Those of the sample's rows; without them it cannot be fitted.
    backbone : str
        See :func:`phylolens.embedding.find_backbone`.
    weights : str, optional
        A checkpoint to start from instead of the published one.
    blocks : int
        Groups of layers trained, counted from the end, as timm groups them.
    epochs, patience : int
        At most so many; and so many without gain before stopping. 0 epochs: the head alone.
    rate : float
        Step of AdamW.
    batch, bag : int
        Taxa of a batch, about, and images averaged to each of their two training points.
    head : mapping, optional
        Settings of :class:`Metric`, ``loss`` among them.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``. On the CPU it takes one core, and equal seeds give
        equal bytes.
    seed : int
        Of the images drawn, and the head's.

    Attributes
    ----------
    head_ : Metric
        Fitted to features of the tuned network.
    tuned_ : dict of str to array
        Trained tensors of the network, by name; empty where it stayed untouched.
    root_ : bool
        Whether features are square-rooted.
    watched_ : list of float
        Skill on the clades watched, before the first and after every epoch.
    chosen_ : dict
        ``network_epochs``, and what the head chose.
    """

    images: TrainingImages | None = None  # stored models name it otherwise, or not
    untyped: ClassVar = ("images", "backbone", "weights", "device")  # told by the study
    parts: ClassVar = {"head": Metric}  # whose settings are typed with a dot: head.loss=triplet

    def __init__(
        self,
        *,
        images: TrainingImages | None = None,
        backbone: str = "efficientnet-lite0",
        weights: str | None = None,
        blocks: int = 2,
        epochs: int = 5,
        patience: int = 2,
        rate: float = 1e-4,
        batch: int = 12,
        bag: int = 1,
        head: Mapping[str, Any] | None = None,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        self.images, self.backbone, self.weights = images, backbone, weights
        self.blocks, self.epochs, self.patience, self.rate = blocks, epochs, patience, rate
        self.batch, self.bag, self.head, self.device, self.seed = batch, bag, head, device, seed

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "FineTune":
        """Learn; see :class:`phylolens.guided.learners.base.Learner`.

        Raises
        ------
        InputError
            If an image is not named or readable, or torch or timm is absent.
        """
        self._check(sample)
        require_training("learner finetune")
        from phylolens.embedding.threads import one_thread

        with one_thread():
            network = self._network()
            features = self._images.untouched(network, sample.ids)
            self.root_ = bool((features >= 0).all())
            before = with_features(sample, self._rooted(features))
            self.tuned_, self.watched_ = self._tune(network, sample, before, genetic, groups)
            network.load(self.tuned_)
            self._ready = network
            after = self._featured(network, sample) if self.tuned_ else before
        self.head_ = self._new_head().fit(after, genetic, groups)
        self._known = self.head_.place(after)
        self._unit = mean_apart(self.head_.distances(self._known, self._known))
        best = int(np.argmax(self.watched_)) if self.watched_ else 0
        self.chosen_ = {"network_epochs": best, **self.head_.chosen_}
        return self

    def _check(self, sample: Sample) -> None:
        for name in ("blocks", "patience", "rate", "batch", "bag"):
            if not getattr(self, name) > 0:
                raise InputError(f"it must be positive; got {getattr(self, name)}.", where=name)
        missing = [name for name in sample.ids if name not in self._images.views]
        if missing:
            raise InputError("images without a file.", where="images", ids=missing)

    @property
    def _images(self) -> TrainingImages:
        if self.images is None:
            raise InputError(NO_IMAGES, where="learner finetune", hint=FEATURES_HINT)
        return self.images

    def _network(self) -> "TunableNetwork":
        """Load the network as published."""
        from phylolens.embedding.tuning import TunableNetwork

        spec = find_backbone(self.backbone)
        given = None if self.weights is None else Path(self.weights)
        return TunableNetwork(spec, get_weights(spec, given), self.blocks, self.device)

    def _tuned_network(self) -> "TunableNetwork":
        """Load the network with what was trained, once."""
        if getattr(self, "_ready", None) is None:
            self._ready = self._network()
            self._ready.load(self.tuned_)
        return self._ready

    def _featured(self, network: "TunableNetwork", sample: Sample) -> Sample:
        return with_features(sample, self._rooted(self._images.features(network, sample.ids)))

    def _rooted(self, features: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.sqrt(np.maximum(features, 0.0)) if self.root_ else features
        return found

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
        from phylolens.guided.learners.metric_head import Schedule, train

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

        rng = stream(self.seed, "guided.finetune")
        train(
            self._inputs(network, training, head),
            training.weights,
            head.loss_of(known, head.weights_, rng),
            head.weights_,
            Schedule(self.epochs, self.patience, self.rate, self.bag, self.batch),
            rng,
            watch,
            list(network.free.values()),
        )
        network.load(start)
        return best, skills

    def _inputs(
        self, network: "TunableNetwork", sample: Sample, head: Metric
    ) -> Callable[[np.ndarray], Any]:
        """Make what gives the head's inputs of rows of the sample, for gradients to pass."""
        from phylolens.embedding.tuning import root_tensor
        from phylolens.guided.learners.metric_head import reduce_tensor

        names, images = np.array(sample.ids, dtype=object), self._images

        def inputs(drawn: np.ndarray) -> Any:
            features = network(images.activations(network, names[drawn]))
            return reduce_tensor(root_tensor(features) if self.root_ else features, head.map_)

        return inputs

    def place(self, sample: Sample) -> np.ndarray:
        """Mean embedding of each taxon's images, shape (T, k)."""
        from phylolens.embedding.threads import one_thread

        with one_thread():
            return self.head_.place(self._featured(self._tuned_network(), sample))

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        found: np.ndarray = self.head_.distances(self.place(new), self._known) / self._unit
        return found

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        places = self.place(new)
        found: np.ndarray = self.head_.distances(places, places) / self._unit
        return found

    def embed_images(self, images: TrainingImages) -> np.ndarray:
        """Embed images, in the order they were given, shape (N, k).

        Raises
        ------
        InputError
            If an image is not readable.
        """
        from phylolens.embedding.threads import one_thread

        with one_thread():
            found = images.features(self._tuned_network(), list(images.views))
            return self.head_.transform(self._rooted(found))

    def embed(self, sample: Sample) -> np.ndarray:
        """Embed a sample's images, rows as ``sample.matrix()``, by their ids, shape (N, k)."""
        from phylolens.embedding.threads import one_thread

        with one_thread():
            found = self._images.features(self._tuned_network(), sample.ids)
            return self.head_.transform(self._rooted(found))

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Refuse: features of the network as published are not those of the tuned one."""
        raise InputError(
            "a fine-tuned network embeds images, not features of another network.",
            where="learner finetune",
            hint="Give the images: --images, or in Python embed_images.",
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave out images, network and the place of the checkpoint: others than here."""
        state = dict(super().__getstate__())
        state.pop("_ready", None)
        return state | {"images": None, "weights": None}
