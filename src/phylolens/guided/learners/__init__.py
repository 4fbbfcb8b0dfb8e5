"""Learners of guided embeddings, by name."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from phylolens.errors import InputError
from phylolens.guided.learners.base import Learner

# Where each stands: module below this package, and class. Imported when made: some are heavy.
CLASSES: Mapping[str, tuple[str, str]] = {
    "attention": ("attention", "Attention"),
    "attention+projection": ("attention_projection", "AttentionProjection"),
    "finetune": ("finetune", "FineTune"),
    "metric": ("metric", "Metric"),
    "phylo-ridge": ("phylo_ridge", "PhyloRidge"),
    "kernel-ridge": ("kernel_ridge", "KernelRidge"),
    "gp": ("gp", "GaussianProcess"),
    "soft": ("soft", "Soft"),
    "default": ("default", "Default"),
    "unguided": ("unguided", "Unguided"),
}

# Fits take minutes: refits are made only where asked for, and finished parts are kept.
COSTLY = frozenset({"finetune"})


def make_learner(name: str, seed: int = 0, **settings: Any) -> Learner:
    """Make an unfitted learner.

    Parameters
    ----------
    name : str
        One of :data:`LEARNERS`.
    seed : int
        Of those that draw at random; others do not take it.
    **settings
        Keyword settings of the learner's class.

    Raises
    ------
    InputError
        If there is no such learner or setting.
    """
    if name not in CLASSES:
        raise InputError(
            f"no learner '{name}'.", where="learner", hint=f"There are: {', '.join(CLASSES)}."
        )
    module, kind = CLASSES[name]
    made = getattr(import_module(f"{__name__}.{module}"), kind)
    known = made().get_params()
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise InputError(
            f"learner {name} has no such setting.",
            where="learner",
            ids=unknown,
            hint=f"It has: {', '.join(known) or 'none'}.",
        )
    if "seed" in known:
        settings.setdefault("seed", seed)
    learner: Learner = made(**settings)
    return learner


LEARNERS: Mapping[str, Callable[..., Learner]] = {
    name: partial(make_learner, name) for name in CLASSES
}
__all__ = ["COSTLY", "LEARNERS", "Learner", "make_learner"]
