"""At which genetic distances do looks agree? The classes of the Mantel correlogram in words."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from phylolens.report.signal.tests import LEVEL
from phylolens.report.wording import distance, listed, number, p_value


def about_correlogram(found: Mapping[str, Any], rank_plural: str) -> dict[str, Any] | None:
    """Sum up ``correlogram``; None where it was not made.

    Returns
    -------
    dict or None
        ``sentence`` and ``rows``, one a class of genetic distance.
    """
    classes = (found.get("correlogram") or {}).get("classes") or []
    if not classes:
        return None
    rows = [_row(one) for one in classes]
    return {"rows": rows, "sentence": _sentence(rows, rank_plural)}


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    tested = bool(one.get("tested", True)) and one.get("p_holm") is not None
    r = one.get("r")
    sign = 0
    if tested and one["p_holm"] <= LEVEL and r:
        sign = 1 if r > 0 else -1
    return {
        "range": f"{distance(one['low'])} to {distance(one['high'])}",
        "low": one["low"],
        "high": one["high"],
        "n_pairs": one["n_pairs"],
        "r": number(r) if r is not None else "–",
        "p": p_value(one["p_holm"]) if tested else "not tested",
        "sign": sign,
    }


def _sentence(rows: list[dict[str, Any]], rank_plural: str) -> str:
    alike, apart = _stretches(rows, 1), _stretches(rows, -1)
    if not alike and not apart:
        return (
            f"In no class of genetic distance do {rank_plural} look more or less alike than at "
            "other distances (after Holm)."
        )
    parts = []
    if alike:
        parts.append(f"more alike than other pairs at genetic distances of {listed(alike)}")
    if apart:
        parts.append(f"less alike than other pairs at {listed(apart)}")
    return f"{rank_plural.capitalize()} look {' and '.join(parts)} (p ≤ {LEVEL} after Holm)."


def _stretches(rows: list[dict[str, Any]], sign: int) -> list[str]:
    """Join neighbouring classes of one verdict."""
    found = []
    for own, members in groupby(rows, key=lambda row: row["sign"]):
        joined = list(members)
        if own == sign:
            found.append(f"{distance(joined[0]['low'])} to {distance(joined[-1]['high'])}")
    return found
