"""Fit and test classifiers on the study's images."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from phylolens.classification.blend import LeafPlan
from phylolens.classification.building import head_of
from phylolens.classification.expected import require_shares
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.recipes import ClassifyRecipe
from phylolens.errors import InputError, TooFew
from phylolens.pipeline.checkpoints import Checkpoints
from phylolens.pipeline.context import RunContext, chosen_recipe, settings_used
from phylolens.pipeline.stages.calibration import trust
from phylolens.pipeline.stages.circular import in_fit, tested_in_fit
from phylolens.pipeline.stages.classify_split import answer_ranks, divide
from phylolens.pipeline.summaries import summary_of
from phylolens.specimens import Split, raise_rare, repeat, sample_down
from phylolens.writing import write_csv, write_json

FROM_USER = (
    "models",
    "splits",
    "imbalance",
    "upsample_to",
    "copies",
    "sample_down_to",
    "augmentation",
    "steps",
    "test_share",
    "repeats",
    "trust",
)
CANNOT_TEST = "the embedding was fitted to {:,} of the images to be tested"
CANNOT_CALIBRATE = (
    "the embedding was fitted to {:,} of these images; a model calibrated on them would promise "
    "too much"
)


def classify(context: RunContext) -> dict[str, Any]:
    """Test one head a rank on every split, then calibrate and store a model over all ranks."""
    from phylolens import classification as library

    settings = context.settings
    recipe = chosen_recipe(library.CLASSIFY_RECIPES, settings.classify, FROM_USER)
    ranks = _ranks(context)
    for name in recipe.models:  # an unknown name stops before any work
        head_of(recipe, name, settings.seed)
    _require_augmentation(recipe.augmentation)
    require_shares(settings.classify.unknown_share, context.dataset.ranks)
    for name in recipe.splits:
        _try_split(context, recipe, ranks, name)
    folder = settings.out / "classify"
    checkpoints = Checkpoints(folder / "parts", context.mark)
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in recipe.splits}
    for seed in range(settings.seed, settings.seed + recipe.repeats):
        for name in recipe.splits:
            test = partial(_test, context, recipe, ranks, name, seed)
            runs[name].append(checkpoints.keep(f"{name}-{seed}", test))
    metrics = _together(runs, recipe, settings.seed)
    n_fitted = in_fit(context.dataset.given, context.dataset.table["file"])
    if recipe.trust and n_fitted:
        metrics["not_possible"] = {"model": CANNOT_CALIBRATE.format(n_fitted)}
    elif recipe.trust:
        metrics |= trust(context, recipe, ranks, metrics, checkpoints)
    raised = recipe.upsample_to if context.images.can_alter else None
    used = settings_used(recipe, context.images, context.images.originals, {"upsample_to": raised})
    write_json(folder / "metrics.json", metrics | {"settings": used})
    _remove_stale(folder, recipe, metrics)
    checkpoints.clear()
    return summary_of("classify", settings.out)


def _require_augmentation(name: str) -> None:
    """Refuse an unknown way to alter copies, even where this run makes none."""
    from phylolens.embedding import AUGMENTATIONS

    if name not in AUGMENTATIONS:
        raise InputError(
            f"unknown augmentation '{name}'.",
            where="--augmentation",
            hint=f"Choose from {', '.join(AUGMENTATIONS)}.",
        )


def _remove_stale(folder: Path, recipe: ClassifyRecipe, metrics: dict[str, Any]) -> None:
    """Remove answers and the model of an earlier run that this one did not make again."""
    made = {predictions_file(name, recipe) for name in metrics["splits"]}
    for path in folder.glob("predictions_*.csv"):
        if path.name not in made:
            path.unlink()
    if "model" not in metrics:
        shutil.rmtree(folder / "model", ignore_errors=True)


def _ranks(context: RunContext) -> tuple[str, ...]:
    """Ranks asked for, or all down to the rank of comparison, that have two classes."""
    from phylolens.classification.experiment import testable_ranks

    dataset = context.dataset
    ranks = context.settings.classify.ranks
    ranks = ranks or dataset.ranks[: dataset.ranks.index(dataset.rank) + 1]
    dataset.require_ranks(ranks)
    return testable_ranks(dataset.table, ranks)


def _try_split(
    context: RunContext, recipe: ClassifyRecipe, ranks: Sequence[str], name: str
) -> None:
    """Refuse an unknown split, and an impossible first one, before any work."""
    try:
        divide(context, recipe, ranks, name, context.settings.seed)
    except TooFew:
        if name == recipe.splits[0]:
            raise


def _test(
    context: RunContext, recipe: ClassifyRecipe, ranks: Sequence[str], name: str, seed: int
) -> dict[str, Any]:
    """Test the recipe's heads on one split; the headline seed writes its predictions."""
    from phylolens import classification as library

    dataset, images = context.dataset, context.images
    try:
        split = divide(context, recipe, ranks, name, seed)
        n_leaked = in_fit(dataset.given, split.test)
        if n_leaked and name != recipe.splits[0]:
            return {"not_possible": CANNOT_TEST.format(n_leaked)}
        plans = {rank: _plan(context, recipe, split, rank, seed) for rank in ranks}
        leaf = leaf_plan(context, recipe, split, seed) if "default" in recipe.models else None
        tested = pd.DataFrame({"file": split.test, "copy": 0})
        wanted = pd.concat([tested, *plans.values(), *([leaf.plan] if leaf else [])])
        features = images.of_plan(wanted[["file", "copy"]], recipe.augmentation)
        result = library.classify(
            features,
            dataset.table,
            split,
            plans,
            recipe,
            ranks=dataset.ranks,
            leaf=leaf,
            seed=seed,
            progress=context.progress,
        )
    except TooFew as error:
        if name == recipe.splits[0]:
            raise
        return {"not_possible": str(error)}
    if seed == context.settings.seed:
        write_csv(
            context.settings.out / "classify" / predictions_file(name, recipe), result.predictions
        )
    guided = {} if n_leaked is None else tested_in_fit(n_leaked, len(split.test))
    return result.metrics | guided


