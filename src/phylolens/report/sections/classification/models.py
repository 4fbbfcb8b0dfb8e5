"""What models and splits are called, and which head was chosen."""

from collections.abc import Mapping
from dataclasses import dataclass

from phylolens.report.text import listed, number, plural
from phylolens.results.base import Number
from phylolens.results.classification import ClassificationResult
from phylolens.results.classifier import HeadChoice

MODEL_WORDS = {
    "default": "default classifier",
    "rf": "random forest",
    "rf-weighted": "class-weighted random forest",
    "rf-balanced-bagging": "balanced bagging of trees",
    "rf-tuned": "tuned random forest",
    "svm": "support vector machine",
    "svm-plain": "plain support vector machine",
    "svm-rbf": "support vector machine with a Gaussian kernel",
    "linear": "linear classifier",
    "lda": "discriminant analysis",
    "mlp-weighted": "weighted neural network",
    "prototype": "nearest class mean",
    "hgnn": "hierarchy-guided network",
    "sequential": "network of ranks in a row",
    "parallel": "network of ranks side by side",
    "hgnn-dual": "hierarchy-guided network of two networks",
}

PARTS = {
    "consistency": "agreement of the ranks",
    "near_duplicates": "search for near-duplicates",
    "sources": "check of the sources",
    "few_shot": "few-shot curve",
    "trial": "confidence and depth",
    "model": "novelty and stored model",
}


def model_words(model: str) -> str:
    """Say what a model is called in plain words."""
    return MODEL_WORDS.get(model, model)


def left_out_rank(split: str) -> str:
    """Return what ``leave-species-out`` leaves out: ``species``; empty for other names."""
    if split.startswith("leave-") and split.endswith("-out"):
        return split[len("leave-") : -len("-out")]
    return ""


def split_words(split: str) -> str:
    """Say how the images were split, as a column is headed."""
    rank = left_out_rank(split)
    return f"{plural(rank)} held out" if rank else f"{split} split"


def not_possible(metrics: ClassificationResult) -> list[str]:
    """Say what the data were too few for."""
    found = metrics.not_possible or {}
    return [f"{PARTS.get(key, key).capitalize()}: {why.rstrip('.')}." for key, why in found.items()]


KINDS = {
    "lda": "shrunken discriminant analysis",
    "logistic": "logistic regression",
    "svm": "support vector machine",
    "prototype": "nearest class mean",
    "forest": "random forest",
    "rbf": "Gaussian kernel",
}


@dataclass(frozen=True)
class Chosen:
    """Which classifiers models chose by themselves.

    Parameters
    ----------
    everywhere : list of str
        Sentences that hold at all ranks.
    by_rank : dict of str to list of str
        Sentences of a rank.
    """

    everywhere: list[str]
    by_rank: dict[str, list[str]]


def about_chosen(metrics: ClassificationResult) -> Chosen:
    """Say for each model that chooses which classifier it took."""
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
    return Chosen(everywhere, by_rank)


def _by_model(metrics: ClassificationResult) -> dict[str, dict[str, HeadChoice]]:
    """Choices by model, then rank; by rank alone they are those of ``default``."""
    found = metrics.chosen or {}
    alone = {rank: own for rank, own in found.items() if isinstance(own, HeadChoice)}
    if alone:
        return {"default": alone}
    return {model: own for model, own in found.items() if isinstance(own, dict) and own}


def head_words(head: str) -> str:
    """Turn ``lda:0.1`` into ``shrunken discriminant analysis (0.1)``."""
    kind, _, setting = head.partition(":")
    words = setting.replace("+", ", ").replace("=", " ")
    return KINDS.get(kind, model_words(kind)) + (f" ({words})" if setting else "")


def _sentence(model: str, choice: HeadChoice) -> str:
    head, scores = choice.head, choice.scores or {}
    if not head:
        return ""
    text = f"As {model_words(model)}, {head_words(head)} was chosen on training images alone"
    if head in scores:
        text += (
            f" (macro-F1 of inner cross-validation {number(scores[head])}{_others(head, scores)})"
        )
    text += f"; at the ranks its answers are {choice.how}" if choice.how else ""
    rule = (choice.rule or "").strip()
    return f"{text}." + (f" Rule: {rule[:1].lower()}{rule[1:].rstrip('.')}." if rule else "")


def _others(head: str, scores: Mapping[str, Number]) -> str:
    """List the best of every other kind."""
    best: dict[str, str] = {}
    for name in sorted(scores, key=lambda name: -scores[name]):
        best.setdefault(name.partition(":")[0], name)
    others = [name for kind, name in best.items() if kind != head.partition(":")[0]]
    shown = [f"{head_words(name)} {number(scores[name])}" for name in others]
    return f"; {listed(shown)}" if shown else ""
