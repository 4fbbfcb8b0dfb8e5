"""Figures of an assessment, by depth and method."""

import numpy as np
import pandas as pd

from phylolens.placement.assessment import Assessed
from phylolens.random import stream
from phylolens.results.placement import BEST, NEAREST, DepthScores

DRAWS = 999


def scores_by_depth(assessed: Assessed, seed: int = 0) -> dict[str, dict[str, DepthScores]]:
    """Sum up every method and baseline at every depth."""
    found: dict[str, dict[str, DepthScores]] = {}
    for depth in assessed.depths:
        best = assessed.of(BEST, depth)["error"].to_numpy()
        nearest = assessed.of(NEAREST, depth)["error"].to_numpy() - best
        rows = assessed.rows
        names = list(dict.fromkeys(rows[rows["depth"] == depth]["method"]))
        found[depth] = {
            name: _scores(assessed.of(name, depth), best, nearest, seed) for name in names
        }
    return found


def _scores(rows: pd.DataFrame, best: np.ndarray, nearest: np.ndarray, seed: int) -> DepthScores:
    errors = rows["error"].to_numpy()
    excess = errors - best
    clades = rows["clade"].to_numpy()
    values: dict[str, object] = {
        "n": len(rows),
        "n_clades": len(np.unique(clades)),
        "median_patristic_error": float(np.median(errors)),
        "mean_excess": float(excess.mean()),
    }
    if nearest.sum() > 0:
        values["excess_of_nearest"] = float(excess.sum() / nearest.sum())
        values["excess_interval"] = _interval(excess, nearest, clades, seed)
    known = rows[rows["known"].astype(bool)]
    for key, column in (
        ("top1_edge", "top"),
        ("coverage50", "in50"),
        ("coverage90", "in90"),
        ("coverage50_told", "told50"),
        ("coverage90_told", "told90"),
        ("log_share", "log_share"),
    ):
        if column in known and known[column].notna().any():
            values[key] = float(known[column].astype(float).mean())
    if "size90" in rows and rows["size90"].notna().any():
        values["median_set"] = float(rows["size90"].median())
    named = [name for name in rows if name.startswith("named_") and rows[name].notna().any()]
    values["within_clade"] = {
        name.removeprefix("named_"): float(rows[name].astype(float).mean()) for name in named
    }
    return DepthScores.model_validate(values)


def _interval(
    excess: np.ndarray, nearest: np.ndarray, clades: np.ndarray, seed: int
) -> tuple[float, float] | None:
    """95% interval of the ratio of sums, clades drawn again."""
    _, codes = np.unique(clades, return_inverse=True)
    above = np.bincount(codes, weights=excess)
    below = np.bincount(codes, weights=nearest)
    drawn = stream(seed, "placement.clades").integers(len(above), size=(DRAWS, len(above)))
    sums = below[drawn].sum(axis=1)
    if len(above) < 3 or (sums <= 0).any():
        return None
    low, high = np.quantile(above[drawn].sum(axis=1) / sums, [0.025, 0.975])
    return float(low), float(high)
