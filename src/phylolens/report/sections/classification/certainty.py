"""How sure the classifier is, and whether it notices what it does not know."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phylolens.report.ordering import coarse_to_fine
from phylolens.report.results import Results
from phylolens.report.sections.classification.scores import span
from phylolens.report.text import count, listed, number, percent, plural

MEASURES = ("ece", "brier", "nll")


def about_confidence(results: Results, metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Sum up ``confidence``; None where it was not measured."""
    found = metrics.get("confidence")
    if not found:
        return None
    ranks = [_rank(rank, found[rank]) for rank in coarse_to_fine(results, found)]
    summary = {
        "ranks": ranks,
        "temperature": _temperature(results, metrics.get("temperature")),
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


def _temperature(results: Results, found: float | Mapping[str, float] | None) -> str:
    """Write one temperature, or that of each rank; empty where there is none."""
    if not found:
        return ""
    if isinstance(found, Mapping):
        ranks = coarse_to_fine(results, found)
        return listed([f"{number(found[rank])} ({rank})" for rank in ranks])
    return number(found)


def _rank(rank: str, found: Mapping[str, Any]) -> dict[str, Any]:
    before = found.get("uncalibrated") or {}
    curve = found.get("risk_coverage") or {}
    return {
        "rank": rank,
        "plural": plural(rank),
        "n": found.get("n"),
        "accuracy": percent(found.get("accuracy")),
        "value": found["ece"],
        "interval": found.get("ece_interval"),
        "span": span(found.get("ece_interval"), 3),
        "chance": _fixed(found["ece_by_chance"]) if "ece_by_chance" in found else "",
        "aurc": number(curve["aurc"], 3) if curve.get("aurc") is not None else "",
        "before": {key: _fixed(before[key]) for key in MEASURES if key in before},
        **{key: _fixed(found.get(key)) for key in MEASURES},
        "bins": list(found.get("reliability") or []),
        "bins_before": list(before.get("reliability") or []),
        "risk": _thin(curve),
    }


def _fixed(value: float | None) -> str:
    """Write three decimals; a single mistake more would change the third."""
    return "–" if value is None else f"{value + 0.0:.3f}"


def _thin(curve: Mapping[str, Any], points: int = 200) -> list[list[float]]:
    """Coverage and risk at no more points than a figure can show."""
    coverage, risk = curve.get("coverage") or [], curve.get("risk") or []
    if not len(risk):
        return []
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
