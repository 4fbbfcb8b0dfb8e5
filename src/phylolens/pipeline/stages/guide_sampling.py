"""What sampling schemes do to the skill on clades held out, and what of it is noise."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import joblib
import numpy as np
import pandas as pd
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
from phylolens.pipeline.stages.guide_data import Taxa, plan_of, sample_of
from phylolens.pipeline.stages.guide_finetune import NAME
from phylolens.provenance import text_hash

SHOWN = ("skill", "pearson", "spearman", "mse", "row_spearman")


DRAWS = 10  # of each scheme that leaves images to chance
EVERY = "every image"


@dataclass(frozen=True)
class Scheme:
    """One scheme of sampling: the run's recipe with other sizes.

    Parameters
    ----------
    name, note : str
    recipe : GuideRecipe
    copies : bool
        Whether altered copies of images may be added.
    beside : str
        A scheme without what is special of this one, to compare with; it may be absent.
    same : tuple of str
        Names of schemes that come to the same.
    """

    name: str
    note: str
    recipe: GuideRecipe
    copies: bool = True
    beside: str = ""
    same: tuple[str, ...] = ()


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
    return sample_of(context, plan, features, taxa.names)[0]


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


def sampling_schemes(context: RunContext, recipe: GuideRecipe) -> list[tuple[Scheme, int]]:
    """List sampling schemes, each with the number of draws that it takes to judge it.

    Schemes that take the same images in every draw are one; those that leave nothing to chance are
    drawn once. The first takes every image.
    """
    found: dict[tuple[str, ...], Scheme] = {}
    for scheme in _schemes(context, recipe):
        marks = tuple(text_hash(sorted(drawn_plan(context, scheme, k)["id"])) for k in range(DRAWS))
        first = found.get(marks)
        same = () if first is None else (*first.same, scheme.name, *scheme.same)
        found[marks] = scheme if first is None else replace(first, same=tuple(dict.fromkeys(same)))
    return [(scheme, DRAWS if len(set(marks)) > 1 else 1) for marks, scheme in found.items()]


def drawn_plan(context: RunContext, scheme: Scheme, draw: int) -> pd.DataFrame:
    """Plan the images of one draw; draw 0 is that of a run with the scheme's settings."""
    plan = plan_of(context, scheme.recipe, draw=draw)
    return plan if scheme.copies else plan[plan["copy"] == 0]


def _schemes(context: RunContext, recipe: GuideRecipe) -> Iterator[Scheme]:
    """Name sampling schemes, around the median number of images a taxon."""
    plain = replace(recipe, per_taxon=0, sample_down_to=0)
    plan = plan_of(context, plain)
    counts = plan["label"].value_counts()
    median = int(np.median(counts))
    few = {max(2, int(np.quantile(counts, 0.25))), max(2, median // 2), max(2, median)}
    made_of = _finer_taxa(context, plan)
    yield Scheme(EVERY, "", plain)
    for n in sorted({1, *few, recipe.sample_down_to or 1}):
        at_random = f"at most {n} a taxon, at random"
        down = f"sampled down to {n}"
        told = bool((made_of["several"] & (made_of["images"] > n)).any())
        if told and n > 1:
            note = f"at most {n} a taxon; no genus or species lost"
            yield Scheme(down, note, replace(plain, sample_down_to=n), beside=at_random)
        same = () if told else (down,)
        yield Scheme(at_random, "", replace(plain, per_taxon=n), copies=False, same=same)
    more = {2 * median} if context.images.can_alter else set()
    for n in sorted({median, *more, recipe.per_taxon or median}):
        note = f"{n} a taxon: drawn at random, altered copies where there are fewer"
        scheme = replace(plain, per_taxon=n)
        yield Scheme(f"balanced at {n}", note, scheme, beside=f"at most {n} a taxon, at random")
    if recipe.per_taxon and recipe.sample_down_to:
        name = f"sampled down to {recipe.sample_down_to}, balanced at {recipe.per_taxon}"
        yield Scheme(name, "as in this run", recipe)


def _finer_taxa(context: RunContext, plan: pd.DataFrame) -> pd.DataFrame:
    """Count the ``images`` of each taxon, and say whether they show ``several`` finer taxa."""
    ranks, table = context.dataset.ranks, context.dataset.table.set_index("file")
    finer = list(ranks[ranks.index(context.dataset.rank) + 1 :])
    shown = table.loc[plan["file"], finer].fillna("").assign(taxon=plan["label"].to_numpy())
    images = shown["taxon"].value_counts()
    different = shown.drop_duplicates()["taxon"].value_counts()
    return pd.DataFrame({"images": images, "several": different > 1})
