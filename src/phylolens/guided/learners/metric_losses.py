"""Losses that pull an embedding towards a phylogeny. Imports torch.

What they share is in :mod:`phylolens.guided.learners.tree_loss`. Those of pytorch-metric-learning
(Musgrave et al. 2020, arXiv:2008.09164) have margins taken from the phylogeny; RankNet,
hierarchical triplets and ListNet are our own and know taxa only by their order of distance. Losses
of the clades at several depths are in :mod:`phylolens.guided.learners.clade_losses`.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn.functional import softplus

from phylolens.guided.learners.clade_losses import ArcFace, Multilevel, RankedList
from phylolens.guided.learners.tree_loss import (
    TreeLoss,
    euclidean,
    library_of_losses,
    same_taxon,
)

NEGATIVES = 8  # drawn for each pair of points of one taxon
TEMPERATURE = 0.1  # distance, in units of the mean, over which an order turns
SLACK = 1e-6  # distances nearer than this are equal


class Triplet(TreeLoss):
    """Nearer to another point of the taxon than to one of another, by their genetic distance.

    Schroff et al. (2015) CVPR. For each pair of points of one taxon a few points of others are
    drawn; all of them would be slow.
    """

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        anchors, positives = torch.where(same_taxon(taxa))
        anchors, positives = anchors.repeat(NEGATIVES), positives.repeat(NEGATIVES)
        drawn = torch.tensor(self.rng.integers(0, len(taxa), len(anchors)))
        kept = taxa[anchors] != taxa[drawn]
        chosen = (anchors[kept], positives[kept], drawn[kept])
        margins = self.margin * self.genetic[taxa[chosen[0]], taxa[chosen[2]]]
        library = library_of_losses()
        loss = library.losses.TripletMarginLoss(margin=margins, distance=euclidean(library))
        return loss(points, taxa, chosen)


class MinedTriplet(TreeLoss):
    """Triplets that are hard to order: of each point the nearest stranger, its taxon's farthest.

    Hermans, Beyer & Leibe (2017) arXiv:1703.07737; margins as in :class:`Triplet`.
    """

    def chosen(self, points: torch.Tensor, taxa: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Pick triplets: anchors, positives and negatives."""
        miner = library_of_losses().miners.BatchHardMiner(distance=euclidean(library_of_losses()))
        found: tuple[torch.Tensor, ...] = miner(points.detach(), taxa)
        return found

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        chosen = self.chosen(points, taxa)
        margins = self.margin * self.genetic[taxa[chosen[0]], taxa[chosen[2]]]
        library = library_of_losses()
        loss = library.losses.TripletMarginLoss(margin=margins, distance=euclidean(library))
        return loss(points, taxa, chosen)


