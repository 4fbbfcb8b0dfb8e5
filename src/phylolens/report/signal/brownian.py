"""Pagel's lambda in words: how far looks have drifted along the tree."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.wording import number, p_value

NEAR = 0.05


def about_lambda(found: Mapping[str, Any], rank_plural: str) -> str:
    """Say what the fitted lambda means; empty where it was not fitted."""
    own = found.get("lambda")
    value = own.get("value") if isinstance(own, Mapping) else own
    if value is None:
        return ""
    test = ""
    if isinstance(own, Mapping) and own.get("p_value") is not None and own.get("n_permutations"):
        test = (
            f" (against 0: p = {p_value(own['p_value'])}, {own['n']:,} {rank_plural}, "
            f"{own['n_permutations']:,} permutations)"
        )
    text = f"Pagel’s λ = {number(value)}{test}: "
    if value <= NEAR:
        return text + f"looks of {rank_plural} vary as if they had no common history."
    if value >= 1 - NEAR:
        return text + "looks vary as if they had drifted along the tree (Brownian motion)."
    return text + (
        "between 0 (looks vary as if there were no common history) and 1 (as if they had drifted "
        "along the tree, by Brownian motion)."
    )
