"""Whether a specimen's answers at different ranks agree with each other.

Heads fitted to each rank by itself can name a species and a family it does not belong to. Leaf
probabilities summed up the tree contradict themselves less often, and a walk from the root never.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from phylolens.classification.blend import RankBlend
from phylolens.classification.evaluate import two_scores
from phylolens.classification.heads import fit_head, probabilities
from phylolens.classification.heads.inner_choice import frozen_of
from phylolens.classification.lineage import ROOT, TaxonTree
from phylolens.errors import TooFew
from phylolens.progress import Progress, silent
from phylolens.results.checks import Consistency, SchemeScores, Scores
from phylolens.values import Features


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
) -> Consistency:
    """Score schemes of answering at every rank, and count how often each contradicts itself.

    Parameters
    ----------
    answers : mapping of str to DataFrame, n rows each
        Rank columns of taxon names by scheme of answering: ``independent``, ``summed``,
        ``top_down``, ``blended``, ``blended_top_down``.
    truth : DataFrame, n rows
        True taxa; rows without a label are left out at that rank.
    tree : TaxonTree
        Which taxon lies in which.
    """
    ranks = [rank for rank in tree.ranks if all(rank in table for table in answers.values())]
    schemes = {
        scheme: SchemeScores(
            contradictions=contradictions(table[ranks], tree),
            scores={
                rank: _score(truth[rank], table[rank])
                for rank in ranks
                if truth[rank].notna().any()
            },
        )
        for scheme, table in answers.items()
    }
    return Consistency(n=len(truth), ranks=ranks, **schemes)


def _score(truth: pd.Series, answer: pd.Series) -> Scores:
    known = truth.notna().to_numpy(bool)
    given = answer.astype(object).where(answer.notna(), "").to_numpy(str)[known]
    return two_scores(truth.to_numpy(object)[known].astype(str), given)


def compare_schemes(
    features: Features,
    train: pd.DataFrame,
    test: pd.DataFrame,
    leaf_ranks: Sequence[str],
    ranks: Sequence[str],
    head: ClassifierMixin,
    *,
    progress: Progress = silent,
) -> Consistency:
    """Answer at several ranks by several schemes with the same kind of head, and score each.

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
    Consistency
        Of the rows with a label at every rank compared.
    """
    ranks = [rank for rank in ranks if rank in leaf_ranks]
    tree = TaxonTree.of(train, leaf_ranks)
    train, test = train[tree.node_of(train) >= 0], test.dropna(subset=ranks)
    if test.empty:
        raise TooFew(f"no tested image has a label at every rank ({', '.join(ranks)}).")
    trained = features.take([str(name) for name in train.index]).matrix
    tested = features.take([str(name) for name in test.index]).matrix
    labels = np.array([tree.name(node) for node in tree.node_of(train)])
    groups = train["specimen_id"].to_numpy(str)
    progress("comparing ranks", 0, len(ranks) + 1)
    blend = RankBlend.fit(head, tree, trained, labels, groups)
    summed, blended = blend.summed(tested), blend.marginals(tested)
    answers = {
        "independent": _independent(frozen_of(head), trained, train, tested, ranks, progress),
        "summed": names_at_ranks(tree, tree.best(summed)),
        "top_down": names_at_ranks(tree, tree.top_down(summed)),
        "blended": names_at_ranks(tree, tree.best(blended)),
        "blended_top_down": names_at_ranks(tree, tree.top_down(blended)),
    }
    return consistency_summary(answers, test[ranks].reset_index(drop=True), tree)


def _independent(
    head: ClassifierMixin,
    trained: np.ndarray,
    train: pd.DataFrame,
    tested: np.ndarray,
    ranks: Sequence[str],
    progress: Progress,
) -> pd.DataFrame:
    answers = {}
    for place, rank in enumerate(ranks):
        progress("comparing ranks", place + 1, len(ranks) + 1)
        rows = train[rank].notna().to_numpy(bool)
        own = frozen_of(head)
        labels = train[rank][rows].to_numpy(str)
        fit_head(own, trained[rows], labels, train["specimen_id"][rows].to_numpy(str))
        answers[rank] = own.classes_[probabilities(own, tested).argmax(axis=1)]
    progress("comparing ranks", len(ranks) + 1, len(ranks) + 1)
    return pd.DataFrame(answers, dtype=object)
