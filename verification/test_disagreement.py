"""Do the tests of lambda and of disagreeing pairs keep their level, and find what was planted?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares and the table.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from skbio import DistanceMatrix

from phylolens.phylogeny import covariance
from phylolens.simulation.spec import WorldSpec
from phylolens.simulation.tree import birth_death_tree
from phylolens.simulation.world import build_world
from phylolens.stats.convergence import disagreement
from phylolens.stats.lambda_fit import pagel_lambda

FDR = 0.1


def tree_of(n: int, rng: np.random.Generator, *, dated: bool = True) -> tuple[pd.DataFrame, dict]:
    """Return the covariance of a birth-death tree and the order of every species."""
    named = birth_death_tree(n, clades=(2, 5, n // 4, n // 2), extinction=0.2, rng=rng)
    if not dated:
        for node in named.tree.traverse(include_self=False):
            node.length *= np.exp(0.5 * rng.normal())
    return covariance(named.tree), {name: ranks[1] for name, ranks in named.lineages.items()}


def looks(
    tree: pd.DataFrame, lambda_: float, axes: int, rng: np.random.Generator, power: float = 0.5
) -> np.ndarray:
    """Draw Brownian looks with unequal axes: rates fall with the power of their number."""
    scaled = tree.to_numpy() * lambda_
    np.fill_diagonal(scaled, np.diag(tree))
    rates = np.arange(1.0, axes + 1) ** -power
    return np.linalg.cholesky(scaled) @ rng.normal(size=(len(tree), axes)) * np.sqrt(rates)


def measured(points: np.ndarray, tree: pd.DataFrame) -> DistanceMatrix:
    return DistanceMatrix(squareform(pdist(points)), list(tree.index))


@pytest.mark.parametrize("dated", [True, False])
def test_lambda_rejects_five_percent_of_looks_without_signal(dated):
    rejected = []
    for place in range(1000):
        rng = np.random.default_rng([1, place])
        tree, _ = tree_of(20, rng, dated=dated)
        visual = measured(looks(tree, 0.0, 8, rng), tree)
        rejected.append(pagel_lambda(visual, tree, permutations=199, seed=place).p_value <= 0.05)
    print(f"dated {dated}: lambda = 0 rejected in {np.mean(rejected):.3f} of 1000 worlds")
    assert 0.03 <= np.mean(rejected) <= 0.07


def test_lambda_is_estimated_without_bias_and_its_test_has_power():
    for lambda_ in (0.3, 0.6, 0.9):
        fits = []
        for place in range(100):
            rng = np.random.default_rng([2, place])
            tree, _ = tree_of(40, rng)
            fits.append(
                pagel_lambda(measured(looks(tree, lambda_, 16, rng), tree), tree, permutations=99)
            )
        mean = np.mean([fit.value for fit in fits])
        power = np.mean([fit.p_value <= 0.05 for fit in fits])
        print(f"lambda {lambda_}: mean estimate {mean:.3f}, rejected {power:.2f}")
        assert mean == pytest.approx(lambda_, abs=0.03)
        assert power >= 0.9


@pytest.fixture
def whole_tables(monkeypatch):
    """Let all candidate pairs be listed, not only the most extreme."""
    from phylolens.stats import convergence

    monkeypatch.setattr(convergence, "LISTED", 10**9)


@pytest.mark.parametrize(
    ("lambda_", "axes", "dated"),
    [(1.0, 16, True), (0.5, 40, True), (0.0, 8, True), (0.8, 16, False)],
)
def test_pairs_keep_their_level_in_null_worlds(whole_tables, lambda_, axes, dated):
    """250 Brownian worlds a setting, 1000 in all: p-values pair by pair, discoveries by world."""
    p_values: dict[str, list] = {"convergence": [], "divergence": []}
    false: dict[str, list] = {"convergence": [], "divergence": []}
    for place in range(250):
        rng = np.random.default_rng([3, place])
        tree, orders = tree_of(36, rng, dated=dated)
        visual = measured(looks(tree, lambda_, axes, rng), tree)
        clades = pd.Series(orders) if place % 2 else None
        table, _ = disagreement(visual, tree, clades=clades, simulations=60, fdr=FDR, seed=place)
        for kind, part in table.groupby("kind"):
            p_values[kind].append(part["p_value"].to_numpy())
            false[kind].append(part["significant"].any())
    for kind, found in p_values.items():
        share, worlds = np.mean(np.concatenate(found) <= 0.05), np.mean(false[kind])
        print(f"lambda {lambda_}, dated {dated}: {kind} p <= 0.05 in {share:.3f} of pairs, "
              f"any significant in {worlds:.3f} of worlds")  # fmt: skip
        assert 0.03 <= share <= 0.07
        assert worlds <= FDR + 3 * np.sqrt(FDR * (1 - FDR) / 250)


def test_taxa_of_uneven_noise_are_no_convergence():
    """Some taxa are seen through much more noise than others: no model of ours, still a null."""
    any_found = []
    for place in range(100):
        rng = np.random.default_rng([4, place])
        tree, _ = tree_of(60, rng)
        points = looks(tree, 1.0, 24, rng)
        points += np.exp(rng.normal(-1, 0.7, size=(60, 1))) * rng.normal(size=points.shape) * 0.3
        summary = disagreement(measured(points, tree), tree, simulations=60, seed=place)[1]
        any_found.append(summary.n_convergent > 0)
    print(f"uneven noise: any convergence in {np.mean(any_found):.2f} of worlds")
    assert np.mean(any_found) <= 0.2


def plant(points: np.ndarray, tree: pd.DataFrame, orders: dict, number: int, strength: float,
          rng: np.random.Generator) -> set[frozenset]:  # fmt: skip
    """Move taxa towards taxa of other orders; return the pairs."""
    names, free, pairs = list(tree.index), [int(row) for row in rng.permutation(len(tree))], set()
    while len(pairs) < number:
        model = free.pop()
        others = [row for row in free if orders[names[row]] != orders[names[model]]]
        if others:
            free.remove(others[0])
            points[others[0]] += strength * (points[model] - points[others[0]])
            pairs.add(frozenset((names[model], names[others[0]])))
    return pairs


def found_pairs(table: pd.DataFrame) -> set[frozenset]:
    part = table[table["significant"] & (table["kind"] == "convergence")]
    return {frozenset(pair) for pair in part[["taxon_1", "taxon_2"]].to_numpy()}


def recall_and_precision(worlds: list[tuple[set, set]]) -> tuple[float, float]:
    hits = sum(len(planted & found) for planted, found in worlds)
    return (
        hits / sum(len(planted) for planted, _ in worlds),
        hits / max(sum(len(found) for _, found in worlds), 1),
    )


@pytest.mark.parametrize(
    ("n", "lambda_", "axes", "number"), [(60, 1.0, 16, 5), (100, 0.7, 24, 8), (140, 1.0, 50, 10)]
)
def test_planted_pairs_are_found(n, lambda_, axes, number):
    """Recall and precision over strength; at 0.9 both at least 0.8."""
    for strength in (0.5, 0.7, 0.9):
        worlds = []
        for place in range(10):
            rng = np.random.default_rng([5, place])
            tree, orders = tree_of(n, rng)
            points = looks(tree, lambda_, axes, rng)
            planted = plant(points, tree, orders, number, strength, rng)
            table, _ = disagreement(
                measured(points, tree), tree, clades=pd.Series(orders), simulations=100, fdr=FDR
            )
            worlds.append((planted, found_pairs(table)))
        recall, precision = recall_and_precision(worlds)
        print(f"{n} taxa, lambda {lambda_}, {axes} axes, strength {strength}: "
              f"recall {recall:.2f}, precision {precision:.2f}")  # fmt: skip
    assert recall >= 0.8
    assert precision >= 0.8


@pytest.mark.parametrize("lambda_", [1.0, 0.7])
def test_planted_pairs_of_simulated_shells_are_found(lambda_):
    """Traits of the project's own worlds, means over specimens that differ from their species."""
    for strength in (0.5, 0.7, 0.9):
        worlds = []
        for seed in range(8):
            spec = WorldSpec(n_species=96, n_genera=48, n_families=20, n_orders=5, seed=seed,
                             lambda_=lambda_, convergent_pairs=6, convergence_strength=strength,
                             images_per_species=4)  # fmt: skip
            world = build_world(spec)
            latent = pd.DataFrame(world.truth["specimens"]).T
            species = world.meta.drop_duplicates("specimen_id").set_index("specimen_id")
            means = latent.groupby(species["species"].reindex(latent.index).to_numpy()).mean()
            tree = covariance(world.tree)
            clades = species.drop_duplicates("species").set_index("species")["order"]
            visual = measured(means.loc[tree.index].to_numpy(dtype=float), tree)
            table, _ = disagreement(visual, tree, clades=clades, simulations=100, fdr=FDR)
            pairs = world.truth["convergent_pairs"]
            planted = {frozenset((pair["model"], pair["moved"])) for pair in pairs}
            worlds.append((planted, found_pairs(table)))
        recall, precision = recall_and_precision(worlds)
        print(f"shells, lambda {lambda_}, strength {strength}: recall {recall:.2f}, "
              f"precision {precision:.2f}")  # fmt: skip
    assert recall >= 0.8
    assert precision >= 0.8
