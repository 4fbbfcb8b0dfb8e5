"""Finding images of the same taxon, with queries from clades that the method has never seen."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from phylolens.guided.sample import Sample

AT_ONCE = 512  # queries
Compare = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Retrieval:
    """Collect Recall@1 and mean average precision over folds.

    The gallery holds all images but those of the query's own specimen; an image is found if it is
    of the query's taxon. Images are compared by the cosine of their embeddings, centred on the mean
    of the training images, unless the method has a distance of its own. A taxon counts once,
    however many images it has.

    Parameters
    ----------
    sample : Sample
        n taxa.
    specimens : Series of str
        By id of the image.
    """

    def __init__(self, sample: Sample, specimens: pd.Series) -> None:
        self._taxa = sample.codes
        self._specimens = pd.factorize(specimens.loc[list(sample.ids)])[0]
        self._first: dict[int, float] = {}
        self._average: dict[int, float] = {}

    def add(self, embedded: np.ndarray, out: np.ndarray, own: Compare | None = None) -> None:
        """Query with the images of the taxa ``out``, by a model that has not seen their clade.

        Parameters
        ----------
        embedded : array, shape (N, k)
            All images, rows as ``sample.matrix()``.
        out : int array
            Places of the taxa.
        own : callable, optional
            Distances of rows (P, k) to rows (Q, k), shape (P, Q).
        """
        queries = np.isin(self._taxa, out)
        places = np.asarray(embedded, dtype=np.float64)
        if own is None:
            places = places - places[~queries].mean(axis=0)
            lengths = np.linalg.norm(places, axis=1, keepdims=True)
            places = places / np.where(lengths > 0, lengths, 1.0)
        compare = own or _negative_cosine
        rows = np.flatnonzero(queries)
        scores: list[tuple[int, float, float]] = []
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            scores += self._score(compare(places[some], places), some)
        table = pd.DataFrame(scores, columns=["taxon", "first", "average"])
        means = table.groupby("taxon").mean()
        self._first |= means["first"].to_dict()
        self._average |= means["average"].to_dict()

    def _score(self, distances: np.ndarray, rows: np.ndarray) -> Sequence[tuple[int, float, float]]:
        """Score the queries that have anything to find."""
        found = []
        for row, values in zip(rows, distances, strict=True):
            gallery = self._specimens != self._specimens[row]
            right = self._taxa[gallery] == self._taxa[row]
            if right.any():
                hits = right[np.argsort(values[gallery], kind="stable")]
                ranks = np.flatnonzero(hits) + 1
                precision = np.arange(1, len(ranks) + 1) / ranks
                found.append((int(self._taxa[row]), float(hits[0]), float(precision.mean())))
        return found

    @property
    def recall_at_1(self) -> float | None:
        """Share of queries whose nearest image is right, mean over taxa; None without queries."""
        return float(np.mean(list(self._first.values()))) if self._first else None

    @property
    def mean_average_precision(self) -> float | None:
        """Mean over taxa; None without queries."""
        return float(np.mean(list(self._average.values()))) if self._average else None

    @property
    def averages(self) -> dict[int, float]:
        """Average precision of the queries of each taxon, by its place."""
        return dict(self._average)

    @property
    def n_taxa(self) -> int:
        """Taxa with queries."""
        return len(self._first)


def _negative_cosine(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    return -(rows @ others.T)
