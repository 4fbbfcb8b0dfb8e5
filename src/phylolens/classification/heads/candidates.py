"""Candidates that ``linear`` and ``default`` choose from, named by kind and setting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression

from phylolens.classification.heads.prototype import Prototype
from phylolens.classification.heads.shrunken_lda import ShrunkenLda
from phylolens.classification.heads.svm import LinearSvm
from phylolens.errors import InputError

MANY_CLASSES = 200  # beyond these, kinds that solve one problem a class take minutes


@dataclass(frozen=True)
class Kind:
    """A family of candidates.

    Parameters
    ----------
    make : callable
        (setting, seed) -> unfitted estimator.
    settings : tuple of float
        Tried in this order, the most strongly regularised first; empty when there is none.
    iterative : bool
        Whether the cost grows with classes times steps.
    """

    make: Callable[[float, int], ClassifierMixin]
    settings: tuple[float, ...] = ()
    iterative: bool = False


def _lda(setting: float, seed: int) -> ClassifierMixin:
    return ShrunkenLda(setting, seed=seed)


def _logistic(setting: float, seed: int) -> ClassifierMixin:
    return LogisticRegression(C=setting, class_weight="balanced", max_iter=100, tol=1e-4)


def _svm(setting: float, seed: int) -> ClassifierMixin:
    return LinearSvm(setting, seed=seed)


def _prototype(setting: float, seed: int) -> ClassifierMixin:
    return Prototype()


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "prototype": Kind(_prototype),
        "lda": Kind(_lda, (0.9, 0.6, 0.3, 0.1)),
        "logistic": Kind(_logistic, (10.0, 100.0), iterative=True),
        "svm": Kind(_svm, (1.0,), iterative=True),
    }
)


def named(*kinds: str) -> tuple[str, ...]:
    """Name all candidates of some kinds, such as ``lda:0.6``."""
    found: list[str] = []
    for kind in kinds:
        settings = KINDS[kind].settings
        found += [f"{kind}:{setting:g}" for setting in settings] if settings else [kind]
    return tuple(found)


def kind_of(name: str) -> Kind:
    """Return the kind of a named candidate.

    Raises
    ------
    InputError
        If there is none.
    """
    kind = name.partition(":")[0]
    if kind not in KINDS:
        raise InputError(f"unknown candidate '{name}'.", hint=f"Kinds: {', '.join(KINDS)}.")
    return KINDS[kind]


def candidate(name: str, seed: int) -> ClassifierMixin:
    """Build a named candidate, unfitted, without transforms."""
    kind = kind_of(name)
    _, colon, setting = name.partition(":")
    try:
        return kind.make(float(setting) if colon else 1.0, seed)
    except ValueError:
        raise InputError(f"the candidate '{name}' needs a number after the colon.") from None
