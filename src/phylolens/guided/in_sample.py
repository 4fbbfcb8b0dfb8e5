"""Fit a guided embedding, judge it, and store it.

All figures here are in-sample: the pool is judged on the matrix it was fitted to. They say how far
images can be bent towards the tree, not whether they predict it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.embedding.feature_file import GUIDED_MARK
from phylolens.errors import InputError
from phylolens.guided.learners import make_learner
from phylolens.guided.published import AttentionPool, Bags
from phylolens.guided.recipes import GuideRecipe
from phylolens.phylogeny import similarity
from phylolens.progress import Progress, silent
from phylolens.results.guided import GuidedResult
from phylolens.stats.baselines import baselines
from phylolens.stats.correlation import agreement, correlation
from phylolens.writing import replacing, write_csv, write_text

NOTE = (
    "In-sample: the embedding was fitted to this very matrix. These figures cannot show that "
    "images predict the tree; only taxa held out of the fit can."
)


@dataclass(frozen=True)
class GuideResult:
    """What a fit gave.

    Parameters
    ----------
    summary : dict
        As written to ``guide.json``.
    pool : AttentionPool
        The fitted model.
    embeddings : DataFrame, shape (T, d)
        Taxon vectors of length one.
    matrices : dict of DataFrame
        ``genetic``, ``unguided``, ``guided``: T x T similarities in [-1, 1].
    attention : DataFrame
        Columns ``taxon``, ``image``, ``weight``.
    """

    summary: dict[str, Any]
    pool: AttentionPool
    embeddings: pd.DataFrame
    matrices: dict[str, pd.DataFrame]
    attention: pd.DataFrame


def fit_guided(
    bags: Bags,
    genetic: DistanceMatrix,
    lineage: pd.DataFrame | None,
    recipe: GuideRecipe,
    *,
    rank: str,
    divisor: float | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> GuideResult:
    """Fit the attention pool to the genetic similarities and compare with what comes free.

    Parameters
    ----------
    bags : Bags
        T taxa, all of them in ``genetic``.
    genetic : DistanceMatrix
        Distances, any unit; mapped to ``1 - 2 d / divisor``.
    lineage : DataFrame, optional
        Taxonomy of the taxa, for the taxonomy-only baseline.
    recipe : GuideRecipe
        Its first learner, an attention pool, and its epochs and learning rate.
    divisor : float, optional
        The largest distance by default; the published study used 1.7.

    Raises
    ------
    InputError
        If there are fewer than three taxa, one is not in ``genetic``, or all distances are equal.
    """
    if len(bags.taxa) < 3:
        raise InputError(f"guiding needs at least three taxa; got {len(bags.taxa)}.", ids=bags.taxa)
    _require_divisor(divisor)
    missing = [taxon for taxon in bags.taxa if taxon not in genetic.ids]
    if missing:
        raise InputError("taxa without a place in the phylogeny.", ids=missing)
    genetic = genetic.filter(bags.taxa)
    target = similarity(genetic, divisor=divisor)
    given = {
        "epochs": recipe.epochs,
        "learning_rate": recipe.learning_rate,
        "divisor": divisor,
    }
    given = {name: value for name, value in given.items() if value is not None}
    learner: Any = make_learner(recipe.learner[0], seed, **given)
    learner.fit(bags.sample(), genetic.data, np.arange(len(bags.taxa)), progress=progress)
    pool = AttentionPool(epochs=learner.epochs, learning_rate=learner.learning_rate, seed=seed)
    pool.weights_, pool.loss_curve_ = learner.weights_, learner.loss_curve_
    vectors = pool.transform(bags)
    means = bags.values.sum(axis=1, dtype=np.float64) / bags.sizes[:, None]
    unit = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    cosines = {"genetic": target, "unguided": unit @ unit.T, "guided": vectors @ vectors.T}
    summary = {
        "recipe": recipe.name,
        "source": recipe.source,
        "rank": rank,
        "n_taxa": len(bags.taxa),
        "n_images": int(bags.sizes.sum()),
        "images_per_taxon": {"min": int(bags.sizes.min()), "max": int(bags.sizes.max())},
        "epochs": learner.epochs,
        "learning_rate": learner.learning_rate,
        "seed": seed,
        "divisor": divisor or float(genetic.condensed_form().max()),
        "note": NOTE,
        "loss": {"first": pool.loss_curve_[0], "last": pool.loss_curve_[-1]},
        "in_sample": agreement(cosines["guided"], target),
        "baselines": {
            "constant": {"mse": float(np.var(target[np.triu_indices(len(target), k=1)]))},
            "unguided": {"in_sample": agreement(cosines["unguided"], target)},
            **baselines(genetic, lineage).to_dict(),
        },
        "published_statistic": _published(cosines["guided"], target),
        "attention": _concentration(pool.attention(bags), bags.sizes),
    }
    return GuideResult(
        summary=summary,
        pool=pool,
        embeddings=pd.DataFrame(vectors, index=pd.Index(bags.taxa, name=GUIDED_MARK)),
        matrices={
            name: pd.DataFrame(matrix, index=bags.taxa, columns=bags.taxa)
            for name, matrix in cosines.items()
        },
        attention=_attention_table(bags, pool.attention(bags)),
    )


def _require_divisor(divisor: float | None) -> None:
    if divisor is not None and not divisor > 0:
        raise InputError(f"the divisor must be positive; got {divisor}.", where="--divisor")


def _published(predicted: np.ndarray, target: np.ndarray) -> dict[str, Any]:
    """Compute the study's Pearson, which counted each taxon's similarity with itself as a pair."""
    upper = np.triu_indices(len(target), k=0)
    return {
        "pearson_with_diagonal": correlation(predicted[upper], target[upper]),
        "note": (
            "As published: the diagonal is counted, which raises the correlation. For comparison "
            "with the study only; no p-value on pairs is valid."
        ),
    }


def _concentration(attention: np.ndarray, sizes: np.ndarray) -> dict[str, Any]:
    """Say how many images speak for a taxon: the exponential of the weights' entropy."""
    logs = np.log(np.where(attention > 0, attention, 1.0))
    effective = np.exp(-(attention * logs).sum(axis=1))
    return {
        "median_effective_images": float(np.median(effective)),
        "median_images": float(np.median(sizes)),
        "median_largest_weight": float(np.median(attention.max(axis=1))),
    }


