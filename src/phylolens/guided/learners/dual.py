"""Ridge regression in dual form, and its residuals with whole clades left out, without refits.

With few taxa and many features all that is needed of the features is the kernel, the products of
the taxa's features. Written with the matrix ``P`` below, the residuals of taxa left out together
follow from those of the one fit to all taxa: Cook & Weisberg (1982) Residuals and Influence in
Regression, chapter 4; for kernels An, Liu & Venkatesh (2007) Pattern Recognition 40:2154.
"""

from collections.abc import Sequence

import numpy as np


class Dual:
    """Kernel of T taxa, ready for ridges of any strength; the intercept is not penalised.

    Parameters
    ----------
    kernel : array, shape (T, T)
        Symmetric and positive semidefinite.

    Attributes
    ----------
    scale : float
        Mean of the diagonal of the centred kernel: the unit of ``strength``; 1 where it is zero.
    """

    def __init__(self, kernel: np.ndarray) -> None:
        self._means = kernel.mean(axis=0)
        centred = kernel - self._means - self._means[:, None] + self._means.mean()
        # Products of equal rows round apart; an eigenvalue below this share is rounding alone.
        values, self._vectors = np.linalg.eigh((centred + centred.T) / 2)
        self._values = np.maximum(values, 0.0)
        self.scale = float(self._values.mean()) or 1.0

    def residual_maker(self, strength: float) -> np.ndarray:
        """Return ``P``, of which ``alpha P y`` are the residuals of a fit to ``y``, shape (T, T).

        ``P`` is the upper left block of the inverse of ``[[K + alpha I, 1], [1', 0]]``, with
        ``alpha = strength * scale``.
        """
        alpha = strength * self.scale
        maker = (self._vectors / (self._values + alpha)) @ self._vectors.T
        # The constant vector has eigenvalue zero: taken out, it is the intercept.
        return maker - 1.0 / (len(maker) * alpha)

    def weights(self, new: np.ndarray, strength: float) -> np.ndarray:
        """Weights of the T taxa whose weighted mean is the prediction, shape (H, T); rows sum to 1.

        Parameters
        ----------
        new : array, shape (H, T)
            Kernel of new and known taxa.
        strength : float
            Penalty, in units of ``scale``.
        """
        return 1.0 / len(self) + self.offsets(new) @ self.residual_maker(strength)

    def offsets(self, new: np.ndarray) -> np.ndarray:
        """Kernel of new taxa less the mean row of the known: times ``P y`` it predicts ``y``."""
        found: np.ndarray = new - self._means  # the rows' own means fall to P: its columns sum to 0
        return found

    def centred_own(self, own: np.ndarray, new: np.ndarray) -> np.ndarray:
        """Kernel of each new taxon with itself, measured from the mean of the known, shape (H,)."""
        found: np.ndarray = own - 2.0 * new.mean(axis=1) + self._means.mean()
        return found

    def __len__(self) -> int:
        return len(self._means)


def left_out_residuals(
    maker: np.ndarray, targets: np.ndarray, parts: Sequence[np.ndarray]
) -> np.ndarray:
    """Targets minus what a fit to all taxa outside a part predicts for those inside it.

    Parameters
    ----------
    maker : array, shape (..., T, T)
        Of :meth:`Dual.residual_maker`; several may be stacked.
    targets : array, shape (T, k)
    parts : sequence of int arrays
        Places of the taxa left out together.

    Returns
    -------
    array, shape (..., T, k)
        NaN for taxa of no part.
    """
    fitted = maker @ targets
    found = np.full(fitted.shape, np.nan)
    for size in {len(part) for part in parts}:  # those of one size are solved at once
        places = np.array([part for part in parts if len(part) == size])
        blocks = maker[..., places[:, :, None], places[:, None, :]]
        found[..., places, :] = np.linalg.solve(blocks, fitted[..., places, :])
    return found
