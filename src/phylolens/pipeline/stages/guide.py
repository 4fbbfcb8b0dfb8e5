"""Fit guided embeddings to the study's phylogeny, and judge them on clades held out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from phylolens.errors import TooFew
from phylolens.guided.files import remove_held_out
from phylolens.guided.recipes import GuideRecipe
from phylolens.guided.training_record import CONTENT, ID, hashes_of_ids, record_of_fit, write_record
from phylolens.pipeline.context import RunContext, settings_used
from phylolens.pipeline.stages.confounds import in_guide
from phylolens.pipeline.stages.guide_data import plan_of
from phylolens.pipeline.stages.guide_held_out import held_out
from phylolens.pipeline.stages.training import training_part
from phylolens.pipeline.summaries import guide_summary
from phylolens.results.guided import GuidedResult


def guide(context: RunContext) -> dict[str, Any]:
    """Follow the recipe; write ``guide/``."""
    recipe = context.settings.guide.chosen()
    dataset, n_kept_out = training_part(context.dataset)
    context = replace(context, dataset=dataset)
    more: dict[str, Any] = {"n_kept_for_testing": n_kept_out} if n_kept_out else {}
    more["confounds"] = [one.to_dict() for one in in_guide(context)]
    if recipe.in_sample:
        return guide_summary(_in_sample(context, recipe, more))
    result = held_out(context, recipe, more)
    _record_images(context, recipe)
    return guide_summary(result)


def _record_images(context: RunContext, recipe: GuideRecipe) -> None:
    """Store beside the model which images it was fitted to."""
    dataset = context.dataset
    assert dataset.ranked is not None
    table = dataset.table.set_index("file").loc[plan_of(context, recipe)["file"].unique()]
    by_content = context.images.can_alter
    hashes = list(table["sha256"]) if by_content else hashes_of_ids(table.index)
    seen = record_of_fit(
        dataset.rank, sorted(dataset.ranked.distances.ids), CONTENT if by_content else ID, hashes
    )
    write_record(seen, context.settings.out / "guide" / "model")


def _in_sample(context: RunContext, recipe: GuideRecipe, more: Mapping[str, Any]) -> GuidedResult:
    """Fit the first learner and judge it on the distances it was given; ``more`` goes beside."""
    from phylolens import guided as library

    settings, dataset = context.settings, context.dataset
    assert dataset.ranked is not None
    taxa = tuple(dataset.ranked.distances.ids)
    plan = plan_of(context, recipe)
    features = context.images.of_plan(plan[["file", "copy"]], recipe.augmentation)
    if plan["label"].value_counts().max() < 2:
        raise TooFew("attention needs taxa with several images; every taxon has one.")
    bags = library.to_bags(features, plan.set_index("id")["label"], taxa)
    result = library.fit_guided(
        bags,
        dataset.ranked.distances,
        dataset.lineage(taxa),
        recipe,
        rank=dataset.rank,
        divisor=settings.guide.divisor,
        seed=settings.seed,
        progress=context.progress,
    )
    used = settings_used(recipe, context.images, features, {"per_taxon": recipe.per_taxon})
    result = replace(result, summary=result.summary | {"settings": used, **more})
    remove_held_out(settings.out / "guide")
    return library.write_guided(result, settings.out / "guide", features.spec)
