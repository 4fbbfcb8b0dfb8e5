"""The heads of ``phylolens classify``: images placed by how likely they are of each known taxon."""

from functools import partial

import numpy as np

from phylolens.classification.heads import fit_head, make_head, probabilities
from phylolens.guided.learners.inputs import reduced
from phylolens.guided.sample import Sample
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.paradigms.tree_free import OfLabels
from phylolens.random import stream

COMPONENTS = 128


class HeadPlaces(OfLabels):
    """Roots of the probabilities of the training taxa: between two images, Hellinger's distance.

    Parameters
    ----------
    head : str
        See :func:`phylolens.classification.heads.make_head`.
    seed : int
    """

    def __init__(self, head: str = "lda", *, seed: int = 0) -> None:
        self.head, self.seed = head, seed

    def learn(self, sample: Sample) -> None:
        """Learn to name the taxa."""
        self._map = reduced(sample, COMPONENTS, stream(self.seed, "paradigms.heads"))
        names = np.array(sample.taxa, dtype=str)[sample.codes]
        self.head_ = fit_head(make_head(self.head, self.seed), self._map(sample.matrix()), names)

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Place images, shape (N, d) to (N, taxa)."""
        return np.sqrt(probabilities(self.head_, self._map(matrix)))


def _fit(material: Material, head: str) -> HeadPlaces:
    return HeadPlaces(head, seed=material.seed)


METHODS = tuple(
    Method(
        name=head,
        cell="classifiers/heads",
        fit=partial(_fit, head=head),
        sees="labels",
        about=about,
        cost="moderate",
    )
    for head, about in (
        ("rf", "Votes of a random forest, the published classifier."),
        ("lda", "Probabilities of a discriminant analysis (Ledoit & Wolf 2004)."),
        ("svm", "Probabilities of a linear support vector machine."),
    )
)
