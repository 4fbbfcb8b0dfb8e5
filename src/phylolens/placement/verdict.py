"""What may be claimed of an unknown: a place, a clade only, or nothing."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from phylolens.placement.assessment import Assessed
from phylolens.placement.choice import WITHOUT_IMAGES
from phylolens.random import stream

Verdict = Literal["placed", "placed to clade only", "cannot place"]
PLACED: Verdict = "placed"
CLADE_ONLY: Verdict = "placed to clade only"
CANNOT: Verdict = "cannot place"
VERDICTS: tuple[Verdict, ...] = (PLACED, CLADE_ONLY, CANNOT)
CERTAINTY = 0.8  # share of claims that are to be right
SURE = 0.5  # probability of a branch that is called the place
FLIPS = 999
LEVEL = 0.05
FEWEST_CLAIMS = 10  # of pseudo-unknowns; fewer cannot show that claims are right


@dataclass(frozen=True, eq=False)
class Rules:
    """What pseudo-unknowns allow to be claimed.

    Parameters
    ----------
    gains : dict of str to float
        By depth: how much nearer to the true place images lead than the best guess without them
        does, unit of the tree.
    p_values : dict of str to float
        Of no gain, by flipping the signs of whole clades; Holm over the depths.
    thresholds : dict of str to float
        By rank: probability of a clade from which ``certainty`` of the claims about
        pseudo-unknowns of all depths were right. A rank without one is never claimed.
    certainty : float
    """

    gains: dict[str, float]
    p_values: dict[str, float]
    thresholds: dict[str, float]
    certainty: float

    @property
    def helped(self) -> tuple[str, ...]:
        """Depths at which images beat the best guess without them."""
        return tuple(depth for depth, p in self.p_values.items() if p <= LEVEL)


def rules_of(
    assessed: Assessed, method: str, *, certainty: float = CERTAINTY, seed: int = 0
) -> Rules:
    """Read the rules off pseudo-unknowns that were placed by models that had not seen them."""
    gains, p_values = {}, {}
    for depth in assessed.depths:
        own, without = assessed.of(method, depth), assessed.of(WITHOUT_IMAGES, depth)
        gain = without["error"].to_numpy() - own["error"].to_numpy()
        by_clade = pd.Series(gain).groupby(own["clade"].to_numpy()).mean().to_numpy()
        gains[depth] = float(gain.mean())
        p_values[depth] = _flipped(by_clade, seed)
    corrected = _holm(p_values)
    rows = pd.concat([assessed.of(method, depth) for depth in assessed.depths])
    thresholds = {}
    if any(p <= LEVEL for p in corrected.values()):
        for rank in (name.removeprefix("named_") for name in rows if name.startswith("named_")):
            found = _threshold(rows, rank, certainty)
            if found is not None:
                thresholds[rank] = found
    return Rules(gains, corrected, thresholds, certainty)


def _flipped(gains: np.ndarray, seed: int) -> float:
    """One-sided p of a mean of zero."""
    signs = stream(seed, "placement.flips").choice([-1.0, 1.0], size=(FLIPS, len(gains)))
    return float((1 + (signs @ gains >= gains.sum() - 1e-12).sum()) / (FLIPS + 1))


def _holm(p_values: dict[str, float]) -> dict[str, float]:
    ordered = sorted(p_values, key=lambda name: p_values[name])
    found, largest = {}, 0.0
    for place, name in enumerate(ordered):
        largest = max(largest, min(1.0, p_values[name] * (len(ordered) - place)))
        found[name] = largest
    return {name: found[name] for name in p_values}


def _threshold(rows: pd.DataFrame, rank: str, certainty: float) -> float | None:
    """Smallest probability from which enough claims were right; every depth counts alike."""
    known = rows.dropna(subset=[f"share_{rank}"])
    share = known[f"share_{rank}"].to_numpy(float)
    right = known[f"named_{rank}"].to_numpy(bool)
    weight = 1 / known.groupby("depth")["depth"].transform("size").to_numpy()
    order = np.argsort(-share, kind="stable")
    claimed = np.cumsum(weight[order])
    accuracy = np.cumsum((weight * right)[order]) / claimed
    good = (accuracy >= certainty) & (np.arange(len(order)) >= FEWEST_CLAIMS - 1)
    if not good.any():
        return None
    return max(float(share[order[np.flatnonzero(good)[-1]]]), certainty)
