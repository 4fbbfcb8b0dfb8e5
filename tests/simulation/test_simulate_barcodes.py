"""Simulated sequences against the transition probabilities of their model."""

import numpy as np
import pytest
from scipy.linalg import expm
from skbio import DNA

from phylolens.errors import InputError
from phylolens.phylogeny import read_barcodes
from phylolens.simulation import simulate_barcodes, write_barcodes
from phylolens.simulation.barcodes import rate_matrix

SHARES = (0.3, 0.2, 0.15, 0.35)


def codes(sequence: DNA) -> np.ndarray:
    return np.array(["ACGT".index(base) for base in str(sequence)])


def test_rates_are_those_of_the_model():
    found = rate_matrix(4.0, SHARES)
    assert found.sum(axis=1) == pytest.approx(np.zeros(4))
    assert -np.diag(found) @ np.array(SHARES) == pytest.approx(1)
    assert found[0, 2] / found[0, 3] == pytest.approx(4 * SHARES[2] / SHARES[3])
    flow = np.array(SHARES)[:, None] * found
    assert flow == pytest.approx(flow.T), "reversible"
    assert rate_matrix(1.0, (0.25,) * 4)[0] == pytest.approx([-1, 1 / 3, 1 / 3, 1 / 3])


def test_pairs_of_bases_are_as_frequent_as_the_model_says():
    """Joint frequencies of two tips, 0.4 apart: diag(pi) expm(Q t)."""
    pair = simulate_barcodes(
        "(a:0.3,(b:0.1,c:0.1):0.0);", 40_000, rate=1.0, kappa=4.0, frequencies=SHARES, seed=3
    )
    joint = np.zeros((4, 4))
    np.add.at(joint, (codes(pair["a"]), codes(pair["b"])), 1 / 40_000)
    wanted = np.diag(SHARES) @ expm(0.4 * rate_matrix(4.0, SHARES))
    assert joint == pytest.approx(wanted, abs=0.008)  # about four standard errors


def test_the_rate_stretches_the_branches():
    tree = "(a:0.2,(b:0.1,c:0.1):0.1);"
    pair = simulate_barcodes(tree, 40_000, rate=0.5, seed=4)
    differ = np.mean(codes(pair["a"]) != codes(pair["b"]))
    assert differ == pytest.approx(0.75 * (1 - np.exp(-4 / 3 * 0.2)), abs=0.008)


def test_unequal_sites_differ_less_at_the_same_rate():
    """Of gamma rates the share that differs is 3/4 (1 - (1 + 4 d / (3 a)) ** -a)."""
    tree = "(a:0.5,(b:0.2,c:0.2):0.3);"
    pair = simulate_barcodes(tree, 40_000, shape=0.5, seed=5)
    differ = np.mean(codes(pair["a"]) != codes(pair["b"]))
    assert differ == pytest.approx(0.75 * (1 - (1 + 4 / 1.5) ** -0.5), abs=0.01)


def test_same_seed_same_sequences(tmp_path):
    tree = "(a:0.3,(b:0.1,c:0.1):0.2);"
    first, again, other = (simulate_barcodes(tree, 60, seed=seed) for seed in (1, 1, 2))
    assert {n: str(s) for n, s in first.items()} == {n: str(s) for n, s in again.items()}
    assert str(first["a"]) != str(other["a"])
    write_barcodes(tmp_path / "coi.fasta", first)
    read = read_barcodes(tmp_path / "coi.fasta")
    assert {n: str(s) for n, s in read.items()} == {n: str(s) for n, s in first.items()}


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"length": 0}, "length"),
        ({"rate": -1.0}, "rate"),
        ({"kappa": 0.0}, "kappa"),
        ({"shape": float("nan")}, "shape"),
        ({"frequencies": (0.5, 0.5, 0.0, 0.0)}, "frequencies"),
        ({"frequencies": (0.5, 0.5, 0.5, 0.5)}, "frequencies"),
    ],
)
def test_settings_out_of_range(settings, where):
    with pytest.raises(InputError) as stop:
        simulate_barcodes("(a:0.3,(b:0.1,c:0.1):0.2);", **settings)
    assert stop.value.where == where
