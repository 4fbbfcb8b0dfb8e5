"""What each way of sampling does to held-out skill."""

from collections.abc import Mapping, Sequence
from typing import Any

from phylolens.report.wording import distance, number, p_value

# Key, heading, how its values are written; columns that no row has are left out.
COLUMNS = (
    ("learner", "learner", str),
    ("n_images", "images", lambda value: f"{value:,.0f}"),
    ("min_images", "fewest a taxon", lambda value: f"{value:,.0f}"),
    ("skill", "skill", lambda value: number(value, 3)),
    ("p_value", "p", p_value),
    ("pearson", "Pearson r", lambda value: number(value, 3)),
    ("spearman", "Spearman", lambda value: number(value, 3)),
    ("mse", "squared error", distance),
)
NAMES = ("name", "sampling", "scheme")
TEXT = ("learner",)


def about_sampling(rows: Sequence[Mapping[str, Any]] | None) -> dict[str, Any] | None:
    """Table of sampling schemes, held out; None where there was one scheme only.

    Returns
    -------
    dict or None
        ``columns``, headings, and ``rows``, each with ``name``, ``note`` and ``cells``.
    """
    if not rows or len(rows) < 2:
        return None
    shown = [one for one in COLUMNS if any(row.get(one[0]) is not None for row in rows)]
    return {
        "columns": [{"name": heading, "text": key in TEXT} for key, heading, _ in shown],
        "rows": [
            {
                "name": next((str(row[key]) for key in NAMES if row.get(key)), ""),
                "note": str(row.get("note") or ""),
                "cells": [
                    "–" if row.get(key) is None else write(row[key]) for key, _, write in shown
                ],
            }
            for row in rows
        ],
    }
