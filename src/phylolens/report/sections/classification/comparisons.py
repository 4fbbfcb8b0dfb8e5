"""What each setting adds, how few images are enough, and whether the ranks agree."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.ordering import coarse_to_fine
from phylolens.report.results import Results
from phylolens.report.sections.classification.models import model_words
from phylolens.report.sections.classification.scores import both_scores
from phylolens.report.text import count, listed, number, percent, plural
from phylolens.results.base import Number
from phylolens.results.checks import FewShot, FewShotPoint
from phylolens.results.classification import ClassificationResult


def about_ablation(results: Results, metrics: ClassificationResult) -> dict[str, Any] | None:
    """Show what each setting adds; None where it was not tried."""
    found = metrics.ablation
    if not found:
        return None
    ranks = coarse_to_fine(results, dict.fromkeys(r for row in found for r in row.scores))
    return {
        "ranks": ranks,
        "rows": [
            {
                "step": row.step,
                "what": row.what or "",
                "n_features": row.n_features,
                "scores": [both_scores(row.scores.get(rank)) for rank in ranks],
            }
            for row in found
        ],
    }


def about_few_shot(metrics: ClassificationResult) -> dict[str, Any] | None:
    """How few images are enough? None where it was not tried."""
    found = metrics.few_shot
    if not found or not found.models:
        return None
    rank = found.rank or "taxon"
    curves: list[dict[str, Any]] = [
        {"name": model_words(model), "points": [point.to_dict() for point in points]}
        for model, points in found.models.items()
    ]
    majority = metrics.baselines.majority.get(rank)
    summary: dict[str, Any] = {
        "rank": rank,
        "plural": plural(rank),
        "curves": curves,
        "rows": [
            {
                "name": model_words(model),
                "cells": [
                    {
                        "accuracy": _with_sd(point, point.accuracy, point.accuracy_sd),
                        "macro_f1": _with_sd(point, point.macro_f1, point.macro_f1_sd),
                    }
                    for point in points
                ],
            }
            for model, points in found.models.items()
        ],
        "sizes": [point["n"] for point in curves[0]["points"]],
        "drawn": any(point["n"] != "all" for curve in curves for point in curve["points"]),
        "short": _short(found, rank),
        "n_draws": max(point.n_draws or 1 for own in found.models.values() for point in own),
        "baseline": {key: getattr(majority, key, None) for key in ("accuracy", "macro_f1")},
    }
    summary["sentence"] = _few_sentence(summary)
    return summary


def _short(found: FewShot, rank: str) -> str:
    """Say how many taxa have fewer specimens than were wanted."""
    few = zip(found.n_per_taxon or [], found.n_short or [], strict=False)
    parts = [f"{n_short:,} fewer than {size}" for size, n_short in few if n_short]
    return f"Of {count(found.n_taxa or 0, rank)}, {listed(parts)}." if parts else ""


def _with_sd(point: FewShotPoint, value: Number, sd: Number | None) -> str:
    several = (point.n_draws or 1) > 1 and sd is not None
    return number(value) + (f" ± {number(sd)}" if several else "")


def _few_sentence(summary: dict[str, Any]) -> str:
    parts = []
    for curve in summary["curves"]:
        first, last = curve["points"][0], curve["points"][-1]
        parts.append(
            f"{curve['name']} {percent(first['accuracy'])} and {percent(last['accuracy'])}"
        )
    sizes = [summary["sizes"][0], summary["sizes"][-1]]
    few, many = ("all" if n == "all" else count(n, "specimen") for n in sizes)
    return (
        f"Named correctly with {few} of each {summary['rank']} in training, and with {many}: "
        f"{'; '.join(parts)}."
    )


SCHEMES = {
    "independent": "one classifier a rank",
    "summed": "summed up the ranks",
    "top_down": "summed, from the top down",
}


def about_consistency(results: Results, metrics: ClassificationResult) -> dict[str, Any] | None:
    """Do the answers of the ranks fit together? None where it was not compared."""
    found = metrics.consistency
    if not found:
        return None
    schemes = {words: own for name, words in SCHEMES.items() if (own := getattr(found, name))}
    scored = {rank for own in schemes.values() for rank in own.scores or {}}
    ranks = coarse_to_fine(results, dict.fromkeys(sorted(scored)))
    rows = [
        {
            "rank": rank,
            "scores": [both_scores((own.scores or {}).get(rank)) for own in schemes.values()],
        }
        for rank in ranks
    ]
    contradictions = {words: percent(own.contradictions) for words, own in schemes.items()}
    return {
        "n": found.n,
        "schemes": list(schemes),
        "contradictions": list(contradictions.values()),
        "rows": rows,
        "sentence": _agreement(contradictions),
    }


def _agreement(contradictions: Mapping[str, str]) -> str:
    parts = [f"{share} ({words})" for words, share in contradictions.items()]
    return (
        "Answers contradict each other when a taxon is named outside the coarser taxon named for "
        f"the same image. That happens for {listed(parts)} of the images. Summed: probabilities "
        "of the finest taxa are added up rank by rank. From the top down: each answer is chosen "
        "within the one above."
    )
