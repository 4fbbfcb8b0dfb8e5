"""Training a network in a study: what it takes, and the images it is given."""

from typing import Any

import pandas as pd

from phylolens import embedding
from phylolens.errors import InputError
from phylolens.pipeline.context import RunContext


def require_one_network(context: RunContext, where: str, hint: str) -> None:
    """Raise :class:`InputError` unless images and a single network are there to train.

    Parameters
    ----------
    context : RunContext
    where : str
        What asks for it.
    hint : str
        What to do where only features were given.
    """
    settings = context.settings
    if not context.images.can_alter:
        raise InputError(embedding.NO_IMAGES, where=where, hint=hint)
    unfit = {
        "--backbone": len(embedding.backbone_names(settings.backbone)) > 1,
        "--layers": bool(settings.layers),
        "--flips": settings.flips,
    }
    if any(unfit.values()):
        raise InputError(
            "fine-tuning takes one network, its own output, and images as they are.",
            where=where,
            ids=[name for name, found in unfit.items() if found],
            hint="Name one backbone, without --layers and --flips; the others can have a run of "
            "their own.",
        )
    embedding.require_training(where)


def told_of_training(context: RunContext, plan: pd.DataFrame, augmentation: str) -> dict[str, Any]:
    """Images of a plan and the network, as what trains it takes them.

    Parameters
    ----------
    context : RunContext
    plan : DataFrame
        Columns ``id``, ``file`` and ``copy``; one row an image.
    augmentation : str
        How copies are altered.
    """
    settings = context.settings
    return {
        "images": embedding.TrainingImages(
            context.images.views(plan, augmentation),
            fit=settings.fit,
            seed=settings.seed,
            progress=context.progress,
        ),
        "backbone": settings.backbone.strip(),
        "weights": None if settings.weights is None else str(settings.weights),
        "device": settings.device,
    }
