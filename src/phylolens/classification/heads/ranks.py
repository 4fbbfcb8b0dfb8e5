"""What heads share that learn all ranks of their classes at once, on one layer."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from phylolens.classification.heads.base import Head, softmax_rows
from phylolens.classification.heads.layers import he_weights, relu
from phylolens.classification.heads.mlp import epochs_of, root_mean_square
from phylolens.classification.heads.soft_targets import Distances, softmax_targets
from phylolens.errors import InputError
from phylolens.random import stream

LAYER = 256
STEPS = 1000
EPOCHS = 20
BATCH = 256
RATE = 1e-3
SOFT = "softmax-distance"


class RankHeads(Head):
    """A shared layer and one softmax a rank, finest first; the loss is the sum over the ranks.

    Fitted with torch on one thread, answered with numpy.

    Parameters
    ----------
    lineage : mapping of str to mapping, optional
        Coarser ranks, coarse to fine: the taxon of each class. Without them, and at ranks with a
        single taxon, there is nothing to learn beside the classes.
    distances : mapping of str to (names, array), optional
        Genetic distances between the taxa of a rank; ranks may be missing.
    rank : str
        Of the classes themselves, by which ``distances`` knows them.
    hidden : int
        Rectified units of the shared layer; 0: the ranks read the features.
    steps : int
        At least so many, and at least 20 passes over the rows.
    target : str
        ``one-hot``, or ``softmax-distance``: relatives have a share in the target; see
        :func:`phylolens.classification.heads.soft_targets.softmax_targets`. Ranks without
        distances keep the one-hot target.
    temperature : float
        Of that target, in units of the mean distance between classes.
    decay : float
        Weight decay (AdamW).
    class_weight : str or None
        ``balanced`` weighs rare classes up in the loss of each rank.
    seed : int
        Of the first weights and the batches.

    Attributes
    ----------
    level_ranks_ : list of str
        Finest (``rank``) first.
    level_classes_ : list of array
        Taxa of each of them.
    weights_ : dict of str to array of float32
        ``in`` and, by level, ``out0``, ``out1`` and so on, each with a ``…_bias``.
    spread_ : float
        Root mean square of the training features, which are divided by it.
    """

    flows: ClassVar[bool] = False  # whether a rank reads what the finer one found

    def __init__(
        self,
        lineage: Mapping[str, Mapping[str, str]] | None = None,
        distances: Mapping[str, Distances] | None = None,
        rank: str = "",
        hidden: int = LAYER,
        steps: int = STEPS,
        target: Literal["one-hot", "softmax-distance"] = "one-hot",
        temperature: float = 0.1,
        decay: float = 1e-2,
        class_weight: str | None = None,
        seed: int = 0,
    ) -> None:
        self.lineage, self.distances, self.rank = lineage, distances, rank
        self.hidden, self.steps, self.target = hidden, steps, target
        self.temperature, self.decay, self.seed = temperature, decay, seed
        self.class_weight = class_weight

    def fit(self, X: np.ndarray, y: np.ndarray) -> "RankHeads":
        """Train all ranks together.

        Raises
        ------
        InputError
            If torch is not installed, there is a single class, or the target needs distances that
            are not there.
        """
        X, codes = self._start(X, y)
        self._check()
        self.level_ranks_, self.level_classes_ = [self.rank], [self.classes_]
        truth = [codes]
        for rank, taxon_of in reversed(list((self.lineage or {}).items())):
            names = np.array([str(taxon_of.get(str(name), "") or "") for name in self.classes_])
            taxa = np.unique(names[names != ""])
            if len(taxa) > 1:
                number = {name: place for place, name in enumerate(taxa)}
                truth.append(np.array([number.get(name, -1) for name in names])[codes])
                self.level_ranks_.append(rank)
                self.level_classes_.append(taxa)
        self.spread_ = root_mean_square(X)
        self.weights_ = self._train(self._scaled(X), truth)
        return self

    def _check(self) -> None:
        if self.target not in ("one-hot", SOFT):
            raise InputError(
                f"unknown target '{self.target}'.",
                where="--models",
                hint=f"Choose one-hot or {SOFT}.",
            )
        if self.hidden < 0:
            raise InputError(f"hidden must be 0 or more; got {self.hidden}.", where="--models")
        if self.target == SOFT and not self.distances:
            raise InputError(
                f"the target '{SOFT}' needs genetic distances between the classes.",
                where="--models",
                hint="Give a phylogeny (--tree or --distances), or take target=one-hot.",
            )

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        return (X / self.spread_).astype(np.float32)

    def targets(self) -> list[np.ndarray]:
        """Share of each class in the target of each, by level, (n_classes, n_classes)."""
        soft = (self.distances or {}) if self.target == SOFT else {}
        return [
            softmax_targets([str(name) for name in classes], soft.get(rank), self.temperature)
            for rank, classes in zip(self.level_ranks_, self.level_classes_, strict=True)
        ]

    def _train(self, X: np.ndarray, truth: list[np.ndarray]) -> dict[str, np.ndarray]:
        torch = _torch()
        from phylolens.embedding.threads import one_thread

        with one_thread():
            return self._descend(torch, X, truth)

    def _descend(self, torch: Any, X: np.ndarray, truth: list[np.ndarray]) -> dict[str, np.ndarray]:
        rng = stream(self.seed, "classification.heads.ranks")
        weights = {
            name: torch.tensor(value, requires_grad=True)
            for name, value in self._first_weights(X.shape[1], rng).items()
        }
        adam = torch.optim.AdamW(list(weights.values()), lr=RATE, weight_decay=self.decay)
        rows = torch.tensor(X)
        levels = [
            (torch.tensor(codes), torch.tensor(wanted.astype(np.float32)), self._importance(codes))
            for codes, wanted in zip(truth, self.targets(), strict=True)
        ]
        for _ in range(epochs_of(len(X), BATCH, self.steps, EPOCHS)):
            for batch in torch.tensor(rng.permutation(len(X))).split(BATCH):
                scores = forward(weights, rows[batch], torch.relu, torch.hstack, flows=self.flows)
                loss = torch.zeros(())
                for found, (codes, wanted, importance) in zip(scores, levels, strict=True):
                    own = codes[batch]
                    known = own >= 0
                    if known.any():
                        shares = torch.tensor(importance)[batch][known]
                        logs = torch.log_softmax(found[known], dim=1)
                        rowwise = -(wanted[own[known]] * logs).sum(dim=1)
                        loss = loss + (shares * rowwise).sum() / shares.sum()
                adam.zero_grad()
                loss.backward()
                adam.step()
        return {name: value.detach().numpy().copy() for name, value in weights.items()}

    def _importance(self, codes: np.ndarray) -> np.ndarray:
        """Weight of each row in the loss of a rank."""
        found = np.ones(len(codes), dtype=np.float32)
        known = codes >= 0
        if self.class_weight is not None:
            present = np.unique(codes[known])
            weights = compute_class_weight(self.class_weight, classes=present, y=codes[known])
            found[known] = weights[np.searchsorted(present, codes[known])]
        return found

    def _first_weights(self, width: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        shapes = {"in": (width, self.hidden)} if self.hidden else {}
        given = self.hidden or width
        for level, classes in enumerate(self.level_classes_):
            finer = len(self.level_classes_[level - 1]) if self.flows and level else 0
            shapes[f"out{level}"] = (given + finer, len(classes))
        return he_weights(shapes, rng)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities of the classes, float64 of shape (n, n_classes)."""
        return softmax_rows(self._scores(X)[0])

    def predict_rank_proba(self, X: np.ndarray) -> list[np.ndarray]:
        """Return the probabilities at every level, finest first, columns as ``level_classes_``."""
        return [softmax_rows(found) for found in self._scores(X)]

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return what the shared layer makes of rows, float32 of shape (n, hidden)."""
        return shared(self.weights_, self._scaled(self._asked(X)), relu)

    @property
    def trained_parameters(self) -> int:
        """How many numbers were trained."""
        return sum(value.size for value in self.weights_.values())

    def _scores(self, X: np.ndarray) -> list[np.ndarray]:
        given = self._scaled(self._asked(X))
        return forward(self.weights_, given, relu, np.hstack, flows=self.flows)


def shared(weights: Mapping[str, Any], rows: Any, relu: Callable[[Any], Any]) -> Any:
    """Apply the shared layer, if there is one; numpy and torch alike."""
    return relu(rows @ weights["in"] + weights["in_bias"]) if "in" in weights else rows


def forward(
    weights: Mapping[str, Any],
    rows: Any,
    relu: Callable[[Any], Any],
    join: Callable[[list[Any]], Any],
    *,
    flows: bool,
) -> list[Any]:
    """Scores of every level, finest first; numpy and torch alike.

    Where they flow, a coarser rank reads the shared layer and the finer rank's scores side by side.
    """
    hidden = shared(weights, rows, relu)
    found: list[Any] = []
    while f"out{len(found)}" in weights:
        name = f"out{len(found)}"
        given = join([hidden, found[-1]]) if flows and found else hidden
        found.append(given @ weights[name] + weights[f"{name}_bias"])
    return found


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise InputError(
            "the heads 'sequential' and 'parallel' are trained with torch, which is not installed.",
            where="--models",
            hint="Install it with: pip install 'phylolens[torch]', or leave them out.",
        ) from error
    return torch
