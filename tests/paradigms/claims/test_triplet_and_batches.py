"""Claims on mining and batches: learners made to confirm them, and to contradict them."""

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.paradigms.claims import simclr_batches, swav_batches, triplet_mining
from phylolens.paradigms.tree_free import TreeFree


@pytest.fixture
def taxa(tiny):
    """Thirty taxa of four images each, in ten clades."""
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.standard_normal((30, 4)), 4, axis=0)
    return tiny(rows + 0.3 * rng.standard_normal(rows.shape), 4)


class Mined(TreeFree):
    """A learner with the settings of one that mines."""

    def __init__(self, loss="triplet", components=1, epochs=1, worse="triplet"):
        self.loss, self.components, self.epochs, self.worse = loss, components, epochs, worse

    def learn(self, sample):
        """Learn nothing."""

    def transform(self, matrix):
        """Add noise where it is to be bad."""
        noise = np.random.default_rng(0).standard_normal(matrix.shape)
        return matrix + (2.0 if self.loss == self.worse else 0.0) * noise


@pytest.mark.parametrize(
    ("worse", "wanted"),
    [
        ("triplet", "holds"),
        ("triplet-semihard", "does not hold"),
        ("neither", "cannot be said"),
    ],
)
def test_mining(taxa, methods, worse, wanted):
    data, material = taxa
    methods(triplet=lambda material: Mined(worse=worse))
    verdict = triplet_mining.CLAIM.test(material, data)
    assert verdict.holds == wanted
    assert "over 10 clades" in verdict.figure


class Batched(Mined):
    """A learner with the settings of a self-supervised one."""

    def __init__(self, batch=1, components=1, worse=32):
        self.batch, self.components, self.worse = batch, components, worse

    @property
    def loss(self):
        """What makes it bad."""
        return self.batch


@pytest.mark.parametrize(
    ("simclr", "swav", "first", "second"),
    [
        (32, None, "holds", "holds"),
        (256, None, "does not hold", "does not hold"),
        (None, 32, "cannot be said", "does not hold"),
        (32, 32, "holds", "cannot be said"),
    ],
)
def test_batches(taxa, methods, simclr, swav, first, second):
    data, material = taxa
    methods(
        simclr=lambda material: Batched(worse=simclr), swav=lambda material: Batched(worse=swav)
    )
    assert simclr_batches.CLAIM.test(material, data).holds == first
    assert swav_batches.CLAIM.test(material, data).holds == second


def test_a_learner_without_the_setting_is_named(taxa, methods, blurred):
    data, material = taxa
    methods(simclr=lambda material: blurred())
    with pytest.raises(InputError, match="simclr: a method has no such setting"):
        simclr_batches.CLAIM.test(material, data)
