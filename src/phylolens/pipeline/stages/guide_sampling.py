"""What sampling schemes do to the skill on clades held out, and what of it is noise."""

from functools import partial
from typing import Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from phylolens.errors import InputError
from phylolens.guided.by_clade import DrawnErrors, change_of_skill, clade_errors
from phylolens.guided.held_out import Maker, leave_clades_out
from phylolens.guided.learners import make_learner
from phylolens.guided.null import Keep
from phylolens.guided.recipes import GuideRecipe
from phylolens.guided.sample import Sample
from phylolens.guided.scores import held_out_scores
from phylolens.named_settings import name_of
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.guide_data import Taxa, sample_of
from phylolens.pipeline.stages.guide_finetune import NAME
from phylolens.pipeline.stages.guide_schemes import EVERY, Scheme, drawn_plan, sampling_schemes

SHOWN = ("skill", "pearson", "spearman", "mse", "row_spearman")


def sampling_table(
    context: RunContext, recipe: GuideRecipe, taxa: Taxa, keep: Keep
) -> list[dict[str, Any]]:
    """Try one learner on differently sampled images, everything else alike.

    Schemes that take the same images are tried once; those that draw at random ten times.

    Parameters
    ----------
    keep : callable
        See ``phylolens.pipeline.checkpoints``: what a stopped run had tried is not tried again.

    Returns
    -------
    list of dict
        As ``sampling`` in ``guide.json`` (docs/formats.md); the first row takes every image.
    """
    learner = learner_of_table(recipe)
    make = partial(make_learner, learner, context.settings.seed)
    schemes = sampling_schemes(context, recipe)
    rows = []
    for number, (scheme, draws) in enumerate(schemes):
        context.progress("sampling schemes", number, len(schemes))
        rows.append(keep(f"sampling-{number}", partial(_tried, context, scheme, draws, taxa, make)))
    context.progress("sampling schemes", len(schemes), len(schemes))
    _compare(rows)
    return [{**row, "learner": learner} for row in rows]


def learner_of_table(recipe: GuideRecipe) -> str:
    """Choose the first learner of features: a network trained for every draw would take days.

    Raises
    ------
    InputError
        If there is none.
    """
    learners = [learner for learner in recipe.learner if name_of(learner) != NAME]
    if not learners:
        raise InputError(
            f"sampling schemes are compared by a learner of features; there is {NAME} only.",
            where="--sampling-table",
            hint="Name a second learner.",
        )
    return learners[0]


def _tried(
    context: RunContext, scheme: Scheme, draws: int, taxa: Taxa, make: Maker
) -> dict[str, Any]:
    """Judge one scheme: means over draws, standard deviations, and errors by clade."""
    row: dict[str, Any] = {
        "name": scheme.name,
        "note": scheme.note,
        "same": list(scheme.same),
        "beside": scheme.beside,
        "draws": draws,
    }
    try:
        found = _judged(context, scheme, draws, taxa, make)
    except InputError as refused:
        return row | {"refused": refused.problem}
    means = {key: _mean([one["scores"][key] for one in found]) for key in SHOWN}
    row |= {**found[0]["sizes"], **means}
    if draws > 1:
        row["sd"] = {key: _sd([one["scores"][key] for one in found]) for key in SHOWN}
    errors = {"guided": [one["guided"] for one in found], "image_free": found[0]["image_free"]}
    return row | {"errors": errors}


def _judged(
    context: RunContext, scheme: Scheme, draws: int, taxa: Taxa, make: Maker
) -> list[dict[str, Any]]:
    """Leave clades out for each draw; several at once, since each has its own images."""
    jobs = min(joblib.cpu_count(), draws)
    found: list[dict[str, Any]] = []
    with (
        threadpool_limits(1, "blas"),  # the same bytes whatever the number of cores
        joblib.Parallel(n_jobs=jobs, backend="threading") as pool,
    ):
        for start in range(0, draws, jobs):
            numbers = range(start, min(start + jobs, draws))
            samples = [_sample(context, scheme, number, taxa) for number in numbers]
            found += pool(joblib.delayed(_one)(make, sample, taxa) for sample in samples)
    return found


def _sample(context: RunContext, scheme: Scheme, draw: int, taxa: Taxa) -> Sample:
    plan = drawn_plan(context, scheme, draw)
    features = context.images.of_plan(plan[["file", "copy"]], scheme.recipe.augmentation)
    return sample_of(context, plan, features, taxa)[0]


def _one(make: Maker, sample: Sample, taxa: Taxa) -> dict[str, Any]:
    found = leave_clades_out(make, sample, taxa.genetic, taxa.clades.groups)
    scores = held_out_scores(found, taxa.genetic)
    _, free, guided = clade_errors(found, taxa.genetic)
    return {
        "scores": {key: scores[key] for key in SHOWN},
        "guided": guided.tolist(),
        "image_free": free.tolist(),
        "sizes": {
            "n_images": int(sample.sizes.sum()),
            "min_images": int(sample.sizes.min()),
            "max_images": int(sample.sizes.max()),
        },
    }


def _compare(rows: list[dict[str, Any]]) -> None:
    """Put the change of skill in place of errors: from every image, and from the scheme beside."""
    errors: dict[str, DrawnErrors] = {}
    for row in rows:
        own = row.pop("errors", None)
        if own is not None:
            named = DrawnErrors(np.array(own["guided"]), np.array(own["image_free"]))
            errors |= dict.fromkeys((row["name"], *row["same"]), named)
    asked: list[tuple[dict[str, Any], str, str]] = []
    for row in rows:
        for key, other in (("change", EVERY), ("beside", row.pop("beside"))):
            known = row["name"] in errors and other in errors
            if known and errors[other] is not errors[row["name"]]:
                asked.append((row, key, other))
    for row, key, other in asked:
        change = change_of_skill(errors[row["name"]], errors[other], comparisons=len(asked))
        row[key] = {"from": other, **change}


def _mean(values: list[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return float(np.mean(told)) if told else None


def _sd(values: list[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return float(np.std(told, ddof=1)) if len(told) > 1 else None
