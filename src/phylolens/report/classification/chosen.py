"""Which head a model that chooses took, and by what scores."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.classification.words import model_words
from phylolens.report.wording import listed, number

KINDS = {
    "lda": "shrunken discriminant analysis",
    "logistic": "logistic regression",
    "svm": "support vector machine",
    "prototype": "nearest class mean",
}


def about_chosen(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Say for each model that chooses which head it took.

    Returns
    -------
    dict
        ``everywhere``, sentences that hold at all ranks; ``by_rank``, sentences of a rank.
    """
    everywhere: list[str] = []
    by_rank: dict[str, list[str]] = {}
    for model, ranks in _by_model(metrics).items():
        said = {rank: _sentence(model, choice) for rank, choice in ranks.items()}
        said = {rank: text for rank, text in said.items() if text}
        if len(set(said.values())) == 1:
            everywhere += list(said.values())[:1]
            continue
        for rank, text in said.items():
            by_rank.setdefault(rank, []).append(text)
    return {"everywhere": everywhere, "by_rank": by_rank}


def _by_model(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Choices by model, then rank; by rank alone they are those of ``default``."""
    found = metrics.get("chosen") or {}
    if any("head" in own for own in found.values()):
        return {"default": found}
    return {model: own for model, own in found.items() if own}


def head_words(head: str) -> str:
    """Turn ``lda:0.1`` into ``shrunken discriminant analysis (0.1)``."""
    kind, _, setting = head.partition(":")
    return KINDS.get(kind, model_words(kind)) + (f" ({setting})" if setting else "")


def _sentence(model: str, choice: Mapping[str, Any]) -> str:
    head, scores = choice.get("head"), dict(choice.get("scores") or {})
    if not head:
        return ""
    text = f"As {model_words(model)}, {head_words(head)} was chosen on training images alone"
    if head in scores:
        text += (
            f" (macro-F1 of inner cross-validation {number(scores[head])}{_others(head, scores)})"
        )
    text += f"; at the ranks its answers are {choice['how']}" if choice.get("how") else ""
    rule = str(choice.get("rule") or "").strip()
    return f"{text}." + (f" Rule: {rule[:1].lower()}{rule[1:].rstrip('.')}." if rule else "")


def _others(head: str, scores: Mapping[str, float]) -> str:
    """List the best of every other kind."""
    best: dict[str, str] = {}
    for name in sorted(scores, key=lambda name: -scores[name]):
        best.setdefault(name.partition(":")[0], name)
    others = [name for kind, name in best.items() if kind != head.partition(":")[0]]
    shown = [f"{head_words(name)} {number(scores[name])}" for name in others]
    return f"; {listed(shown)}" if shown else ""
