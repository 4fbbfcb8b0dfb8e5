"""What is known of taxa without any image or guide, judged on the same pairs as a learner.

Where that takes a fit it has the form of a learner.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from phylolens.guided.clades import Clades
from phylolens.guided.held_out import HeldOut, leave_clades_out
from phylolens.guided.sample import Sample
from phylolens.guided.scores import (
    column_mean_scores,
    constant_scores,
    held_out_scores,
    image_free_scores,
    names_scores,
)
from phylolens.stats.correlation import agreement
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


def baselines_of(
    found: HeldOut,
    unguided: Mapping[str, Any],
    sample: Sample,
    genetic: np.ndarray,
    clades: Clades,
    lineage: pd.DataFrame | None,
) -> dict[str, Any]:
    """Judge what needs no image or no guide, on the same pairs.

    Parameters
    ----------
    found : HeldOut
        Of the primary learner: pairs and predictions without images.
    unguided : mapping
        Figures of the learner of that name.
    sample, genetic, clades, lineage
        As for :func:`phylolens.guided.evaluate.evaluate_learners`.
    """
    upper = np.triu_indices(len(genetic), k=1)
    free: dict[str, Any] = {
        "constant": constant_scores(found, genetic)
        | {"in_sample": {"mse": np.var(genetic[upper])}},
        "image_free": image_free_scores(found, genetic),
        "column_means": column_mean_scores(found, genetic),
        "other_clades": held_out_scores(
            leave_clades_out(OtherClades, sample, genetic, clades.groups), genetic
        ),
    }
    if lineage is not None and lineage.shape[1] > 1:
        make = partial(TaxonomyAlone, lineage)
        alone = leave_clades_out(make, sample, genetic, clades.groups)
        free["names"] = names_scores(found, genetic)
        free["taxonomy_only"] = {
            **held_out_scores(alone, genetic),
            "ranks": [str(rank) for rank in lineage.columns[:-1]],
        }
    free["unguided"] = {key: unguided[key] for key in ("in_sample", "held_out")}
    means = genetic.sum(axis=0) / (len(genetic) - 1)
    free["row_means"] = agreement(calibrated(means[:, None] + means, genetic), genetic)
    return free


def calibrated(predicted: np.ndarray, genetic: np.ndarray) -> np.ndarray:
    """Bring predictions to genetic distance by least squares over the same pairs: in-sample."""
    both = (predicted + predicted.T) / 2
    upper = np.triu_indices(len(genetic), k=1)
    design = np.column_stack([np.ones(len(upper[0])), both[upper]])
    offset, slope = np.linalg.lstsq(design, genetic[upper], rcond=None)[0]
    found = offset + slope * both
    np.fill_diagonal(found, 0.0)
    return found