def _attention_table(bags: Bags, attention: np.ndarray) -> pd.DataFrame:
    rows = [
        (taxon, image, weight)
        for taxon, images, weights in zip(bags.taxa, bags.ids, attention, strict=True)
        for image, weight in zip(images, weights[: len(images)], strict=True)
    ]
    return pd.DataFrame(rows, columns=["taxon", "image", "weight"])


def write_guided(result: GuideResult, folder: Path, spec: Mapping[str, Any]) -> GuidedResult:
    """Write embeddings, matrices, attention, loss curve, the model, and ``guide.json``; return it.

    The model is a safetensors file: the weights, and as metadata the recipe and the features'
    spec, without which it must not be applied.
    """
    from safetensors.numpy import save_file

    write_csv(folder / "embeddings.csv", result.embeddings, index=True)
    for name, matrix in result.matrices.items():
        write_csv(folder / f"similarity_{name}.csv", matrix.rename_axis("taxon"), index=True)
    write_csv(folder / "attention.csv", result.attention)
    curve = pd.DataFrame({"loss": result.pool.loss_curve_}).rename_axis("epoch")
    write_csv(folder / "loss.csv", curve, index=True)
    card = {"kind": "attention-pool", "features": dict(spec), "fit": result.summary}
    with replacing(folder / "model.safetensors") as temporary:
        weights = {"weights": result.pool.weights_.astype(np.float32)}
        save_file(weights, temporary, metadata={"card": json.dumps(card, sort_keys=True)})
    found = GuidedResult.of(result.summary)
    write_text(folder / "guide.json", found.to_json())
    return found


def load_pool(path: Path) -> tuple[AttentionPool, dict[str, Any]]:
    """Read a stored pool and its card.

    Raises
    ------
    InputError
        If the file is absent or is no attention pool.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stored:
            card = json.loads((stored.metadata() or {})["card"])
            weights = stored.get_tensor("weights")
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise InputError(f"not a stored attention pool ({error}).", where=path) from error
    pool = AttentionPool()
    pool.weights_ = weights.astype(np.float64)
    return pool, card
