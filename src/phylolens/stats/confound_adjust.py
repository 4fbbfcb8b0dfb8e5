"""Take what a source does to images out of their features.

Where enough taxa have images of several sources, the difference between the sources is measured
within taxa, by least squares on taxa and sources together: history has no part in it. Elsewhere the
mean of each source's taxa is subtracted. That removes all that taxa of one source share, whatever
history they share included, so that it can hide a real signal but make none. Sources of one taxon
stay as they are.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from phylolens.values import Features

FEWEST = 20  # images of other sources than their taxon's commonest, to measure within taxa
Scheme = Literal["within taxa", "taxon means"]
UNKNOWN = "(unknown)"


@dataclass(frozen=True)
class Adjusted:
    """Features without the mean effect of their source.

    Parameters
    ----------
    features : Features
        Rows as given; their overall mean is unchanged.
    way : str
        ``within taxa`` or ``taxon means``.
    n_taxa_several : int
        Taxa with images of several sources.
    removed : float
        Share of the variance between taxon means that is gone.
    """

    features: Features
    way: Scheme
    n_taxa_several: int
    removed: float


def without_source(features: Features, taxa: pd.Series, sources: pd.Series) -> Adjusted:
    """Subtract the mean effect of each row's source.

    Parameters
    ----------
    features : Features
        n rows.
    taxa, sources : Series of str
        Of each row, indexed by its id. Rows of no taxon are adjusted, but nothing is estimated
        from them; unknown sources are a source of their own.

    Returns
    -------
    Adjusted
    """
    ids = list(features.ids)
    taxon = taxa.reindex(ids)
    source, names = pd.factorize(sources.reindex(ids).fillna(UNKNOWN).astype(str), sort=True)
    known = taxon.notna().to_numpy()
    unit, _ = pd.factorize(taxon[known], sort=True)
    rows = features.matrix[known].astype(np.float64)
    counts = _sums(unit, source[known], len(names))
    before = _means(rows, unit)
    way: Scheme
    if _measurable(counts):
        way, effects = "within taxa", _within_taxa(rows, unit, source[known], len(names))
        weights = counts.sum(axis=0) / counts.sum()
        effects -= weights @ effects
        shifts = -effects[source]
    else:
        way, effects = "taxon means", _of_taxon_means(before, counts)
        shifts = -effects[source]
        shifts[known] = _moved(before, effects, counts)[unit]
    after = _means(rows + shifts[known], unit)
    matrix = (features.matrix + shifts).astype(features.matrix.dtype)
    return Adjusted(
        Features(features.ids, matrix, features.spec),
        way,
        int(((counts > 0).sum(axis=1) > 1).sum()),
        1.0 - _spread(after) / _spread(before) if _spread(before) > 0 else 0.0,
    )


def _sums(unit: np.ndarray, source: np.ndarray, n_sources: int) -> np.ndarray:
    """Images of each taxon from each source, shape (T, S)."""
    shape = (int(unit.max()) + 1, n_sources)
    return csr_array((np.ones(len(unit)), (unit, source)), shape=shape).toarray()


def _measurable(counts: np.ndarray) -> bool:
    """Whether enough images link all sources that are the commonest of some taxon."""
    minority = counts.sum(axis=1) - counts.max(axis=1)
    if minority.sum() < FEWEST:
        return False
    several = counts[(counts > 0).sum(axis=1) > 1] > 0
    links = several.T.astype(int) @ several.astype(int)
    _, group = connected_components(csr_array(links), directed=False)
    return len(np.unique(group[np.unique(counts.argmax(axis=1))])) == 1


def _within_taxa(
    rows: np.ndarray, unit: np.ndarray, source: np.ndarray, n_sources: int
) -> np.ndarray:
    """Least squares of rows on sources, taxon means taken out of both, shape (S, d)."""
    design = np.eye(n_sources)[source]
    design -= _means(design, unit)[unit]
    centred = rows - _means(rows, unit)[unit]
    return np.asarray(np.linalg.pinv(design.T @ design, hermitian=True) @ (design.T @ centred))


def _of_taxon_means(means: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean of the taxon means of each source less that of all taxa, shape (S, d).

    Taxa count for their commonest source. The mean of a single taxon says nothing of its source:
    zero.
    """
    main = counts.argmax(axis=1)
    effects = np.zeros((counts.shape[1], means.shape[1]))
    for source, n in zip(*np.unique(main, return_counts=True), strict=True):
        if n > 1:
            effects[source] = means[main == source].mean(axis=0) - means.mean(axis=0)
    return effects


def _moved(means: np.ndarray, effects: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Where each taxon goes, shape (T, d): differences from the mean of a few taxa are too small.

    Those of n taxa vary by (n - 1) / n of what they would from their source's true mean. Without
    being stretched, taxa of small sources would come to lie close to everything.
    """
    main = counts.argmax(axis=1)
    n = np.bincount(main, minlength=counts.shape[1])[main]
    stretch = np.where(n > 1, np.sqrt(n / np.maximum(n - 1, 1)), 1.0)[:, None]
    apart = means - means.mean(axis=0) - effects[main]
    return np.asarray((stretch - 1) * apart - effects[main])


def _means(rows: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Mean row of each taxon."""
    member = csr_array((np.ones(len(unit)), (unit, np.arange(len(unit)))))
    return np.asarray(member @ rows / np.bincount(unit)[:, None])


def _spread(means: np.ndarray) -> float:
    return float(((means - means.mean(axis=0)) ** 2).sum())
