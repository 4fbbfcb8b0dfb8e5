"""All tests of signal against R, on three data sets (tests/reference/make_signal.R)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix

from phylolens.phylogeny import covariance, read_distances, read_tree
from phylolens.phylogeny.rank import patristic
from phylolens.stats import mantel
from phylolens.stats.centred import mantel_centred
from phylolens.stats.correlogram import correlogram
from phylolens.stats.dcor import distance_correlation
from phylolens.stats.kmult import kmult
from phylolens.stats.protest import protest

WITHIN = 1e-6


@dataclass
class World:
    """A data set, and what R makes of it."""

    visual: DistanceMatrix
    first_trait: DistanceMatrix
    genetic: DistanceMatrix
    shared: pd.DataFrame
    known: dict[str, Any]


def traits_of(reference: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(reference / f"signal_{name}_traits.csv", index_col=0)


def between(traits: pd.DataFrame) -> DistanceMatrix:
    return DistanceMatrix(cdist(traits, traits), list(traits.index))


@pytest.fixture(
    scope="module", params=["small", "simulated", pytest.param("bivalve", marks=pytest.mark.data)]
)
def world(request: pytest.FixtureRequest, reference: Path) -> World:
    traits = traits_of(reference, request.param)
    if request.param == "bivalve":
        folder = request.getfixturevalue("shared_data") / "bivalvia"
        genetic = read_distances(folder / "edge_lengths.csv")
        # The root as the script sets it.
        values = genetic.data.max() - genetic.data / 2
        shared = pd.DataFrame(values, genetic.ids, genetic.ids)
        known = json.loads((reference / "signal_bivalve.json").read_text())
    else:
        file = "small_tree" if request.param == "small" else "signal_simulated"
        tree = read_tree(reference / f"{file}.nwk")
        genetic, shared = patristic(tree), covariance(tree)
        known = json.loads((reference / "signal.json").read_text())[request.param]
    return World(between(traits), between(traits.iloc[:, :1]), genetic, shared, known)


def test_kmult_equals_matrices_in_r_and_phytools(world):
    found = kmult(world.visual, world.shared, permutations=9).statistic
    assert found == pytest.approx(world.known["k_mult"], abs=WITHIN)
    found = kmult(world.first_trait, world.shared, permutations=9).statistic
    assert found == pytest.approx(world.known["k_mult_first_trait"], abs=WITHIN)
    if "phytools_k" in world.known:
        assert found == pytest.approx(world.known["phytools_k"], abs=WITHIN)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_mantel_equals_vegan(world, method):
    found = mantel(world.visual, world.genetic, method=method, permutations=9).statistic
    assert found == pytest.approx(world.known[f"mantel_{method}"], abs=WITHIN)


def test_distance_correlation_equals_energy(world):
    found = distance_correlation(world.visual, world.genetic, permutations=9).statistic
    assert found == pytest.approx(world.known["bcdcor"], abs=WITHIN)
    centred = mantel_centred(world.visual, world.genetic, permutations=9).statistic
    assert centred == pytest.approx(world.known["bcdcor"], abs=WITHIN)


def test_protest_and_its_residuals_equal_vegan(world):
    for known in world.known["protest"]:
        found = protest(world.visual, world.genetic, axes=known["axes"], permutations=9)
        assert found.axes == known["axes"]
        assert found.test.statistic == pytest.approx(known["t0"], abs=WITHIN)
        residuals = pd.Series(known["residuals"])[found.residuals.index]
        np.testing.assert_allclose(found.residuals, residuals, atol=WITHIN)


@pytest.mark.parametrize("limits", ["width", "number"])
def test_correlogram_equals_vegan(world, limits):
    known = world.known[f"correlogram_{limits}"]
    classes = len(known["high"]) if limits == "number" else None
    found = correlogram(world.visual, world.genetic, limits=limits, classes=classes, permutations=9)
    np.testing.assert_allclose([one.high for one in found], known["high"], atol=1e-5)
    assert [one.n_pairs for one in found] == known["n_pairs"]
    for one, r in zip(found, known["r"], strict=True):
        assert one.r == (None if r is None else pytest.approx(r, abs=WITHIN))
