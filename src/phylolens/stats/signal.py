"""The signal block: tests of visual against genetic distance, with baselines beside them."""

from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.stats.correlation import correlation
from phylolens.stats.mantel import mantel
from phylolens.taxonomy import taxonomic_steps


def signal(
    visual: DistanceMatrix,
    genetic: DistanceMatrix,
    lineage: pd.DataFrame | None = None,
    *,
    permutations: int = 999,
    seed: int = 0,
) -> dict[str, Any]:
    """Test whether looks follow lineage, and set what comes free beside it.

    Parameters
    ----------
    visual, genetic : DistanceMatrix
        The same taxa, in any order.
    lineage : DataFrame, optional
        Index: taxa; columns: ranks, coarse to fine (see :func:`phylolens.taxonomy.lineages`).
    permutations, seed : int
        Of the permutation tests.

    Returns
    -------
    dict
        ``tests`` (``mantel_pearson``, ``mantel_spearman``) and ``baselines``
        (``taxonomy_only``, ``row_means``): correlations with the genetic distances that need no
        picture. Baselines carry no p-value: they are yardsticks, not findings.
    """
    tests = {
        f"mantel_{method}": mantel(
            visual, genetic, method=method, permutations=permutations, seed=seed
        ).to_dict()
        for method in ("pearson", "spearman")
    }
    return {"tests": tests, "baselines": baselines(genetic, lineage)}


def baselines(genetic: DistanceMatrix, lineage: pd.DataFrame | None) -> dict[str, Any]:
    """Correlate the genetic distances with what is known without any picture.

    ``taxonomy_only``: steps over the given coarser ranks; ``row_means``: the sum of the two taxa's
    mean distances, which branch-length differences alone produce.
    """
    upper = np.triu_indices(len(genetic.ids), k=1)
    pairs = genetic.data[upper]
    mean = genetic.data.sum(axis=1) / (len(genetic.ids) - 1)
    found: dict[str, Any] = {
        "row_means": {"pearson": correlation((mean[:, None] + mean[None, :])[upper], pairs)}
    }
    if lineage is not None and lineage.shape[1] > 1:
        steps = taxonomic_steps(lineage.loc[list(genetic.ids)])[upper]
        found["taxonomy_only"] = {
            "pearson": correlation(steps, pairs),
            "spearman": correlation(steps, pairs, rank=True),
            "ranks": list(lineage.columns[:-1]),
        }
    return found
