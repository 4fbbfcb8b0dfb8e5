"""Judge learners of guided embeddings on clades held out, whatever the sampling of images."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import joblib

from phylolens.guided.evaluate import (
    Evaluation,
    evaluate_learners,
)
from phylolens.guided.files import write_evaluation
from phylolens.guided.learners import require_learners
from phylolens.guided.recipes import GuideRecipe
from phylolens.guided.sample import Sample
from phylolens.pipeline.checkpoints import Checkpoints
from phylolens.pipeline.context import RunContext, settings_used
from phylolens.pipeline.stages.guide_data import Taxa, plan_of, sample_of, taxa_of
from phylolens.pipeline.stages.guide_finetune import (
    makers_of,
    refits_of,
    require_trainable,
    settings_of,
)
from phylolens.pipeline.stages.guide_sampling import learner_of_table, sampling_table
from phylolens.results.guided import GuidedResult

UNIT = "genetic distance, as given; errors are its square"
NOTE = (
    "Figures under held_out are of taxa whose whole clade the model had not seen; those under "
    "in_sample are of the very distances it was fitted to and cannot show that images predict the "
    "tree."
)


def held_out(context: RunContext, recipe: GuideRecipe, more: Mapping[str, Any]) -> GuidedResult:
    """Evaluate the recipe's learners; write ``guide/``, ``more`` beside the figures."""
    taxa = taxa_of(context)
    require_learners(recipe.learner)
    if recipe.sampling_table:
        learner_of_table(recipe)
    require_trainable(context, recipe)
    folder = context.settings.out / "guide"
    checkpoints = Checkpoints(folder / "parts", context.mark)
    plan = plan_of(context, recipe)
    features = context.images.of_plan(plan[["file", "copy"]], recipe.augmentation)
    sample, root = sample_of(context, plan, features, taxa)
    evaluation = evaluate_learners(
        sample,
        taxa.genetic,
        taxa.clades,
        taxa.lineage,
        recipe.learner,
        refits=refits_of(context, recipe),
        makers=makers_of(context, recipe, plan, taxa.clades.groups),
        draws=recipe.draws,
        seed=context.settings.seed,
        jobs=joblib.cpu_count(),
        keep=checkpoints.keep,
        progress=context.progress,
    )
    rows = (
        sampling_table(context, recipe, taxa, checkpoints.keep) if recipe.sampling_table else None
    )
    summary = _summary(context, recipe, taxa, sample, evaluation)
    if rows:
        summary["sampling"] = rows
    summary["settings"] = settings_used(
        recipe,
        context.images,
        features,
        {"per_taxon": recipe.per_taxon or None, "sample_down_to": recipe.sample_down_to or None},
    )
    summary["settings"] |= settings_of(evaluation)
    summary |= more
    keys = ("rank", "n_taxa", "n_images", "seed", "learner", "chosen", "held_out", "null")
    card = {key: summary[key] for key in keys if key in summary}
    card |= {"root": root, "n_features": int(features.matrix.shape[1])}
    whole = replace(evaluation, summary=summary)
    result = write_evaluation(whole, sample, taxa.genetic, folder, card)
    checkpoints.clear()
    return result


def _summary(
    context: RunContext, recipe: GuideRecipe, taxa: Taxa, sample: Sample, evaluation: Evaluation
) -> dict[str, Any]:
    dataset = context.dataset
    assert dataset.ranked is not None
    files = dataset.table.set_index("file")
    shown = files[files[dataset.rank].isin(taxa.names)]
    return {
        "recipe": recipe.name,
        "source": recipe.source,
        "rank": dataset.rank,
        "n_taxa": len(sample),
        "n_images": int(sample.sizes.sum()),
        "n_specimens": int(shown["specimen_id"].nunique()),
        "images_per_taxon": {"min": int(sample.sizes.min()), "max": int(sample.sizes.max())},
        "seed": context.settings.seed,
        "divisor": float(context.settings.guide.divisor or taxa.genetic.max()),
        "unit": UNIT,
        "note": NOTE,
        **evaluation.summary,
        "dropped": {
            "no_images": list(dataset.ranked.no_taxon),
            "no_phylogeny": list(dataset.ranked.no_phylogeny),
        },
    }
