"""Products of taxa's features: made once for a sample, shared by all that are taken from it.

Nothing is fitted here: the product of two taxa depends on these two alone.
"""

from dataclasses import dataclass

import numpy as np

IMAGES = 5  # of a taxon, whose deviations from its mean stand for what varies within taxa


@dataclass(frozen=True)
class Products:
    """Products of the taxa's means and of images' deviations from them.

    Parameters
    ----------
    means : array, shape (T, T)
    mixed : array, shape (T m, T)
        Row: deviation of an image, the m of each taxon together; column: mean.
    deviations : array, shape (T m, T m)
        Taxa of fewer images have deviations that are zero. The sum of the m products of a taxon is
        an unbiased estimate of the covariance within it.
    images : int
        m.
    width : int
        Number of features.
    """

    means: np.ndarray
    mixed: np.ndarray
    deviations: np.ndarray
    images: int
    width: int

    def rows(self, places: np.ndarray) -> np.ndarray:
        """Rows of the deviations of some taxa."""
        found: np.ndarray = (places[:, None] * self.images + np.arange(self.images)).ravel()
        return found


def deviations_within(
    features: np.ndarray, means: np.ndarray, starts: np.ndarray, stops: np.ndarray, images: int
) -> np.ndarray:
    """Deviations of ``images`` images, evenly spaced, from the mean of their taxon, (T m, d)."""
    found = np.zeros((len(starts), images, means.shape[1]))
    for place, (start, size) in enumerate(zip(starts, stops - starts, strict=True)):
        if size > 1:
            taken = min(images, int(size))
            rows = start + np.linspace(0, size - 1, taken).round().astype(int)
            factor = np.sqrt(size / (size - 1) / taken)
            found[place, :taken] = (features[rows] - means[place]) * factor
    return found.reshape(len(starts) * images, means.shape[1])


def products_of(
    features: np.ndarray, means: np.ndarray, starts: np.ndarray, stops: np.ndarray
) -> Products:
    """Multiply; float64, as all that follows is inverted."""
    largest = int((stops - starts).max())
    images = min(IMAGES, largest) if largest > 1 else 0
    within = deviations_within(features, means, starts, stops, images)
    return Products(
        means @ means.T,
        within @ means.T,
        within @ within.T,
        images,
        means.shape[1],
    )
