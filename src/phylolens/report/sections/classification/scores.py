"""Scores of every model at a rank, splits side by side, beside what guessing achieves."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from phylolens.report.results import Results
from phylolens.report.sections.classification.models import (
    left_out_rank,
    model_words,
    split_words,
)
from phylolens.report.text import count, number, plural
from phylolens.results.base import Number
from phylolens.results.checks import Scores
from phylolens.results.classification import (
    ClassificationResult,
    RandomScores,
    RankScores,
    Repeated,
    SplitResult,
)


@dataclass(frozen=True)
class Tested:
    """One split and what was found with it.

    Parameters
    ----------
    name : str
        ``random``, ``leave-species-out``, …
    found : SplitResult
    results : Results
        For the single answers.
    first : bool
        Whether it is the first, whose answers lie in ``predictions.csv``.
    """

    name: str
    found: SplitResult
    results: Results
    first: bool = False

    @property
    def words(self) -> str:
        """How its columns are headed."""
        return split_words(self.name)

    @cached_property
    def answers(self) -> pd.DataFrame | None:
        """Single answers with their specimens; None where they were not kept.

        Columns ``file``, ``rank``, ``model``, ``truth``, ``predicted``, ``specimen_id`` and, where
        it was written, ``probability``.
        """
        ending = "" if self.first else f"_{self.name}"
        answers, known = (
            self.results.table(f"classify/predictions{ending}.csv"), self.results.specimens
        )  # fmt: skip
        needed = {"file", "rank", "model", "truth", "predicted"}
        if answers is None or known is None or not needed <= set(answers.columns):
            return None
        if not {"file", "specimen_id"} <= set(known.columns):
            return None
        owner = known.drop_duplicates("file").set_index("file")["specimen_id"]
        answers["specimen_id"] = answers["file"].map(owner)
        return None if answers["specimen_id"].isna().any() else answers

    def at(self, rank: str) -> dict[str, RankScores]:
        """Scores of every model at a rank."""
        if self.is_beyond(rank) and not self.first:
            return {}
        return {model: ranks[rank] for model, ranks in self.found.models.items() if rank in ranks}

    def majority(self, rank: str) -> RankScores | None:
        """Scores of always answering the most frequent training class; None where not kept."""
        return self.found.baselines.majority.get(rank)

    def is_beyond(self, rank: str) -> bool:
        """Whether the taxa of a rank were left out themselves, so that none can be named."""
        known, out = self.results.ranks, left_out_rank(self.name)
        return out in known and rank in known and known.index(rank) >= known.index(out)


def tested_splits(results: Results, metrics: ClassificationResult) -> list[Tested]:
    """Return the first split, then those that leave out species, genera, …, sources."""
    first = Tested(_first_name(results, metrics), metrics, results, first=True)
    others = [Tested(name, found, results) for name, found in (metrics.splits or {}).items()]
    place = {rank: -number for number, rank in enumerate(results.ranks)}
    others.sort(key=lambda one: (place.get(left_out_rank(one.name), 1), one.name))
    return [first, *others]


def _first_name(results: Results, metrics: ClassificationResult) -> str:
    """Name the first split by what it held out, nothing in a random one."""
    held, table = set(metrics.held_out or []), results.specimens
    for rank in (*reversed(results.ranks), "source"):
        if held and table is not None and rank in table and held <= set(table[rank].dropna()):
            return f"leave-{rank}-out"
    return "random"


SCORES = (
    "accuracy",
    "balanced_accuracy",
    *(
        f"{kind}_{score}"
        for kind in ("macro", "weighted")
        for score in ("precision", "recall", "f1")
    ),
)
SHOWN = ("accuracy", "macro_f1")


def columns(found: list[Tested], rank: str) -> list[dict[str, Any]]:
    """Head the columns of a rank's table: the splits that tested it."""
    heads = []
    for split in found:
        scores = split.at(rank)
        if not scores:
            continue
        first = next(iter(scores.values()))
        n_test = sum(row.support for row in first.per_class)
        taxa, out = split.found.held_out or [], left_out_rank(split.name)
        note = count(n_test, "image")
        if out and taxa:
            note += f" of {count(len(taxa), out)}"
        heads.append({"name": split.name, "words": split.words, "note": note})
    return heads


