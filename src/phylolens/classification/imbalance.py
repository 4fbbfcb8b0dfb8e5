"""What can be done about rare classes, by name, and where each measure acts."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from phylolens.classification.heads import HEADS, make_head
from phylolens.classification.heads.fitting import fit_grouped, probabilities
from phylolens.classification.heads.soft_targets import Distances
from phylolens.classification.transform import with_steps
from phylolens.errors import InputError
from phylolens.named_settings import name_of

IMBALANCE: Mapping[str, str] = MappingProxyType(
    {
        "none": "the head as it is",
        "weights": "in the head: errors of rare classes weigh more (inverse of their frequency)",
        "logit-adjustment": "after the head: probabilities divided by the training frequency",
        "balanced-bagging": "in the head: every bootstrap of the forest sampled down to its rarest",
        "down-sampling": "before the head: frequent classes sampled down, every genus and species "
        "kept (see sample_down)",
        "copies": "before the head: rare classes raised with altered copies (see raise_rare)",
    }
)
BEFORE_THE_HEAD = ("down-sampling", "copies")  # act on the plan of training rows
# Heads whose classes already weigh the same, whatever their size.
EVEN_ALREADY = (
    "rf-weighted",
    "rf-balanced-bagging",
    "svm",
    "svm-rbf",
    "linear",
    "mlp-weighted",
    "default",
)
EVEN_BY_NATURE = ("prototype",)
WEIGHED_BY_CHOICE = "it chooses by itself whether rare classes weigh more"


class LogitAdjusted(ClassifierMixin, BaseEstimator):
    """Divide a head's probabilities by the training frequency of each class.

    Menon et al. (2021) ICLR, arXiv 2007.07314, applied after training: ``log p - tau log prior``,
    renormalised. With ``tau`` 1 the answer is the one expected if all classes were equally
    frequent.

    Parameters
    ----------
    head : classifier
        Unfitted; its probabilities should follow the training frequencies.
    tau : float
        Strength; 0 changes nothing.

    Attributes
    ----------
    head_ : classifier
    priors_ : array of float64, shape (n_classes,)
    classes_ : array, shape (n_classes,)
    """

    def __init__(self, head: ClassifierMixin, tau: float = 1.0) -> None:
        self.head, self.tau = head, tau

    def fit(
        self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None
    ) -> "LogitAdjusted":
        """Fit the head and count the classes.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,)
        groups : array, shape (n,), optional
            Specimen of each row.
        """
        self.head_ = fit_grouped(clone(self.head), X, y, groups)
        self.classes_, counts = np.unique(y, return_counts=True)
        self.priors_ = counts / counts.sum()
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return adjusted probabilities, float64 of shape (n, n_classes)."""
        check_is_fitted(self)
        found = probabilities(self.head_, X) / self.priors_**self.tau
        return found / found.sum(axis=1, keepdims=True)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of every row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def with_imbalance(
    head_name: str,
    option: str,
    seed: int,
    *,
    parents: Mapping[str, str] | None = None,
    blocks: Sequence[int] | None = None,
    lineage: Mapping[str, Mapping[str, str]] | None = None,
    distances: Mapping[str, Distances] | None = None,
    rank: str = "",
) -> ClassifierMixin:
    """Build a head that treats rare classes as the option says.

    Parameters
    ----------
    head_name : str
        One of ``HEADS``, alone or with settings.
    option : str
        One of :data:`IMBALANCE`; those that act before the head leave it as it is.
    seed, parents, blocks, lineage, distances, rank
        See :func:`phylolens.classification.heads.make_head`.

    Raises
    ------
    InputError
        If either name is unknown, or the measure makes no sense for the head.
    """
    if option not in IMBALANCE:
        raise InputError(
            f"unknown measure against imbalance '{option}'.",
            where="--imbalance",
            hint=f"Choose from {', '.join(IMBALANCE)}.",
        )
    head = make_head(
        head_name,
        seed,
        parents=parents,
        blocks=blocks,
        lineage=lineage,
        distances=distances,
        rank=rank,
    )
    if option == "none" or option in BEFORE_THE_HEAD:
        return head
    if option == "balanced-bagging":
        return _bagged(name_of(head_name), seed)
    if option == "weights":
        return _weighted(head_name, head, seed)
    return _adjusted(name_of(head_name), head)


def _bagged(name: str, seed: int) -> ClassifierMixin:
    if name not in ("rf", "rf-balanced-bagging"):
        _refuse(name, "balanced-bagging", "bags are made of trees", "rf")
    return make_head("rf-balanced-bagging", seed)


def _weighted(head_name: str, head: ClassifierMixin, seed: int) -> ClassifierMixin:
    name = name_of(head_name)
    if name == "rf":
        return make_head(f"rf-weighted{head_name[len(name) :]}", seed)
    if name in ("lda", "svm-plain"):
        return head.set_params(even=True)
    if name in ("hgnn", "hgnn-dual", "sequential", "parallel"):
        return head.set_params(head__class_weight="balanced")
    if name in ("prototype", "rf-balanced-bagging"):
        _refuse(name, "weights", "each class counts alike in it by construction", "none")
    if name == "rf-tuned":
        _refuse(name, "weights", WEIGHED_BY_CHOICE, "none")
    return head  # weighted already


def _adjusted(name: str, head: ClassifierMixin) -> ClassifierMixin:
    if name == "rf-tuned":
        _refuse(name, "logit-adjustment", WEIGHED_BY_CHOICE, "none")
    if name in EVEN_ALREADY + EVEN_BY_NATURE:
        even = ("rf-tuned", *EVEN_ALREADY, *EVEN_BY_NATURE)
        fitting = ", ".join(name for name in HEADS if name not in even)
        _refuse(
            name,
            "logit-adjustment",
            "its classes count alike already, rare ones would be favoured twice",
            f"none for it, or logit-adjustment with {fitting}",
        )
    return LogitAdjusted(head)


def _refuse(name: str, option: str, reason: str, instead: str) -> None:
    raise InputError(
        f"'{option}' makes no sense for the model '{name}': {reason}.",
        where="--imbalance",
        hint=f"Use {instead}.",
    )


def head_of(
    name: str,
    seed: int,
    *,
    steps: Sequence[str] = (),
    imbalance: str = "none",
    parents: Mapping[str, str] | None = None,
    blocks: Sequence[int] | None = None,
    lineage: Mapping[str, Mapping[str, str]] | None = None,
    distances: Mapping[str, Distances] | None = None,
    rank: str = "",
) -> ClassifierMixin:
    """Build a head behind transforms, with an answer to rare classes.

    Parameters
    ----------
    name : str
        See :func:`phylolens.classification.make_head`.
    seed : int
    steps : sequence of str
        Transforms ahead of it, see :mod:`phylolens.classification.transform`.
    imbalance : str
        See :data:`IMBALANCE`.
    parents : mapping, optional
        Coarser taxon of each class, for heads that use it.
    blocks : sequence of int, optional
        Widths of the layers and networks joined in the features.
    lineage, distances, rank
        For heads that learn several ranks; see :func:`phylolens.classification.make_head`.
    """
    inside = None if steps else blocks  # steps change the columns
    head = with_imbalance(
        name,
        imbalance,
        seed,
        parents=parents,
        blocks=inside,
        lineage=lineage,
        distances=distances,
        rank=rank,
    )
    return with_steps(tuple(steps), head, seed, blocks)
