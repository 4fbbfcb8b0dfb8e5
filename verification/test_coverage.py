"""Does the back-off keep its promise, and does it break it where the text says it may?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. Worlds of nested Gaussian clusters
are drawn here, without the project's own simulator, and answered by a plain nearest-mean model: a
guarantee that holds whatever the model needs no good one.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from phylolens.classification.conformal import (
    Walk,
    back_off,
    finest_sets,
    scores,
    set_scores,
    threshold,
    walk,
)
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.strata import mix_weights, strata

RANKS = ("order", "family", "genus", "species")
ALPHA = 0.1
WORLDS = 300
DIMENSIONS, SPREAD = 12, (1.4, 1.0, 0.8, 0.6)  # of the means, coarse to fine
MIX = {
    "known species": 0.7,
    "unknown species": 0.1,
    "unknown genus": 0.1,
    "unknown family": 0.1,
}
KINDS_UNKNOWN = ("unknown species", "unknown genus", "unknown family")


def _taxa() -> tuple[pd.DataFrame, np.ndarray]:
    """Three orders of four families, three genera each, three species each: 108 species.

    In every order the first family is unknown; of the second the first genus; of the third the
    first species of each genus.
    """
    places = np.indices((3, 4, 3, 3)).reshape(4, -1).T
    names = [["-".join(map(str, row[: depth + 1])) for row in places] for depth in range(4)]
    kinds = np.full(len(places), "known species", dtype=object)
    kinds[places[:, 1] == 0] = "unknown family"
    kinds[(places[:, 1] == 1) & (places[:, 2] == 0)] = "unknown genus"
    kinds[(places[:, 1] == 2) & (places[:, 3] == 0)] = "unknown species"
    return pd.DataFrame(dict(zip(RANKS, names, strict=True))).astype(object), kinds.astype(str)


TAXA, KINDS = _taxa()
KNOWN = np.flatnonzero(KINDS == "known species")
TREE = TaxonTree.of(TAXA.iloc[KNOWN], RANKS)
LEAVES = TREE.node_of(TAXA.iloc[KNOWN])
TRUTH = TREE.node_of(TAXA)  # of every species, known or not


@dataclass(frozen=True)
class World:
    """Where taxa lie, and where a model that saw three specimens of each believes they do."""

    means: np.ndarray
    believed: np.ndarray

    def draw(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self.means[rows] + rng.normal(size=(len(rows), DIMENSIONS))

    def probabilities(self, drawn: np.ndarray) -> np.ndarray:
        """Nearest mean; too sure of itself, as means of three specimens are off."""
        squared = cdist(drawn, self.believed, "sqeuclidean")
        raised = np.exp(-(squared - squared.min(axis=1, keepdims=True)) / 2)
        return raised / raised.sum(axis=1, keepdims=True)

    def scored(
        self, drawn: np.ndarray, rows: np.ndarray, how: Walk = "top-down"
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = self.probabilities(drawn)
        marginals, path = TREE.marginals(found, LEAVES), walk(TREE, found, LEAVES, how)
        return scores(TREE, marginals, path, TRUTH[rows]), marginals, path


def draw_world(rng: np.random.Generator) -> World:
    means = np.zeros((len(TAXA), DIMENSIONS))
    for rank, spread in zip(RANKS, SPREAD, strict=True):
        codes, found = pd.factorize(TAXA[rank])
        means += rng.normal(size=(len(found), DIMENSIONS))[codes] * spread
    three = means[KNOWN, None] + rng.normal(size=(len(KNOWN), 3, DIMENSIONS))
    return World(means, three.mean(axis=1))


def specimens(n: int, kind: str, rng: np.random.Generator, among: np.ndarray | None = None):
    """Draw a species of the stratum for each of n specimens."""
    rows = np.flatnonzero((kind == KINDS) & (True if among is None else among))
    return rng.choice(rows, n)


def halves(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Unknown taxa met in calibration are others than those met later."""
    late = np.zeros(len(TAXA), dtype=bool)
    for kind, rank in zip(KINDS_UNKNOWN, ("species", "genus", "family"), strict=True):
        taxa = rng.permutation(TAXA[rank][kind == KINDS].unique())
        late |= (kind == KINDS) & TAXA[rank].isin(taxa[rng.integers(2) :: 2]).to_numpy(bool)
    known = KINDS == "known species"
    return known | ~late, known | late


def near(values: list[float], low: float, high: float) -> float:
    """Mean over worlds, which must lie in a range but for four standard errors."""
    mean, error = float(np.mean(values)), float(np.std(values) / np.sqrt(len(values)))
    print(f"{mean:.4f} +- {error:.4f}")
    assert low - 4 * error <= mean <= high + 4 * error
    return mean


@pytest.mark.parametrize("how", ["top-down", "argmax-leaf"])
@pytest.mark.parametrize("n", [12, 100])
def test_known_taxa_are_covered(how, n):
    """Between 1 - alpha and the next step a sample of n allows, not more."""
    covered = []
    for number in range(WORLDS):
        rng = np.random.default_rng([1, number])
        world, rows = draw_world(rng), specimens(n + 200, "known species", rng)
        needed = world.scored(world.draw(rows, rng), rows, how)[0]
        covered.append(float(np.mean(needed[n:] <= threshold(needed[:n], ALPHA))))
    near(covered, 1 - ALPHA, np.ceil((n + 1) * (1 - ALPHA)) / (n + 1))


