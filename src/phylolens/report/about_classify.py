"""Can the images be classified? Scores of every rank beside what guessing achieves."""

from math import sqrt
from typing import Any

import numpy as np

from phylolens.report.ordering import in_order
from phylolens.report.results import Results
from phylolens.report.wording import count, number, percent, plural

MODEL_WORDS = {
    "rf": "random forest",
    "rf-weighted": "class-weighted random forest",
    "rf-balanced-bagging": "balanced bagging of trees",
}
SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1")
CONFUSED_SHOWN = 10
LEVEL = 0.05
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
    ranks = [_rank(results, metrics, rank) for rank in metrics["models"][models[0]]]
    return {
        "recipe": metrics.get("recipe", ""),
        "n_train": metrics["n_train"],
        "n_test": metrics["n_test"],
        "split": metrics["split"],
        "headline": model_words(models[0]),
        "models": [model_words(model) for model in models],
        "ranks": ranks,
        "answer": _answer(ranks, results.rank),
    }


def model_words(model: str) -> str:
    """Say what a model is called in plain words."""
    return MODEL_WORDS.get(model, model)


def wilson(share: float, n: int) -> tuple[float, float]:
    """95% interval of a share of n independent images (Wilson 1927, J. Am. Stat. Assoc. 22:209)."""
    z = 1.959964
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def _rank(results: Results, metrics: dict[str, Any], rank: str) -> dict[str, Any]:
    models, baselines = metrics["models"], metrics["baselines"]
    scores = models[next(iter(models))][rank]
    tested = [row for row in scores["per_class"] if row["support"] > 0]
    n_test = sum(row["support"] for row in scores["per_class"])
    counts = (metrics.get("ranks") or {}).get(rank) or {}
    confusion = _confusion(results, rank, scores["confusion"])
    found = {
        "rank": rank,
        "plural": plural(rank),
        "n_classes": counts.get("n_classes", len(scores["per_class"])),
        "n_tested": len(tested),
        "n_train": counts.get("n_train", metrics["n_train"]),
        "n_train_with_copies": counts.get("n_train_with_copies", metrics["n_train"]),
        "n_test": n_test,
        "untested": list(counts.get("untested") or []),
        "rows": [_row(model_words(m), models[m][rank], n_test) for m in models]
        + _baseline_rows(baselines, rank),
        "majority": baselines["majority"][rank],
        "random": baselines["random"][rank],
        "accuracy": scores["accuracy"],
        "interval": wilson(scores["accuracy"], n_test),
        "macro_f1": scores["macro_f1"],
        "n_never": _never(scores),
        "per_class": scores["per_class"],
        "confusion": confusion,
        "confused": _most_confused(confusion),
    }
    found["beside"] = beside_majority(confusion, str(found["majority"].get("label", "")))
    found["sentence"] = _sentence(found, model_words(next(iter(models))))
    found["alt"] = _alt(found)
    return found


def _row(name: str, scores: dict[str, Any], n_test: int) -> dict[str, Any]:
    low, high = wilson(scores["accuracy"], n_test)
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


def beside_majority(found: dict[str, Any], label: str) -> str:
    """Compare with always answering ``label`` on the same images, in words.

    Exact McNemar test (McNemar 1947, Psychometrika 12:153) on the images that only one of the two
    names correctly, 5% level.

    Parameters
    ----------
    found : dict
        ``labels`` and ``matrix`` of the confusion, rows true.
    label : str
        The constant answer.
    """
    from scipy.stats import binomtest

    matrix = np.array(found["matrix"])
    diagonal, rows = np.diag(matrix), matrix.sum(axis=1)
    same = np.array([name == label for name in found["labels"]])
    gained, lost = int(diagonal[~same].sum()), int((rows - diagonal)[same].sum())
    if gained + lost == 0 or binomtest(gained, gained + lost).pvalue > LEVEL:
        return "not clearly different from"
    return "better than" if gained > lost else "worse than"


def _sentence(found: dict[str, Any], model: str) -> str:
    low, high = found["interval"]
    majority, guess = found["majority"]["accuracy"], found["random"]["accuracy"]
    text = (
        f"Of {count(found['n_test'], 'test image')} the {model} named the {found['rank']} of "
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
        f"On {count(chosen['n_test'], 'image')} it had not been trained on, the classifier named "
        f"the {chosen['rank']} correctly for {percent(chosen['accuracy'])} "
        f"(95% interval {percent(low)} to {percent(high)}); always naming the most frequent "
        f"{chosen['rank']} is right for {percent(chosen['majority']['accuracy'])}. Rare "
        f"{chosen['plural']} counted like frequent ones, macro-F1 is {number(chosen['macro_f1'])}."
    )