class SemihardTriplet(MinedTriplet):
    """Triplets that are in order, and by less than the margin (Schroff et al. 2015)."""

    def chosen(self, points: torch.Tensor, taxa: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Pick triplets; the miner's margin is that of a mean genetic distance."""
        library = library_of_losses()
        miner = library.miners.TripletMarginMiner(
            margin=self.margin, type_of_triplets="semihard", distance=euclidean(library)
        )
        found: tuple[torch.Tensor, ...] = miner(points.detach(), taxa)
        return found


class Contrastive(TreeLoss):
    """Relatives no farther than their genetic distance, strangers no nearer.

    Hadsell et al. (2006) CVPR, with a margin for every pair; who is a relative is decided anew in
    every batch, by cutting the tree at the distance of a pair drawn from it.
    """

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        genetic = self.between(taxa)
        near = _near(genetic, taxa, self.rng)
        chosen = _pairs(near)
        margins = self.margin * torch.sqrt(genetic)  # a tree's root distances are Euclidean
        library = library_of_losses()
        loss = library.losses.ContrastiveLoss(
            pos_margin=margins[chosen[:2]],
            neg_margin=margins[chosen[2:]],
            distance=euclidean(library),
        )
        return loss(points, taxa, chosen)


class MultiSimilarity(TreeLoss):
    """Cosines of relatives above, of strangers below, what their genetic distance allows.

    Wang et al. (2019) CVPR, with a base of ``1 - margin * distance`` for every pair; relatives as
    in :class:`Contrastive`.
    """

    cosine = True

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        genetic = self.between(taxa)
        chosen = _pairs(_near(genetic, taxa, self.rng))
        loss = library_of_losses().losses.MultiSimilarityLoss(
            alpha=2, beta=10, base=1.0 - self.margin * genetic
        )
        return loss(points, taxa, chosen)


class _OfTaxa(TreeLoss):
    """Losses on the distances between the means of taxa."""

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        present, places = torch.unique(taxa, return_inverse=True)
        owner = torch.nn.functional.one_hot(places, len(present)).to(points.dtype)
        means = owner.T @ points / owner.sum(dim=0)[:, None]
        squared = ((means[:, None] - means[None]) ** 2).sum(dim=2)
        return self.of_distances(torch.sqrt(squared + 1e-6), self.between(present))

    def of_distances(self, embedded: torch.Tensor, genetic: torch.Tensor) -> torch.Tensor:
        """Loss of distances, shape (P, P), beside genetic ones."""
        raise NotImplementedError


class RankNet(_OfTaxa):
    """Of two taxa the nearer one is to be nearer; wrong orders cost by how far they differ.

    Burges et al. (2005) ICML: the logistic loss of every difference of distances from one taxon,
    weighted by the difference of genetic distances.
    """

    def of_distances(self, embedded: torch.Tensor, genetic: torch.Tensor) -> torch.Tensor:
        """Loss of distances, shape (P, P), beside genetic ones."""
        gaps, wanted = _gaps(embedded, genetic)
        return (softplus(-gaps / TEMPERATURE) * wanted).sum() / wanted.sum().clamp(min=SLACK)


class HierarchicalTriplet(_OfTaxa):
    """Of two taxa the nearer one is to be nearer by a margin of their genetic difference.

    Triplets over all depths of the tree, after Ge et al. (2018) ECCV; those that break their margin
    count alike.
    """

    def of_distances(self, embedded: torch.Tensor, genetic: torch.Tensor) -> torch.Tensor:
        """Loss of distances, shape (P, P), beside genetic ones."""
        gaps, wanted = _gaps(embedded, genetic)
        cost = torch.relu(self.margin * wanted - gaps) * (wanted > 0)
        return cost.sum() / (cost > 0).sum().clamp(min=1)


class Listwise(_OfTaxa):
    """Who of all others is nearest: cross-entropy of two softmaxes over negative distances.

    ListNet's top-one probabilities, Cao et al. (2007) ICML.
    """

    def of_distances(self, embedded: torch.Tensor, genetic: torch.Tensor) -> torch.Tensor:
        """Loss of distances, shape (P, P), beside genetic ones."""
        others = ~torch.eye(len(genetic), dtype=torch.bool)
        size = (len(genetic), len(genetic) - 1)
        wanted = torch.softmax(-genetic[others].view(size) / TEMPERATURE, dim=1)
        found = torch.log_softmax(-embedded[others].view(size) / TEMPERATURE, dim=1)
        return -(wanted * found).sum(dim=1).mean()


def _gaps(embedded: torch.Tensor, genetic: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """``d_ik - d_ij`` for all i, j, k, and the genetic difference where k is farther, else 0."""
    wanted = torch.relu(genetic[:, None, :] - genetic[:, :, None])
    others = ~torch.eye(len(genetic), dtype=torch.bool)
    wanted = wanted * (wanted > SLACK) * others[:, :, None]
    return embedded[:, None, :] - embedded[:, :, None], wanted


def _near(genetic: torch.Tensor, taxa: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Points nearer in the tree than a pair of taxa drawn; those of one taxon always are."""
    apart = genetic[taxa[:, None] != taxa]
    cut = apart[int(rng.integers(len(apart)))] if len(apart) else torch.tensor(SLACK)
    return genetic < cut - SLACK


def _pairs(near: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """First and second points of near pairs, then those of far ones."""
    apart = ~torch.eye(len(near), dtype=torch.bool)
    return (*torch.where(near & apart), *torch.where(~near & apart))


LOSSES: Mapping[str, type[TreeLoss]] = {
    "triplet": Triplet,
    "triplet-hard": MinedTriplet,
    "triplet-semihard": SemihardTriplet,
    "contrastive": Contrastive,
    "arcface": ArcFace,
    "ranked-list": RankedList,
    "multilevel": Multilevel,
    "multi-similarity": MultiSimilarity,
    "hierarchical-triplet": HierarchicalTriplet,
    "ranknet": RankNet,
    "listwise": Listwise,
}
