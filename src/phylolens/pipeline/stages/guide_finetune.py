"""Fine-tuning in a study: what it takes besides features, and how often it is done."""

from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import pandas as pd

from phylolens import guided
from phylolens.errors import InputError
from phylolens.guided.evaluate import Evaluation
from phylolens.guided.held_out import Maker, count_fits
from phylolens.guided.learners import Learner, is_costly, make_learner
from phylolens.guided.recipes import GuideRecipe
from phylolens.named_settings import name_of
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.training import require_one_network, told_of_training
from phylolens.progress import Progress

NAME = "finetune"
WHERE = f"--learner {NAME}"
TOLD = ("blocks", "epochs", "patience", "rate", "batch", "bag")
TASK = "fits of the network"  # on the progress bar, with their number from the start


def require_trainable(context: RunContext, recipe: GuideRecipe) -> None:
    """Raise :class:`InputError` where fine-tuning is asked for and cannot be done.

    It needs images, torch and timm, and a single network, whose own output it trains.
    """
    if not tuned(recipe.learner):
        return
    require_one_network(context, WHERE, guided.FEATURES_HINT)
    if recipe.sampling_table and name_of(recipe.learner[0]) == NAME:
        raise InputError(
            "the table of sampling schemes refits the first learner for each of them.",
            where="--sampling-table",
            hint=f"Name another learner first, or leave {WHERE} to a run of its own.",
        )


def refits_of(context: RunContext, recipe: GuideRecipe) -> dict[str, int]:
    """Refits of each learner: of costly ones none, unless the user gave a number."""
    asked = context.settings.guide.refits is not None
    return {name: recipe.refits if asked or not is_costly(name) else 0 for name in recipe.learner}


def makers_of(
    context: RunContext, recipe: GuideRecipe, plan: pd.DataFrame, groups: np.ndarray
) -> dict[str, Maker]:
    """Give fine-tuning its images and network, and have its fits counted on the progress bar."""
    names = tuned(recipe.learner)
    if not names:
        return {}
    settings = context.settings
    refits = refits_of(context, recipe)
    common = told_of_training(context, plan.drop_duplicates("id"), recipe.augmentation)
    return {
        name: _counted(
            partial(make_learner, name, settings.seed, **common),
            1 + count_fits(groups) * (1 + refits[name]),
            context.progress,
        )
        for name in names
    }


def tuned(learners: Sequence[str]) -> list[str]:
    """Those of some learners that train the network."""
    return [learner for learner in dict.fromkeys(learners) if name_of(learner) == NAME]


def _counted(make: Maker, total: int, progress: Progress) -> Maker:
    number = count(1)
    progress(TASK, 0, total)

    def counted() -> Learner:
        progress(TASK, min(next(number), total), total)
        return make()

    return counted


def settings_of(evaluation: Evaluation) -> dict[str, Any]:
    """Return how networks were trained, for ``guide.json``; nothing where none was."""
    return {
        name: {key: getattr(evaluation.judged[name].learner, key) for key in TOLD}
        for name in tuned(list(evaluation.judged))
    }
