"""How much do the statistics depend on the tree? Every tree of a sample, one after the other."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens.results.signal_parts import TreeSample
from phylolens.stats.statistics import Statistics
from phylolens.stats.trees.align import align_distance
from phylolens.stats.trees.cid import clustering_information_distance
from phylolens.stats.trees.rf import robinson_foulds
from phylolens.writing import plain

QUANTILES = {"low": 0.025, "median": 0.5, "high": 0.975}


def over_trees(
    visual: DistanceMatrix,
    sample: Iterable[tuple[DistanceMatrix, pd.DataFrame, TreeNode]],
    visual_tree: TreeNode | None,
    *,
    axes: int | None = None,
) -> TreeSample:
    """Compute every statistic for every tree of a posterior or bootstrap sample.

    Parameters
    ----------
    visual : DistanceMatrix
        n taxa.
    sample : iterable of (DistanceMatrix, DataFrame, TreeNode)
        Genetic distances, covariance and tree of the same taxa, one after the other.
    visual_tree : TreeNode or None
        From the visual distances; compared with each tree by ``nrf``, ``cid`` and ``align``.
    axes : int, optional
        Principal coordinates of PROTEST.

    Returns
    -------
    TreeSample
        ``n_used`` trees and ``intervals``: by statistic the median and the 95% range over the
        trees, and ``n``, the trees it could be had for. The range tells what the uncertainty of
        the tree does; it is no interval over taxa or specimens.
    """
    rows = []
    for genetic, covariance, tree in sample:
        names = list(genetic.ids)
        row = Statistics(genetic, covariance, axes).of(visual.filter(names))
        if visual_tree is not None:
            row["nrf"] = robinson_foulds(visual_tree, tree)
            row["cid"] = clustering_information_distance(visual_tree, tree)
            row["align"] = align_distance(visual_tree, tree)
        rows.append(row)
    table = pd.DataFrame(rows).astype(float)
    intervals = {}
    for name in table.columns:
        values = table[name].dropna().to_numpy()
        if len(values):
            found = {key: float(np.quantile(values, share)) for key, share in QUANTILES.items()}
            intervals[str(name)] = found | {"n": len(values)}
    return TreeSample.model_validate(plain({"n_used": len(rows), "intervals": intervals}))
