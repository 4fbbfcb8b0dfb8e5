"""How scores grow with the number of images of a taxon."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.classification.words import model_words
from phylolens.report.wording import count, listed, number, percent, plural


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
