"""Fit guided embeddings to the study's phylogeny, and judge them on clades held out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from phylolens.errors import InputError, TooFew
from phylolens.guided.files import remove_held_out
from phylolens.guided.recipes import GUIDE_RECIPES, GuideRecipe, HeldOutRecipe
from phylolens.guided.training_record import CONTENT, ID, hashes_of_ids, record_of_fit, write_record
from phylolens.pipeline.context import RunContext, chosen_recipe, settings_used
from phylolens.pipeline.stages.confounds import in_guide
from phylolens.pipeline.stages.guide_data import plan_of
from phylolens.pipeline.stages.guide_held_out import FROM_USER as OF_HELD_OUT
from phylolens.pipeline.stages.guide_held_out import held_out
from phylolens.pipeline.stages.training import training_part
from phylolens.pipeline.summaries import summary_of
from phylolens.specimens import balance

FROM_USER = ("per_taxon", "epochs", "learning_rate")


def guide(context: RunContext) -> dict[str, Any]:
    """Follow the recipe; write ``guide/``."""
    options = context.settings.guide
    published = isinstance(GUIDE_RECIPES.get(options.recipe), GuideRecipe)
    own, other = (FROM_USER, OF_HELD_OUT) if published else (OF_HELD_OUT, FROM_USER)
    recipe = chosen_recipe(GUIDE_RECIPES, options, own)
    unused = [
        f"--{name.replace('_', '-')}"
        for name in (*other, *(("held_out",) if published else ()))
        if name not in own and getattr(options, name) is not None
    ]
    if unused:
        raise InputError(
            f"the recipe '{options.recipe}' has no use for these settings.",
            where="guide",
            ids=unused,
            hint=f"Leave them out, or choose another recipe: {', '.join(GUIDE_RECIPES)}.",
        )
    dataset, n_kept_out = training_part(context.dataset)
    context = replace(context, dataset=dataset)
    more: dict[str, Any] = {"n_kept_for_testing": n_kept_out} if n_kept_out else {}
    more["confounds"] = [one.to_dict() for one in in_guide(context)]
    if published:
        _published(context, recipe, more)
    else:
        held_out(context, recipe, more)
        _record_seen(context, recipe)
    return summary_of("guide", context.settings.out)


def _record_seen(context: RunContext, recipe: HeldOutRecipe) -> None:
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


def _published(context: RunContext, recipe: GuideRecipe, more: Mapping[str, Any]) -> None:
    """Fit the attention pool as published; all figures are in-sample, ``more`` goes beside them."""
    from phylolens import guided as library

    settings, dataset, images = context.settings, context.dataset, context.images
    assert dataset.ranked is not None
    taxa = tuple(dataset.ranked.distances.ids)
    labels = dataset.table.set_index("file")[dataset.rank]
    labels = labels[labels.isin(taxa)]
    plan = balance(labels, recipe.per_taxon, seed=settings.seed)
    plan = images.plan_ids(plan, recipe.augmentation)
    features = images.of_plan(plan[["file", "copy"]], recipe.augmentation)
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
    used = settings_used(recipe, images, features, {"per_taxon": recipe.per_taxon})
    result = replace(result, summary=result.summary | {"settings": used, **more})
    remove_held_out(settings.out / "guide")
    library.write_guided(result, settings.out / "guide", features.spec)
