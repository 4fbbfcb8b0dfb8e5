"""Hierarchy-guided network on features: a coarse branch that helps a fine one.

Elhamod et al. (2022) Methods Ecol. Evol. 13:642 link two image networks, of genus and of species;
here both branches are single layers on frozen features, so the gain of the link can be separated
from that of fine-tuning.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight

from phylolens.classification.heads.base import Head, softmax_rows
from phylolens.classification.heads.layers import he_weights, relu
from phylolens.classification.heads.mlp import epochs_of, root_mean_square
from phylolens.classification.transform import behind_steps
from phylolens.errors import InputError
from phylolens.random import stream

LAYER = 256
STEPS = 1000
EPOCHS = 20
BATCH = 256
RATE = 1e-3


class HierarchyGuided(Head):
    """Two rectified layers on the features; the coarse one is added to the fine one.

    The loss is ``coarse_weight`` times the cross-entropy of the parents plus that of the classes.
    Fitted with torch on one thread, answered with numpy. Without parents, or with a single one,
    the coarse branch is left out.

    Parameters
    ----------
    parents : mapping of str to str, optional
        Coarser taxon of each class; rows of a class that is not named train the fine branch only.
    hidden : int
        Units of each layer.
    steps : int
        At least so many, and at least 20 passes over the rows.
    coarse_weight : float
        Weight of the coarse loss.
    decay : float
        Weight decay (AdamW).
    class_weight : str or None
        ``balanced`` weighs rare classes up in the fine loss.
    seed : int
        Of the first weights and the batches.

    Attributes
    ----------
    weights_ : dict of str to array of float32
        ``fine_in``, ``fine_out`` and, with parents, ``coarse_in``, ``coarse_out``, each with a
        ``…_bias``.
    spread_ : float
        Root mean square of the training features, which are divided by it.
    coarse_classes_ : array of str
        The parents it distinguishes; empty without a coarse branch.
    """

    def __init__(
        self,
        parents: Mapping[str, str] | None = None,
        hidden: int = LAYER,
        steps: int = STEPS,
        coarse_weight: float = 0.5,
        decay: float = 1e-2,
        class_weight: str | None = None,
        seed: int = 0,
    ) -> None:
        self.parents, self.hidden, self.steps = parents, hidden, steps
        self.coarse_weight, self.decay, self.seed = coarse_weight, decay, seed
        self.class_weight = class_weight

    def fit(self, X: np.ndarray, y: np.ndarray) -> "HierarchyGuided":
        """Train both branches together.

        Raises
        ------
        InputError
            If torch is not installed, or there is a single class.
        """
        X, codes = self._start(X, y)
        parent_of = self.parents or {}
        of_class = np.array([str(parent_of.get(str(name), "")) for name in self.classes_])
        named = np.unique(of_class[of_class != ""])
        self.coarse_classes_ = named if len(named) > 1 else named[:0]
        number = {name: place for place, name in enumerate(self.coarse_classes_)}
        coarse = np.array([number.get(name, -1) for name in of_class])[codes]
        self.spread_ = root_mean_square(X)
        self.weights_ = self._train(self._scaled(X), codes, coarse)
        return self

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        return (X / self.spread_).astype(np.float32)

    def _train(self, X: np.ndarray, fine: np.ndarray, coarse: np.ndarray) -> dict[str, np.ndarray]:
        torch = _torch()
        from phylolens.embedding.threads import one_thread

        with one_thread():
            return self._descend(torch, X, fine, coarse)

    def _descend(
        self, torch: Any, X: np.ndarray, fine: np.ndarray, coarse: np.ndarray
    ) -> dict[str, np.ndarray]:
        rng = stream(self.seed, "classification.heads.hgnn")
        weights = {
            name: torch.tensor(value, requires_grad=True)
            for name, value in self._first_weights(X.shape[1], rng).items()
        }
        adam = torch.optim.AdamW(list(weights.values()), lr=RATE, weight_decay=self.decay)
        loss_of = torch.nn.functional.cross_entropy
        importance = self._importance(torch, fine)
        rows, fine_of, coarse_of = (torch.tensor(array) for array in (X, fine, coarse))
        for _ in range(epochs_of(len(X), BATCH, self.steps, EPOCHS)):
            for batch in torch.tensor(rng.permutation(len(X))).split(BATCH):
                found, coarser = self._forward(weights, rows[batch], torch.relu)
                loss = loss_of(found, fine_of[batch], importance)
                known = coarse_of[batch] >= 0
                if coarser is not None and known.any():
                    wanted = coarse_of[batch][known]
                    loss = loss + self.coarse_weight * loss_of(coarser[known], wanted)
                adam.zero_grad()
                loss.backward()
                adam.step()
        return {name: value.detach().numpy().copy() for name, value in weights.items()}

    def _importance(self, torch: Any, fine: np.ndarray) -> Any:
        if self.class_weight is None:
            return None
        weights = compute_class_weight(self.class_weight, classes=np.unique(fine), y=fine)
        return torch.tensor(weights.astype(np.float32))

    def _shapes(self, width: int) -> dict[str, tuple[int, int]]:
        """Rows and columns of each layer's weights."""
        shapes = {"fine_in": (width, self.hidden), "fine_out": (self.hidden, len(self.classes_))}
        if len(self.coarse_classes_):
            shapes["coarse_in"] = (width, self.hidden)
            shapes["coarse_out"] = (self.hidden, len(self.coarse_classes_))
        return shapes

    def _forward(self, weights: Mapping[str, Any], rows: Any, relu: Any) -> tuple[Any, Any]:
        """Scores of the classes and of the parents (None without); numpy and torch alike."""
        return _forward(weights, rows, relu)

    def _first_weights(self, width: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return he_weights(self._shapes(width), rng)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities of the classes, float64 of shape (n, n_classes)."""
        found, _ = self._forward(self.weights_, self._scaled(self._asked(X)), relu)
        return softmax_rows(found)

    def predict_coarse_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the coarse branch's probabilities, float64 of shape (n, n_coarse_classes)."""
        _, coarser = self._forward(self.weights_, self._scaled(self._asked(X)), relu)
        return np.zeros((len(X), 0)) if coarser is None else softmax_rows(coarser)


def _forward(weights: Mapping[str, Any], rows: Any, relu: Any) -> tuple[Any, Any]:
    """Scores of the classes and of the parents (None without); numpy and torch alike."""
    hidden = relu(rows @ weights["fine_in"] + weights["fine_in_bias"])
    coarser = None
    if "coarse_in" in weights:
        above = relu(rows @ weights["coarse_in"] + weights["coarse_in_bias"])
        coarser = above @ weights["coarse_out"] + weights["coarse_out_bias"]
        hidden = hidden + above
    return hidden @ weights["fine_out"] + weights["fine_out_bias"], coarser


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise InputError(
            "hierarchy-guided heads are trained with torch, which is not installed.",
            where="--models",
            hint="Install it with: pip install 'phylolens[torch]', or leave them out.",
        ) from error
    return torch


def hgnn(seed: int) -> ClassifierMixin:
    """Both branches behind the usual transforms; ``make_head`` tells them the parents."""
    return behind_steps(HierarchyGuided(seed=seed), seed)
