"""Products of taxa after directions in which images of one taxon differ are made short.

Features are multiplied by ``(S + c I)^(-1/2)``, where S is the covariance within taxa and c its
mean variance times a factor: within-class covariance normalisation (Hatch & Stolcke 2006, ICASSP),
shrunk towards a sphere. With few deviations and many features that takes, by Woodbury's identity,
an inverse of the products of deviations alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotri

from phylolens.guided.sample import Sample, deviations_within

SHRINKAGE = 5.0  # times the mean variance; 2 to 20 do about as well


@dataclass(frozen=True)
class Whitened:
    """Products with the T taxa of a sample; its own images alone tell what varies within taxa.

    Parameters
    ----------
    sample : Sample
    factor : tuple, optional
        Of Cholesky, of the products of deviations with the shrinkage on their diagonal.
    pull : array, shape (T m, T), optional
        What whitening takes away: a taxon's products with the deviations times this.
    ridge : float
        What stands on the diagonal of the products of deviations besides them.
    """

    sample: Sample
    factor: tuple[np.ndarray, bool] | None = None
    pull: np.ndarray | None = None
    ridge: float = 0.0

    def of(self, new: Sample) -> np.ndarray:
        """Products of H taxa with the T known ones, shape (H, T)."""
        whole, places = self.sample.whole
        other, rows = new.whole
        if other is not whole:
            return new.means @ self.slopes()
        found = whole.products.means[np.ix_(rows, places)]
        return found if self.pull is None else found - self._mixed(new).T @ self.pull

    def own(self, new: Sample) -> np.ndarray:
        """Product of each of H taxa with itself, shape (H,)."""
        found: np.ndarray = (new.means**2).sum(axis=1)
        if self.factor is not None:
            mixed = self._mixed(new)
            found = found - (mixed * cho_solve(self.factor, mixed)).sum(axis=0)
        return found

    def within(self) -> float:
        """Variance within a taxon, summed over features, after whitening: mean over taxa."""
        whole, places = self.sample.whole
        rows = whole.products.rows(places)
        several = int((self.sample.sizes > 1).sum())
        if self.factor is None:
            diagonal = np.diag(whole.products.deviations)[rows]
            return float(diagonal.sum() / max(several, 1))
        # Trace of S - S (S + r I)^-1 S, with S the products of deviations.
        inverse, _ = dpotri(self.factor[0], lower=self.factor[1])
        return float(self.ridge * (len(rows) - self.ridge * np.trace(inverse)) / several)

    def slopes(self) -> np.ndarray:
        """Return what features are multiplied with to give products, shape (d, T)."""
        if self.pull is None:
            return self.sample.means.T
        return self.sample.means.T - self._deviations().T @ self.pull

    def _mixed(self, new: Sample) -> np.ndarray:
        """Products of the known taxa's deviations with H means, shape (T m, H)."""
        whole, places = self.sample.whole
        other, rows = new.whole
        if other is not whole:
            return self._deviations() @ new.means.T
        return whole.products.mixed[np.ix_(whole.products.rows(places), rows)]

    def _deviations(self) -> np.ndarray:
        one, images = self.sample, self.sample.whole[0].products.images
        return deviations_within(one.features, one.means, one.starts, one.stops, images)


def whitened(sample: Sample, shrinkage: float | None = SHRINKAGE) -> Whitened:
    """Fit the whitening; features stay as they are without shrinkage, or with one image a taxon."""
    whole, places = sample.whole
    table = whole.products
    rows = table.rows(places)
    spread = table.deviations[np.ix_(rows, rows)]
    total = float(np.trace(spread))
    if shrinkage is None or total <= 0:
        return Whitened(sample)
    ridge = shrinkage * total / table.width
    spread[np.diag_indices_from(spread)] += ridge
    factor = cho_factor(spread, overwrite_a=True)
    return Whitened(sample, factor, cho_solve(factor, table.mixed[np.ix_(rows, places)]), ridge)
