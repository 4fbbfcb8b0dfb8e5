"""What the features of a fit look like: those of another network are recognised by it.

Two networks with outputs of one width put unlike things in the same column, so that the features of
one hardly correlate with the mean features of the other, where images of one kind through one
network do (birds through EfficientNet-Lite0: median 0.49, nineteen in twenty above 0.25; through
Lite1 and Lite2 with the mean of Lite0: within 0.08 of zero, all of them).
"""

from dataclasses import dataclass

import numpy as np

from phylolens.guided.sample import Sample

BLOCK = 4096  # rows at a time
LOW = 0.05  # quantile of the images of the fit
LEAST = 0.1  # where that quantile is lower, features are centred or noisy: nothing can be said
MOST = 0.9  # share of new rows that have to be unlike, for another network to be suspected


@dataclass(frozen=True)
class VisualSimilarity:
    """Mean features of a fit, and how well its own images correlate with them.

    Parameters
    ----------
    mean : array of float32, shape (d,)
        Over taxa of equal weight.
    low : float
        Correlation that 95% of the images of the fit exceed.
    """

    mean: np.ndarray
    low: float

    def unlike(self, matrix: np.ndarray) -> np.ndarray:
        """Tell which rows, shape (N, d), look like no image of the fit."""
        if self.low < LEAST:
            return np.zeros(len(matrix), dtype=bool)
        found: np.ndarray = correlations(matrix, self.mean) < self.low / 2
        return found

    def reason(self, matrix: np.ndarray) -> str:
        """Say why a model cannot take these features; empty where it can."""
        if len(matrix) and self.unlike(matrix).mean() > MOST:
            median = float(np.median(correlations(matrix, self.mean)))
            return (
                "these features look like none the model was fitted to: their correlation with the "
                f"mean features of its images is {median:.2f} (median), where 95% of its own have "
                f"more than {self.low:.2f}; another network, layer or preparation made them, or "
                "the images are of another kind"
            )
        return ""


def visual_similarity_of(sample: Sample) -> VisualSimilarity:
    """Look at the features of a fit."""
    mean = sample.means.mean(axis=0).astype(np.float32)
    own = correlations(sample.matrix(), mean)
    return VisualSimilarity(mean, float(np.quantile(own, LOW)))


def correlations(matrix: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Pearson correlation of each row with the mean, shape (N,); 0 for a constant row."""
    centred = mean.astype(np.float64) - mean.mean(dtype=np.float64)
    size = np.linalg.norm(centred)
    found = np.zeros(len(matrix))
    for start in range(0, len(matrix), BLOCK):
        rows = matrix[start : start + BLOCK].astype(np.float64)
        rows -= rows.mean(axis=1, keepdims=True)
        sizes = np.linalg.norm(rows, axis=1) * size
        known = sizes > 0
        found[start : start + BLOCK][known] = (rows @ centred)[known] / sizes[known]
    return found
