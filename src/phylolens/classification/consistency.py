"""Whether a specimen's answers at different ranks agree with each other.

Heads fitted to each rank by itself can name a species and a family it does not belong to. Leaf
probabilities summed up the tree contradict themselves less often, and a walk from the root never.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from phylolens.classification.evaluate import evaluate
from phylolens.classification.lineage import ROOT, TaxonTree


def contradicted(answers: pd.DataFrame, tree: TaxonTree) -> np.ndarray:
    """Mark rows in which some answer does not lie in the answer of a coarser rank.

    Parameters
    ----------
    answers : DataFrame
        Rank columns of taxon names; a missing answer, or a name the tree does not have,
        contradicts nothing, nor does a lineage that is unknown at the coarser rank.
    tree : TaxonTree
        Which taxon lies in which.

    Returns
    -------
    array of bool, shape (n,)
    """
    ranks = [rank for rank in tree.ranks if rank in answers.columns]
    found = np.zeros(len(answers), dtype=bool)
    nodes = {rank: tree.node_of(answers[[rank]]) for rank in ranks}
    for coarse, fine in combinations(ranks, 2):
        above = tree.path(nodes[fine])[:, tree.ranks.index(coarse)]
        found |= (nodes[coarse] != ROOT) & (above != ROOT) & (above != nodes[coarse])
    return found


def contradictions(answers: pd.DataFrame, tree: TaxonTree) -> float:
    """Share of rows that :func:`contradicted` marks."""
    return float(contradicted(answers, tree).mean())


def names_at_ranks(tree: TaxonTree, nodes: np.ndarray) -> pd.DataFrame:
    """Name nodes of shape (n, ranks), such as :meth:`TaxonTree.best` gives; -1 is missing."""
    return pd.DataFrame(tree.labels(nodes), columns=list(tree.ranks), dtype=object)


def consistency_summary(
    answers: Mapping[str, pd.DataFrame], truth: pd.DataFrame, tree: TaxonTree
) -> dict[str, Any]:
    """Score ways of answering at every rank, and count how often each contradicts itself.

    Parameters
    ----------
    answers : mapping of str to DataFrame, n rows each
        Rank columns of taxon names by way of answering: ``independent``, ``summed``,
        ``top_down``.
    truth : DataFrame, n rows
        True taxa; rows without a label are left out at that rank.
    tree : TaxonTree
        Which taxon lies in which.

    Returns
    -------
    dict
        ``n``, ``ranks``, and for each way ``contradictions`` and ``scores`` by rank: ``accuracy``
        and ``macro_f1``. No answer is a wrong one.
    """
    ranks = [rank for rank in tree.ranks if all(rank in table for table in answers.values())]
    return {
        "n": len(truth),
        "ranks": ranks,
        **{
            way: {
                "contradictions": contradictions(table[ranks], tree),
                "scores": {
                    rank: _score(truth[rank], table[rank])
                    for rank in ranks
                    if truth[rank].notna().any()
                },
            }
            for way, table in answers.items()
        },
    }


def _score(truth: pd.Series, answer: pd.Series) -> dict[str, float]:
    known = truth.notna().to_numpy(bool)
    given = answer.astype(object).where(answer.notna(), "").to_numpy(str)[known]
    found = evaluate(truth.to_numpy(object)[known].astype(str), given)
    return {"accuracy": found["accuracy"], "macro_f1": found["macro_f1"]}
