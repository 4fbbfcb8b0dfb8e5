"""What a curator needs to know of the classification, in a few sentences."""

from dataclasses import asdict
from typing import Any

from phylolens.report.glossary import cannot_tell as left_open
from phylolens.report.results import Results
from phylolens.report.sections.classification.certainty import about_confidence, about_novelty
from phylolens.report.sections.classification.comparisons import (
    about_ablation,
    about_consistency,
    about_few_shot,
)
from phylolens.report.sections.classification.depth import NONE, about_depth, known_row
from phylolens.report.sections.classification.mistakes import about_near_duplicates, about_sources
from phylolens.report.sections.classification.models import (
    about_chosen,
    left_out_rank,
    model_words,
    not_possible,
    split_words,
)
from phylolens.report.sections.classification.overall import about_accuracy, about_importance
from phylolens.report.sections.classification.ranks import about_rank, within
from phylolens.report.sections.classification.scores import Tested, tested_splits
from phylolens.report.text import listed, number, percent, plural
from phylolens.results.classification import ClassificationResult


def about_classify(results: Results) -> dict[str, Any] | None:
    """Sum up ``classify/metrics.json``; None where absent. Parts it does not hold are None."""
    metrics = results.classification
    if metrics is None:
        return None
    model = metrics.primary
    found = tested_splits(results, metrics)
    tested_ranks = list(metrics.models[model])
    ranks_in_images = {results.rank, tested_ranks[-1]}  # coarser ones would show the same mistakes
    ranks = [
        about_rank(results, metrics, found, rank, rank in ranks_in_images) for rank in tested_ranks
    ]
    summary = {
        "recipe": metrics.recipe or "",
        "circular": bool(metrics.circular),
        "circular_why": metrics.circular_why or "",
        "n_train": metrics.n_train,
        "n_test": metrics.n_test,
        "split": metrics.split,
        "first": found[0].words,
        "random": found[0].name == "random",
        "divisions": [_split(one) for one in found[1:]],
        "not_divided": [
            f"Not tested with {split_words(name)}: {why.rstrip('.')}."
            for name, why in (metrics.splits_not_possible or {}).items()
        ],
        "primary": model_words(model),
        "chooses": model == "default",
        "chosen": asdict(about_chosen(metrics)),
        "seeds": list((metrics.repeats.seeds if metrics.repeats else None) or []),
        "models": [model_words(name) for name in metrics.models],
        "ranks": ranks,
        "by_specimen": all(one["by_specimen"] for one in ranks),
        "units": _units(results, ranks),
        **_parts(results, metrics),
    }
    summary["answer"] = answer(summary, results.rank)
    summary["lead"] = lead(summary, results.rank)
    summary["cannot_tell"] = cannot_tell(summary)
    return summary


def _parts(results: Results, metrics: ClassificationResult) -> dict[str, Any]:
    """Sum up everything beyond the scores; None or empty where it was not made."""
    return {
        "consistency": about_consistency(results, metrics),
        "confidence": about_confidence(results, metrics),
        "depth": about_depth(results, metrics),
        "novelty": about_novelty(results, metrics),
        "accuracy": about_accuracy(metrics),
        "importance": about_importance(metrics),
        "few_shot": about_few_shot(metrics),
        "ablation": about_ablation(results, metrics),
        "sources": about_sources(metrics),
        "near_duplicates": about_near_duplicates(metrics),
        "not_possible": not_possible(metrics),
    }


def _split(tested: Tested) -> dict[str, Any]:
    found = tested.found
    return {
        "name": tested.name,
        "words": tested.words,
        "rule": found.split or "",
        "n_train": found.n_train,
        "n_test": found.n_test,
        "held_out": list(found.held_out or []),
    }


def _units(results: Results, ranks: list[dict[str, Any]]) -> str:
    """Say what the intervals and the test count as independent."""
    if not all(found["by_specimen"] for found in ranks):
        return (
            "These results are of an older version, which wrote neither test nor intervals; "
            "`phylolens classify` makes them."
        )
    if not results.has_specimen_ids:
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


