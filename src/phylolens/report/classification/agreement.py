"""Whether the answers of different ranks fit together."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.classification.confidence import coarse_to_fine
from phylolens.report.classification.scores import both_scores
from phylolens.report.results import Results
from phylolens.report.wording import listed, percent

WAYS = {
    "independent": "one classifier a rank",
    "summed": "summed up the ranks",
    "top_down": "summed, from the top down",
}


def about_consistency(results: Results, metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Do the answers of the ranks fit together? None where it was not asked."""
    found = metrics.get("consistency")
    if not found:
        return None
    ways = [way for way in WAYS if found.get(way)]
    scored = [set(found[way].get("scores") or {}) for way in ways]
    ranks = coarse_to_fine(results, dict.fromkeys(sorted(set().union(*scored))))
    rows = [
        {
            "rank": rank,
            "scores": [both_scores((found[way].get("scores") or {}).get(rank)) for way in ways],
        }
        for rank in ranks
    ]
    return {
        "n": found.get("n"),
        "ways": [WAYS[way] for way in ways],
        "contradictions": [percent(found[way]["contradictions"]) for way in ways],
        "rows": rows,
        "sentence": _agreement(found),
    }


def _agreement(found: Mapping[str, Any]) -> str:
    parts = [
        f"{percent(found[way]['contradictions'])} ({WAYS[way]})" for way in WAYS if found.get(way)
    ]
    return (
        "Answers contradict each other when a taxon is named outside the coarser taxon named for "
        f"the same image. That happens for {listed(parts)} of the images. Summed: probabilities "
        "of the finest taxa are added up rank by rank. From the top down: each answer is chosen "
        "within the one above."
    )
