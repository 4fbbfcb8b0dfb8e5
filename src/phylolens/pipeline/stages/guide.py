"""Fit guided embeddings to the study's phylogeny, and judge them on clades held out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from phylolens.errors import InputError, TooFew
from phylolens.guided.files import remove_held_out
from phylolens.guided.recipes import GUIDE_RECIPES, GuideRecipe, HeldOutRecipe
from phylolens.guided.seen import CONTENT, ID, hashes_of_ids, seen_in_fit, write_seen
from phylolens.pipeline.context import Bench, chosen_recipe, settings_used
from phylolens.pipeline.stages.confounds import in_guide
from phylolens.pipeline.stages.guide_data import plan_of
from phylolens.pipeline.stages.guide_held_out import FROM_USER as OF_HELD_OUT
from phylolens.pipeline.stages.guide_held_out import held_out
from phylolens.pipeline.stages.training import training_part
from phylolens.pipeline.summaries import brief_of
from phylolens.specimens import balance

FROM_USER = ("per_taxon", "epochs", "learning_rate")


def guide(bench: Bench) -> dict[str, Any]:
    """Follow the recipe; write ``guide/``."""
    settings = bench.study.guide
    published = isinstance(GUIDE_RECIPES.get(settings.recipe), GuideRecipe)
    own, other = (FROM_USER, OF_HELD_OUT) if published else (OF_HELD_OUT, FROM_USER)
    recipe = chosen_recipe(GUIDE_RECIPES, settings, own)
    unused = [
        f"--{name.replace('_', '-')}"
        for name in (*other, *(("held_out",) if published else ()))
        if name not in own and getattr(settings, name) is not None
    ]
    if unused:
        raise InputError(
            f"the recipe '{settings.recipe}' has no use for these settings.",
            where="guide",
            ids=unused,
            hint=f"Leave them out, or choose another recipe: {', '.join(GUIDE_RECIPES)}.",
        )
    material, n_kept_out = training_part(bench.material)
    bench = replace(bench, material=material)
    more: dict[str, Any] = {"n_kept_for_testing": n_kept_out} if n_kept_out else {}
    more["confounds"] = in_guide(bench)
    if published:
        _published(bench, recipe, more)
    else:
        held_out(bench, recipe, more)
        _record_seen(bench, recipe)
    return brief_of("guide", bench.study.out)


def _record_seen(bench: Bench, recipe: HeldOutRecipe) -> None:
    """Store beside the model which pictures it was fitted to."""
    material = bench.material
    assert material.ranked is not None
    table = material.table.set_index("file").loc[plan_of(bench, recipe)["file"].unique()]
    by_content = bench.pictures.can_alter
    hashes = list(table["sha256"]) if by_content else hashes_of_ids(table.index)
    seen = seen_in_fit(
        material.rank, sorted(material.ranked.distances.ids), CONTENT if by_content else ID, hashes
    )
    write_seen(seen, bench.study.out / "guide" / "model")


def _published(bench: Bench, recipe: GuideRecipe, more: Mapping[str, Any]) -> None:
    """Fit the attention pool as published; all figures are in-sample, ``more`` goes beside them."""
    from phylolens import guided as library

    study, material, pictures = bench.study, bench.material, bench.pictures
    assert material.ranked is not None
    taxa = tuple(material.ranked.distances.ids)
    labels = material.table.set_index("file")[material.rank]
    labels = labels[labels.isin(taxa)]
    plan = balance(labels, recipe.per_taxon, seed=study.seed)
    plan = pictures.plan_ids(plan, recipe.augmentation)
    features = pictures.of_plan(plan[["file", "copy"]], recipe.augmentation)
    if plan["label"].value_counts().max() < 2:
        raise TooFew("attention needs taxa with several images; every taxon has one.")
    bags = library.to_bags(features, plan.set_index("id")["label"], taxa)
    result = library.fit_guided(
        bags,
        material.ranked.distances,
        material.lineage(taxa),
        recipe,
        rank=material.rank,
        divisor=study.guide.divisor,
        seed=study.seed,
        progress=bench.progress,
    )
    used = settings_used(recipe, pictures, features, {"per_taxon": recipe.per_taxon})
    result = replace(result, summary=result.summary | {"settings": used, **more})
    remove_held_out(study.out / "guide")
    library.write_guided(result, study.out / "guide", features.spec)
