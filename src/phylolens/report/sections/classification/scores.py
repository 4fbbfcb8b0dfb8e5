"""Scores of every model at a rank, splits side by side, beside what guessing achieves."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from phylolens.report.intervals import Spread, interval, read_answers, spread, wilson
from phylolens.report.results import Results
from phylolens.report.sections.classification.models import (
    division_words,
    left_out_rank,
    model_words,
)
from phylolens.report.text import count, number, plural

FEWEST_UNITS = 6  # left-out taxa; fewer say nothing about their spread


@dataclass(frozen=True)
class Division:
    """One split and what was found with it.

    Parameters
    ----------
    name : str
        ``random``, ``leave-species-out``, …
    found : mapping
        ``models``, ``baselines``, ``ranks``, ``skipped``, ``n_train``, ``n_test``.
    results : Results
        For the single answers.
    first : bool
        Whether it is the recipe's first, whose answers lie in ``predictions.csv``.
    """

    name: str
    found: Mapping[str, Any]
    results: Results
    first: bool = False

    @property
    def words(self) -> str:
        """How its columns are headed."""
        return division_words(self.name)

    @cached_property
    def answers(self) -> pd.DataFrame | None:
        """Single answers with their specimens; None where they were not kept."""
        ending = "" if self.first else f"_{self.name}"
        return read_answers(self.results, f"predictions{ending}.csv")

    def at(self, rank: str) -> dict[str, Any]:
        """Scores of every model at a rank."""
        models = self.found.get("models") or {}
        if self.is_beyond(rank) and not self.first:
            return {}
        return {model: ranks[rank] for model, ranks in models.items() if rank in ranks}

    def majority(self, rank: str) -> dict[str, Any]:
        """Scores of always answering the most frequent training class; empty where not kept."""
        found = (self.found.get("baselines") or {}).get("majority") or {}
        return dict(found.get(rank) or {})

    def is_beyond(self, rank: str) -> bool:
        """Whether the taxa of a rank were left out themselves, so that none can be named."""
        known, out = self.results.ranks, left_out_rank(self.name)
        return out in known and rank in known and known.index(rank) >= known.index(out)

    def spreads(self, rank: str) -> dict[str, Spread]:
        """Bootstrap of every model at a rank; empty without single answers of the same images."""
        scores = self.at(rank)
        if self.answers is None or not scores:
            return {}
        rows = self.answers[self.answers["rank"] == rank]
        by_model = {model: rows[rows["model"] == model].sort_values("file") for model in scores}
        first = next(iter(by_model.values()))
        n = int(np.sum(next(iter(scores.values()))["confusion"]["matrix"]))
        if len(first) != n or any(
            list(o["file"]) != list(first["file"]) for o in by_model.values()
        ):
            return {}
        answers = {model: own["predicted"].to_numpy() for model, own in by_model.items()}
        return spread(first["truth"].to_numpy(), answers, self._units(first))

    def _units(self, rows: pd.DataFrame) -> np.ndarray:
        """Specimens; where taxa were left out, those taxa."""
        table, rank = self.results.specimens, left_out_rank(self.name)
        if table is None or rank not in table.columns:
            return rows["specimen_id"].to_numpy()
        taxon = rows["file"].map(table.drop_duplicates("file").set_index("file")[rank])
        return taxon.fillna(rows["specimen_id"]).to_numpy()

    @property
    def unit(self) -> str:
        """What is drawn again for the intervals."""
        table, rank = self.results.specimens, left_out_rank(self.name)
        return rank if table is not None and rank in table.columns else "specimen"

    def intervals(self, scores: Mapping[str, Any], own: Spread | None, n_units: int) -> dict:
        """Give 95% intervals of accuracy and macro-F1; None where there is nothing to go by.

        Wilson for the accuracy of a random split, whose units are specimens; else the bootstrap.
        """
        random = self.name == "random"
        found: dict[str, tuple[float, float] | None] = {"accuracy": None, "macro_f1": None}
        if random:
            found["accuracy"] = wilson(scores["accuracy"], n_units)
        if own is None or own.n_units < FEWEST_UNITS:
            return found
        if own.macro_f1 > 0:  # without a single mistake the draws show no spread
            found["macro_f1"] = interval(scores["macro_f1"], own.macro_f1)
        if not random:
            # Without a single mistake, or hit, all draws agree; the number of units still counts.
            found["accuracy"] = (
                interval(scores["accuracy"], own.accuracy)
                if own.accuracy > 0
                else wilson(scores["accuracy"], own.n_units)
            )
        return found


def divisions(results: Results, metrics: Mapping[str, Any]) -> list[Division]:
    """Return the recipe's first split, then those that leave out species, genera, …, sources."""
    first = Division(_first_name(results, metrics), metrics, results, first=True)
    others = [
        Division(name, found, results) for name, found in (metrics.get("splits") or {}).items()
    ]
    place = {rank: -number for number, rank in enumerate(results.ranks)}
    others.sort(key=lambda one: (place.get(left_out_rank(one.name), 1), one.name))
    return [first, *others]


def _first_name(results: Results, metrics: Mapping[str, Any]) -> str:
    """Name the recipe's first split by what it held out, nothing in a random one."""
    held, table = set(metrics.get("held_out") or []), results.specimens
    for rank in (*reversed(results.ranks), "source"):
        if held and table is not None and rank in table and held <= set(table[rank].dropna()):
            return f"leave-{rank}-out"
    return "random"


SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1")
SHOWN = ("accuracy", "macro_f1")


def columns(found: list[Division], rank: str) -> list[dict[str, Any]]:
    """Head the columns of a rank's table: the splits that tested it."""
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
    """Say why a split did not test this rank."""
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
        Specimens tested in the random split.
    spreads : mapping
        Bootstrap of each split's models.
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
