"""What each setting adds."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.classification.confidence import coarse_to_fine
from phylolens.report.classification.scores import both_scores
from phylolens.report.results import Results


def about_ablation(results: Results, metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Show what each setting adds; None where it was not tried."""
    found = metrics.get("ablation")
    if not found:
        return None
    ranks = coarse_to_fine(results, dict.fromkeys(r for row in found for r in row["scores"]))
    return {
        "ranks": ranks,
        "rows": [
            {
                "step": row["step"],
                "what": row.get("what") or "",
                "n_features": row.get("n_features"),
                "scores": [both_scores(row["scores"].get(rank)) for rank in ranks],
            }
            for row in found
        ],
    }
