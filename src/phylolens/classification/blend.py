"""One head on the finest taxa, summed up the taxonomy, blended with heads of the coarser ranks.

The head on the finest taxa is best for specimens of known taxa: a family of unlike species is no
single cloud. Heads of the ranks themselves are better for species that are new. The mean of both
keeps most of either.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, clone

from phylolens.classification.confidence import apply_temperature
from phylolens.classification.heads import choice_of, fit_head, probabilities
from phylolens.classification.heads.candidates import named
from phylolens.classification.heads.inner_choice import InnerChoice, frozen_of, split_choice
from phylolens.classification.lineage import ROOT, TaxonTree

OWN_CANDIDATES = named("prototype", "lda")
ROUNDING = 1e-5  # sums of single-precision probabilities differ from one by less
OWN_SHARE = 0.5  # weight of a rank's own head; the rest is the finest head's


@dataclass(frozen=True)
class LeafPlan:
    """Training rows of a head on the finest taxa.

    Parameters
    ----------
    tree : TaxonTree
        Taxa of the training part.
    plan : DataFrame
        Columns ``id`` (row of the features), ``file``, ``label`` (``rank:taxon``, the finest
        known of each row).
    """

    tree: TaxonTree
    plan: pd.DataFrame


@dataclass(frozen=True)
class RankBlend:
    """Fitted heads that together give every taxon a probability.

    Parameters
    ----------
    leaf : classifier
        Fitted to the finest known taxon of each row; its classes are ``rank:taxon``.
    own : mapping of str to classifier
        For coarser ranks a head fitted to that rank alone; classes likewise.
    tree : TaxonTree
        Holds every class.
    temperatures : mapping of str to float
        By rank; 1 where there is none.
    """

    leaf: ClassifierMixin
    own: Mapping[str, ClassifierMixin]
    tree: TaxonTree
    temperatures: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        head: ClassifierMixin,
        tree: TaxonTree,
        matrix: np.ndarray,
        labels: np.ndarray,
        groups: np.ndarray,
        own: Mapping[str, ClassifierMixin] | None = None,
    ) -> "RankBlend":
        """Fit ``head`` to the finest taxa, then one to every coarser rank.

        The heads of the ranks stand behind the transforms of the first. Where it chooses by inner
        cross-validation, so do they, but whole finest taxa are kept together in their inner folds:
        what they are for is taxa that are new. Heads of other kinds are fitted as they are.

        Parameters
        ----------
        head : classifier
            Unfitted.
        tree : TaxonTree
            Of the labels.
        matrix : array of float32, shape (n, d)
            Features.
        labels : array of str, shape (n,)
            ``rank:taxon``, the finest known of each row. Rows of a taxon that is divided further
            in the tree train the heads of the ranks only: a blank is not a taxon.
        groups : array of str, shape (n,)
            Specimens, kept together in inner folds of ``head``.
        own : mapping of str to classifier, optional
            Unfitted heads of some ranks, with choices made before.
        """
        nodes = tree.numbers(labels)
        tips = _tips(tree, nodes)
        fit_head(head, matrix[tips], labels[tips], groups[tips])
        transform, candidate = split_choice(head)
        inside = transform(matrix)
        chooses = choice_of(head) is not None
        paths = tree.path(nodes)
        fitted: dict[str, ClassifierMixin] = {}
        for place, rank in enumerate(tree.ranks[:-1]):
            rows = paths[:, place] != ROOT
            names = np.array([tree.name(node) for node in paths[rows, place]])
            if len(np.unique(names)) < 2:
                continue
            fresh = InnerChoice(OWN_CANDIDATES, ()) if chooses else clone(candidate)
            units = labels if chooses else groups
            fitted[rank] = fit_head((own or {}).get(rank, fresh), inside[rows], names, units[rows])
        return cls(head, fitted, tree)

    def unfitted(self) -> tuple[ClassifierMixin, dict[str, ClassifierMixin]]:
        """Return the head and the own heads, unfitted, what they chose being fixed."""
        return frozen_of(self.leaf), {rank: frozen_of(head) for rank, head in self.own.items()}

    @property
    def leaf_nodes(self) -> np.ndarray:
        """Node of each class of the finest head, int of shape (n_leaves,)."""
        return self.tree.numbers(self.leaf.classes_)

    def summed(self, matrix: np.ndarray) -> np.ndarray:
        """Probabilities of the finest head alone, summed up the taxonomy, shape (n, m)."""
        return self.tree.marginals(probabilities(self.leaf, matrix), self.leaf_nodes)

    def raw(self, matrix: np.ndarray) -> np.ndarray:
        """Blended probability of every taxon, shape (n, m); each rank for itself."""
        found = self.summed(matrix)
        inside = split_choice(self.leaf)[0](matrix)
        for head in self.own.values():
            nodes = self.tree.numbers(head.classes_)
            found[:, nodes] *= 1 - OWN_SHARE
            found[:, nodes] += OWN_SHARE * probabilities(head, inside)
        return found

    def marginals(self, matrix: np.ndarray) -> np.ndarray:
        """Calibrated probability of every taxon, shape (n, m), never above the parent's."""
        return tempered(self.tree, self.raw(matrix), self.temperatures)

    def at_rank(self, marginals: np.ndarray, rank: str) -> tuple[np.ndarray, np.ndarray]:
        """Name the most probable taxon of a rank, and its probability."""
        nodes = self.tree.at_rank(rank)
        shares = marginals[:, nodes]
        names = self.tree.labels(nodes).astype(str)
        return names[shares.argmax(axis=1)], shares.max(axis=1)


def tempered(tree: TaxonTree, raw: np.ndarray, temperatures: Mapping[str, float]) -> np.ndarray:
    """Scale each rank by its temperature, then cap every taxon by its parent.

    What a rank's taxa lack to one (specimens that have no taxon there) is scaled with them.
    """
    found = raw.copy()
    for rank, temperature in temperatures.items():
        nodes = tree.at_rank(rank)
        found[:, nodes] = apply_temperature(with_rest(raw[:, nodes]), temperature)[:, :-1]
    return tree.capped(found)


def with_rest(shares: np.ndarray) -> np.ndarray:
    """Append what rows lack to one as a last column, shape (n, k + 1)."""
    rest = 1 - shares.sum(axis=1, keepdims=True, dtype=np.float64)
    return np.hstack([shares, np.where(rest > ROUNDING, np.minimum(rest, 1), 0.0)])


def _tips(tree: TaxonTree, nodes: np.ndarray) -> np.ndarray:
    """Mark rows whose taxon is not divided further; all rows where these are of one taxon."""
    tips = np.array([not len(tree.children(node)) for node in range(len(tree))])[nodes]
    return tips if len(np.unique(nodes[tips])) > 1 else np.ones(len(nodes), dtype=bool)
