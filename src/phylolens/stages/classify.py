"""Fit and test classifiers on the study's pictures."""

from dataclasses import replace
from typing import Any

import pandas as pd

from phylolens.specimens import raise_rare, split_specimens
from phylolens.stages.bench import Bench, chosen_recipe, settings_used
from phylolens.stages.brief import brief_of


def classify(bench: Bench) -> dict[str, Any]:
    """Fit and test one head a rank; write ``classify/``."""
    from phylolens import classify as library
    from phylolens.classify.experiment import testable_ranks

    study, material, pictures = bench.study, bench.material, bench.pictures
    settings = study.classify
    recipe = chosen_recipe(
        library.CLASSIFY_RECIPES, settings, ("models", "upsample_to", "test_share")
    )
    ranks = settings.ranks or material.ranks[: material.ranks.index(material.rank) + 1]
    material.require_ranks(ranks)
    ranks = testable_ranks(material.table, ranks)
    for name in recipe.models:
        library.make_head(name, study.seed)  # an unknown name stops before any work
    split = split_specimens(material.table, ranks, test_share=recipe.test_share, seed=study.seed)
    labels = material.table.set_index("file").loc[list(split.train)]
    plans = {
        rank: pictures.plan_ids(
            raise_rare(labels[rank], recipe.upsample_to, seed=study.seed), recipe.augmentation
        )
        for rank in ranks
    }
    tested = pd.DataFrame({"file": split.test, "copy": 0})
    wanted = pd.concat([tested, *plans.values()])
    features = pictures.of_plan(wanted[["file", "copy"]], recipe.augmentation)
    result = library.classify(
        features, material.table, split, plans, recipe, seed=study.seed, progress=bench.progress
    )
    raised = recipe.upsample_to if pictures.can_alter else None
    used = settings_used(recipe, pictures, features, {"upsample_to": raised})
    result = replace(result, metrics=result.metrics | {"settings": used})
    library.write_classified(result, study.out / "classify")
    return brief_of("classify", study.out)
