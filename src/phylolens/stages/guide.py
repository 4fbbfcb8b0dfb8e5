"""Fit the guided embedding to the study's phylogeny."""

from dataclasses import replace
from typing import Any

from phylolens.errors import TooFew
from phylolens.specimens import balance
from phylolens.stages.bench import Bench, chosen_recipe, settings_used
from phylolens.stages.brief import brief_of


def guide(bench: Bench) -> dict[str, Any]:
    """Fit the guided embedding; write ``guide/``."""
    from phylolens import guide as library

    study, material, pictures = bench.study, bench.material, bench.pictures
    settings = study.guide
    recipe = chosen_recipe(
        library.GUIDE_RECIPES, settings, ("per_taxon", "epochs", "learning_rate")
    )
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
        divisor=settings.divisor,
        seed=study.seed,
        progress=bench.progress,
    )
    used = settings_used(recipe, pictures, features, {"per_taxon": recipe.per_taxon})
    result = replace(result, summary=result.summary | {"settings": used})
    library.write_guided(result, study.out / "guide", features.spec)
    return brief_of("guide", study.out)
