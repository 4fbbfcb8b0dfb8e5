"""Classifiers on frozen features, scikit-learn estimators by name.

All but the published forests transform features themselves (see ``steps``), fitted on their
training rows.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from phylolens.classification.heads.balanced_bagging import (
    balanced_bagging,
    forest,
    weighted_forest,
)
from phylolens.classification.heads.fitting import choice_of, fit_head, probabilities
from phylolens.classification.heads.hgnn import hgnn
from phylolens.classification.heads.hgnn_dual import hgnn_dual
from phylolens.classification.heads.inner_choice import default, linear
from phylolens.classification.heads.kernel_svm import kernel_svm
from phylolens.classification.heads.lda import lda
from phylolens.classification.heads.mlp import weighted_mlp
from phylolens.classification.heads.parallel import parallel
from phylolens.classification.heads.prototype import prototype
from phylolens.classification.heads.sequential import sequential
from phylolens.classification.heads.soft_targets import Distances
from phylolens.classification.heads.svm import plain_svm, svm
from phylolens.classification.heads.tuned_forest import tuned_forest
from phylolens.named_settings import parse_named, typed_settings

TOLD = (
    "parents",
    "blocks",
    "lineage",
    "distances",
    "rank",
)  # settings that the study tells a head, not the user
HEADS: Mapping[str, Callable[[int], ClassifierMixin]] = MappingProxyType(
    {
        "rf": forest,
        "rf-weighted": weighted_forest,
        "rf-balanced-bagging": balanced_bagging,
        "rf-tuned": tuned_forest,
        "svm": svm,
        "svm-plain": plain_svm,
        "svm-rbf": kernel_svm,
        "linear": linear,
        "lda": lda,
        "mlp-weighted": weighted_mlp,
        "prototype": prototype,
        "hgnn": hgnn,
        "hgnn-dual": hgnn_dual,
        "sequential": sequential,
        "parallel": parallel,
        "default": default,
    }
)


def make_head(
    name: str,
    seed: int,
    *,
    parents: Mapping[str, str] | None = None,
    blocks: Sequence[int] | None = None,
    lineage: Mapping[str, Mapping[str, str]] | None = None,
    distances: Mapping[str, Distances] | None = None,
    rank: str = "",
) -> ClassifierMixin:
    """Return the unfitted classifier ``name``.

    Parameters
    ----------
    name : str
        One of :data:`HEADS`, alone or with settings of its last step: ``svm:C=10`` (see
        :mod:`phylolens.named_settings`).
    seed : int
        Of whatever the head draws.
    parents : mapping of str to str, optional
        Coarser taxon of each class, used by ``hgnn`` and ``hgnn-dual``.
    blocks : sequence of int, optional
        Widths of the layers joined in the features; each is scaled to unit length by itself.
    lineage : mapping of str to mapping, optional
        Coarser ranks, coarse to fine, with the taxon of each class; for ``sequential`` and
        ``parallel``.
    distances : mapping of str to (names, array), optional
        Genetic distances between the taxa of ranks, for their target ``softmax-distance``.
    rank : str
        Of the classes.

    Raises
    ------
    InputError
        If there is no such head or setting, or a value is not of its type.
    """
    named = parse_named(name, list(HEADS), what="model", where="--models")
    head = HEADS[named.name](seed)
    last = head.steps[-1][1] if isinstance(head, Pipeline) else head
    last.set_params(
        **typed_settings(named, type(last), what="model", where="--models", hidden=TOLD)
    )
    if parents is not None:
        _tell(head, "parents", {str(taxon): str(parent) for taxon, parent in parents.items()})
    if blocks is not None:
        _tell(head, "blocks", tuple(int(width) for width in blocks))
    if lineage is not None:
        _tell(head, "lineage", {one: dict(taxon_of) for one, taxon_of in lineage.items()})
    if distances is not None:
        _tell(head, "distances", dict(distances))
    if rank:
        _tell(head, "rank", rank)
    return head


def _tell(head: ClassifierMixin, name: str, value: object) -> None:
    """Set a parameter in whichever part of the head has it."""
    keys = [key for key in head.get_params() if key.rsplit("__", 1)[-1] == name]
    head.set_params(**dict.fromkeys(keys, value))


__all__ = ["HEADS", "choice_of", "fit_head", "make_head", "probabilities"]
