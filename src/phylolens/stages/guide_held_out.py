"""Judge learners of guided embeddings on clades held out, whatever the sampling of images."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import joblib
import numpy as np
import pandas as pd

from phylolens.guide.clades import Clades, clades_of
from phylolens.guide.evaluate import (
    Evaluation,
    evaluate_learners,
)
from phylolens.guide.files import write_evaluation
from phylolens.guide.recipes import HeldOutRecipe
from phylolens.guide.require import require_learners, require_varied
from phylolens.guide.sample import Sample, to_sample
from phylolens.specimens import balance, repeat, sample_down
from phylolens.stages.bench import Bench, settings_used
from phylolens.stages.guide_finetune import makers_of, refits_of, require_trainable, settings_of
from phylolens.stages.parts import Parts
from phylolens.values import Features

FROM_USER = ("learner", "refits", "per_taxon", "sample_down_to", "sampling_table")
UNIT = "genetic distance, as given; errors are its square"
NOTE = (
    "Figures under held_out are of taxa whose whole clade the model had not seen; those under "
    "in_sample are of the very distances it was fitted to and cannot show that images predict the "
    "tree."
)


@dataclass(frozen=True)
class Taxa:
    """The taxa compared: distances, lineage and what is held out together."""

    names: tuple[str, ...]
    genetic: np.ndarray
    lineage: pd.DataFrame
    clades: Clades


def held_out(bench: Bench, recipe: HeldOutRecipe, more: Mapping[str, Any]) -> None:
    """Evaluate the recipe's learners; write ``guide/``, ``more`` beside the figures."""
    from phylolens.stages.guide_sampling import learner_of_table, sampling_table

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


def taxa_of(bench: Bench) -> Taxa:
    """Taxa with images and genetic distances, in the order of their names."""
    material = bench.material
    assert material.ranked is not None
    names = tuple(sorted(material.ranked.distances.ids))
    genetic = material.ranked.distances.filter(names).data
    lineage = material.lineage(names)
    if lineage is None:
        lineage = pd.DataFrame({material.rank: names}, index=pd.Index(names, name="taxon"))
    require_varied(genetic)
    return Taxa(names, genetic, lineage, clades_of(lineage, bench.study.guide.held_out))


def plan_of(bench: Bench, recipe: HeldOutRecipe, *, draw: int = 0) -> pd.DataFrame:
    """Images to learn from: as they are, sampled down, balanced, or both in this order.

    Draw 0 is the one that is learnt from; others tell how much depends on it.
    """
    material = bench.material
    seed = [bench.study.seed, draw] if draw else bench.study.seed
    assert material.ranked is not None
    table = material.table.set_index("file")
    labels = table[material.rank]
    labels = labels[labels.isin(material.ranked.distances.ids)]
    if recipe.sample_down_to:
        finer = list(material.ranks[material.ranks.index(material.rank) + 1 :])
        kept = sample_down(labels, table.loc[labels.index, finer], recipe.sample_down_to, seed=seed)
        labels = labels.loc[kept["file"]]
    plan = balance(labels, recipe.per_taxon, seed=seed) if recipe.per_taxon else repeat(labels, 0)
    return bench.pictures.plan_ids(plan, recipe.augmentation)


def sample_of(
    bench: Bench, plan: pd.DataFrame, features: Features, taxa: Taxa
) -> tuple[Sample, bool]:
    """Images of the plan; square-rooted, as deep features without negative values should be."""
    root = bool((features.matrix >= 0).all())
    rows = plan.drop_duplicates("id").set_index("id")
    specimens = rows["file"].map(bench.material.table.set_index("file")["specimen_id"])
    transform = np.sqrt if root else None
    return to_sample(features, rows["label"], specimens, taxa.names, transform), root


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