def not_tested(found: list[Tested], rank: str) -> list[str]:
    """Say why a split did not test this rank."""
    lines = []
    for split in found[1:]:
        why = (split.found.skipped or {}).get(rank)
        if split.is_beyond(rank):
            why = f"no image of the {plural(rank)} tested was in training, so none can be named"
        if why and not split.at(rank):
            lines.append(f"With {split.words} this rank is not tested: {why.rstrip('.')}.")
    return lines


def score_rows(found: list[Tested], rank: str) -> list[dict[str, Any]]:
    """One row a model, then the baselines; ``cells`` has one entry for each of :func:`columns`.

    Parameters
    ----------
    found : list of Tested
        The first split first.
    rank : str
    """
    shown = [split for split in found if split.at(rank)]
    rows = []
    for model, scores in found[0].at(rank).items():
        cells = [_cell(one.at(rank).get(model)) for one in shown]
        rows.append(
            {
                "name": model_words(model),
                "model": model,
                "kind": "model",
                "interval": cells[0]["accuracy_interval"] if cells[0] else "",
                "n_never": never_named(scores),
                "cells": cells,
                **_all_scores(scores),
            }
        )
    return rows + _baseline_rows(shown, rank)


def _all_scores(scores: RankScores | RandomScores | None) -> dict[str, str]:
    """Write every score; a dash where older results have none."""
    found = {key: getattr(scores, key, None) for key in SCORES}
    return {key: "–" if value is None else number(value) for key, value in found.items()}


def _cell(scores: RankScores | RandomScores | None) -> dict[str, str] | None:
    if scores is None:
        return None
    cell = {key: number(getattr(scores, key)) for key in SHOWN}
    ends = {f"{key}_interval": getattr(scores, f"{key}_interval", None) for key in SHOWN}
    return cell | {key: span(own) for key, own in ends.items()}


def span(ends: Sequence[Number | None] | None, digits: int = 2) -> str:
    """Write an interval; empty where there is none."""
    return f"{number(ends[0], digits)}–{number(ends[1], digits)}" if ends else ""


def _baseline_rows(shown: list[Tested], rank: str) -> list[dict[str, Any]]:
    label = shown[0].found.baselines.majority[rank].label
    named = {
        "majority": f"baseline: always “{label}”" if label else "baseline: most frequent class",
        "random": "baseline: random guessing",
    }
    rows = []
    for name, words in named.items():
        found = [getattr(one.found.baselines, name).get(rank) for one in shown]
        rows.append(
            {
                "name": words,
                "model": name,
                "kind": "baseline",
                "interval": "",
                "n_never": None,
                "cells": [_cell(own) for own in found],
                **_all_scores(found[0]),
            }
        )
    return rows


def both_scores(scores: Scores | None) -> dict[str, str]:
    """Write accuracy and macro-F1, a dash where there is none."""
    found = {key: getattr(scores, key, None) for key in SHOWN}
    return {key: "–" if value is None else number(value) for key, value in found.items()}


def never_named(scores: RankScores) -> int:
    """Count the tested classes that no image was assigned to."""
    matrix = scores.confusion.matrix if scores.confusion else []
    tested = [sum(row) > 0 for row in matrix]
    named = [sum(column) > 0 for column in zip(*matrix, strict=True)]
    return sum(a and not b for a, b in zip(tested, named, strict=True))


def repeat_rows(
    metrics: ClassificationResult, heads: list[dict[str, Any]], rank: str
) -> list[dict[str, Any]]:
    """Mean ± standard deviation over seeds, one row a model; empty where nothing was repeated."""
    found = (metrics.repeats.splits if metrics.repeats else None) or {}
    rows = []
    for model in (*metrics.models, "majority"):
        own = [found.get(head["name"], {}).get(model, {}).get(rank) for head in heads]
        cells = [
            {key: _plus_minus(getattr(scores, key)) for key in SHOWN} if scores else None
            for scores in own
        ]
        if any(cells):
            baseline = model == "majority"
            name = "baseline: most frequent class" if baseline else model_words(model)
            kind = "baseline" if baseline else "model"
            rows.append({"name": name, "kind": kind, "cells": cells})
    return rows


def _plus_minus(found: Repeated) -> str:
    sd = found.sd  # none with one repeat
    return number(found.mean) + (f" ± {number(sd, 3)}" if sd is not None else "")
