"""The ways in which images were divided into training and test: at random, and whole taxa out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from phylolens.report.bootstrap import Spread, interval, spread
from phylolens.report.classification.words import division_words, left_out_rank
from phylolens.report.results import Results
from phylolens.report.tested import read_answers, wilson

FEWEST_UNITS = 6  # left-out taxa; fewer say nothing about their spread


@dataclass(frozen=True)
class Division:
    """One division and what was found with it.

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

        Wilson for the accuracy of a random division, whose units are specimens; else the bootstrap.
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
    """Return the recipe's first division, then those that leave out species, genera, …, sources."""
    first = Division(_first_name(results, metrics), metrics, results, first=True)
    others = [
        Division(name, found, results) for name, found in (metrics.get("splits") or {}).items()
    ]
    place = {rank: -number for number, rank in enumerate(results.ranks)}
    others.sort(key=lambda one: (place.get(left_out_rank(one.name), 1), one.name))
    return [first, *others]


def _first_name(results: Results, metrics: Mapping[str, Any]) -> str:
    """Name the recipe's first division by what it held out, nothing in a random one."""
    held, table = set(metrics.get("held_out") or []), results.specimens
    for rank in (*reversed(results.ranks), "source"):
        if held and table is not None and rank in table and held <= set(table[rank].dropna()):
            return f"leave-{rank}-out"
    return "random"
