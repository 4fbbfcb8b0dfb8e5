"""Average images to specimens and specimens to taxa: the taxon is the unit of every test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from phylolens.errors import InputError
from phylolens.values import Features


def taxon_means(features: Features, taxa: pd.Series, specimens: pd.Series) -> Features:
    """Average images within specimens and specimens within taxa.

    Permuting or counting specimens would reject whenever specimens cluster by taxon, even with no
    phylogenetic signal; hence one row a taxon before any test.

    Parameters
    ----------
    features : Features
        One row an image.
    taxa, specimens : Series of str
        Taxon and specimen of each image, indexed by image id; images of unknown taxon are left
        out, an image without a specimen is one of its own.

    Returns
    -------
    Features
        One row a taxon, sorted by name.

    Examples
    --------
    Two images of one specimen count as one specimen.

    >>> import numpy as np, pandas as pd
    >>> from phylolens import Features, taxon_means
    >>> images = Features(["i1", "i2", "i3", "i4"], np.array([[0.0], [2.0], [4.0], [9.0]]))
    >>> taxa = pd.Series(["Arca", "Arca", "Arca", "Venus"], index=images.ids)
    >>> specimens = pd.Series(["s1", "s1", "s2", "s3"], index=images.ids)
    >>> means = taxon_means(images, taxa, specimens)
    >>> means.ids, means.matrix.tolist()
    (('Arca', 'Venus'), [[2.5], [9.0]])
    """
    frame = _images(features, taxa, specimens)
    images = frame.groupby(["taxon", "specimen"])["taxon"].transform("size")
    weight = 1.0 / (images * frame.groupby("taxon")["specimen"].transform("nunique"))
    groups = {name: rows.index.to_numpy() for name, rows in frame.groupby("taxon", sort=True)}
    # Weighted sums, taxon by taxon, in double precision without a second copy of all features.
    means = [
        np.einsum("i,ij->j", weight[rows].to_numpy(), features.matrix[rows], dtype=np.float64)
        for rows in groups.values()
    ]
    return Features(tuple(groups), np.array(means), features.spec)


def _images(features: Features, taxa: pd.Series, specimens: pd.Series) -> pd.DataFrame:
    """Taxon and specimen of each row of known taxon, sorted; indexed by row number."""
    ids = list(features.ids)
    taxon, specimen = taxa.reindex(ids), specimens.reindex(ids)
    known = taxon.notna().to_numpy()
    if not known.any():
        raise InputError("no image with features has a known taxon.", ids=features.ids)
    specimen = specimen.where(specimen.notna(), specimen.index)
    frame = pd.DataFrame({"taxon": taxon.to_numpy(), "specimen": specimen.to_numpy(), "id": ids})
    # Sorted, so that sums round alike whatever the order of the rows.
    return frame[known].sort_values(["taxon", "specimen", "id"])


@dataclass(frozen=True)
class SpecimenMeans:
    """Specimens (means of their images) as differences from the mean of their taxon.

    Parameters
    ----------
    taxa : tuple of str
        T taxa, sorted.
    sizes : int array, shape (T,)
        Specimens of each taxon.
    centres : float64 array, shape (T, d)
        Mean of each taxon's specimens.
    residuals : float32 array, shape (S, d)
        Specimens less their taxon's mean, taxon by taxon in the order of ``taxa``.
    spec : mapping
        Of the features.
    """

    taxa: tuple[str, ...]
    sizes: np.ndarray
    centres: np.ndarray
    residuals: np.ndarray
    spec: Mapping[str, Any] = field(default_factory=dict)

    @property
    def single(self) -> tuple[str, ...]:
        """Taxa of one specimen, of whose variation nothing is known."""
        return tuple(name for name, size in zip(self.taxa, self.sizes, strict=True) if size < 2)

    def squares(self) -> np.ndarray:
        """Sum squared differences of specimens from their taxon's mean, shape (T, d)."""
        summed = self._summing(np.ones(len(self.residuals), dtype=np.float32))
        return (summed @ self.residuals**2).astype(np.float64)

    def drawn(self, counts: np.ndarray, *, squares: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """Means and, where wanted, sums of squares of taxa whose specimens were drawn anew.

        The mean of k resampled specimens varies by (k - 1) / k of what a mean of k specimens does:
        half, for two. Differences from the taxon's mean are therefore stretched by
        ``sqrt(k / (k - 1))`` (Rao & Wu 1988, J. Am. Stat. Assoc. 83:231).

        Parameters
        ----------
        counts : int array, shape (S,)
            How often each specimen was drawn; k times in all within a taxon of k.
        squares : bool
            Whether sums of squares are wanted, too.

        Returns
        -------
        means, squares : float64 array, shape (T, d)
        """
        summed, sizes = self._summing(counts.astype(np.float32)), self.sizes[:, None]
        stretch = np.sqrt(sizes / np.maximum(sizes - 1, 1))
        shift = stretch / sizes * (summed @ self.residuals)
        if not squares:
            return self.centres + shift, None
        spread = stretch**2 * (summed @ self.residuals**2) - sizes * shift**2
        return self.centres + shift, np.maximum(spread, 0.0)

    def borrowed(self, rng: np.random.Generator) -> np.ndarray:
        """Draw a difference from the mean for each taxon of one specimen, shape (len(single), d).

        Each is that of a random specimen of another taxon, stretched as in :meth:`drawn`: as if
        specimens varied as much within all taxa. Zero where no taxon has two specimens.
        """
        n_single = int((self.sizes < 2).sum())
        within = np.repeat(self.sizes, self.sizes)
        donors = np.flatnonzero(within > 1)
        if not len(donors):
            return np.zeros((n_single, self.residuals.shape[1]))
        chosen = rng.choice(donors, n_single)
        stretch = np.sqrt(within[chosen] / (within[chosen] - 1))
        return stretch[:, None] * self.residuals[chosen]

    def _summing(self, weights: np.ndarray) -> csr_array:
        """Matrix (T, S) that sums weighted specimens within taxa."""
        ends = np.concatenate([[0], np.cumsum(self.sizes)])
        columns = np.arange(len(weights))
        return csr_array((weights, columns, ends), shape=(len(self.sizes), len(weights)))


def specimen_means(features: Features, taxa: pd.Series, specimens: pd.Series) -> SpecimenMeans:
    """Average images within specimens, and keep the specimens apart.

    Parameters
    ----------
    features, taxa, specimens
        As for :func:`taxon_means`.
    """
    groups = _images(features, taxa, specimens).groupby("taxon", sort=True)
    centres = np.empty((len(groups), features.matrix.shape[1]))
    residuals, sizes = [], []
    for place, (_, images) in enumerate(groups):
        counts = images.groupby("specimen", sort=True).size().to_numpy()
        starts = np.cumsum(counts) - counts
        rows = features.matrix[images.index.to_numpy()]
        means = np.add.reduceat(rows, starts, axis=0, dtype=np.float64) / counts[:, None]
        centres[place] = means.mean(axis=0)
        residuals.append((means - centres[place]).astype(np.float32))
        sizes.append(len(counts))
    names = tuple(str(name) for name in groups.groups)
    return SpecimenMeans(names, np.array(sizes), centres, np.concatenate(residuals), features.spec)


def portraits(features: Features, taxa: pd.Series, means: Features) -> pd.DataFrame:
    """Choose the most typical image of every taxon.

    Parameters
    ----------
    features : Features
        One row an image.
    taxa : Series of str
        Taxon of each image, indexed by image id; images of unknown taxon are left out.
    means : Features
        One row a taxon (see :func:`phylolens.stats.taxon_means`).

    Returns
    -------
    DataFrame
        Columns ``taxon``, ``file``: the image whose features have the smallest angle to the
        taxon's mean, ties by name; taxa without an image are left out.
    """
    rows_of = pd.Series(np.arange(len(features)), index=list(features.ids))
    found = []
    for taxon, mean in zip(means.ids, means.matrix.astype(np.float64), strict=True):
        files = sorted(taxa.index[taxa == taxon].intersection(rows_of.index))
        if not files:
            continue
        rows = features.matrix[rows_of[files]].astype(np.float64)
        lengths = np.linalg.norm(rows, axis=1)
        cosines = rows @ mean / np.where(lengths > 0, lengths, 1.0)
        found.append((taxon, files[int(np.argmax(np.round(cosines, 9)))]))
    return pd.DataFrame(found, columns=["taxon", "file"])
