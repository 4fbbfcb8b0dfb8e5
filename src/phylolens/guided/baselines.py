"""What is known of taxa without any image, in the form of a learner, to be judged like one."""

import numpy as np
import pandas as pd

from phylolens.guided.sample import Sample
from phylolens.taxonomy import taxonomic_steps


class TaxonomyAlone:
    """Predict the distance of two taxa by the number of ranks they do not share.

    Parameters
    ----------
    lineage : DataFrame
        One row a taxon; rank columns coarse to fine (see
        :func:`phylolens.taxonomy.taxonomic_steps`).
    """

    def __init__(self, lineage: pd.DataFrame) -> None:
        self.lineage = lineage

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "TaxonomyAlone":
        """Remember the taxa; nothing is learned of their distances."""
        self.taxa_ = sample.taxa
        return self

    def predict(self, new: Sample) -> np.ndarray:
        """Count steps between H new and T known taxa, shape (H, T)."""
        names = [*new.taxa, *self.taxa_]
        return taxonomic_steps(self.lineage.loc[names])[: len(new), len(new) :]

    def between(self, new: Sample) -> np.ndarray:
        """Count steps among H new taxa, shape (H, H)."""
        return taxonomic_steps(self.lineage.loc[list(new.taxa)])

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed no image: shape (N, 0)."""
        return np.empty((len(matrix), 0))


class OtherClades:
    """Predict the distance to a training taxon by its mean distance to taxa of other clades.

    What is held out is never of the clade of the training taxon, so that these means come nearer
    than column means, which count the taxon's own clade as well. A learner that does not beat them
    need not have looked at any image.
    """

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "OtherClades":
        """Take the means; a taxon of the only clade has none, and the column mean instead."""
        other = groups[:, None] != groups
        counts = other.sum(axis=0)
        means = (genetic * other).sum(axis=0) / np.maximum(counts, 1)
        self.means_ = np.where(counts > 0, means, genetic.mean(axis=0))
        return self

    def predict(self, new: Sample) -> np.ndarray:
        """Predict the same for every one of H new taxa, shape (H, T)."""
        return np.tile(self.means_, (len(new), 1))

    def between(self, new: Sample) -> np.ndarray:
        """Predict nothing for H new taxa, shape (H, H)."""
        return np.zeros((len(new), len(new)))

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed no image: shape (N, 0)."""
        return np.empty((len(matrix), 0))
