"""What is known of taxa without any picture, in the form of a learner, to be judged like one."""

import numpy as np
import pandas as pd

from phylolens.guide.sample import Sample
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
        """Embed no picture: shape (N, 0)."""
        return np.empty((len(matrix), 0))
