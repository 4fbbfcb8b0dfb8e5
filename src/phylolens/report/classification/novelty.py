"""Is it something unknown? How well unknown taxa are told from known ones."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.classification.confidence import coarse_to_fine
from phylolens.report.classification.scores import span
from phylolens.report.results import Results
from phylolens.report.wording import count, number, percent, plural

SCORES_OF = {
    "combined": "both together",
    "msp": "unsure answer",
    "knn": "distance",
}
SAID = {
    "both together": "unsureness and distance together",
    "distance": "distance to the known images",
}


def about_novelty(results: Results, metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Sum up ``novelty``; None where it was not tested."""
    found = metrics.get("novelty")
    if not found or found.get("auroc") is None:
        return None
    by_rank = found.get("by_rank") or {}
    named = (results.check.get("specimens") or {}).get("has_specimen_ids")
    rows: list[dict[str, Any]] = []
    for rank in reversed(coarse_to_fine(results, by_rank)):
        own = by_rank[rank]
        scores = {name: _score(own[name]) for name in SCORES_OF if own.get(name)}
        taxa = own.get("n_unknown_taxa")
        rows.append(
            {
                "rank": rank,
                "n_known": own.get("n_known") or 0,
                "n_unknown": own.get("n_unknown") or 0,
                "taxa": count(taxa, rank) if taxa else rank,
                "scores": scores,
            }
        )
    names = [name for name in SCORES_OF if any(name in row["scores"] for row in rows)]
    rank = str(found.get("rank") or "taxon")
    return {
        "rows": rows,
        "names": [{"key": name, "words": SCORES_OF[name]} for name in names],
        "rank": rank,
        "noun": "specimen" if named else "image",
        "auroc": found["auroc"],
        "sentence": _novelty_sentence(found, rank),
    }


def _score(found: Mapping[str, Any]) -> dict[str, str]:
    return {
        "auroc": number(found.get("auroc")),
        "interval": span(found.get("interval")),
        "fpr95": percent(found["fpr95"]) if found.get("fpr95") is not None else "–",
    }


def _between(found: Mapping[str, Any]) -> str:
    ends = found.get("interval")
    return f" (95% interval {100 * ends[0]:.0f} to {100 * ends[1]:.0f})" if ends else ""


def _novelty_sentence(found: Mapping[str, Any], rank: str) -> str:
    score = SCORES_OF.get(str(found.get("score")), "")
    by = f" by {SAID.get(score, score)}" if score else ""
    text = (
        f"Of one image of a known and one of an unknown {rank}, the unknown one is found stranger "
        f"in {100 * found['auroc']:.0f} of 100 pairs{_between(found)}{by}; guessing gives 50."
    )
    if found.get("fpr95") is not None:
        text += (
            f" To catch 95% of the unknown {plural(rank)}, {percent(found['fpr95'])} of the known "
            "would be flagged as well."
        )
    return text
