"""The models a study names: classifiers on frozen features, and those that train the network."""

from typing import Any

import pandas as pd

from phylolens import classification
from phylolens.classification.finetune import HINT, NAME, WHERE, FineTunedClassifier
from phylolens.errors import InputError
from phylolens.named_settings import name_of, parse_named, typed_settings
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.training import require_one_network, told_of_training

IMBALANCE = ("none", "weights", "copies", "down-sampling")  # what training can do about rare taxa


def require_models(context: RunContext) -> None:
    """Refuse an unknown model, or what it cannot do, before any work.

    Raises
    ------
    InputError
        If a name, a setting or a measure against imbalance is wrong, or a network cannot be
        trained here.
    """
    settings, options = context.settings, context.settings.classify
    for name in options.models:
        parse_named(name, [*classification.HEADS, NAME], what="model", where="--models")
        if not is_finetune(name):
            classification.head_of(
                name, settings.seed, steps=options.steps, imbalance=options.imbalance
            )
            continue
        _make(name, options.imbalance)
        require_one_network(context, WHERE, HINT)
        if options.steps:
            raise InputError(
                f"steps transform the features of a frozen network; {WHERE} trains its own.",
                where="--steps",
                ids=list(options.steps),
                hint="Leave out the steps, or give the model a run of its own.",
            )


def networks_of(
    context: RunContext, wanted: pd.DataFrame, seed: int
) -> dict[str, FineTunedClassifier]:
    """Unfitted networks by the model's name, with the images of the rows wanted."""
    options = context.settings.classify
    names = [name for name in options.models if is_finetune(name)]
    if not names:
        return {}
    rows = context.images.plan_ids(wanted[["file", "copy"]], options.augmentation)
    told = told_of_training(context, rows.drop_duplicates("id"), options.augmentation)
    return {name: _make(name, options.imbalance, seed=seed, **told) for name in names}


def is_finetune(model: str) -> bool:
    """Say whether a model, with or without settings, trains the network."""
    return name_of(model) == NAME


def _make(model: str, imbalance: str, **told: Any) -> FineTunedClassifier:
    """Return the unfitted classifier of ``finetune:blocks=all`` and the like."""
    if imbalance not in IMBALANCE:
        raise InputError(
            f"'{imbalance}' is for classifiers on frozen features, not for the model '{NAME}'.",
            where="--imbalance",
            hint=f"Choose from {', '.join(IMBALANCE)}.",
        )
    named = parse_named(model, [NAME], what="model", where="--models")
    own = typed_settings(
        named,
        FineTunedClassifier,
        what="model",
        where="--models",
        hidden=FineTunedClassifier.untyped,
    )
    made = FineTunedClassifier(**own, **told, balanced=imbalance == "weights")
    made.require_sound()
    return made
