"""One rank: how well it is named, what mistakes are made, and what guessing achieves."""

from typing import Any

from phylolens.report.results import Results
from phylolens.report.sections.classification.mistakes import (
    confusion,
    heights,
    most_confused,
    pictured,
)
from phylolens.report.sections.classification.models import left_out_rank, model_words
from phylolens.report.sections.classification.overall import about_classes
from phylolens.report.sections.classification.scores import (
    Tested,
    columns,
    never_named,
    not_tested,
    repeat_rows,
    score_rows,
)
from phylolens.report.text import count, number, percent, plural
from phylolens.results.base import Limits
from phylolens.results.classification import ClassificationResult, ClassScores, SignTest

LEVEL = 0.05


def about_rank(
    results: Results, metrics: ClassificationResult, found: list[Tested], rank: str, shown: bool
) -> dict[str, Any]:
    """Sum up one rank.

    Parameters
    ----------
    results : Results
    metrics : ClassificationResult
    found : list of Tested
        The first split first.
    rank : str
    shown : bool
        Whether mistakes are shown in images.
    """
    model = metrics.primary
    scores = metrics.models[model][rank]
    matrix = confusion(results, rank, scores)
    confused = most_confused(matrix)
    counts = (metrics.ranks or {}).get(rank)
    n_specimens = counts.n_specimens if counts else None
    summary = {
        "rank": rank,
        "plural": plural(rank),
        **_counts(metrics, rank, scores.per_class),
        "n_units": n_specimens,
        "by_specimen": n_specimens is not None,
        "beside": beside(scores.beside_majority),
        "not_tested": not_tested(found, rank),
        **_figures(metrics, found, rank),
        "per_class": [row.to_dict() for row in scores.per_class],
        "classes": about_classes(metrics, rank),
        "confusion": matrix,
        "confused": confused,
        "pairs": pictured(results, found[0].answers, rank, model, confused) if shown else [],
        "heights": heights(results, rank, matrix),
    }
    if not matrix["drawn"]:
        matrix["matrix"] = []  # thousands of classes squared: too many to show
    summary["tested_on"] = _tested_on(results, summary["n_test"], n_specimens)
    summary["sentence"] = _sentence(summary, model_words(model))
    summary["alt"] = _alt(summary)
    return summary


def beside(test: SignTest | None) -> str:
    """Say how a model compares with always naming the commonest class; empty where untested."""
    if test is None:
        return ""
    if test.p_value > LEVEL:
        return "not clearly different from"
    return "better than" if test.n_better > test.n_worse else "worse than"


def _counts(
    metrics: ClassificationResult, rank: str, per_class: list[ClassScores]
) -> dict[str, Any]:
    """How many classes and images were trained on and tested."""
    counts = (metrics.ranks or {}).get(rank)

    def of(name: str, otherwise: int) -> int:
        found = getattr(counts, name, None)
        return otherwise if found is None else int(found)

    return {
        "n_classes": of("n_classes", len(per_class)),
        "n_tested": sum(row.support > 0 for row in per_class),
        "n_train": of("n_train", metrics.n_train),
        "n_train_with_copies": of("n_train_with_copies", metrics.n_train),
        "n_test": sum(row.support for row in per_class),
        "untested": list((counts.untested if counts else None) or []),
    }


def _figures(metrics: ClassificationResult, found: list[Tested], rank: str) -> dict[str, Any]:
    """Scores of all models and baselines in every split, with their intervals."""
    model, baselines = metrics.primary, metrics.baselines
    scores = metrics.models[model][rank]
    heads = columns(found, rank)
    return {
        "columns": heads,
        "rows": score_rows(found, rank),
        "repeats": repeat_rows(metrics, heads, rank),
        "majority": baselines.majority[rank].to_dict(),
        "random": baselines.random[rank].to_dict(),
        "accuracy": scores.accuracy,
        "interval": scores.accuracy_interval,
        "macro_f1": scores.macro_f1,
        "n_never": never_named(scores),
        "left_out": left_out_sentences(found, rank, model),
        "left_out_accuracy": _left_out(found, rank, model),
    }


def _left_out(found: list[Tested], rank: str, model: str) -> dict[str, dict[str, float | None]]:
    """Accuracy in each of the other splits: of the primary model and of a constant answer."""
    shown = [one for one in found[1:] if model in one.at(rank)]
    majority = {one.name: one.majority(rank) for one in shown}
    return {
        one.name: {
            "accuracy": one.at(rank)[model].accuracy,
            "majority": constant.accuracy if (constant := majority[one.name]) else None,
        }
        for one in shown
    }


def _tested_on(results: Results, n_images: int, n_specimens: int | None) -> dict[str, str]:
    """Say how many images were tested and, where specimens are known, of how many of them."""
    named = results.has_specimen_ids
    of = f" of {count(n_specimens, 'specimen')}" if named and n_specimens is not None else ""
    return {noun: count(n_images, noun) + of for noun in ("test image", "image")}


def _sentence(found: dict[str, Any], model: str) -> str:
    majority, guess = found["majority"]["accuracy"], found["random"]["accuracy"]
    label = f"always answering “{found['majority'].get('label')}”"
    constant = (
        f"That is {found['beside']} {label}, which is right for {percent(majority)}"
        if found["beside"]
        else f"{label[0].upper()}{label[1:]} is right for {percent(majority)}"
    )
    text = (
        f"Of {found['tested_on']['test image']} the {model} named the {found['rank']} of "
        f"{percent(found['accuracy'])} correctly{within(found['interval'])}. "
        f"{constant}; random guessing is right for {percent(guess)}. "
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


def within(interval: Limits | None) -> str:
    """Write the interval of a share in brackets; empty where there is none."""
    if not interval:
        return ""
    return f" (95% interval {percent(interval[0])} to {percent(interval[1])})"


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


def left_out_sentences(found: list[Tested], rank: str, model: str) -> list[str]:
    """Say for each other split how often the primary model was right."""
    lines = []
    for split in found[1:]:
        scores, majority = split.at(rank).get(model), split.majority(rank)
        if scores is None:
            continue
        out = left_out_rank(split.name)
        known = f"{plural(out)} it was never trained on" if out else split.words
        text = f"For images of {known}, the {rank} is right in {percent(scores.accuracy)}"
        text += within(scores.accuracy_interval)
        if majority:
            text += f"; always answering “{majority.label}” in {percent(majority.accuracy)}"
        lines.append(text + ".")
    return lines
