"""Several networks or visual distances side by side."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.wording import number, p_value

COLUMNS = (
    ("lambda_score", "score of λ"),
    ("protest", "PROTEST"),
    ("kmult", "K_mult"),
    ("mantel_pearson", "Mantel r"),
    ("mantel_spearman", "Mantel, ranks"),
)


def about_several(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Sum up ``by_features``; None with one kind of features and distance."""
    rows = found.get("by_features") or []
    if not rows:
        return None
    columns = [(key, words) for key, words in COLUMNS if any(row.get(key) for row in rows)]
    return {
        "columns": [words for _, words in columns],
        "rows": [
            {
                "name": str(row.get("name", "")),
                "distance": str(row.get("distance", "")),
                "n_features": row.get("n_features"),
                "cells": [_cell(row.get(key)) for key, _ in columns],
            }
            for row in rows
        ],
    }


def _cell(test: Mapping[str, Any] | None) -> dict[str, str]:
    if not test or test.get("statistic") is None:
        return {"value": "–", "note": ""}
    notes = [f"z = {number(test['z'], 1)}"] if test.get("z") is not None else []
    notes += [f"p = {p_value(test['p_value'])}"] if test.get("p_value") is not None else []
    return {"value": number(test["statistic"]), "note": ", ".join(notes)}
