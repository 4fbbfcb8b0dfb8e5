"""Learners of guided embeddings, by name, and with settings as they are typed."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from phylolens.errors import InputError
from phylolens.guided.learners.base import Learner
from phylolens.named_settings import Named, name_of, parse_named, typed_settings

# Where each stands: module below this package, and class. Imported when made: some are heavy.
CLASSES: Mapping[str, tuple[str, str]] = {
    "attention": ("attention", "Attention"),
    "attention+projection": ("attention", "AttentionProjection"),
    "finetune": ("finetune", "FineTune"),
    "metric": ("metric", "Metric"),
    "phylo-ridge": ("phylo_ridge", "PhyloRidge"),
    "kernel-ridge": ("kernel_ridge", "KernelRidge"),
    "gp": ("kernel_ridge", "GaussianProcess"),
    "soft": ("soft", "Soft"),
    "default": ("default", "Default"),
    "unguided": ("unguided", "Unguided"),
}

# Fits take minutes: refits are made only where asked for, and finished parts are kept.
COSTLY = frozenset({"finetune"})
WHERE = "--learner"


def make_learner(learner: str, seed: int = 0, **settings: Any) -> Learner:
    """Make an unfitted learner.

    Parameters
    ----------
    learner : str
        One of :data:`LEARNERS`, alone or with settings: ``metric:loss=triplet,hidden=64`` (see
        :mod:`phylolens.named_settings`).
    seed : int
        Of those that draw at random; others do not take it.
    **settings
        Keyword settings of the learner's class; they come before those typed with the name.

    Raises
    ------
    InputError
        If there is no such learner or setting, or a value is not of its type.
    """
    named = parse_named(learner, list(CLASSES), what="learner", where=WHERE)
    made = _class_of(named.name)
    known = made().get_params()
    settings = _typed(named, made) | settings
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise InputError(
            f"learner {named.name} has no such setting.",
            where="learner",
            ids=unknown,
            hint=f"It has: {', '.join(known) or 'none'}.",
        )
    if "seed" in known:
        settings.setdefault("seed", seed)
    found: Learner = made(**settings)
    return found


def _class_of(name: str) -> Any:
    module, kind = CLASSES[name]
    return getattr(import_module(f"{__name__}.{module}"), kind)


def _typed(named: Named, made: Any) -> dict[str, Any]:
    """Read settings typed with a name; ``untyped`` and ``parts`` of a class are special."""
    return typed_settings(
        named,
        made,
        what="learner",
        where=WHERE,
        hidden=getattr(made, "untyped", ()),
        parts=getattr(made, "parts", None),
    )


def require_learners(learners: Sequence[str]) -> None:
    """Raise :class:`InputError` unless all learners can be made and there is one."""
    if not learners:
        raise InputError(
            "no learner was named.", where=WHERE, hint=f"Choose from {', '.join(CLASSES)}."
        )
    for learner in learners:
        make_learner(learner)


def is_costly(learner: str) -> bool:
    """Whether a fit takes minutes."""
    return name_of(learner) in COSTLY


LEARNERS: Mapping[str, Callable[..., Learner]] = {
    name: partial(make_learner, name) for name in CLASSES
}
__all__ = ["COSTLY", "LEARNERS", "Learner", "is_costly", "make_learner", "require_learners"]
