"""Can the images be classified? Scores of every rank beside what guessing achieves."""

from typing import Any

from phylolens.report.classification.ablation import about_ablation
from phylolens.report.classification.agreement import about_consistency
from phylolens.report.classification.answer import answer, cannot_tell
from phylolens.report.classification.chosen import about_chosen
from phylolens.report.classification.confidence import about_confidence
from phylolens.report.classification.depth import about_depth
from phylolens.report.classification.divisions import Division, divisions
from phylolens.report.classification.few_shot import about_few_shot
from phylolens.report.classification.giveaways import about_near_duplicates, about_sources
from phylolens.report.classification.novelty import about_novelty
from phylolens.report.classification.rank import about_rank
from phylolens.report.classification.words import (
    division_words,
    headline,
    model_words,
    not_possible,
)
from phylolens.report.results import Results
from phylolens.report.wording import listed


def about_classify(results: Results) -> dict[str, Any] | None:
    """Sum up ``classify/metrics.json``; None where absent. Parts it does not hold are None."""
    metrics = results.metrics
    if metrics is None:
        return None
    model = headline(metrics["models"])
    found = divisions(results, metrics)
    tested_ranks = list(metrics["models"][model])
    pictured_ranks = {results.rank, tested_ranks[-1]}  # coarser ones would show the same mistakes
    ranks = [
        about_rank(results, metrics, found, rank, rank in pictured_ranks) for rank in tested_ranks
    ]
    summary = {
        "recipe": metrics.get("recipe", ""),
        "circular": bool(metrics.get("circular")),
        "circular_why": metrics.get("circular_why") or "",
        "n_train": metrics["n_train"],
        "n_test": metrics["n_test"],
        "split": metrics["split"],
        "first": found[0].words,
        "random": found[0].name == "random",
        "divisions": [_division(one) for one in found[1:]],
        "not_divided": [
            f"Not tested with {division_words(name)}: {str(why).rstrip('.')}."
            for name, why in (metrics.get("splits_not_possible") or {}).items()
        ],
        "headline": model_words(model),
        "chooses": model == "default",
        "chosen": about_chosen(metrics),
        "seeds": list((metrics.get("repeats") or {}).get("seeds") or []),
        "models": [model_words(name) for name in metrics["models"]],
        "ranks": ranks,
        "by_specimen": all(one["by_specimen"] for one in ranks),
        "units": _units(results, ranks),
        **_parts(results, metrics),
    }
    summary["answer"] = answer(summary, results.rank)
    summary["cannot_tell"] = cannot_tell(summary)
    return summary


def _parts(results: Results, metrics: dict[str, Any]) -> dict[str, Any]:
    """Sum up everything beyond the scores; None or empty where it was not made."""
    return {
        "consistency": about_consistency(results, metrics),
        "confidence": about_confidence(results, metrics),
        "depth": about_depth(results, metrics),
        "novelty": about_novelty(results, metrics),
        "few_shot": about_few_shot(metrics),
        "ablation": about_ablation(results, metrics),
        "sources": about_sources(metrics),
        "near_duplicates": about_near_duplicates(metrics),
        "not_possible": not_possible(metrics),
    }


def _division(division: Division) -> dict[str, Any]:
    found = division.found
    return {
        "name": division.name,
        "words": division.words,
        "rule": found.get("rule") or found.get("split") or "",
        "n_train": found.get("n_train"),
        "n_test": found.get("n_test"),
        "held_out": [str(taxon) for taxon in found.get("held_out") or []],
        "unit": division.unit,
    }


def _units(results: Results, ranks: list[dict[str, Any]]) -> str:
    """Say what the intervals and the test count as independent."""
    if not all(found["by_specimen"] for found in ranks):
        return (
            "Test and intervals treat test images as independent, since their specimens are not "
            "recorded; where several show one specimen they promise too much."
        )
    if not (results.check.get("specimens") or {}).get("has_specimen_ids"):
        return (
            "No specimen ids were given, so every test image counts as a specimen of its own; "
            "where several show one specimen, test and intervals promise too much."
        )
    numbers = {found["n_units"] for found in ranks}
    each = listed([f"{found['n_units']:,} by {found['rank']}" for found in ranks])
    shown = f"{next(iter(numbers)):,} at every rank" if len(numbers) == 1 else each
    return (
        f"Test and intervals count specimens, not images (tested: {shown}): images of one "
        "specimen are alike."
    )
