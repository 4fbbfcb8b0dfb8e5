"""What else was tried: agreement of ranks, few images, settings, sources, near-duplicates."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.classification.confidence import coarse_to_fine
from phylolens.report.classification.words import model_words
from phylolens.report.results import Results
from phylolens.report.wording import count, listed, number, p_value, percent, plural

WAYS = {
    "independent": "one classifier a rank",
    "summed": "summed up the ranks",
    "top_down": "summed, from the top down",
}
PARTS = {
    "consistency": "agreement of the ranks",
    "near_duplicates": "search for near-duplicates",
    "sources": "check of the sources",
    "few_shot": "few-shot curve",
    "trial": "confidence, depth and novelty",
    "model": "stored model",
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
            "scores": [_pair((found[way].get("scores") or {}).get(rank)) for way in ways],
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


def _pair(scores: Mapping[str, Any] | None) -> dict[str, str]:
    scores = scores or {}
    return {key: number(scores[key]) if key in scores else "–" for key in ("accuracy", "macro_f1")}


def about_few_shot(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """How few images are enough? None where it was not tried."""
    found = metrics.get("few_shot")
    if not found or not found.get("models"):
        return None
    rank = str(found["rank"])
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
        "n_draws": max(int(p.get("n_draws") or 1) for c in curves for p in c["points"]),
        "baseline": {key: majority.get(key) for key in ("accuracy", "macro_f1")},
    }
    summary["sentence"] = _few_sentence(summary)
    return summary


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
                "scores": [_pair(row["scores"].get(rank)) for rank in ranks],
            }
            for row in found
        ],
    }


def about_sources(metrics: Mapping[str, Any]) -> list[str]:
    """Sentences on what the sources of the images give away; empty where unknown."""
    found = metrics.get("sources")
    if not found:
        return []
    lines = [_telling(found, found.get("can_tell") or {})]
    left = [
        f"{rank} {percent(scores['accuracy'])} (macro-F1 {number(scores.get('macro_f1'))})"
        for rank, scores in (found.get("held_out") or {}).items()
    ]
    if left:
        lines.append(f"Trained without a source and tested on it: {listed(left)} named correctly.")
    return [line for line in lines if line]


def _telling(found: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    if told.get("balanced_accuracy") is None:
        return ""
    text = (
        f"The features name the source of an image (one of {found.get('n_sources')}) with "
        f"balanced accuracy {number(told['balanced_accuracy'])}; guessing gives "
        f"{number(told.get('chance'))}"
    )
    p = told.get("p_value")
    if p is None:
        return text + "."
    verdict = (
        "images can give their source away, so a taxon that comes from one source may be "
        "recognised by it"
        if p <= 0.05
        else "no evidence that images give their source away within a taxon"
    )
    return f"{text}, p = {p_value(p)} (sources shuffled within taxa): {verdict}."


def about_near_duplicates(metrics: Mapping[str, Any]) -> str:
    """Say how many tested images nearly repeat a training image; empty where not looked for."""
    found = metrics.get("near_duplicates")
    if not found:
        return ""
    text = (
        f"{found['n_near']:,} of {count(found['n_tested'], 'tested image')} "
        f"({percent(found['share'])}) nearly repeat{'s' if found['n_near'] == 1 else ''} a "
        f"training image (cosine of the features at least {found['threshold']:g})"
    )
    without = found.get("accuracy_without") or {}
    if not found["n_near"] or not without:
        return text + "."
    model = "default" if "default" in metrics["models"] else next(iter(metrics["models"]))
    before = {rank: own["accuracy"] for rank, own in metrics["models"][model].items()}
    parts = [
        f"{percent(share)}" + (f" instead of {percent(before[rank])}" if rank in before else "")
        + f" by {rank}"
        for rank, share in without.items()
    ]  # fmt: skip
    return f"{text}. Without them the accuracy is {listed(parts)}."


def not_possible(metrics: Mapping[str, Any]) -> list[str]:
    """Say what the data were too few for."""
    found = metrics.get("not_possible") or {}
    return [
        f"{PARTS.get(key, key).capitalize()}: {str(why).rstrip('.')}." for key, why in found.items()
    ]
