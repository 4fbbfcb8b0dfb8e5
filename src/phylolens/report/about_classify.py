"""Can the images be classified? Scores of every rank beside what guessing achieves."""

from typing import Any

import numpy as np
import pandas as pd

from phylolens.report.ordering import in_order
from phylolens.report.results import Results
from phylolens.report.tested import read_answers, tested, wilson
from phylolens.report.wording import count, listed, number, percent, plural

MODEL_WORDS = {
    "rf": "random forest",
    "rf-weighted": "class-weighted random forest",
    "rf-balanced-bagging": "balanced bagging of trees",
}
SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1")
CONFUSED_SHOWN = 10
LARGEST_MATRIX = 200  # classes; beyond, a cell is smaller than a printed dot


def about_classify(results: Results) -> dict[str, Any] | None:
    """Sum up ``classify/metrics.json``; None where absent.

    The headline model is the recipe's first, named before any result was seen: the best of several
    on the same test images would be chosen by luck in part.
    """
    metrics = results.metrics
    if metrics is None:
        return None
    models = list(metrics["models"])
    answers = read_answers(results)
    ranks = [_rank(results, metrics, rank, answers) for rank in metrics["models"][models[0]]]
    return {
        "recipe": metrics.get("recipe", ""),
        "n_train": metrics["n_train"],
        "n_test": metrics["n_test"],
        "split": metrics["split"],
        "headline": model_words(models[0]),
        "models": [model_words(model) for model in models],
        "ranks": ranks,
        "by_specimen": all(found["by_specimen"] for found in ranks),
        "units": _units(results, ranks),
        "answer": _answer(ranks, results.rank),
    }


def model_words(model: str) -> str:
    """Say what a model is called in plain words."""
    return MODEL_WORDS.get(model, model)


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
    results: Results, metrics: dict[str, Any], rank: str, answers: pd.DataFrame | None
) -> dict[str, Any]:
    models, baselines = metrics["models"], metrics["baselines"]
    model = next(iter(models))
    scores = models[model][rank]
    label = str(baselines["majority"][rank].get("label", ""))
    units = tested(answers, scores["confusion"], rank, model, label)
    shown = [row for row in scores["per_class"] if row["support"] > 0]
    n_test = sum(row["support"] for row in scores["per_class"])
    counts = (metrics.get("ranks") or {}).get(rank) or {}
    confusion = _confusion(results, rank, scores["confusion"])
    found = {
        "rank": rank,
        "plural": plural(rank),
        "n_classes": counts.get("n_classes", len(scores["per_class"])),
        "n_tested": len(shown),
        "n_train": counts.get("n_train", metrics["n_train"]),
        "n_train_with_copies": counts.get("n_train_with_copies", metrics["n_train"]),
        "n_test": n_test,
        "n_units": units.n,
        "by_specimen": units.by_specimen,
        "tested_on": _tested_on(results, n_test, units.n if units.by_specimen else None),
        "untested": list(counts.get("untested") or []),
        "rows": [_row(model_words(m), models[m][rank], units.n) for m in models]
        + _baseline_rows(baselines, rank),
        "majority": baselines["majority"][rank],
        "random": baselines["random"][rank],
        "accuracy": scores["accuracy"],
        "interval": wilson(scores["accuracy"], units.n),
        "beside": units.beside,
        "macro_f1": scores["macro_f1"],
        "n_never": _never(scores),
        "per_class": scores["per_class"],
        "confusion": confusion,
        "confused": _most_confused(confusion),
    }
    found["sentence"] = _sentence(found, model_words(model))
    found["alt"] = _alt(found)
    return found


def _tested_on(results: Results, n_images: int, n_specimens: int | None) -> dict[str, str]:
    """Say how many images were tested and, where specimens are known, of how many of them."""
    named = bool((results.check.get("specimens") or {}).get("has_specimen_ids"))
    of = f" of {count(n_specimens, 'specimen')}" if named and n_specimens is not None else ""
    return {noun: count(n_images, noun) + of for noun in ("test image", "image")}


def _row(name: str, scores: dict[str, Any], n_units: int) -> dict[str, Any]:
    low, high = wilson(scores["accuracy"], n_units)
    return {
        "name": name,
        "kind": "model",
        "interval": f"{number(low)}–{number(high)}",
        "n_never": _never(scores),
        **{key: number(scores[key]) for key in SCORES},
    }


def _baseline_rows(baselines: dict[str, Any], rank: str) -> list[dict[str, Any]]:
    label = baselines["majority"][rank].get("label", "")
    named = {
        "majority": f"baseline: always “{label}”" if label else "baseline: most frequent class",
        "random": "baseline: random guessing",
    }
    return [
        {
            "name": words,
            "kind": "baseline",
            "interval": "",
            "n_never": None,
            **{key: number(baselines[name][rank].get(key)) for key in SCORES},
        }
        for name, words in named.items()
    ]


def _never(scores: dict[str, Any]) -> int:
    """Count the tested classes that no image was assigned to."""
    matrix = np.array(scores["confusion"]["matrix"])
    return int(((matrix.sum(axis=1) > 0) & (matrix.sum(axis=0) == 0)).sum())


def _confusion(results: Results, rank: str, found: dict[str, Any]) -> dict[str, Any]:
    labels = [str(label) for label in found["labels"]]
    ordered = in_order(results, rank, labels)
    rows = [labels.index(label) for label in ordered]
    matrix = np.array(found["matrix"], dtype=int)[np.ix_(rows, rows)]
    return {"labels": ordered, "matrix": matrix.tolist(), "drawn": len(labels) <= LARGEST_MATRIX}


def _most_confused(confusion: dict[str, Any]) -> list[dict[str, Any]]:
    labels, matrix = confusion["labels"], np.array(confusion["matrix"])
    wrong = matrix - np.diag(np.diag(matrix))
    cells = sorted(
        ((int(wrong[i, j]), labels[i], labels[j]) for i, j in zip(*wrong.nonzero(), strict=True)),
        key=lambda cell: (-cell[0], cell[1], cell[2]),
    )
    of = dict(zip(labels, matrix.sum(axis=1).tolist(), strict=True))
    return [{"truth": a, "predicted": b, "n": n, "of": of[a]} for n, a, b in cells[:CONFUSED_SHOWN]]


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


def _answer(ranks: list[dict[str, Any]], rank: str | None) -> str:
    """Answer in one or two sentences, at the rank of comparison where it was tested."""
    chosen = next((found for found in ranks if found["rank"] == rank), ranks[-1])
    low, high = chosen["interval"]
    return (
        f"On {chosen['tested_on']['image']} it had not been trained on, the classifier named "
        f"the {chosen['rank']} correctly for {percent(chosen['accuracy'])} "
        f"(95% interval {percent(low)} to {percent(high)}); always naming the most frequent "
        f"{chosen['rank']} is right for {percent(chosen['majority']['accuracy'])}. Rare "
        f"{chosen['plural']} counted like frequent ones, macro-F1 is {number(chosen['macro_f1'])}."
    )
