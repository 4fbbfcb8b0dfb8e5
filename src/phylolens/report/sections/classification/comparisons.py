"""What each setting adds, how few images are enough, and whether the ranks agree."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.ordering import coarse_to_fine
from phylolens.report.results import Results
from phylolens.report.sections.classification.models import model_words
from phylolens.report.sections.classification.scores import both_scores
from phylolens.report.text import count, listed, number, percent, plural


def about_ablation(results: Results, metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Show what each setting adds; None where it was not tried."""
    found = metrics.get("ablation")
    if not found:
        return None
    ranks = coarse_to_fine(results, dict.fromkeys(r for row in found for r in row["scores"]))
    return {
        "ranks": ranks,
        "rows": [
            {
                "step": row["step"],
                "what": row.get("what") or "",
                "n_features": row.get("n_features"),
                "scores": [both_scores(row["scores"].get(rank)) for rank in ranks],
            }
            for row in found
        ],
    }


def about_few_shot(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """How few images are enough? None where it was not tried."""
    found = metrics.get("few_shot")
    if not found or not found.get("models"):
        return None
    rank = str(found.get("rank") or "taxon")
    curves = [
        {"name": model_words(model), "points": list(points)}
        for model, points in found["models"].items()
    ]
    majority = ((metrics["baselines"].get("majority") or {}).get(rank)) or {}
    summary = {
        "rank": rank,
        "plural": plural(rank),
        "curves": curves,
        "rows": [
            {
                "name": curve["name"],
                "cells": [
                    {key: _with_sd(point, key) for key in ("accuracy", "macro_f1")}
                    for point in curve["points"]
                ],
            }
            for curve in curves
        ],
        "sizes": [point["n"] for point in curves[0]["points"]],
        "drawn": any(point["n"] != "all" for curve in curves for point in curve["points"]),
        "short": _short(found, rank),
        "n_draws": max(int(p.get("n_draws") or 1) for c in curves for p in c["points"]),
        "baseline": {key: majority.get(key) for key in ("accuracy", "macro_f1")},
    }
    summary["sentence"] = _few_sentence(summary)
    return summary


def _short(found: Mapping[str, Any], rank: str) -> str:
    """Say how many taxa have fewer specimens than were asked for."""
    few = zip(found.get("n_per_taxon") or [], found.get("n_short") or [], strict=False)
    parts = [f"{n_short:,} fewer than {size}" for size, n_short in few if n_short]
    return f"Of {count(found['n_taxa'], rank)}, {listed(parts)}." if parts else ""


def _with_sd(point: Mapping[str, Any], key: str) -> str:
    sd = point.get(f"{key}_sd")
    several = int(point.get("n_draws") or 1) > 1 and sd is not None
    return number(point[key]) + (f" ± {number(sd)}" if several else "")


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


WAYS = {
    "independent": "one classifier a rank",
    "summed": "summed up the ranks",
    "top_down": "summed, from the top down",
}


def about_consistency(results: Results, metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Do the answers of the ranks fit together? None where it was not asked."""
    found = metrics.get("consistency")
    if not found:
        return None
    ways = [way for way in WAYS if found.get(way)]
    scored = [set(found[way].get("scores") or {}) for way in ways]
    ranks = coarse_to_fine(results, dict.fromkeys(sorted(set().union(*scored))))
    rows = [
        {
            "rank": rank,
            "scores": [both_scores((found[way].get("scores") or {}).get(rank)) for way in ways],
        }
        for rank in ranks
    ]
    return {
        "n": found.get("n"),
        "ways": [WAYS[way] for way in ways],
        "contradictions": [percent(found[way]["contradictions"]) for way in ways],
        "rows": rows,
        "sentence": _agreement(found),
    }


def _agreement(found: Mapping[str, Any]) -> str:
    parts = [
        f"{percent(found[way]['contradictions'])} ({WAYS[way]})" for way in WAYS if found.get(way)
    ]
    return (
        "Answers contradict each other when a taxon is named outside the coarser taxon named for "
        f"the same image. That happens for {listed(parts)} of the images. Summed: probabilities "
        "of the finest taxa are added up rank by rank. From the top down: each answer is chosen "
        "within the one above."
    )
