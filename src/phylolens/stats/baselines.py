"""What is known without any image, to be set beside what images show."""

from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.results.signal_parts import Baselines
from phylolens.stats.correlation import correlation
from phylolens.stats.mantel import mantel
from phylolens.taxonomy import taxonomic_steps
from phylolens.writing import plain


def baselines(
    genetic: DistanceMatrix,
    lineage: pd.DataFrame | None,
    *,
    visual: DistanceMatrix | None = None,
    image_counts: pd.Series | None = None,
    permutations: int = 999,
    seed: int = 0,
) -> Baselines:
    """Correlate the genetic distances with what is known without any image.

    Parameters
    ----------
    genetic : DistanceMatrix
        n taxa.
    lineage : DataFrame or None
        Index: taxa; columns: ranks, coarse to fine (see :func:`phylolens.taxonomy.lineages`).
    visual : DistanceMatrix, optional
        Of the same taxa.
    image_counts : Series of int, optional
        Images of each taxon, at least one; indexed by taxon.
    permutations, seed : int
        Of the Mantel tests of image counts.

    Returns
    -------
    Baselines
        ``row_means``: the sum of the two taxa's mean distances, which branch-length differences
        alone produce. ``taxonomy_only`` (with a coarser rank): steps over the given coarser ranks.
        Both are baselines without a p-value, made of the phylogeny itself. ``image_counts``
        (where given): how differently often two taxa are imaged,
        ``|log n_i - log n_j|``, against genetic distance; under ``visual`` against visual distance,
        which tells whether it merely follows the number of images. These carry the p-values of
        one-sided Mantel tests.
    """
    names = list(genetic.ids)
    upper = np.triu_indices(len(names), k=1)
    pairs = genetic.data[upper]
    mean = genetic.data.sum(axis=1) / (len(names) - 1)
    found: dict[str, Any] = {
        "row_means": {"pearson": correlation((mean[:, None] + mean[None, :])[upper], pairs)}
    }
    if lineage is not None and lineage.shape[1] > 1:
        steps = taxonomic_steps(lineage.loc[names])[upper]
        found["taxonomy_only"] = {
            "pearson": correlation(steps, pairs),
            "spearman": correlation(steps, pairs, rank=True),
            "ranks": list(lineage.columns[:-1]),
        }
    if image_counts is not None:
        apart = count_distances(image_counts, names)
        common: dict[str, Any] = {"permutations": permutations, "seed": seed}
        found["image_counts"] = _both(apart, genetic, **common)
        if visual is not None:
            found["image_counts"]["visual"] = _both(apart, visual, **common)
    return Baselines.model_validate(plain(found))


def count_distances(image_counts: pd.Series, names: list[str]) -> DistanceMatrix:
    """Distance ``|log n_i - log n_j|`` of numbers of images.

    Raises
    ------
    InputError
        If a taxon has no number, or one below 1.
    """
    counts = image_counts.reindex(names).to_numpy(dtype=np.float64)
    unknown = [name for name, n in zip(names, counts, strict=True) if not n >= 1]
    if unknown:
        raise InputError("taxa without a number of images.", ids=unknown)
    logs = np.log(counts)
    return DistanceMatrix(np.abs(logs[:, None] - logs[None, :]), names)


def _both(apart: DistanceMatrix, other: DistanceMatrix, **common: Any) -> dict[str, Any]:
    """Both correlations with their p-values; a reason instead where one side is constant."""
    found: dict[str, Any] = {}
    for method in ("pearson", "spearman"):
        try:
            test = mantel(apart, other, method=method, **common)
            found |= {method: test.statistic, f"p_{method}": test.p_value}
        except InputError as error:
            found |= {method: None, f"p_{method}": None, "reason": str(error)}
    return found


def closest_pair(genetic: DistanceMatrix) -> dict[str, Any]:
    """Name the two taxa nearest to each other, and how near they are.

    K_mult divides by branch lengths: on a tree of 74 tips with two pairs of sisters below 0.1% of
    the largest distance its power at lambda 0.25 was 0.12, where Mantel's was 0.92.

    Returns
    -------
    dict
        ``taxa``, and ``share`` of the largest distance.
    """
    names = sorted(genetic.ids)
    values = genetic.filter(names).data
    rows, columns = np.triu_indices(len(names), k=1)
    place = int(np.argmin(values[rows, columns]))
    row, column = int(rows[place]), int(columns[place])
    return {
        "taxa": [names[row], names[column]],
        "share": float(values[row, column] / values.max()),
    }
