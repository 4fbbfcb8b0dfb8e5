"""A network trained further to name taxa at every rank at once."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.metrics import f1_score
from sklearn.utils.class_weight import compute_class_weight

from phylolens.classification.heads.mlp import epochs_of
from phylolens.embedding import find_backbone
from phylolens.embedding.training_images import NO_IMAGES, TrainingImages, require_training
from phylolens.embedding.weights import get_weights
from phylolens.errors import InputError
from phylolens.random import stream
from phylolens.specimens import specimen_folds

if TYPE_CHECKING:
    from phylolens.classification.rank_training import RankSoftmaxes
    from phylolens.embedding.tuning import TunableNetwork

NAME = "finetune"
WHERE = f"--models {NAME}"
HINT = "Give --images instead of --features, or another model, which takes features."
ALL_BLOCKS = 10_000  # more than any network has
WATCHED = 5  # one specimen in so many is kept to choose the number of epochs
PROBE_STEPS, PROBE_EPOCHS, PROBE_BATCH = 1000, 50, 64  # at least, of the softmaxes alone
RATE = 1e-3  # of the softmaxes
RULE = "mean macro-F1 of the ranks on a fifth of the training specimens, kept out of the training"


class FineTunedClassifier(BaseEstimator):
    """A network whose last blocks learn to name taxa, with one softmax a rank on its features.

    Softmaxes are fitted to the frozen network first; then the blocks learn beside them, from
    there, so that the first steps do not destroy what the network knows (Kumar et al. 2022). How
    many epochs is chosen on a fifth of the training specimens; none is a choice. Then all of it is
    fitted again to every training image, for so many epochs. Batch normalisation keeps its
    published averages. Features without negative values are square-rooted.

    Parameters
    ----------
    images : TrainingImages, optional
        Those of all rows, trained on or named.
    backbone : str
        See :func:`phylolens.embedding.find_backbone`.
    weights : str, optional
        A checkpoint to start from instead of the published one.
    blocks : int or 'all'
        Groups of layers trained, counted from the end, as timm groups them; with 0 the network
        stays as it is.
    epochs : int
        At most so many.
    rate : float
        Step of AdamW for the network; the softmaxes take 0.001.
    batch : int
        Images.
    balanced : bool
        Whether every taxon of a rank counts alike, however many images it has.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    seed : int
        Of the batches, and of the specimens kept to choose the epochs.

    Attributes
    ----------
    classes_ : dict of str to array
        Taxa by rank, sorted; ranks with fewer than two are not learned.
    scores_ : dict of str to float
        Mean macro-F1 on the specimens kept out, by epochs tried.
    choice_, rule_ : str
        Epochs chosen, and how.

    References
    ----------
    Kumar, A. et al. (2022) ICLR, arXiv 2202.10054.
    """

    untyped: ClassVar = ("images", "backbone", "weights", "balanced", "device", "seed")

    def __init__(
        self,
        *,
        images: TrainingImages | None = None,
        backbone: str = "efficientnet-lite0",
        weights: str | None = None,
        blocks: int | Literal["all"] = 2,
        epochs: int = 3,
        rate: float = 1e-4,
        batch: int = 16,
        balanced: bool = False,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        self.images, self.backbone, self.weights = images, backbone, weights
        self.blocks, self.epochs, self.rate, self.batch = blocks, epochs, rate, batch
        self.balanced, self.device, self.seed = balanced, device, seed

    def fit(
        self, ids: Sequence[str], labels: pd.DataFrame, specimens: Sequence[str]
    ) -> "FineTunedClassifier":
        """Learn to name images.

        Parameters
        ----------
        ids : sequence of str, n
            Of images.
        labels : DataFrame, shape (n, ranks)
            Taxa, coarse to fine; missing values are unknown.
        specimens : sequence of str, n
            Images of one specimen are never torn.

        Raises
        ------
        InputError
            If a setting makes no sense, torch or timm is absent, an image cannot be read, or there
            is no rank of two taxa.
        """
        self.require_sound()
        require_training(WHERE)
        from phylolens.embedding.threads import one_thread

        names = np.array(list(ids), dtype=object)
        codes = self._codes(labels)
        self.scores_: dict[str, float] = {}
        with one_thread():
            network = self._network()
            untouched = self._images.untouched(network, list(names))
            self.root_ = bool((untouched >= 0).all())
            self.spread_ = max(float(np.sqrt(np.mean(self._rooted(untouched) ** 2))), 1e-12)
            start = network.tensors()
            table = labels.assign(file=names, specimen_id=np.array(list(specimens), dtype=str))
            epochs = self._choose(network, names, codes, self._watched(table))
            network.load(start)
            self._softmaxes = self._learn(network, names, codes, epochs)
        self._ready = network
        self.choice_, self.rule_ = f"epochs:{epochs}", RULE
        return self

    def require_sound(self) -> None:
        """Raise :class:`InputError` where a setting makes no sense."""
        blocks = 0 if self.blocks == "all" else self.blocks
        least = {"blocks": (blocks, 0), "epochs": (self.epochs, 0), "batch": (self.batch, 1)}
        for name, (given, fewest) in least.items():
            if given < fewest:
                raise InputError(f"{name} must be {fewest} or more; got {given}.", where=WHERE)
        if not self.rate > 0:
            raise InputError(f"rate must be positive; got {self.rate}.", where=WHERE)

    @property
    def _images(self) -> TrainingImages:
        if self.images is None:
            raise InputError(NO_IMAGES, where=WHERE, hint=HINT)
        return self.images

    def _network(self) -> "TunableNetwork":
        from phylolens.embedding.tuning import TunableNetwork

        spec = find_backbone(self.backbone)
        given = None if self.weights is None else Path(self.weights)
        blocks = ALL_BLOCKS if self.blocks == "all" else self.blocks
        return TunableNetwork(spec, get_weights(spec, given), blocks, self.device)

    def _codes(self, labels: pd.DataFrame) -> np.ndarray:
        """Remember the taxa of each rank; number every row's, int of shape (ranks, n)."""
        self.classes_ = {}
        found = []
        for rank in labels:
            codes, classes = pd.factorize(labels[rank].astype(object), sort=True)
            if len(classes) > 1:
                self.classes_[str(rank)] = np.asarray(classes, dtype=str)
                found.append(codes.astype(np.int64))
        if not found:
            raise InputError("a classifier needs at least two taxa.", where=WHERE)
        return np.array(found)

    def _watched(self, table: pd.DataFrame) -> np.ndarray:
        """Mark a fifth of the specimens; none where there are too few to choose by."""
        if table["specimen_id"].nunique() < 2 * WATCHED:
            return np.zeros(len(table), dtype=bool)
        fold = specimen_folds(table, list(self.classes_), WATCHED, self.seed)[0]
        found: np.ndarray = table["file"].isin(fold.test).to_numpy()
        return found

    def _choose(
        self, network: "TunableNetwork", names: np.ndarray, codes: np.ndarray, watched: np.ndarray
    ) -> int:
        """Try epochs on most specimens, watching the rest; return how many did best."""
        if not network.free or not self.epochs or not watched.any():
            return 0
        truth = codes[:, watched]

        def score(softmaxes: "RankSoftmaxes", epoch: int) -> None:
            said = softmaxes.probabilities(self._features(network, names[watched]))
            scores = [_macro_f1(*pair) for pair in zip(truth, said, strict=True)]
            self.scores_[f"epochs:{epoch}"] = float(np.nanmean(scores))

        self._learn(network, names[~watched], codes[:, ~watched], self.epochs, score)
        return int(np.argmax(list(self.scores_.values())))

    def _learn(
        self,
        network: "TunableNetwork",
        names: np.ndarray,
        codes: np.ndarray,
        epochs: int,
        score: Callable[["RankSoftmaxes", int], None] = lambda *_: None,
    ) -> "RankSoftmaxes":
        """Fit softmaxes to the network as it is, then both together."""
        import torch

        from phylolens.classification.rank_training import Descent, RankSoftmaxes, descend
        from phylolens.embedding.tuning import root_tensor

        rng = stream(self.seed, "classification.finetune")
        rows = self._features(network, names)
        sizes = [len(taxa) for taxa in self.classes_.values()]
        weights = [_even(own, n) for own, n in zip(codes, sizes, strict=True)]
        softmaxes = RankSoftmaxes(rows.shape[1], sizes, weights if self.balanced else None)
        passes = epochs_of(len(names), PROBE_BATCH, PROBE_STEPS, PROBE_EPOCHS)
        probe = Descent(passes, PROBE_BATCH, RATE)
        descend(softmaxes, lambda drawn: torch.from_numpy(rows[drawn]), codes, probe, rng)
        score(softmaxes, 0)
        images = self._images

        def inputs(drawn: np.ndarray) -> Any:
            found = network(images.activations(network, names[drawn]))
            return (root_tensor(found) if self.root_ else found) / self.spread_

        descend(
            softmaxes,
            inputs,
            codes,
            Descent(epochs, self.batch, RATE),
            rng,
            network=list(network.free.values()),
            network_rate=self.rate,
            after=partial(score, softmaxes),
        )
        return softmaxes

    def _features(self, network: "TunableNetwork", names: np.ndarray) -> np.ndarray:
        found = self._rooted(self._images.features(network, list(names))) / self.spread_
        return found.astype(np.float32)

    def _rooted(self, features: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.sqrt(np.maximum(features, 0.0)) if self.root_ else features
        return found

    def predict_proba(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        """Probabilities of the taxa of every rank, columns as ``classes_``.

        Parameters
        ----------
        ids : sequence of str, n
            Of images among those given.
        """
        from phylolens.embedding.threads import one_thread

        with one_thread():
            rows = self._features(self._ready, np.array(list(ids), dtype=object))
            found = self._softmaxes.probabilities(rows)
        return dict(zip(self.classes_, found, strict=True))

    def at_rank(self, ids: Sequence[str], rank: str) -> tuple[np.ndarray, np.ndarray]:
        """Name the most probable taxon of a rank for every image, and its probability."""
        shares = self.predict_proba(ids)[rank]
        return self.classes_[rank][shares.argmax(axis=1)], shares.max(axis=1)


def _macro_f1(truth: np.ndarray, shares: np.ndarray) -> float:
    """Macro-F1 over the taxa of the rows whose taxon is known; NaN where there is none."""
    known, said = truth >= 0, shares.argmax(axis=1)
    labels = np.unique(truth[known])
    if not len(labels):
        return float("nan")
    return float(
        f1_score(truth[known], said[known], labels=labels, average="macro", zero_division=0)
    )


def _even(codes: np.ndarray, n_taxa: int) -> np.ndarray:
    """Weigh taxa by the inverse of their number of rows; 1 for those without any."""
    present = np.unique(codes[codes >= 0])
    found = np.ones(n_taxa)
    found[present] = compute_class_weight("balanced", classes=present, y=codes[codes >= 0])
    return found
