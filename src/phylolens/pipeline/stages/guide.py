"""Fit guided embeddings to the study's phylogeny, and judge them on clades held out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import joblib

from phylolens import guided
from phylolens.errors import TooFew
from phylolens.guided.evaluate import (
    Evaluation,
    evaluate_learners,
)
from phylolens.guided.files import remove_held_out, write_evaluation
from phylolens.guided.learners import require_learners
from phylolens.guided.recipes import GuideRecipe
from phylolens.guided.sample import Sample
from phylolens.guided.training_record import CONTENT, ID, hashes_of_ids, record_of_fit, write_record
from phylolens.pipeline.checkpoints import Checkpoints
from phylolens.pipeline.context import RunContext, settings_used
from phylolens.pipeline.dataset import Dataset
from phylolens.pipeline.stages.confounds import in_guide
from phylolens.pipeline.stages.guide_data import Taxa, plan_of, sample_of, taxa_of
from phylolens.pipeline.stages.guide_finetune import (
    makers_of,
    refits_of,
    require_trainable,
    settings_of,
)
from phylolens.pipeline.stages.guide_sampling import learner_of_table, sampling_table
from phylolens.pipeline.summaries import guide_summary
from phylolens.results.guided import GuidedResult
from phylolens.specimens.split import check_given_split

SPLIT = "split"
WITHOUT = "Or fit without holding any out: --recipe roy2025."


UNIT = "genetic distance, as given; errors are its square"
NOTE = (
    "Figures under held_out are of taxa whose whole clade the model had not seen; those under "
    "in_sample are of the very distances it was fitted to and cannot show that images predict the "
    "tree."
)


def guide(context: RunContext) -> dict[str, Any]:
    """Follow the recipe; write ``guide/``."""
    recipe = context.settings.guide.chosen()
    dataset, n_kept_out = training_part(context.dataset)
    context = replace(context, dataset=dataset)
    more: dict[str, Any] = {"n_kept_for_testing": n_kept_out} if n_kept_out else {}
    more["confounds"] = [one.to_dict() for one in in_guide(context)]
    if recipe.in_sample:
        return guide_summary(_in_sample(context, recipe, more))
    result = held_out(context, recipe, more)
    _record_images(context, recipe)
    return guide_summary(result)


def _record_images(context: RunContext, recipe: GuideRecipe) -> None:
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


def _in_sample(context: RunContext, recipe: GuideRecipe, more: Mapping[str, Any]) -> GuidedResult:
    """Fit the first learner and judge it on the distances it was given; ``more`` goes beside."""
    settings, dataset = context.settings, context.dataset
    assert dataset.ranked is not None
    taxa = tuple(dataset.ranked.distances.ids)
    plan = plan_of(context, recipe)
    features = context.images.of_plan(plan[["file", "copy"]], recipe.augmentation)
    if plan["label"].value_counts().max() < 2:
        raise TooFew("attention needs taxa with several images; every taxon has one.")
    bags = guided.to_bags(features, plan.set_index("id")["label"], taxa)
    result = guided.fit_guided(
        bags,
        dataset.ranked.distances,
        dataset.lineage(taxa),
        recipe,
        rank=dataset.rank,
        divisor=settings.guide.divisor,
        seed=settings.seed,
        progress=context.progress,
    )
    used = settings_used(recipe, context.images, features, {"per_taxon": recipe.per_taxon})
    result = replace(result, summary=result.summary | {"settings": used, **more})
    remove_held_out(settings.out / "guide")
    return guided.write_guided(result, settings.out / "guide", features.spec)


def training_part(dataset: Dataset) -> tuple[Dataset, int]:
    """Obey a column ``split``: leave out what is to be tested on, and rows without a value.

    Returns
    -------
    Dataset
        With the taxa that have training rows.
    n_kept_out : int
        Rows left out.

    Raises
    ------
    InputError
        If the column has other values than ``train`` and ``test``, or tears a specimen.
    TooFew
        If fewer than three taxa have training rows.
    """
    table, ranked = dataset.table, dataset.ranked
    if ranked is None or SPLIT not in table or not table[SPLIT].notna().any():
        return dataset, 0
    check_given_split(table)
    kept = table[table[SPLIT].str.lower() == "train"].reset_index(drop=True)
    taxa = sorted(set(kept[dataset.rank].dropna()) & set(ranked.distances.ids))
    lost = set(ranked.distances.ids) - set(taxa)
    if len(taxa) < 3:
        raise TooFew(
            f"{len(taxa)} taxa of rank {dataset.rank} have rows that 'split' calls 'train'; "
            "guiding needs at least three.",
            ids=taxa,
        )
    ranked = replace(
        ranked,
        distances=ranked.distances.filter(taxa),
        no_taxon=tuple(sorted({*ranked.no_taxon, *lost})),
    )
    return replace(dataset, table=kept, ranked=ranked), len(table) - len(kept)


def _taxa(context: RunContext) -> Taxa:
    """Find the taxa; where too few clades can be held out, name the recipe that holds out none."""
    try:
        return taxa_of(context, context.settings.guide.held_out)
    except TooFew as error:
        raise TooFew(error.problem, where=error.where, hint=f"{error.hint} {WITHOUT}") from error


def held_out(context: RunContext, recipe: GuideRecipe, more: Mapping[str, Any]) -> GuidedResult:
    """Evaluate the recipe's learners; write ``guide/``, ``more`` beside the figures."""
    taxa = _taxa(context)
    require_learners(recipe.learner)
    if recipe.sampling_table:
        learner_of_table(recipe)
    require_trainable(context, recipe)
    folder = context.settings.out / "guide"
    checkpoints = Checkpoints(folder / "parts", context.mark)
    plan = plan_of(context, recipe)
    features = context.images.of_plan(plan[["file", "copy"]], recipe.augmentation)
    sample, root = sample_of(context, plan, features, taxa.names)
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
