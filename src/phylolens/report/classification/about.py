"""Can the images be classified? Scores of every rank beside what guessing achieves."""

from typing import Any

from phylolens.report.bootstrap import Spread
from phylolens.report.classification.ablation import about_ablation
from phylolens.report.classification.agreement import about_consistency
from phylolens.report.classification.answer import answer, cannot_tell
from phylolens.report.classification.chosen import about_chosen
from phylolens.report.classification.confidence import about_confidence
from phylolens.report.classification.depth import about_depth
from phylolens.report.classification.divisions import Division, divisions
from phylolens.report.classification.few_shot import about_few_shot
from phylolens.report.classification.giveaways import about_near_duplicates, about_sources
from phylolens.report.classification.mistakes import confusion, heights, most_confused, pictured
from phylolens.report.classification.novelty import about_novelty
from phylolens.report.classification.scores import (
    columns,
    left_out_sentences,
    never_named,
    not_tested,
    repeat_rows,
    score_rows,
)
from phylolens.report.classification.words import (
    division_words,
    headline,
    model_words,
    not_possible,
)
from phylolens.report.results import Results
from phylolens.report.tested import tested, wilson
from phylolens.report.wording import count, listed, number, percent, plural


def about_classify(results: Results) -> dict[str, Any] | None:
    """Sum up ``classify/metrics.json``; None where absent. Parts it does not hold are None."""
    metrics = results.metrics
    if metrics is None:
        return None
    model = headline(metrics["models"])
    found = divisions(results, metrics)
    tested_ranks = list(metrics["models"][model])
    pictured_ranks = {results.rank, tested_ranks[-1]}  # coarser ones would show the same mistakes
    ranks = [_rank(results, metrics, found, rank, rank in pictured_ranks) for rank in tested_ranks]
    summary = {
        "recipe": metrics.get("recipe", ""),
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
    summary["answer"] = answer(summary, results.rank)
    summary["cannot_tell"] = cannot_tell(summary)
    return summary


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


def _rank(
    results: Results, metrics: dict[str, Any], found: list[Division], rank: str, shown: bool
) -> dict[str, Any]:
    """Sum up one rank; ``shown``: whether its mistakes are shown in pictures."""
    model = headline(metrics["models"])
    scores, baselines = metrics["models"][model][rank], metrics["baselines"]
    label = str(baselines["majority"][rank].get("label", ""))
    units = tested(found[0].answers, scores["confusion"], rank, model, label)
    spreads = {division.name: division.spreads(rank) for division in found}
    heads = columns(found, rank)
    n_test = sum(row["support"] for row in scores["per_class"])
    counts = (metrics.get("ranks") or {}).get(rank) or {}
    matrix = confusion(results, rank, scores["confusion"])
    confused = most_confused(matrix)
    summary = {
        "rank": rank,
        "plural": plural(rank),
        "n_classes": counts.get("n_classes", len(scores["per_class"])),
        "n_tested": sum(row["support"] > 0 for row in scores["per_class"]),
        "n_train": counts.get("n_train", metrics["n_train"]),
        "n_train_with_copies": counts.get("n_train_with_copies", metrics["n_train"]),
        "n_test": n_test,
        "n_units": units.n,
        "by_specimen": units.by_specimen,
        "tested_on": _tested_on(results, n_test, units.n if units.by_specimen else None),
        "untested": list(counts.get("untested") or []),
        "columns": heads,
        "not_tested": not_tested(found, rank),
        "rows": score_rows(found, rank, units.n, spreads),
        "repeats": repeat_rows(metrics, heads, rank),
        "majority": baselines["majority"][rank],
        "random": baselines["random"][rank],
        "accuracy": scores["accuracy"],
        "interval": _interval(found[0], scores, spreads[found[0].name].get(model), units.n),
        "beside": units.beside,
        "macro_f1": scores["macro_f1"],
        "n_never": never_named(scores),
        "left_out": left_out_sentences(found, rank, model, spreads),
        "left_out_accuracy": _left_out(found, rank, model),
        "per_class": scores["per_class"],
        "confusion": matrix,
        "confused": confused,
        "pairs": pictured(results, found[0].answers, rank, model, confused) if shown else [],
        "heights": heights(results, rank, matrix),
    }
    summary["sentence"] = _sentence(summary, model_words(model))
    summary["alt"] = _alt(summary)
    return summary


def _interval(
    division: Division, scores: dict[str, Any], own: Spread | None, n_units: int
) -> tuple[float, float]:
    """Interval of the headline accuracy; by Wilson where taxa left out are too few to draw."""
    ends = division.intervals(scores, own, n_units)["accuracy"]
    return ends or wilson(scores["accuracy"], own.n_units if own else n_units)


def _left_out(found: list[Division], rank: str, model: str) -> dict[str, dict[str, float | None]]:
    """Accuracy in each of the other divisions: of the headline model and of a constant answer."""
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
