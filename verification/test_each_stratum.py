"""Is the promise kept in every unknown stratum, and broken by known taxa alone?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. Worlds of nested Gaussian clusters
are drawn here, without the project's own simulator. A nearest-mean model knows half of the taxa of
every rank; of the others some serve calibration and the rest are what comes later.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from phylolens.classification.acceptance import (
    Acceptance,
    clades,
    cross_fitted,
    learning_weights,
    path_evidence,
)
from phylolens.classification.conformal import along, cut_path, needed, threshold, wrong_taxa
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.strata import (
    Strata,
    each_threshold,
    mix_weights,
    promised,
    strata,
    units_of,
)

RANKS = ("order", "family", "genus", "species")
ALPHA, UNKNOWN = 0.05, 0.2
WORLDS = 100
DIMENSIONS, SPREAD = 12, (1.6, 1.1, 0.9, 0.7)  # of the means, coarse to fine
KNOWN, EARLY, LATE = 0, 1, 2
MIX = {"known species": 0.9} | {f"unknown {rank}": 0.025 for rank in RANKS}


def _taxa() -> tuple[pd.DataFrame, np.ndarray]:
    """Species with their lineage, and whether they are known, met in calibration, or later.

    Of 40 orders 16 are known; of the four families of each two; and so on down. What lies in an
    unknown taxon is met with it.
    """
    orders = [KNOWN] * 16 + [EARLY] * 12 + [LATE] * 12
    rows, when = [], []
    for order, first in enumerate(orders):
        for place in np.ndindex(4, 4, 4):
            path = [first, *((KNOWN, KNOWN, EARLY, LATE)[k] for k in place)]
            names = [f"{order}", *("-".join(map(str, (order, *place[: k + 1]))) for k in range(3))]
            rows.append(names)
            when.append(next((met for met in path if met != KNOWN), KNOWN))
    return pd.DataFrame(rows, columns=list(RANKS)).astype(object), np.array(when)


TAXA, WHEN = _taxa()
TRAINED = np.flatnonzero(WHEN == KNOWN)
TREE = TaxonTree.of(TAXA.iloc[TRAINED], RANKS)
LEAVES = TREE.node_of(TAXA.iloc[TRAINED])
TRUTH = TREE.node_of(TAXA)
KINDS = strata(TAXA.iloc[TRAINED], TAXA, RANKS)


def draw_species(kind: str, when: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a taxon of the stratum, then a species of it, n times."""
    here = np.flatnonzero((kind == KINDS) & (when == WHEN))
    taxa = TAXA[kind.split()[1]].to_numpy()[here]
    names = np.unique(taxa.astype(str))
    chosen = rng.choice(names, n)
    return np.array([rng.choice(here[taxa == name]) for name in chosen])


class World:
    """Where the taxa lie, and where a model that saw three specimens of each believes they do."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.means = np.zeros((len(TAXA), DIMENSIONS))
        for rank, spread in zip(RANKS, SPREAD, strict=True):
            codes, found = pd.factorize(TAXA[rank])
            self.means += rng.normal(size=(len(found), DIMENSIONS))[codes] * spread
        three = self.means[TRAINED, None] + rng.normal(size=(len(TRAINED), 3, DIMENSIONS))
        self.believed = three.mean(axis=1)

    def ask(self, rows: np.ndarray, rng: np.random.Generator):
        """Evidence for the paths of new specimens, and which taxa of them are wrong."""
        drawn = self.means[rows] + rng.normal(size=(len(rows), DIMENSIONS))
        squared = cdist(drawn, self.believed, "sqeuclidean")
        raised = np.exp(-(squared - squared.min(axis=1, keepdims=True)) / 2)
        marginals = TREE.marginals(raised / raised.sum(axis=1, keepdims=True), LEAVES)
        path = TREE.top_down(marginals)
        found = path_evidence(TREE, marginals, path, np.sqrt(squared.min(axis=1)))
        assert (found.chance == along(marginals, path)).all()
        return found, wrong_taxa(TREE, path, TRUTH[rows])


def calibrated(world: World, rng: np.random.Generator):
    """Acceptance and threshold for each stratum; threshold of probabilities of known taxa."""
    per_stratum = {kind: draw_species(kind, EARLY, 60, rng) for kind in MIX if kind[0] == "u"}
    known = draw_species("known species", KNOWN, 300, rng)
    rows = np.concatenate([known, *per_stratum.values()])
    found, wrong = world.ask(rows, rng)
    table = TAXA.iloc[rows].assign(specimen_id=[f"s{row}" for row in range(len(rows))])
    kinds = KINDS[rows]
    units, own = units_of(kinds, table), table["specimen_id"].to_numpy(str)
    weights = learning_weights(kinds, MIX, units)[:, None] * np.ones(len(RANKS))
    values = cross_fitted(found, wrong, weights, clades(table, RANKS))
    groups = Strata(kinds, units, mix_weights(kinds, MIX, own), own)
    assert len(promised(kinds, units, UNKNOWN)) == len(RANKS)
    q = each_threshold(needed(values, wrong), groups, ALPHA, UNKNOWN)
    alone = threshold(needed(found.chance, wrong)[:300], ALPHA)
    return Acceptance.fit(found, wrong, weights), q, alone


@pytest.fixture(scope="module")
def coverage() -> dict[str, dict[str, list[float]]]:
    """Coverage of taxa met later, and ranks named, by way of calibration and stratum."""
    found = {way: {kind: [] for kind in (*MIX, "ranks")} for way in ("each", "known_only")}
    for number in range(WORLDS):
        rng = np.random.default_rng([11, number])
        world = World(rng)
        model, q, alone = calibrated(world, rng)
        for kind in MIX:
            rows = draw_species(kind, KNOWN if kind[0] == "k" else LATE, 100, rng)
            seen, _ = world.ask(rows, rng)
            for way, values, limit in (("each", model.along(seen), q),
                                       ("known_only", seen.chance, alone)):  # fmt: skip
                accepted = cut_path(values, seen.path, limit)
                right = TREE.contains(accepted, TRUTH[rows])
                found[way][kind].append(float(right.mean()))
                if kind[0] == "k":
                    found[way]["ranks"].append(float((values > limit).sum(axis=1).mean()))
    for way, kinds in found.items():
        print(way, {kind: round(float(np.mean(values)), 3) for kind, values in kinds.items()})
    return found


def not_below(values: list[float], least: float) -> bool:
    """Whether the mean over worlds is at least this, but for four standard errors."""
    return np.mean(values) + 4 * np.std(values) / np.sqrt(len(values)) >= least


@pytest.mark.parametrize("kind", MIX)
def test_each_stratum_is_covered_as_promised(coverage, kind):
    """Met later: other taxa, from the same worlds. A promise kept by silence would be none."""
    assert not_below(coverage["each"][kind], 1 - (ALPHA if kind[0] == "k" else UNKNOWN))
    assert np.mean(coverage["each"]["ranks"]) > 1


@pytest.mark.parametrize("kind", [kind for kind in MIX if kind[0] == "u"])
def test_known_taxa_alone_do_not_serve_the_unknown(coverage, kind):
    assert not_below(coverage["known_only"]["known species"], 1 - ALPHA)
    assert np.mean(coverage["known_only"][kind]) < 1 - UNKNOWN - 0.05
