"""Compare independent heads, one a rank, with one head summed up the taxonomy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from phylolens.classification.blend import RankBlend
from phylolens.classification.consistency import consistency_summary, names_at_ranks
from phylolens.classification.heads import fit_head, probabilities
from phylolens.classification.heads.reuse import frozen_of
from phylolens.classification.lineage import TaxonTree
from phylolens.errors import TooFew
from phylolens.progress import Progress, silent
from phylolens.values import Features


def compare_ways(
    features: Features,
    train: pd.DataFrame,
    test: pd.DataFrame,
    leaf_ranks: Sequence[str],
    ranks: Sequence[str],
    head: ClassifierMixin,
    *,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Answer at several ranks in several ways with the same kind of head, and score each.

    ``independent``: a head of its own a rank, as published. ``summed``: one head on the finest
    taxa, the most probable taxon of each rank by itself. ``top_down``: the same, walking from the
    coarsest rank to the best taxon inside the last answer, so that ranks cannot contradict.
    ``blended`` and ``blended_top_down``: likewise, from the blend that the default model uses.

    Parameters
    ----------
    features : Features
        Rows of both tables.
    train, test : DataFrame
        Indexed by file; columns ``specimen_id`` and all ranks.
    leaf_ranks : sequence of str
        Ranks the one head answers at.
    ranks : sequence of str
        Ranks compared; those that are not among ``leaf_ranks`` are left out.
    head : classifier
        Unfitted; what it chooses on the finest taxa is kept for the independent heads.

    Returns
    -------
    dict
        See :func:`phylolens.classification.consistency.consistency_summary`; rows with a label at
        every rank compared.
    """
    ranks = [rank for rank in ranks if rank in leaf_ranks]
    tree = TaxonTree.of(train, leaf_ranks)
    train, test = train[tree.node_of(train) >= 0], test.dropna(subset=ranks)
    if test.empty:
        raise TooFew(f"no tested image has a label at every rank ({', '.join(ranks)}).")
    seen = features.take([str(name) for name in train.index]).matrix
    asked = features.take([str(name) for name in test.index]).matrix
    labels = np.array([tree.name(node) for node in tree.node_of(train)])
    groups = train["specimen_id"].to_numpy(str)
    progress("comparing ranks", 0, len(ranks) + 1)
    blend = RankBlend.fit(head, tree, seen, labels, groups)
    summed, blended = blend.summed(asked), blend.marginals(asked)
    ways = {
        "independent": _independent(frozen_of(head), seen, train, asked, ranks, progress),
        "summed": names_at_ranks(tree, tree.best(summed)),
        "top_down": names_at_ranks(tree, tree.top_down(summed)),
        "blended": names_at_ranks(tree, tree.best(blended)),
        "blended_top_down": names_at_ranks(tree, tree.top_down(blended)),
    }
    return consistency_summary(ways, test[ranks].reset_index(drop=True), tree)


def _independent(
    head: ClassifierMixin,
    seen: np.ndarray,
    train: pd.DataFrame,
    asked: np.ndarray,
    ranks: Sequence[str],
    progress: Progress,
) -> pd.DataFrame:
    answers = {}
    for place, rank in enumerate(ranks):
        progress("comparing ranks", place + 1, len(ranks) + 1)
        rows = train[rank].notna().to_numpy(bool)
        own = frozen_of(head)
        labels = train[rank][rows].to_numpy(str)
        fit_head(own, seen[rows], labels, train["specimen_id"][rows].to_numpy(str))
        answers[rank] = own.classes_[probabilities(own, asked).argmax(axis=1)]
    progress("comparing ranks", len(ranks) + 1, len(ranks) + 1)
    return pd.DataFrame(answers, dtype=object)
