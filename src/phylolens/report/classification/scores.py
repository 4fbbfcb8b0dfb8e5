"""Scores of every model at a rank, divisions side by side, beside what guessing achieves."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.bootstrap import Spread
from phylolens.report.classification.divisions import Division
from phylolens.report.classification.words import left_out_rank, model_words
from phylolens.report.wording import count, number, percent, plural

SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1")
SHOWN = ("accuracy", "macro_f1")


def columns(found: list[Division], rank: str) -> list[dict[str, Any]]:
    """Head the columns of a rank's table: the divisions that tested it."""
    heads = []
    for division in found:
        scores = division.at(rank)
        if not scores:
            continue
        first = next(iter(scores.values()))
        n_test = sum(row["support"] for row in first["per_class"])
        taxa, out = division.found.get("held_out") or [], left_out_rank(division.name)
        note = count(n_test, "image")
        if out and taxa:
            note += f" of {count(len(taxa), out)}"
        heads.append({"name": division.name, "words": division.words, "note": note})
    return heads


def not_tested(found: list[Division], rank: str) -> list[str]:
    """Say why a division did not test this rank."""
    lines = []
    for division in found[1:]:
        why = (division.found.get("skipped") or {}).get(rank)
        if division.is_beyond(rank):
            why = f"no image of the {plural(rank)} tested was in training, so none can be named"
        if why and not division.at(rank):
            lines.append(f"With {division.words} this rank is not tested: {str(why).rstrip('.')}.")
    return lines


def score_rows(
    found: list[Division], rank: str, n_units: int, spreads: Mapping[str, Mapping[str, Spread]]
) -> list[dict[str, Any]]:
    """One row a model, then the baselines; ``cells`` has one entry for each of :func:`columns`.

    Parameters
    ----------
    found : list of Division
        The random one first.
    rank : str
    n_units : int
        Specimens tested in the random division.
    spreads : mapping
        Bootstrap of each division's models.
    """
    shown = [division for division in found if division.at(rank)]
    rows = []
    for model, scores in found[0].at(rank).items():
        cells = [
            _cell(one, one.at(rank).get(model), spreads[one.name].get(model), n_units)
            for one in shown
        ]
        rows.append(
            {
                "name": model_words(model),
                "model": model,
                "kind": "model",
                "interval": cells[0]["accuracy_interval"] if cells[0] else "",
                "n_never": never_named(scores),
                "cells": cells,
                **{key: number(scores[key]) for key in SCORES},
            }
        )
    return rows + _baseline_rows(shown, rank)


def _cell(
    division: Division, scores: Mapping[str, Any] | None, own: Spread | None, n_units: int
) -> dict[str, str] | None:
    if scores is None:
        return None
    found = division.intervals(scores, own, n_units)
    cell = {key: number(scores[key]) for key in SHOWN}
    return cell | {f"{key}_interval": span(found[key]) for key in SHOWN}


def span(ends: tuple[float, float] | list[float] | None, digits: int = 2) -> str:
    """Write an interval; empty where there is none."""
    return f"{number(ends[0], digits)}–{number(ends[1], digits)}" if ends else ""


def _baseline_rows(shown: list[Division], rank: str) -> list[dict[str, Any]]:
    baselines = shown[0].found["baselines"]
    label = baselines["majority"][rank].get("label", "")
    named = {
        "majority": f"baseline: always “{label}”" if label else "baseline: most frequent class",
        "random": "baseline: random guessing",
    }
    rows = []
    for name, words in named.items():
        others = [
            ((one.found.get("baselines") or {}).get(name) or {}).get(rank) or {} for one in shown
        ]
        blank = {f"{key}_interval": "" for key in SHOWN}
        rows.append(
            {
                "name": words,
                "model": name,
                "kind": "baseline",
                "interval": "",
                "n_never": None,
                "cells": [
                    {key: number(own[key]) for key in SHOWN} | blank if own else None
                    for own in others
                ],
                **{key: number(baselines[name][rank].get(key)) for key in SCORES},
            }
        )
    return rows


def both_scores(scores: Mapping[str, Any] | None) -> dict[str, str]:
    """Write accuracy and macro-F1, a dash where there is none."""
    scores = scores or {}
    return {key: number(scores[key]) if key in scores else "–" for key in ("accuracy", "macro_f1")}


def never_named(scores: Mapping[str, Any]) -> int:
    """Count the tested classes that no image was assigned to."""
    matrix = scores["confusion"]["matrix"]
    tested = [sum(row) > 0 for row in matrix]
    named = [sum(column) > 0 for column in zip(*matrix, strict=True)]
    return sum(a and not b for a, b in zip(tested, named, strict=True))


def repeat_rows(metrics: Mapping[str, Any], heads: list[dict[str, Any]], rank: str) -> list[dict]:
    """Mean ± standard deviation over seeds, one row a model; empty where nothing was repeated."""
    found = (metrics.get("repeats") or {}).get("splits") or {}
    rows = []
    for model in (*metrics["models"], "majority"):
        cells = []
        for head in heads:
            own = ((found.get(head["name"]) or {}).get(model) or {}).get(rank)
            cells.append({key: _plus_minus(own[key]) for key in SHOWN} if own else None)
        if any(cells):
            baseline = model == "majority"
            name = "baseline: most frequent class" if baseline else model_words(model)
            kind = "baseline" if baseline else "model"
            rows.append({"name": name, "kind": kind, "cells": cells})
    return rows


def _plus_minus(found: Mapping[str, float | None]) -> str:
    sd = found.get("sd")  # none with one repeat
    return number(found["mean"]) + (f" ± {number(sd, 3)}" if sd is not None else "")


def left_out_sentences(
    found: list[Division], rank: str, model: str, spreads: Mapping[str, Mapping[str, Spread]]
) -> list[str]:
    """Say for each other division how often the headline model was right."""
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
