"""What ways of sampling images do to the skill on clades held out."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from phylolens.guide.evaluate import judge
from phylolens.guide.learners import LEARNERS
from phylolens.guide.recipes import HeldOutRecipe
from phylolens.stages.bench import Bench
from phylolens.stages.guide_held_out import Taxa, plan_of, sample_of

SHOWN = ("skill", "pearson", "spearman", "mse", "row_spearman")


def sampling_table(bench: Bench, recipe: HeldOutRecipe, taxa: Taxa) -> list[dict[str, Any]]:
    """Try the headline learner on differently sampled images, everything else alike.

    Ways that ask for as many images as there are, or for altered copies of no pictures, are left
    out.

    Returns
    -------
    list of dict
        ``name``, ``note``, ``n_images``, ``min_images``, ``max_images`` of a taxon, and the
        held-out ``skill``, ``pearson``, ``spearman``, ``mse``, ``row_spearman``.
    """
    make = partial(LEARNERS[recipe.learner[0]], bench.study.seed)
    rows: list[dict[str, Any]] = []
    ways = list(_ways(bench, recipe))
    for number, (name, note, way) in enumerate(ways):
        bench.progress("ways of sampling", number, len(ways))
        plan = plan_of(bench, way)
        if not bench.pictures.can_alter:
            plan = plan[plan["copy"] == 0]
        features = bench.pictures.of_plan(plan[["file", "copy"]], way.augmentation)
        sample, _ = sample_of(bench, plan, features, taxa)
        found = judge(make, sample, taxa.genetic, taxa.clades).figures["held_out"]
        sizes = {
            "n_images": int(sample.sizes.sum()),
            "min_images": int(sample.sizes.min()),
            "max_images": int(sample.sizes.max()),
        }
        rows.append({"name": name, "note": note, **sizes, **{key: found[key] for key in SHOWN}})
    bench.progress("ways of sampling", len(ways), len(ways))
    return rows


def _ways(bench: Bench, recipe: HeldOutRecipe) -> Iterator[tuple[str, str, HeldOutRecipe]]:
    """Name ways of sampling, around the lower quartile of images a taxon."""
    plain = replace(recipe, per_taxon=0, sample_down_to=0)
    counts = plan_of(bench, plain)["label"].value_counts()
    few = max(2, int(np.quantile(counts, 0.25)))
    yield "as they are", "every image of every taxon", plain
    for n in sorted({few, recipe.sample_down_to or few}):
        down = replace(plain, sample_down_to=n)
        yield f"sampled down to {n}", "no genus or species lost", down
    for n in sorted({few, int(np.median(counts)), recipe.per_taxon or few}):
        note = "drawn at random" if not bench.pictures.can_alter else "fewer: altered copies added"
        yield f"balanced at {n}", note, replace(plain, per_taxon=n)
    yield "one image a taxon", "drawn at random", replace(plain, per_taxon=1)
