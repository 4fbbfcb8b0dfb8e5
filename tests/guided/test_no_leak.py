"""Every learner: what a clade left out looks like, and where it stands, reaches no other taxon."""

from dataclasses import replace

import numpy as np
import pytest

from phylolens.guided.held_out import leave_clades_out
from phylolens.guided.learners import CLASSES, make_learner
from phylolens.guided.sample import Sample

SIZES, CLADE = (5, 4, 3, 6, 2, 4), 3
# The fine-tuned network has tests of its own; few steps suffice to pass on what is seen.
SETTINGS = {
    "attention": {"penalty": None, "steps": 5, "features": "whitened"},
    "attention+projection": {"penalty": None, "steps": 5},
    "metric": {"epochs": 2},
}


def corrupted(sample: Sample, taxon: int) -> Sample:
    """Other images of one taxon: nothing that was computed of the sample before is kept."""
    features, moments = sample.features.copy(), sample.moments.copy()
    rows = slice(sample.starts[taxon], sample.stops[taxon])
    features[rows] = 100 * np.random.default_rng(5).normal(size=features[rows].shape)
    shares = sample.shares[rows, None]
    moments[0, taxon] = (shares * features[rows]).sum(axis=0)
    moments[1, taxon] = (shares * features[rows].astype(float) ** 2).sum(axis=0)
    return replace(sample, features=features, moments=moments)


@pytest.mark.parametrize("name", sorted(set(CLASSES) - {"finetune"}))
def test_a_clade_left_out_reaches_no_other_prediction(worlds, name):
    """To the byte: scaling, whitening, settings and calibrations included."""
    if name == "metric":
        pytest.importorskip("torch")
    sample, genetic, groups = worlds(sizes=SIZES, width=30)

    def make():
        return make_learner(name, 0, **SETTINGS.get(name, {}))

    out, rest = np.flatnonzero(groups == CLADE), np.flatnonzero(groups != CLADE)
    taxon, others = out[0], out[1:]
    moved = genetic.copy()
    noise = np.random.default_rng(6).uniform(0, 50, genetic.shape)
    moved[out], moved[:, out] = (noise + noise.T)[out], (noise + noise.T)[:, out]
    np.fill_diagonal(moved, 0.0)
    one = leave_clades_out(make, sample, genetic, groups, inner_folds=2)
    other = leave_clades_out(make, corrupted(sample, taxon), moved, groups, inner_folds=2)
    for found in ("guided", "raw", "image_free", "column_means"):
        np.testing.assert_array_equal(
            getattr(one, found)[np.ix_(others, rest)], getattr(other, found)[np.ix_(others, rest)]
        )
    np.testing.assert_array_equal(
        one.raw[np.ix_(others, others)], other.raw[np.ix_(others, others)]
    )
    assert not np.array_equal(one.guided[taxon, rest], other.guided[taxon, rest])
    assert not np.array_equal(one.raw[np.ix_(rest, others)], other.raw[np.ix_(rest, others)])
