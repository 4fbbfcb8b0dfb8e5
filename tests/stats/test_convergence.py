"""Disagreement of looks and genes, against planted pairs, naive loops and plain formulas."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import chi2
from skbio import DistanceMatrix

from phylolens.errors import InputError, TooFew
from phylolens.stats.brownian_pairs import differences, drawn_squares, rates_of_axes
from phylolens.stats.convergence import COLUMNS, disagreement
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.lambda_fit import BestLambda, LambdaModel, pagel_lambda
from phylolens.stats.pair_candidates import PairNull, candidates
from phylolens.stats.unit_length import unit_distances

FEW = {"simulations": 60}


def balanced(n: int) -> pd.DataFrame:
    """Return the covariance of a balanced dated tree of height 1, each clade splitting in two."""
    shared, size = np.zeros((n, n)), n
    while size > 1:
        size //= 2
        block = np.arange(n) // size
        shared += block[:, None] == block[None, :]
    names = [f"t{row:03d}" for row in range(n)]
    return pd.DataFrame(shared / shared.max(), index=names, columns=names)


@pytest.fixture(scope="module")
def covariance() -> pd.DataFrame:
    return balanced(64)


def looks(covariance: pd.DataFrame, seed: int, axes: int = 16, lambda_: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scaled = covariance.to_numpy() * lambda_
    np.fill_diagonal(scaled, np.diag(covariance))
    return np.linalg.cholesky(scaled) @ rng.normal(size=(len(covariance), axes))


def measured(points: np.ndarray, covariance: pd.DataFrame) -> DistanceMatrix:
    return DistanceMatrix(squareform(pdist(points)), list(covariance.index))


def significant(table: pd.DataFrame, kind: str) -> list[tuple[str, str]]:
    found = table[table["significant"] & (table["kind"] == kind)]
    return list(found[["taxon_1", "taxon_2"]].itertuples(index=False, name=None))


@pytest.fixture(scope="module")
def planted(covariance):
    """A world in which t050 came to look like t003."""
    points = looks(covariance, 1)
    points[50] = points[3] + 0.1 * (points[50] - points[3])
    visual = measured(points, covariance)
    return visual, *disagreement(visual, covariance, seed=5, fdr=0.1, **FEW)


def test_a_planted_pair_is_found_and_its_relatives_are_explained(planted):
    _, table, summary = planted
    assert significant(table, "convergence") == [("t003", "t050")]
    assert summary.n_convergent == 1
    relatives = table[table["explained_by"] == "t003 × t050"]
    assert {"t002", "t050"} in [set(pair) for pair in relatives[["taxon_1", "taxon_2"]].to_numpy()]
    assert (relatives["p_value"] < 0.01).all()
    assert not relatives["significant"].any()


def test_the_moved_taxon_looks_apart_from_its_sister(planted):
    _, table, summary = planted
    assert significant(table, "divergence") == [("t050", "t051")]
    assert summary.n_divergent == 1


def test_a_brownian_world_holds_nothing(covariance):
    table, summary = disagreement(measured(looks(covariance, 2), covariance), covariance, **FEW)
    assert summary.n_convergent == summary.n_divergent == 0
    assert not table["significant"].any()
    assert (table["kind"].value_counts() == 20).all()
    assert summary.n_listed == len(table) == 40
    assert summary.lambda_ == pytest.approx(1, abs=0.02)


def test_an_odd_taxon_and_a_plain_one_are_no_convergence(covariance):
    """One far from everything, one at the mean of all: neither resembles another in particular."""
    points = looks(covariance, 3)
    points[10] *= 3
    points[40] = points.mean(axis=0)
    table, _ = disagreement(measured(points, covariance), covariance, **FEW)
    assert significant(table, "convergence") == []
    assert all("t010" in pair or "t040" in pair for pair in significant(table, "divergence"))


def test_two_convergences_to_one_taxon_are_both_listed(covariance):
    points = looks(covariance, 4)
    for moved in (30, 55):
        points[moved] = points[3] + 0.1 * (points[moved] - points[3])
    table, _ = disagreement(measured(points, covariance), covariance, **FEW)
    found = significant(table, "convergence")
    assert {("t003", "t055"), ("t030", "t055")} & set(found)
    assert set(found) <= {("t003", "t030"), ("t003", "t055"), ("t030", "t055")}


def test_expected_distance_of_sisters_is_the_models(planted, covariance):
    visual, table, summary = planted
    fit = pagel_lambda(visual, covariance, permutations=9)
    assert summary.lambda_ == pytest.approx(fit.value, abs=1e-9)
    unit = unit_distances(VisualDistances.of_matrix(visual))
    fit = pagel_lambda(unit, covariance, permutations=9)
    v = 2 * (1 - fit.value * covariance.loc["t000", "t001"])
    sisters = table[table["kind"] == "divergence"]
    squared = [unit[f"t{row:03d}", f"t{row + 1:03d}"] ** 2 for row in range(0, 64, 2)]
    level = np.median(np.cbrt(np.array(squared) / (fit.rate * v)))
    known = np.sqrt(level**3 * fit.rate * v)
    pairs = sisters[["taxon_1", "taxon_2"]].itertuples(index=False)
    ratios = [unit[one, two] / known for one, two in pairs]
    np.testing.assert_allclose(sisters["ratio"], ratios, rtol=1e-6)
    np.testing.assert_allclose(sisters["expected"], sisters["visual"] / ratios, rtol=1e-6)
    np.testing.assert_allclose(sisters["genetic"], 1 / 3, rtol=1e-12)


def test_expected_distance_of_far_pairs_equals_plain_least_squares(covariance):
    visual = measured(looks(covariance, 6, lambda_=0.6), covariance)
    table, summary = disagreement(visual, covariance, simulations=3)
    fit = pagel_lambda(visual, covariance, permutations=9)
    names = list(covariance.index)
    far = [(i, j) for i in range(32) for j in range(32, 64)]  # the two halves: all far pairs
    assert summary.n_candidates.convergence == len(far)
    design = np.zeros((len(far), 64))
    for row, (i, j) in enumerate(far):
        design[row, [i, j]] = 1
    roots = np.array([np.cbrt(visual[names[i], names[j]] ** 2 / (fit.rate * 2)) for i, j in far])
    level = design @ np.linalg.lstsq(design, roots, rcond=None)[0]
    known = {(names[i], names[j]): np.sqrt(level[row] ** 3 * fit.rate * 2)
             for row, (i, j) in enumerate(far)}  # fmt: skip
    for row in table[table["kind"] == "convergence"].itertuples():
        pair = row.taxon_1, row.taxon_2
        assert row.ratio == pytest.approx(visual[pair] / known[pair], rel=1e-6)
        assert row.expected == pytest.approx(known[pair], rel=1e-6)


def naive_candidates(apart: np.ndarray, clade: list[str]) -> tuple[set, set]:
    n = len(apart)
    gaps = [apart[i, j] for i in range(n) for j in range(i + 1, n)]
    middle = np.median(gaps)
    far, near = set(), set()
    for i in range(n):
        for j in range(i + 1, n):
            nearest = [min(apart[t, k] for k in range(n) if k != t) for t in (i, j)]
            if apart[i, j] <= max(nearest) and apart[i, j] < middle:
                near.add((i, j))
            elif clade[i] and clade[j]:
                if clade[i] != clade[j] and apart[i, j] >= middle / 2:
                    far.add((i, j))
            elif apart[i, j] >= middle:
                far.add((i, j))
    return far, near


def test_candidate_pairs_equal_a_naive_loop():
    rng = np.random.default_rng(8)
    apart = squareform(pdist(rng.normal(size=(18, 2))))
    clade = np.array([["a", "b", "c", ""][row] for row in rng.integers(0, 4, 18)], dtype=object)
    far, near = candidates(apart, clade)
    known = naive_candidates(apart, list(clade))
    assert (set(map(tuple, far.pairs)), set(map(tuple, near.pairs))) == known


def test_clades_decide_what_is_far(covariance, planted):
    visual = planted[0]
    clades = pd.Series("one", index=covariance.index)
    clades.iloc[48:] = "two"
    table, summary = disagreement(visual, covariance, clades=clades, **FEW)
    assert significant(table, "convergence") == [("t003", "t050")]
    assert set(table.loc[table["kind"] == "convergence", "clade_2"]) == {"two"}
    assert summary.n_candidates.convergence == 48 * 16
    table, summary = disagreement(visual, covariance, clades=clades.replace("two", "one"), **FEW)
    assert summary.n_candidates.convergence == summary.n_convergent == 0


def test_simulated_distances_follow_their_law(covariance):
    """Squared distance over expectation is a mean of so many chi-squares of one degree."""
    shared = covariance.to_numpy()
    model, rates = LambdaModel(shared), np.full(5, 0.7)
    pairs, drawn = np.array([[0, 1], [0, 63]]), []
    apart = rates.sum() * differences(shared, 0.5)
    for k in range(600):
        squares, _ = drawn_squares(model, 0.5, rates, np.random.default_rng([2, k]))
        drawn.append(squares[pairs[:, 0], pairs[:, 1]] / apart[pairs[:, 0], pairs[:, 1]])
    for column in np.array(drawn).T:
        for share in (0.1, 0.5, 0.9):
            assert np.mean(5 * column <= chi2.ppf(share, 5)) == pytest.approx(share, abs=0.05)


def test_estimated_rates_behave_as_the_true_ones():
    """Their sum and sum of squares, with more axes than taxa."""
    shared = balanced(32).to_numpy()
    model, true = LambdaModel(shared), 1 / np.arange(1.0, 61)
    root, found = np.linalg.cholesky(shared), []
    for k in range(200):
        noise = np.random.default_rng([3, k]).normal(size=(32, 60))
        points = root @ noise * np.sqrt(true)
        products = model.products(points @ points.T)
        best = BestLambda(1.0, float(model.sum_of_squares(products, 1.0)) / (len(points) - 1), 0.0)
        rates = rates_of_axes(model, products, best, 31)
        found.append([rates.sum(), rates @ rates])
    trace, squares = np.mean(found, axis=0)
    assert trace == pytest.approx(true.sum(), rel=0.02)
    assert squares == pytest.approx(true @ true, rel=0.05)


def test_pooled_p_values_are_even_and_follow_the_width():
    rng = np.random.default_rng(9)
    scale = rng.uniform(0.5, 3, 400)
    null = (rng.normal(size=(50, 400)) * scale + 7).astype(np.float32)
    observed = rng.normal(size=400) * scale + 7
    even = PairNull(observed, null.copy())
    p = even.p_values(observed)
    for share in (0.05, 0.25, 0.5, 0.75):
        assert np.mean(p <= share) == pytest.approx(share, abs=0.06)
    wide = PairNull(2 * (observed - 7) + 7, null.copy())
    assert wide.width == pytest.approx(2 * even.width, rel=0.1)
    assert np.mean(wide.p_values(2 * (observed - 7) + 7) <= 0.05) < 0.1


def test_a_pair_that_cannot_vary_is_never_extreme():
    null = np.random.default_rng(1).normal(size=(20, 3)).astype(np.float32)
    null[:, 1] = 0.5
    reference = PairNull(np.array([0.0, 0.4, 0.0]), null)
    assert reference.p_values(np.array([-9.0, 0.4, 0.0]))[1] > 0.3


def test_same_seed_same_bytes_whatever_the_order(planted, covariance):
    visual, table, summary = planted
    mixed = list(np.random.default_rng(3).permutation(covariance.index))
    again = disagreement(
        visual.filter(mixed), covariance.loc[mixed[::-1], mixed[::-1]], seed=5, fdr=0.1, **FEW
    )
    assert again[0].to_csv(index=False) == table.to_csv(index=False)
    assert again[1] == summary
    other, _ = disagreement(visual, covariance, seed=6, fdr=0.1, **FEW)
    assert other.to_csv(index=False) != table.to_csv(index=False)


def test_the_table_is_sorted_and_complete(planted):
    _, table, summary = planted
    assert tuple(table.columns) == COLUMNS
    for kind in ("convergence", "divergence"):
        part = table[table["kind"] == kind]
        assert part["significant"].is_monotonic_decreasing
        assert part.loc[part["significant"], "q_value"].is_monotonic_increasing
        assert part.loc[~part["significant"], "p_value"].is_monotonic_increasing
        assert (part["q_value"] >= part["p_value"]).all()
    assert summary.n_pairs == 64 * 63 // 2


def test_given_genetic_distances_are_listed(planted, covariance):
    visual = planted[0]
    genetic = DistanceMatrix(100 * differences(covariance.to_numpy()), list(covariance.index))
    table, _ = disagreement(visual, covariance, genetic=genetic, **FEW)
    assert table["genetic"].iloc[0] == pytest.approx(200)
    with pytest.raises(InputError, match="different taxa"):
        disagreement(visual, covariance, genetic=genetic.filter(list(covariance.index[:20])))


def test_two_taxa_that_look_the_same(covariance):
    points = looks(covariance, 7)
    points[60] = points[5]
    table, _ = disagreement(measured(points, covariance), covariance, **FEW)
    assert significant(table, "convergence")[0] == ("t005", "t060")
    assert table["ratio"].iloc[0] == 0


@pytest.mark.parametrize("n", [8, 5])
def test_few_taxa_give_a_table(n):
    tree = balanced(8).iloc[:n, :n]
    points = np.random.default_rng(1).normal(size=(n, 4))
    table, summary = disagreement(measured(points, tree), tree, **FEW)
    assert summary.n_pairs == n * (n - 1) // 2
    assert table["p_value"].between(0, 1).all()


def test_bad_input(covariance):
    visual = measured(looks(covariance, 1), covariance)
    few = list(covariance.index[:4])
    with pytest.raises(TooFew, match="five taxa"):
        disagreement(visual.filter(few), covariance.loc[few, few])
    with pytest.raises(InputError, match="different taxa"):
        disagreement(visual, covariance.iloc[:20, :20])
    with pytest.raises(InputError, match="between 0 and 1"):
        disagreement(visual, covariance, fdr=1.5)
    with pytest.raises(InputError, match="three simulations"):
        disagreement(visual, covariance, simulations=2)
    twice = pd.Series("a", index=["t000", "t000"])
    with pytest.raises(InputError, match="one clade"):
        disagreement(visual, covariance, clades=twice)


def test_taxa_each_odd_in_its_own_way_are_not_convergent(covariance):
    """Their sum of oddness exceeds their distance; they are far from each other all the same."""
    for seed in range(4):
        points = looks(covariance, seed)
        odd = np.random.default_rng([7, seed]).choice(len(points), 3, replace=False)
        points[odd] += 8 * np.random.default_rng([8, seed]).normal(size=(3, points.shape[1]))
        visual = DistanceMatrix(squareform(pdist(points)), list(covariance.index))
        table, _ = disagreement(visual, covariance, seed=seed, **FEW)
        found = table[table["significant"] & (table["kind"] == "convergence")]
        names = set(covariance.index[odd])
        assert not [row for row in found.itertuples() if {row.taxon_1, row.taxon_2} <= names]
