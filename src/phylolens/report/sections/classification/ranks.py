"""One rank: how well it is named, what mistakes are made, and what guessing achieves."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.intervals import Spread, tested, wilson
from phylolens.report.results import Results
from phylolens.report.sections.classification.mistakes import (
    confusion,
    heights,
    most_confused,
    pictured,
)
from phylolens.report.sections.classification.models import (
    headline,
    left_out_rank,
    model_words,
)
from phylolens.report.sections.classification.scores import (
    Division,
    columns,
    never_named,
    not_tested,
    repeat_rows,
    score_rows,
)
from phylolens.report.text import count, number, percent, plural


def about_rank(
    results: Results, metrics: dict[str, Any], found: list[Division], rank: str, shown: bool
) -> dict[str, Any]:
    """Sum up one rank.

    Parameters
    ----------
    results : Results
    metrics : dict
        ``classify/metrics.json``.
    found : list of Division
        The recipe's first split first.
    rank : str
    shown : bool
        Whether mistakes are shown in images.
    """
    model = headline(metrics["models"])
    scores = metrics["models"][model][rank]
    label = str(metrics["baselines"]["majority"][rank].get("label", ""))
    units = tested(found[0].answers, scores["confusion"], rank, model, label)
    matrix = confusion(results, rank, scores["confusion"])
    confused = most_confused(matrix)
    summary = {
        "rank": rank,
        "plural": plural(rank),
        **_counts(metrics, rank, scores["per_class"]),
        "n_units": units.n,
        "by_specimen": units.by_specimen,
        "beside": units.beside,
        "not_tested": not_tested(found, rank),
        **_figures(metrics, found, rank, units.n),
        "per_class": scores["per_class"],
        "confusion": matrix,
        "confused": confused,
        "pairs": pictured(results, found[0].answers, rank, model, confused) if shown else [],
        "heights": heights(results, rank, matrix),
    }
    if not matrix["drawn"]:
        matrix["matrix"] = []  # thousands of classes squared, and nobody looks
    n_units = units.n if units.by_specimen else None
    summary["tested_on"] = _tested_on(results, summary["n_test"], n_units)
    summary["sentence"] = _sentence(summary, model_words(model))
    summary["alt"] = _alt(summary)
    return summary


def _counts(metrics: dict[str, Any], rank: str, per_class: list[dict[str, Any]]) -> dict[str, Any]:
    """How many classes and images were trained on and tested."""
    counts = (metrics.get("ranks") or {}).get(rank) or {}
    return {
        "n_classes": counts.get("n_classes", len(per_class)),
        "n_tested": sum(row["support"] > 0 for row in per_class),
        "n_train": counts.get("n_train", metrics["n_train"]),
        "n_train_with_copies": counts.get("n_train_with_copies", metrics["n_train"]),
        "n_test": sum(row["support"] for row in per_class),
        "untested": list(counts.get("untested") or []),
    }


def _figures(
    metrics: dict[str, Any], found: list[Division], rank: str, n_units: int
) -> dict[str, Any]:
    """Scores of all models and baselines in every split, with their intervals."""
    model, baselines = headline(metrics["models"]), metrics["baselines"]
    scores = metrics["models"][model][rank]
    spreads = {division.name: division.spreads(rank) for division in found}
    heads = columns(found, rank)
    return {
        "columns": heads,
        "rows": score_rows(found, rank, n_units, spreads),
        "repeats": repeat_rows(metrics, heads, rank),
        "majority": baselines["majority"][rank],
        "random": baselines["random"][rank],
        "accuracy": scores["accuracy"],
        "interval": _interval(found[0], scores, spreads[found[0].name].get(model), n_units),
        "macro_f1": scores["macro_f1"],
        "n_never": never_named(scores),
        "left_out": left_out_sentences(found, rank, model, spreads),
        "left_out_accuracy": _left_out(found, rank, model),
    }


def _interval(
    division: Division, scores: dict[str, Any], own: Spread | None, n_units: int
) -> tuple[float, float]:
    """Interval of the headline accuracy; by Wilson where taxa left out are too few to draw."""
    ends = division.intervals(scores, own, n_units)["accuracy"]
    return ends or wilson(scores["accuracy"], own.n_units if own else n_units)


def _left_out(found: list[Division], rank: str, model: str) -> dict[str, dict[str, float | None]]:
    """Accuracy in each of the other splits: of the headline model and of a constant answer."""
    shown = [one for one in found[1:] if model in one.at(rank)]
    return {
        one.name: {
            "accuracy": one.at(rank)[model]["accuracy"],
            "majority": one.majority(rank).get("accuracy"),
        }
        for one in shown
    }


def _tested_on(results: Results, n_images: int, n_specimens: int | None) -> dict[str, str]:
    """Say how many images were tested and, where specimens are known, of how many of them."""
    named = bool((results.check.get("specimens") or {}).get("has_specimen_ids"))
    of = f" of {count(n_specimens, 'specimen')}" if named and n_specimens is not None else ""
    return {noun: count(n_images, noun) + of for noun in ("test image", "image")}


def _sentence(found: dict[str, Any], model: str) -> str:
    low, high = found["interval"]
    majority, guess = found["majority"]["accuracy"], found["random"]["accuracy"]
    text = (
        f"Of {found['tested_on']['test image']} the {model} named the {found['rank']} of "
        f"{percent(found['accuracy'])} correctly (95% interval {percent(low)} to {percent(high)}). "
        f"That is {found['beside']} always answering “{found['majority']['label']}”, "
        f"which is right for {percent(majority)}; random guessing is right for {percent(guess)}. "
        f"Macro-F1, which counts every {found['rank']} alike however rare, is "
        f"{number(found['macro_f1'])} (always answering the most frequent: "
        f"{number(found['majority'].get('macro_f1'))})."
    )
    if found["n_never"]:
        verb = "was" if found["n_never"] == 1 else "were"
        text += (
            f" {found['n_never']} of {found['n_tested']} tested {found['plural']} {verb} "
            "never given as an answer."
        )
    return text


def _alt(found: dict[str, Any]) -> str:
    worst = found["confused"][0] if found["confused"] else None
    classes = count(len(found["confusion"]["labels"]), found["rank"])
    text = (
        f"Confusion matrix of {classes}: {percent(found['accuracy'])} of "
        f"{count(found['n_test'], 'test image')} lie on the diagonal."
    )
    if worst:
        text += (
            f" The most frequent mistake takes {worst['truth']} for {worst['predicted']} "
            f"({worst['n']} of {worst['of']})."
        )
    return text


def left_out_sentences(
    found: list[Division], rank: str, model: str, spreads: Mapping[str, Mapping[str, Spread]]
) -> list[str]:
    """Say for each other split how often the headline model was right."""
    lines = []
    for division in found[1:]:
        scores = division.at(rank).get(model)
        if scores is None:
            continue
        ends = division.intervals(scores, spreads[division.name].get(model), 0)["accuracy"]
        majority = division.majority(rank)
        out = left_out_rank(division.name)
        known = f"{plural(out)} it was never trained on" if out else division.words
        text = f"For images of {known}, the {rank} is right in {percent(scores['accuracy'])}"
        text += f" (95% interval {percent(ends[0])} to {percent(ends[1])})" if ends else ""
        if majority:
            text += (
                f"; always answering “{majority.get('label')}” in {percent(majority['accuracy'])}"
            )
        lines.append(text + ".")
    return lines
