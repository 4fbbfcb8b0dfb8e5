"""Novelty scores of known and unknown taxa, held against each other within the same heads.

Heads fitted to fewer taxa are surer and their nearest rows lie elsewhere, so scores of different
folds do not compare. Each fold that leaves taxa out is asked about known specimens, too.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from phylolens.classification.blend import tempered
from phylolens.classification.cross_fit import OutOfFold
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.novelty import msp, novelty_summary, p_value


def novelty_of_folds(
    found: OutOfFold, tree: TaxonTree, temperatures: dict[str, float], rows: pd.DataFrame, seed: int
) -> dict[str, Any] | None:
    """Tell how well unknown taxa of each rank are told from known ones.

    Parameters
    ----------
    found : OutOfFold
        With known specimens in the folds that leave taxa out.
    tree : TaxonTree
        Its columns.
    temperatures : dict
        By rank.
    rows : DataFrame
        Indexed by file; ``specimen_id`` and the ranks.
    seed : int
        Of the resampling.

    Returns
    -------
    dict or None
        As :func:`phylolens.classification.novelty.novelty_summary`; the headline is the family's,
        or else the middle one of the ranks whose taxa were left out.
    """
    by_rank: dict[str, dict[str, Any]] = {}
    for rank in tree.ranks:
        part = found.take(found.left_out == rank)
        known = np.char.startswith(part.strata, "known ")
        unknown = part.strata == f"unknown {rank}"
        part = part.take(known | unknown)
        if not known.any() or not unknown.any():
            continue
        marginals = tempered(tree, part.raw, temperatures)
        finest = marginals[:, tree.at_rank(tree.ranks[-1])]
        values = {"msp": msp(finest), "knn": part.distances}
        asked = rows.loc[part.files]
        summary = novelty_summary(
            {name: within_folds(score, part.strata, part.folds) for name, score in values.items()},
            part.strata,
            asked["specimen_id"].to_numpy(str),
            asked[list(tree.ranks)],
            seed=seed,
            rank=rank,
        )
        if summary is not None and rank in summary["by_rank"]:
            by_rank[rank] = summary
    return _headline(by_rank)


def within_folds(scores: np.ndarray, strata: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Replace each score by the share of its fold's known rows that look less novel, 0 to 1.

    Rows of folds without a known one get 0.5: they tell nothing.
    """
    known = np.char.startswith(np.asarray(strata, dtype=str), "known ")
    shares = np.full(len(scores), 0.5)
    for fold in np.unique(folds):
        here = folds == fold
        reference = scores[here & known]
        if len(reference):
            for rows, among in ((here & known, True), (here & ~known, False)):
                shares[rows] = 1 - p_value(scores[rows], reference, among=among)
    return shares


def _headline(by_rank: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    if not by_rank:
        return None
    ranks: Sequence[str] = list(by_rank)
    chosen = "family" if "family" in by_rank else ranks[(len(ranks) - 1) // 2]
    parts = {rank: summary["by_rank"][rank] for rank, summary in by_rank.items()}
    return by_rank[chosen] | {"by_rank": parts}
