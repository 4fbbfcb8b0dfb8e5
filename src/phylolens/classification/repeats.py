"""Mean and standard deviation of scores over repeated splits."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

SCORES = ("accuracy", "macro_f1")


def mean_and_sd(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Sum repeated tests up, split by split, model by model, rank by rank.

    Parameters
    ----------
    runs : mapping of str to sequence of mapping
        For each split its metrics, one a repeat; repeats that were not possible have no models.

    Returns
    -------
    dict
        ``{split: {model: {rank: {score: {"mean", "sd", "n"}}}}}``; the sd is that of a sample
        (n - 1), and missing with one repeat. Repeated splits share images, so it tells how much
        the figure depends on the split, not how far it is from other samples of nature.
    """
    return {split: _summary(found) for split, found in runs.items()}


def _summary(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    tables = [
        run["models"] | {"majority": run["baselines"]["majority"]}
        for run in found
        if "models" in run
    ]
    summary: dict[str, Any] = {}
    for model in dict.fromkeys(name for table in tables for name in table):
        ranks = dict.fromkeys(rank for table in tables for rank in table.get(model, {}))
        summary[model] = {
            rank: {
                score: _two([t[model][rank][score] for t in tables if rank in t.get(model, {})])
                for score in SCORES
            }
            for rank in ranks
        }
    return summary


def _two(values: Sequence[float]) -> dict[str, float | int | None]:
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "sd": sd, "n": len(values)}
