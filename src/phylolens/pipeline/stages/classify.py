"""Fit and test classifiers on the study's images."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phylolens import classification, embedding
from phylolens.classification.blend import LeafPlan
from phylolens.classification.heads.soft_targets import Distances
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.strata import require_shares
from phylolens.embedding.feature_file import without_rows
from phylolens.errors import InputError, TooFew
from phylolens.named_settings import name_of
from phylolens.phylogeny import read_phylogeny, to_rank
from phylolens.phylogeny.suggestions import read_matches
from phylolens.pipeline.checkpoints import Checkpoints
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.settings import CLASSIFY_PRESETS, CLASSIFY_SOURCES, NETWORKS
from phylolens.pipeline.stages.calibration import calibrate_and_assess
from phylolens.pipeline.stages.circular import in_fit, tested_in_fit
from phylolens.pipeline.stages.classify_models import is_finetune, networks_of, require_models
from phylolens.pipeline.stages.classify_split import answer_ranks, held_out_rank, split_by
from phylolens.pipeline.stages.per_class import write_per_class
from phylolens.pipeline.summaries import classification_summary
from phylolens.results.classification import ClassificationResult, SplitResult, UsedSettings
from phylolens.specimens import Split, raise_rare, repeat, sample_down
from phylolens.writing import write_csv

FORESTS = ("rf", "rf-weighted")  # heads whose impurity is scikit-learn's
CANNOT_TEST = "the embedding was fitted to {:,} of the images to be tested"
CANNOT_CALIBRATE = (
    "the embedding was fitted to {:,} of these images; a model calibrated on them would promise "
    "too much"
)

OF_ALL_RANKS = ("sequential", "parallel", "finetune")
NOT_CALIBRATED = (
    "'{}' learns all ranks at once and is tested, not calibrated or stored; name another model "
    "first for that"
)


def classify(context: RunContext) -> dict[str, Any]:
    """Test one head a rank on every split, then calibrate and store a model over all ranks."""
    settings, options = context.settings, context.settings.classify
    ranks = _ranks(context)
    require_models(context)
    _require_augmentation(options.augmentation)
    require_shares(options.unknown_share, context.dataset.ranks)
    rank_distances(context)
    for name in options.splits:
        _try_split(context, ranks, name)
    checkpoints = Checkpoints(settings.out / "classify" / "parts", context.mark)
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in options.splits}
    for seed in range(settings.seed, settings.seed + options.repeats):
        for name in options.splits:
            test = partial(_test, context, ranks, name, seed)
            runs[name].append(checkpoints.keep(f"{name}-{seed}", test))
    first, others, metrics = _together(runs, options.repeats, settings.seed)
    n_fitted = in_fit(context.dataset.given, context.dataset.table["file"])
    if options.trust and n_fitted:
        metrics["not_possible"] = {"model": CANNOT_CALIBRATE.format(n_fitted)}
    elif options.trust and name_of(options.models[0]) in OF_ALL_RANKS:
        metrics["not_possible"] = {"model": NOT_CALIBRATED.format(options.models[0])}
    elif options.trust:
        metrics |= calibrate_and_assess(context, ranks, first, others, checkpoints)
    if options.feature_ranking:
        try:
            metrics |= checkpoints.keep("feature-ranking", lambda: _ranking(context, ranks))
        except TooFew as error:
            metrics.setdefault("not_possible", {})["feature_ranking"] = error.problem
    result = ClassificationResult.of(metrics | {"settings": _settings_used(context).to_dict()})
    result.write(settings.out)
    write_per_class(settings.out / "classify", options.splits[0], result)
    _remove_stale(settings.out / "classify", options.splits[0], result)
    checkpoints.clear()
    return classification_summary(result)


def _settings_used(context: RunContext) -> UsedSettings:
    """Say where the run departs from the published settings."""
    options, can_alter = context.settings.classify, context.images.can_alter
    network = NETWORKS[options.recipe].get("classify", {})
    published = CLASSIFY_PRESETS[options.recipe]
    more = {
        f"published_{name}": published[name]
        for name in ("augmentation", "upsample_to", "models")
        if published
    }
    return UsedSettings.model_validate(
        {
            "published_backbone": network.get("backbone", ""),
            "published_fit": network.get("fit", ""),
            "features": without_rows(context.images.originals.spec),
            "augmentation": options.augmentation if can_alter else None,
            "upsample_to": options.upsample_to if can_alter else None,
            **more,
        }
    )


def _require_augmentation(name: str) -> None:
    """Refuse an unknown alteration of copies, even where this run makes none."""
    if name not in embedding.AUGMENTATIONS:
        raise InputError(
            f"unknown augmentation '{name}'.",
            where="--augmentation",
            hint=f"Choose from {', '.join(embedding.AUGMENTATIONS)}.",
        )


def _remove_stale(folder: Path, first: str, result: ClassificationResult) -> None:
    """Remove answers and the model of an earlier run that this one did not make again."""
    made = {predictions_file(name, first) for name in (first, *(result.splits or {}))}
    for path in folder.glob("predictions_*.csv"):
        if path.name not in made:
            path.unlink()
    if result.model is None:
        shutil.rmtree(folder / "model", ignore_errors=True)


def _ranks(context: RunContext) -> tuple[str, ...]:
    """Ranks chosen, or all down to the rank of comparison, that have two classes."""
    dataset = context.dataset
    ranks = context.settings.classify.ranks
    ranks = ranks or dataset.ranks[: dataset.ranks.index(dataset.rank) + 1]
    dataset.require_ranks(ranks)
    return classification.testable_ranks(dataset.table, ranks)


def _try_split(context: RunContext, ranks: Sequence[str], name: str) -> None:
    """Refuse an unknown split, and an impossible first one, before any work."""
    try:
        split_by(context, ranks, name, context.settings.seed)
    except TooFew:
        if name == context.settings.classify.splits[0]:
            raise


def _test(context: RunContext, ranks: Sequence[str], name: str, seed: int) -> dict[str, Any]:
    """Test the heads on one split; the first seed writes its predictions.

    Returns
    -------
    dict
        Keys of ``metrics.json``, or ``not_possible`` and why.
    """
    dataset, images, options = context.dataset, context.images, context.settings.classify
    first = options.splits[0]
    try:
        split = split_by(context, ranks, name, seed)
        n_leaked = in_fit(dataset.given, split.test)
        if n_leaked and name != first:
            return {"not_possible": CANNOT_TEST.format(n_leaked)}
        plans = {rank: _plan(context, split, rank, seed) for rank in ranks}
        of_leaves = any(name == "default" or is_finetune(name) for name in options.models)
        leaf = leaf_plan(context, split, seed) if of_leaves else None
        tested = pd.DataFrame({"file": split.test, "copy": 0})
        wanted = pd.concat([tested, *plans.values(), *([leaf.plan] if leaf else [])])
        features = images.of_plan(wanted[["file", "copy"]], options.augmentation)
        result = classification.classify(
            features,
            dataset.table,
            split,
            plans,
            options.models,
            steps=options.steps,
            imbalance=options.imbalance,
            ranks=dataset.ranks,
            leaf=leaf,
            distances=rank_distances(context),
            networks=networks_of(context, wanted, seed),
            seed=seed,
            progress=context.progress,
        )
    except TooFew as error:
        if name == first:
            raise
        return {"not_possible": str(error)}
    if seed == context.settings.seed:
        write_csv(
            context.settings.out / "classify" / predictions_file(name, first), result.predictions
        )
    found = classification.with_intervals(
        result.metrics, result.predictions, dataset.table, held_out_rank(name) or None
    )
    guided = {} if n_leaked is None else tested_in_fit(n_leaked, len(split.test))
    about = {"recipe": options.recipe, "source": CLASSIFY_SOURCES[options.recipe]}
    return found.model_copy(update=about | guided).to_dict()


def rank_distances(context: RunContext) -> dict[str, Distances] | None:
    """Genetic distances at every rank that has them, where a head's target asks for them.

    Raises
    ------
    InputError
        If there is no phylogeny.
    """
    settings, dataset = context.settings, context.dataset
    asked = [name for name in settings.classify.models if "softmax-distance" in name]
    if not asked:
        return None
    if not settings.has_phylogeny:
        raise InputError(
            "the target 'softmax-distance' needs genetic distances between the classes.",
            where="--models",
            ids=asked,
            hint="Give a phylogeny (--tree or --distances), or take target=one-hot.",
        )
    phylogeny = read_phylogeny(tree=settings.tree, distances=settings.distances, ids=settings.ids)
    matches = read_matches(settings.matches) if settings.matches else None
    found: dict[str, Distances] = {}
    for rank in dataset.ranks:
        try:
            ranked = to_rank(phylogeny, dataset.table, dataset.ranks, rank, matches=matches)
        except InputError:  # finer than the tips, or too few taxa: the target stays one-hot there
            continue
        found[rank] = (tuple(ranked.distances.ids), np.asarray(ranked.distances.data))
    return found


def _ranking(context: RunContext, ranks: Sequence[str]) -> dict[str, Any]:
    """Rank the features of the first forest named, fitted and tested on the first split."""
    options, seed, table = context.settings.classify, context.settings.seed, context.dataset.table
    rank = context.dataset.rank if context.dataset.rank in ranks else ranks[-1]
    name = next((one for one in options.models if name_of(one) in FORESTS), FORESTS[0])
    split = split_by(context, ranks, options.splits[0], seed)
    plan = _plan(context, split, rank, seed)
    truth = table.set_index("file").loc[list(split.test), rank].dropna()
    tested = pd.DataFrame({"file": truth.index, "copy": 0})
    features = context.images.of_plan(
        pd.concat([tested, plan])[["file", "copy"]], options.augmentation
    )
    context.progress("ranking features", 0, 1)
    found = classification.feature_ranking(
        features.take(list(plan["id"])).matrix,
        plan["label"].to_numpy(str),
        features.take(list(truth.index)).matrix,
        truth.to_numpy(str),
        model=name,
        rank=rank,
        forest=classification.make_head(name, seed),
        seed=seed,
    )
    context.progress("ranking features", 1, 1)
    return {"feature_ranking": found.to_dict()}


def predictions_file(name: str, first: str) -> str:
    """Name the file of a split's answers: the first split's is ``predictions.csv``."""
    return "predictions.csv" if name == first else f"predictions_{name}.csv"


def _plan(context: RunContext, split: Split, rank: str, seed: int) -> pd.DataFrame:
    """Training rows of a rank."""
    rows = context.dataset.table.set_index("file").loc[list(split.train)]
    finer = list(context.dataset.ranks[context.dataset.ranks.index(rank) + 1 :])
    return _copied(context, rows[rank].dropna(), rows[finer], seed)


def leaf_plan(context: RunContext, split: Split, seed: int) -> LeafPlan | None:
    """Training rows under their finest labels; None where no rank can be learnt so."""
    rows = context.dataset.table.set_index("file", drop=False).loc[list(split.train)]
    try:
        ranks = answer_ranks(rows, context.dataset.ranks)
    except TooFew:
        return None
    tree = TaxonTree.of(rows, ranks)
    nodes = pd.Series(tree.node_of(rows), index=rows.index)
    labels = nodes[nodes >= 0].map(tree.name)
    return LeafPlan(tree, _copied(context, labels, rows[[]], seed))


def _copied(context: RunContext, labels: pd.Series, finer: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Sample down, copy, and raise rare classes, as the settings say."""
    options = context.settings.classify
    if options.sample_down_to:
        kept = sample_down(labels, finer.loc[labels.index], options.sample_down_to, seed=seed)
        labels = labels.loc[kept["file"]]
    if options.copies:
        plan = repeat(labels, options.copies)
    else:
        plan = raise_rare(labels, options.upsample_to, seed=seed)
    return context.images.plan_ids(plan, options.augmentation)


def _together(
    runs: dict[str, list[dict[str, Any]]], repeats: int, seed: int
) -> tuple[SplitResult, dict[str, SplitResult], dict[str, Any]]:
    """Put the splits side by side.

    Returns
    -------
    first : SplitResult
    others : dict of str to SplitResult
        Those that could be tested.
    metrics : dict
        Keys of ``metrics.json``, the first split's at the top.
    """
    tested = {
        name: [SplitResult.model_validate(one) for one in found if "models" in one]
        for name, found in runs.items()
    }
    first, *names = runs
    possible = {name: runs[name][0] for name in names if "models" in runs[name][0]}
    metrics = dict(runs[first][0])
    metrics["splits"] = possible
    metrics["splits_not_possible"] = {
        name: runs[name][0]["not_possible"] for name in names if name not in possible
    }
    if repeats > 1:
        means = {
            split: {
                model: {rank: scores.to_dict() for rank, scores in ranks.items()}
                for model, ranks in models.items()
            }
            for split, models in classification.mean_and_sd(tested).items()
        }
        metrics["repeats"] = {"seeds": list(range(seed, seed + repeats)), "splits": means}
    return tested[first][0], {name: tested[name][0] for name in possible}, metrics
