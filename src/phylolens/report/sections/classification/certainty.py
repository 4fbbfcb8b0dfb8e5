"""How sure the classifier is, and whether it notices what it does not know."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phylolens.report.ordering import coarse_to_fine
from phylolens.report.results import Results
from phylolens.report.sections.classification.scores import span
from phylolens.report.text import count, listed, number, percent, plural
from phylolens.results.base import Limits, Number
from phylolens.results.calibration import Confidence, Novelty, NoveltyScore, RiskCoverage
from phylolens.results.classification import ClassificationResult

MEASURES = ("ece", "brier", "nll")


def about_confidence(results: Results, metrics: ClassificationResult) -> dict[str, Any] | None:
    """Sum up ``confidence``; None where it was not measured."""
    found = metrics.confidence
    if not found:
        return None
    ranks = [_rank(rank, found[rank]) for rank in coarse_to_fine(results, found)]
    summary = {
        "ranks": ranks,
        "temperature": _temperature(results, metrics.temperature),
        "before": any(row["before"] for row in ranks),
        "drawn": any(row["bins"] for row in ranks),
        "curves": any(row["risk"] for row in ranks),
    }
    summary["sentences"] = [_calibration(ranks), *_abstaining(ranks)]
    summary["alt"] = {
        "reliability": f"Share of right answers against stated certainty. {_calibration(ranks)}",
        "risk": " ".join(_abstaining(ranks)) or "Share of wrong answers among the surest.",
    }
    return summary


def _temperature(results: Results, found: Number | Mapping[str, Number] | None) -> str:
    """Write one temperature, or that of each rank; empty where there is none."""
    if not found:
        return ""
    if isinstance(found, Mapping):
        ranks = coarse_to_fine(results, found)
        return listed([f"{number(found[rank])} ({rank})" for rank in ranks])
    return number(found)


def _rank(rank: str, found: Confidence) -> dict[str, Any]:
    before, curve = found.uncalibrated, found.risk_coverage
    earlier = {key: getattr(before, key, None) for key in MEASURES}
    return {
        "rank": rank,
        "plural": plural(rank),
        "n": found.n,
        "accuracy": percent(found.accuracy),
        "value": found.ece,
        "interval": found.ece_interval,
        "span": span(found.ece_interval, 3),
        "chance": "" if found.ece_by_chance is None else _fixed(found.ece_by_chance),
        "aurc": number(curve.aurc, 3) if curve and curve.aurc is not None else "",
        "before": {key: _fixed(value) for key, value in earlier.items() if value is not None},
        **{key: _fixed(getattr(found, key)) for key in MEASURES},
        "bins": [one.to_dict() for one in found.reliability or []],
        "bins_before": [one.to_dict() for one in (before.reliability if before else None) or []],
        "risk": _thin(curve),
    }


def _fixed(value: float | None) -> str:
    """Write three decimals; a single mistake more would change the third."""
    return "–" if value is None else f"{value + 0.0:.3f}"


def _thin(curve: RiskCoverage | None, points: int = 200) -> list[list[float]]:
    """Coverage and risk at no more points than a figure can show."""
    if curve is None or not curve.risk:
        return []
    coverage, risk = curve.coverage or [], curve.risk
    keep = np.unique(np.linspace(0, len(risk) - 1, points).astype(int))
    return [[float(coverage[k]), float(risk[k])] for k in keep]


def _calibration(ranks: list[dict[str, Any]]) -> str:
    parts = [f"{100 * row['value']:.1f} at {row['rank']}" for row in ranks]
    return (
        f"Stated certainty and the share of right answers differ by {listed(parts)}, in "
        "percentage points on average."
    )


def risk_at(curve: list[list[float]], share: float) -> float | None:
    """Share of wrong answers among the surest ``share``; None without a curve."""
    if not curve:
        return None
    coverage, risk = np.array(curve).T
    return float(np.interp(share, coverage, risk))


def _abstaining(ranks: list[dict[str, Any]]) -> list[str]:
    """Say what leaving out the unsure half gains, at the rank with most mistakes."""
    shown = [row for row in ranks if row["risk"]]
    if not shown:
        return []
    row = max(shown, key=lambda one: one["risk"][-1][1])
    half, all_of = risk_at(row["risk"], 0.5), risk_at(row["risk"], 1.0)
    return [
        f"Answering only for the surest half, {percent(half)} of the {row['plural']} named are "
        f"wrong; answering for all {count(row['n'], 'image')}, {percent(all_of)}."
    ]


SCORES_OF = {
    "combined": "both together",
    "msp": "unsure answer",
    "knn": "distance",
}
SAID = {
    "both together": "unsureness and distance together",
    "distance": "distance to the known images",
}


def about_novelty(results: Results, metrics: ClassificationResult) -> dict[str, Any] | None:
    """Sum up ``novelty``; None where it was not tested."""
    found = metrics.novelty
    if not found or found.auroc is None:
        return None
    by_rank = found.by_rank or {}
    named = results.has_specimen_ids
    rows: list[dict[str, Any]] = []
    for rank in reversed(coarse_to_fine(results, by_rank)):
        own = by_rank[rank]
        parts = {name: getattr(own, name) for name in SCORES_OF}
        scores = {name: _score(part) for name, part in parts.items() if part}
        taxa = own.n_unknown_taxa
        rows.append(
            {
                "rank": rank,
                "n_known": own.n_known or 0,
                "n_unknown": own.n_unknown or 0,
                "taxa": count(taxa, rank) if taxa else rank,
                "scores": scores,
            }
        )
    names = [name for name in SCORES_OF if any(name in row["scores"] for row in rows)]
    rank = found.rank or "taxon"
    return {
        "rows": rows,
        "names": [{"key": name, "words": SCORES_OF[name]} for name in names],
        "rank": rank,
        "noun": "specimen" if named else "image",
        "auroc": found.auroc,
        "sentence": _novelty_sentence(found, rank),
    }


def _score(found: NoveltyScore) -> dict[str, str]:
    return {
        "auroc": number(found.auroc),
        "interval": span(found.interval),
        "fpr95": percent(found.fpr95) if found.fpr95 is not None else "–",
    }


def _between(ends: Limits | None) -> str:
    if ends is None or ends[0] is None or ends[1] is None:
        return ""
    return f" (95% interval {100 * ends[0]:.0f} to {100 * ends[1]:.0f})"


def _novelty_sentence(found: Novelty, rank: str) -> str:
    score = SCORES_OF.get(str(found.score), "")
    by = f" by {SAID.get(score, score)}" if score else ""
    text = (
        f"Of one image of a known and one of an unknown {rank}, the unknown one is found stranger "
        f"in {100 * (found.auroc or 0):.0f} of 100 pairs{_between(found.interval)}{by}; guessing "
        "gives 50."
    )
    if found.fpr95 is not None:
        text += (
            f" To catch 95% of the unknown {plural(rank)}, {percent(found.fpr95)} of the known "
            "would be flagged as well."
        )
    return text
