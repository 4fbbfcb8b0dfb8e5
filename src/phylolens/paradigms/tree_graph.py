"""A learner on the graph of the tree, which gives taxa without images a place."""

from collections.abc import Mapping

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from skbio import DistanceMatrix, TreeNode
from skbio.tree import nj
from sklearn.base import BaseEstimator

from phylolens.guided.learners.inputs import check_fit, reduced
from phylolens.guided.sample import Sample
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.material import Material
from phylolens.random import stream

COMPONENTS, DIMENSIONS = 64, 32
SHORTEST = 0.02  # of the mean branch: shorter ones carry no more messages
HIDDEN = 0.2  # share of taxa whose images are hidden to see where the graph puts them
FEWEST = 4  # taxa that neighbour joining takes


class TreeGraph(BaseEstimator):
    """Images give taxa their features, the tree of the training taxa passes them on.

    The tree is joined from the genetic distances of the training taxa alone (neighbour joining,
    which finds the tree that additive distances came from). A new taxon has no place on it: its
    images are compared with the places of the known ones.

    Parameters
    ----------
    attention : bool
        Graph attention instead of weights by branch length.
    steps : int
    rate : float
        Step of AdamW.
    seed : int
    """

    def __init__(
        self, *, attention: bool = False, steps: int = 150, rate: float = 2e-2, seed: int = 0
    ) -> None:
        self.attention, self.steps, self.rate, self.seed = attention, steps, rate, seed

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "TreeGraph":
        """Learn; see :class:`phylolens.guided.learners.base.Learner`."""
        return self.fit_hiding(sample, genetic, groups, np.zeros(len(sample), dtype=bool))

    def fit_hiding(
        self, sample: Sample, genetic: np.ndarray, groups: np.ndarray, hidden: np.ndarray
    ) -> "TreeGraph":
        """Learn without the images of some taxa, which stay in the tree.

        Parameters
        ----------
        sample, genetic, groups
            As for :meth:`fit`.
        hidden : bool array, shape (T,)
        """
        import torch

        from phylolens.embedding.threads import one_thread
        from phylolens.paradigms.graph import first_weights, places, train_graph

        check_fit(sample, genetic, groups)
        rng = stream(self.seed, "paradigms.graph")
        seen = sample.take(np.flatnonzero(~hidden))
        self._map = reduced(seen, COMPONENTS, rng)
        inputs = self._map(sample.means)
        own = np.flatnonzero(~hidden)
        adjacency = neighbours(genetic)
        first = first_weights(inputs.shape[1], min(DIMENSIONS, inputs.shape[1]), rng)
        with one_thread():
            self.weights_ = train_graph(
                inputs[own],
                neighbours(genetic[np.ix_(own, own)]),
                genetic[np.ix_(own, own)],
                first,
                attention=self.attention,
                steps=self.steps,
                rate=self.rate,
                rng=rng,
            )
            tensors = {name: torch.tensor(value) for name, value in self.weights_.items()}
            tips = torch.tensor(inputs) @ tensors["encoder"]
            found = places(
                tensors,
                tips,
                torch.tensor(~hidden),
                torch.tensor(adjacency, dtype=torch.float32),
                attention=self.attention,
            )
        self._known = found.numpy().astype(np.float64)
        return self

    @property
    def known_places(self) -> np.ndarray:
        """Places of the training taxa after messages, shape (T, k)."""
        return self._known

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        return self._line(cdist(self.place(new), self._known, "sqeuclidean"))

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        embedded = self.place(new)
        found = self._line(cdist(embedded, embedded, "sqeuclidean"))
        np.fill_diagonal(found, 0.0)
        return found

    def _line(self, apart: np.ndarray) -> np.ndarray:
        offset, slope = self.weights_["line"]
        found: np.ndarray = offset + slope * apart
        return found

    def place(self, sample: Sample) -> np.ndarray:
        """Places by images alone, shape (T, k): the encoder is linear, so means may go through."""
        return self.transform(sample.means)

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k)."""
        found: np.ndarray = self._map(matrix) @ self.weights_["encoder"]
        return found

    @property
    def trained_parameters(self) -> int:
        """Weights, those of attention included where it is used."""
        unused = () if self.attention else ("from", "to")
        return sum(int(one.size) for name, one in self.weights_.items() if name not in unused)


def neighbours(genetic: np.ndarray) -> np.ndarray:
    """Join a tree; weights of its branches, one over their length, rows summing to one.

    Parameters
    ----------
    genetic : array, shape (T, T)

    Returns
    -------
    array, shape (n, n)
        Tips first, in their order; fewer than four taxa hang on one node.
    """
    n = len(genetic)
    names = [str(place) for place in range(n)]
    if n < FEWEST:
        tree = TreeNode(children=[TreeNode(name=name, length=1.0) for name in names])
    else:
        tree = nj(DistanceMatrix((genetic + genetic.T) / 2, names))
    nodes = [*sorted(tree.tips(), key=lambda tip: int(tip.name)), *tree.non_tips(include_self=True)]
    place = {id(node): row for row, node in enumerate(nodes)}
    lengths = [max(node.length or 0.0, 0.0) for node in nodes if node.parent is not None]
    least = SHORTEST * (float(np.mean(lengths)) or 1.0)
    found = np.zeros((len(nodes), len(nodes)))
    for node in nodes:
        if node.parent is not None:
            weight = 1.0 / max(node.length or 0.0, least)
            one, other = place[id(node)], place[id(node.parent)]
            found[one, other] = found[other, one] = weight
    return found / found.sum(axis=1, keepdims=True)


def places_without_images(
    material: Material, data: BenchData, learner: TreeGraph
) -> Mapping[str, float | None]:
    """Hide the images of a fifth of the taxa, and see where the graph puts those.

    Returns
    -------
    dict
        ``place_without_images``: rank correlation of a hidden taxon's visual distances to all
        others as placed with those by its images, mean over hidden taxa;
        ``place_of_mean_of_all``: the same for the mean of all others.
    """
    rng = stream(material.seed, "paradigms.graph", 1)
    n = len(data.sample)
    hidden = np.zeros(n, dtype=bool)
    hidden[rng.permutation(n)[: max(1, round(HIDDEN * n))]] = True
    if (~hidden).sum() < FEWEST:
        return {"place_without_images": None, "place_of_mean_of_all": None}
    learner.fit_hiding(data.sample, data.genetic, data.folds, hidden)
    by_images = learner.place(data.sample)
    others = by_images[~hidden]
    placed = learner.known_places[hidden]
    middle = np.repeat(others.mean(axis=0)[None], int(hidden.sum()), axis=0)
    wanted = cdist(by_images[hidden], others, "sqeuclidean")

    def agreement(where: np.ndarray) -> float:
        rows = zip(cdist(where, others, "sqeuclidean"), wanted, strict=True)
        return float(np.mean([spearmanr(one, other).statistic for one, other in rows]))

    return {"place_without_images": agreement(placed), "place_of_mean_of_all": agreement(middle)}