def answer(summary: dict[str, Any], rank: str | None) -> str:
    """Answer at the rank of comparison where it was tested, else at the finest.

    Parameters
    ----------
    summary : dict
        As :func:`phylolens.report.classification.about_classify` makes it.
    rank : str or None
        The rank of comparison.
    """
    parts = [lead(summary, rank), _depth(summary["depth"]), _new(summary["novelty"])]
    return " ".join(part for part in parts if part)


def lead(summary: dict[str, Any], rank: str | None) -> str:
    """Say how often the taxon is named right, known or not."""
    ranks = summary["ranks"]
    chosen = next((found for found in ranks if found["rank"] == rank), ranks[-1])
    leak = f"These figures are circular. {summary['circular_why']}" if summary["circular"] else ""
    parts = [leak, _right(chosen), _unseen(chosen)]
    return " ".join(part for part in parts if part)


def _right(found: dict[str, Any]) -> str:
    return (
        f"On {found['tested_on']['image']} it had not been trained on, the classifier named "
        f"the {found['rank']} correctly for {percent(found['accuracy'])}"
        f"{within(found['interval'])}; always naming the most frequent "
        f"{found['rank']} is right for {percent(found['majority']['accuracy'])}. Rare "
        f"{found['plural']} counted like frequent ones, macro-F1 is {number(found['macro_f1'])}."
    )


def _unseen(found: dict[str, Any]) -> str:
    parts = []
    for name, own in found["left_out_accuracy"].items():
        out = left_out_rank(name)
        if out:
            text = f"{percent(own['accuracy'])} of images of {plural(out)} it was never shown"
            if own["majority"] is not None:
                text += f" (most frequent: {percent(own['majority'])})"
            parts.append(text)
    return f"It is right for {listed(parts)}." if parts else ""


def _depth(found: dict[str, Any] | None) -> str:
    """Say to which rank names are safe, and for whom they are not."""
    if not found:
        return ""
    row = known_row(found)
    parts = [f"{row['percents'][rank]} to {rank}" for rank in reversed(found["ranks"])]
    text = f"Asked for {found['promised']} certainty, it goes as deep as is safe"
    text += f" (for {row['plural']})" if row["name"].startswith("known ") else ""
    text += f": {listed(parts)}; {row['percents'][NONE]} get no name."
    short = [one for one in found["groups"][0]["rows"] if one["short"]]
    if short:
        short.sort(key=lambda one: -one["coverage"])
        missed = [f"{percent(one['coverage'])} of {one['plural']}" for one in short]
        ends = missed if len(missed) < 3 else [missed[0], missed[-1]]
        text += f" These names are right for only {' to '.join(ends)}."
    return text


def _new(found: dict[str, Any] | None) -> str:
    if not found:
        return ""
    return (
        f"An unknown {found['rank']} is stranger to it than a known one in "
        f"{100 * found['auroc']:.0f} of 100 pairs."
    )


def cannot_tell(summary: dict[str, Any]) -> list[str]:
    """List what the classification leaves open, given what was tried."""
    lines = left_open("classify")
    left = [one for one in summary["divisions"] if left_out_rank(one["name"])]
    if left:
        ranks = listed([plural(left_out_rank(one["name"])) for one in left])
        lines[1] = (
            "A random split leaves other specimens of the same species in training, so it tells "
            "how well known species are recognised. The honest figure for taxa that are not in "
            f"the training set is that of {ranks} held out; it is right only at coarser ranks, as "
            "the taxon itself cannot be answered."
        )
    if summary["depth"]:
        lines.append(
            "What is promised for one taxon or one image: the guarantee is about many specimens "
            "that come like those it was calibrated on, in the stated mix of known and unknown "
            "taxa. It does not cover another mix, another place or another camera."
        )
    if summary["ablation"]:
        lines.append(
            "Which setting is best: settings compared on the same test images favour the luckiest."
        )
    return lines