@pytest.mark.parametrize("n", [12, 100])
def test_sets_within_the_accepted_taxon_cover_known_taxa(n):
    """Not less than 1 - alpha, although they are cut by an answer learnt on the same specimens."""
    covered, sizes, alone = [], [], []
    for number in range(WORLDS):
        rng = np.random.default_rng([2, number])
        world, rows = draw_world(rng), specimens(n + 200, "known species", rng)
        needed, marginals, path = world.scored(world.draw(rows, rng), rows)
        accepted, deeper = (
            back_off(TREE, marginals, path, threshold(needed[:n], ALPHA, lower=lower))
            for lower in (False, True)
        )
        q = threshold(set_scores(TREE, marginals, deeper, TRUTH[rows])[:n], ALPHA)
        sets = finest_sets(TREE, marginals, path, accepted, q)[n:]
        columns = np.searchsorted(TREE.tips, TRUTH[rows[n:]])
        covered.append(float(sets[np.arange(200), columns].mean()))
        sizes.append(float(sets.sum(axis=1).mean()))
        within = marginals[:, TREE.tips] >= 1 - threshold(
            1 - marginals[np.arange(n), TRUTH[rows[:n]]], ALPHA
        )
        alone.append(float(within[n:].sum(axis=1).mean()))
    near(covered, 1 - ALPHA, np.ceil((n + 1) * (1 - ALPHA) + 1) / (n + 1))
    print(
        f"taxa a set: {np.mean(sizes):.2f} of {len(LEAVES)}; calibrated alone {np.mean(alone):.2f}"
    )


def test_strata_are_what_was_held_out():
    assert (strata(TAXA.iloc[KNOWN], TAXA, RANKS) == KINDS).all()


@pytest.fixture(scope="module")
def mixed_worlds() -> dict[str, dict[str, list[float]]]:
    """Coverage by stratum over the worlds, for both calibrations.

    Calibration holds strata in other shares than the mix: weights must mend that.
    """
    found: dict[str, dict[str, list[float]]] = {
        way: {kind: [] for kind in MIX} for way in ("mixed", "known_only")
    }
    for number in range(WORLDS):
        rng = np.random.default_rng([3, number])
        world, (early, late) = draw_world(rng), halves(rng)
        rows = np.concatenate([specimens(60, kind, rng, early) for kind in MIX])
        needed = world.scored(world.draw(rows, rng), rows)[0]
        q = {
            "mixed": threshold(needed, ALPHA, mix_weights(KINDS[rows], MIX)),
            "known_only": threshold(needed[KINDS[rows] == "known species"], ALPHA),
        }
        for kind in MIX:
            rows = specimens(100, kind, rng, late)
            _, marginals, path = world.scored(world.draw(rows, rng), rows)
            for way, limit in q.items():
                right = TREE.contains(back_off(TREE, marginals, path, limit), TRUTH[rows])
                found[way][kind].append(float(right.mean()))
    for way, kinds in found.items():
        print(way, {kind: round(float(np.mean(values)), 3) for kind, values in kinds.items()})
    return found


def in_the_mix(kinds: dict[str, list[float]]) -> list[float]:
    """Coverage of each world's new specimens when they come in the shares of the mix."""
    return list(sum(share * np.array(kinds[kind]) for kind, share in MIX.items()))


def test_a_mixed_calibration_covers_the_mixture(mixed_worlds):
    """The largest weight stands for the unknown one of a new specimen: up to 0.7 / 60 more."""
    near(in_the_mix(mixed_worlds["mixed"]), 1 - ALPHA, 1 - ALPHA + 0.02)


def test_a_mixed_calibration_promises_nothing_to_single_strata(mixed_worlds):
    shares = {kind: np.mean(values) for kind, values in mixed_worlds["mixed"].items()}
    assert shares["known species"] > 1 - ALPHA
    assert min(shares.values()) < 1 - ALPHA - 0.02


def test_known_taxa_alone_do_not_vouch_for_unknown_ones(mixed_worlds):
    """This is what the text beside the figure has to say."""
    kinds = mixed_worlds["known_only"]
    near(kinds["known species"], 1 - ALPHA, 1 - ALPHA + 1 / 61)
    for kind in KINDS_UNKNOWN:
        assert np.mean(kinds[kind]) < 1 - ALPHA - 0.05, kind
    assert np.mean(in_the_mix(kinds)) < 1 - ALPHA - 0.02


def test_specimens_with_many_pictures_need_to_count_once():
    """Easy specimens are photographed twelve times, hard ones once; pictures of one are alike."""
    covered: dict[str, list[float]] = {"specimens": [], "pictures": []}
    for number in range(WORLDS):
        rng = np.random.default_rng([4, number])
        world, rows = draw_world(rng), specimens(160, "known species", rng)
        hard = rng.random(160) < 0.3
        bodies = world.draw(rows, rng) + hard[:, None] * 1.5 * rng.normal(size=(160, DIMENSIONS))
        of = np.repeat(np.arange(160), np.where(hard, 1, 12))
        drawn = bodies[of] + 0.1 * rng.normal(size=(len(of), DIMENSIONS))
        needed, early = world.scored(drawn, rows[of])[0], of < 60
        for way, units in (("specimens", of[early]), ("pictures", None)):
            right = needed[~early] <= threshold(needed[early], ALPHA, units=units)
            shares = np.bincount(of[~early], right) / np.maximum(np.bincount(of[~early]), 1)
            covered[way].append(float(shares[60:].mean()))
    near(covered["specimens"], 1 - ALPHA, 1 - ALPHA + 1 / 61)
    print(f"counting pictures: {np.mean(covered['pictures']):.3f}")
    assert np.mean(covered["pictures"]) < 1 - ALPHA - 0.02
