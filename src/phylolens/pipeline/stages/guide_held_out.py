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
from phylolens.guided.recipes import HeldOutRecipe
from phylolens.guided.require import require_learners
from phylolens.guided.sample import Sample
from phylolens.pipeline.checkpoints import Parts
from phylolens.pipeline.context import Bench, settings_used
from phylolens.pipeline.stages.guide_data import Taxa, plan_of, sample_of, taxa_of
from phylolens.pipeline.stages.guide_finetune import (
    makers_of,
    refits_of,
    require_trainable,
    settings_of,
)
from phylolens.pipeline.stages.guide_sampling import learner_of_table, sampling_table

FROM_USER = ("learner", "refits", "per_taxon", "sample_down_to", "sampling_table")
UNIT = "genetic distance, as given; errors are its square"
NOTE = (
    "Figures under held_out are of taxa whose whole clade the model had not seen; those under "
    "in_sample are of the very distances it was fitted to and cannot show that images predict the "
    "tree."
)


def held_out(bench: Bench, recipe: HeldOutRecipe, more: Mapping[str, Any]) -> None:
    """Evaluate the recipe's learners; write ``guide/``, ``more`` beside the figures."""
    taxa = taxa_of(bench)
    require_learners(recipe.learner)
    if recipe.sampling_table:
        learner_of_table(recipe)
    require_trainable(bench, recipe)
    folder = bench.study.out / "guide"
    parts = Parts(folder / "parts", bench.mark)
    plan = plan_of(bench, recipe)
    features = bench.pictures.of_plan(plan[["file", "copy"]], recipe.augmentation)
    sample, root = sample_of(bench, plan, features, taxa)
    evaluation = evaluate_learners(
        sample,
        taxa.genetic,
        taxa.clades,
        taxa.lineage,
        recipe.learner,
        refits=refits_of(bench, recipe),
        makers=makers_of(bench, recipe, plan, taxa.clades.groups),
        draws=recipe.draws,
        seed=bench.study.seed,
        jobs=joblib.cpu_count(),
        keep=parts.keep,
        progress=bench.progress,
    )
    rows = sampling_table(bench, recipe, taxa, parts.keep) if recipe.sampling_table else None
    summary = _summary(bench, recipe, taxa, sample, evaluation)
    if rows:
        summary["sampling"] = rows
    summary["settings"] = settings_used(
        recipe,
        bench.pictures,
        features,
        {"per_taxon": recipe.per_taxon or None, "sample_down_to": recipe.sample_down_to or None},
    )
    summary["settings"] |= settings_of(evaluation)
    summary |= more
    keys = ("rank", "n_taxa", "n_images", "seed", "learner", "chosen", "held_out", "null")
    card = {key: summary[key] for key in keys if key in summary}
    card |= {"root": root, "n_features": int(features.matrix.shape[1])}
    write_evaluation(replace(evaluation, summary=summary), sample, taxa.genetic, folder, card)
    parts.clear()


def _summary(
    bench: Bench, recipe: HeldOutRecipe, taxa: Taxa, sample: Sample, evaluation: Evaluation
) -> dict[str, Any]:
    material = bench.material
    assert material.ranked is not None
    files = material.table.set_index("file")
    shown = files[files[material.rank].isin(taxa.names)]
    return {
        "recipe": recipe.name,
        "source": recipe.source,
        "rank": material.rank,
        "n_taxa": len(sample),
        "n_images": int(sample.sizes.sum()),
        "n_specimens": int(shown["specimen_id"].nunique()),
        "images_per_taxon": {"min": int(sample.sizes.min()), "max": int(sample.sizes.max())},
        "seed": bench.study.seed,
        "divisor": float(bench.study.guide.divisor or taxa.genetic.max()),
        "unit": UNIT,
        "note": NOTE,
        **evaluation.summary,
        "dropped": {
            "no_images": list(material.ranked.no_taxon),
            "no_phylogeny": list(material.ranked.no_phylogeny),
        },
    }