def predictions_file(name: str, recipe: ClassifyRecipe) -> str:
    """Name the file of a split's answers: the first split's is ``predictions.csv``."""
    return "predictions.csv" if name == recipe.splits[0] else f"predictions_{name}.csv"


def _plan(
    context: RunContext, recipe: ClassifyRecipe, split: Split, rank: str, seed: int
) -> pd.DataFrame:
    """Training rows of a rank."""
    rows = context.dataset.table.set_index("file").loc[list(split.train)]
    finer = list(context.dataset.ranks[context.dataset.ranks.index(rank) + 1 :])
    return _copied(context, recipe, rows[rank].dropna(), rows[finer], seed)


def leaf_plan(
    context: RunContext, recipe: ClassifyRecipe, split: Split, seed: int
) -> LeafPlan | None:
    """Training rows under their finest labels; None where no rank can be learnt so."""
    rows = context.dataset.table.set_index("file", drop=False).loc[list(split.train)]
    try:
        ranks = answer_ranks(rows, context.dataset.ranks)
    except TooFew:
        return None
    tree = TaxonTree.of(rows, ranks)
    nodes = pd.Series(tree.node_of(rows), index=rows.index)
    labels = nodes[nodes >= 0].map(tree.name)
    return LeafPlan(tree, _copied(context, recipe, labels, rows[[]], seed))


def _copied(
    context: RunContext, recipe: ClassifyRecipe, labels: pd.Series, finer: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Sample down, copy, and raise rare classes, as the recipe says."""
    if recipe.sample_down_to:
        kept = sample_down(labels, finer.loc[labels.index], recipe.sample_down_to, seed=seed)
        labels = labels.loc[kept["file"]]
    if recipe.copies:
        plan = repeat(labels, recipe.copies)
    else:
        plan = raise_rare(labels, recipe.upsample_to, seed=seed)
    return context.images.plan_ids(plan, recipe.augmentation)


def _together(
    runs: dict[str, list[dict[str, Any]]], recipe: ClassifyRecipe, seed: int
) -> dict[str, Any]:
    """Put the splits side by side, the first one's figures at the top."""
    from phylolens.classification.repeats import mean_and_sd

    metrics = dict(runs[recipe.splits[0]][0])
    first = {name: found[0] for name, found in runs.items() if name != recipe.splits[0]}
    possible = {name: found for name, found in first.items() if "not_possible" not in found}
    metrics["splits"] = possible
    metrics["splits_not_possible"] = {
        name: found["not_possible"] for name, found in first.items() if name not in possible
    }
    if recipe.repeats > 1:
        seeds = list(range(seed, seed + recipe.repeats))
        metrics["repeats"] = {"seeds": seeds, "splits": mean_and_sd(runs)}
    return metrics
