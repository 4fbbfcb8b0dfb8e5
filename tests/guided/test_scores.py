"""Scores of taxa held out, against naive loops."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr

from phylolens.guided.baselines import TaxonomyAlone
from phylolens.guided.held_out import HeldOut, leave_clades_out
from phylolens.guided.scores import (
    centred,
    column_mean_scores,
    constant_scores,
    held_out_scores,
    held_pairs,
    image_free_scores,
    nearest_relative,
    pair_scores,
)
from phylolens.stats.centred import double_centre


@pytest.fixture
def found(world, ridge):
    sample, genetic, groups = world
    return leave_clades_out(ridge, sample, genetic, groups), genetic, groups


def cross_pairs(groups):
    n = len(groups)
    return [(h, j) for h in range(n) for j in range(n) if groups[h] != groups[j]]


def test_correlations_and_error_equal_a_naive_loop(found):
    held, genetic, groups = found
    scores = held_out_scores(held, genetic)
    pairs = cross_pairs(groups)
    x = np.array([held.guided[pair] for pair in pairs])
    y = np.array([genetic[pair] for pair in pairs])
    assert scores["pearson"] == pytest.approx(pearsonr(x, y)[0])
    assert scores["spearman"] == pytest.approx(spearmanr(x, y)[0], abs=1e-4)
    assert scores["mse"] == pytest.approx(sum((x - y) ** 2) / len(pairs))
    assert scores["n_pairs"] == len(pairs)
    raw = np.array([held.raw[pair] for pair in pairs])
    assert scores["alone"]["pearson"] == pytest.approx(pearsonr(raw, y)[0])
    base = np.array([held.column_means[pair] for pair in pairs])
    free = column_mean_scores(held, genetic)
    assert free["pearson"] == pytest.approx(pearsonr(base, y)[0])
    saved = 1 - sum((x - y) ** 2) / sum((base - y) ** 2)
    assert scores["skill_over_column_means"] == pytest.approx(saved)
    best = np.array([held.image_free[pair] for pair in pairs])
    assert scores["skill"] == pytest.approx(1 - sum((x - y) ** 2) / sum((best - y) ** 2))
    assert scores["skill_over_names"] is None
    assert scores["skill"] > 0.2
    assert free["mse"] > scores["mse"]


def test_ranks_along_rows_equal_a_naive_loop(found):
    held, genetic, groups = found
    rows = []
    for h in range(len(groups)):
        others = [j for j in range(len(groups)) if groups[j] != groups[h]]
        rows.append(spearmanr(held.guided[h, others], genetic[h, others])[0])
    assert held_out_scores(held, genetic)["row_spearman"] == pytest.approx(np.mean(rows), abs=1e-4)


def test_row_rank_is_the_mean_within_clades_then_over_them(found):
    held, genetic, groups = found
    means = {name: [] for name in ("guided", "image_free")}
    for clade in sorted(set(groups)):
        others = np.flatnonzero(groups != clade)
        for name, own in means.items():
            rows = [
                spearmanr(getattr(held, name)[h, others], genetic[h, others])[0]
                for h in np.flatnonzero(groups == clade)
            ]
            own.append(np.mean(rows))
    scores = held_out_scores(held, genetic)
    assert scores["row_rank"] == pytest.approx(np.mean(means["guided"]), abs=1e-4)
    gain = np.mean(means["guided"]) - np.mean(means["image_free"])
    assert scores["row_rank_gain"] == pytest.approx(gain, abs=1e-4)
    assert image_free_scores(held, genetic)["row_rank"] == pytest.approx(
        np.mean(means["image_free"]), abs=1e-4
    )


def test_nearest_relative_equals_a_naive_loop(found):
    held, genetic, groups = found
    told, best, chance = [], [], []
    for h in range(len(groups)):
        others = [j for j in range(len(groups)) if groups[j] != groups[h]]
        told.append(genetic[h, min(others, key=lambda j: held.guided[h, j])])
        best.append(min(genetic[h, others]))
        chance.append(np.mean(genetic[h, others]))
    scores = nearest_relative(held.guided, genetic)
    assert scores["median"] == pytest.approx(np.median(told))
    assert scores["best_possible"] == pytest.approx(np.median(best))
    assert scores["by_chance"] == pytest.approx(np.median(chance))
    assert scores["best_possible"] <= scores["median"] < scores["by_chance"]


def test_ties_for_the_nearest_share():
    genetic = np.array([[0.0, 1, 2, 3], [1, 0, 2, 3], [2, 2, 0, 1], [3, 3, 1, 0]])
    predicted = np.full((4, 4), np.nan)
    predicted[0, 1:] = [5, 5, 7]
    assert nearest_relative(predicted, genetic)["median"] == pytest.approx(1.5)


def test_centring_of_a_whole_matrix_is_double_centring():
    points = np.random.default_rng(0).normal(size=(9, 3))
    matrix = np.linalg.norm(points[:, None] - points, axis=2)
    known = ~np.eye(9, dtype=bool)
    left = centred(matrix, known)
    expected = double_centre(matrix)
    np.testing.assert_allclose(left[known], expected[known], atol=1e-12)


def test_centring_with_unknown_blocks_is_the_least_squares_fit(found):
    held, genetic, groups = found
    known = groups[:, None] != groups
    n = len(groups)
    pairs = cross_pairs(groups)
    design = np.zeros((len(pairs), 2 * n))
    for row, (i, j) in enumerate(pairs):
        design[row, i] = design[row, n + j] = 1
    for matrix in (genetic, held.guided):
        values = np.array([matrix[pair] for pair in pairs])
        rest = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
        left = centred(matrix, known)
        np.testing.assert_allclose([left[pair] for pair in pairs], rest, atol=1e-9)
        assert np.isnan(left[~known]).all()


def test_row_and_column_effects_alone_leave_nothing():
    rng = np.random.default_rng(1)
    groups = np.repeat([0, 1, 2], [4, 2, 3])
    known = groups[:, None] != groups
    additive = np.where(known, rng.random(9)[:, None] + rng.random(9), np.nan)
    assert centred(additive, known) is None
    genetic = rng.random((9, 9))
    assert pair_scores(additive, genetic)["centred"] == {"pearson": None, "spearman": None}


def test_centring_removes_what_column_means_tell(found):
    """Adding numbers of rows and columns changes Pearson, not the centred one."""
    held, genetic, _ = found
    rng = np.random.default_rng(2)
    n = len(genetic)
    bent = held.guided + 9 * rng.random(n)[:, None] + 9 * rng.random(n)
    plain, moved = (pair_scores(matrix, genetic) for matrix in (held.guided, bent))
    assert moved["centred"]["pearson"] == pytest.approx(plain["centred"]["pearson"])
    assert abs(moved["pearson"] - plain["pearson"]) > 0.1


def test_constant_is_the_mean_of_training_pairs(found):
    held, genetic, groups = found
    errors = []
    for h, j in cross_pairs(groups):
        kept = [k for k in range(len(groups)) if groups[k] != groups[h]]
        mean = np.mean([genetic[a, b] for a in kept for b in kept if a != b])
        errors.append((genetic[h, j] - mean) ** 2)
    assert constant_scores(held, genetic)["mse"] == pytest.approx(np.mean(errors))


def test_held_out_pairs_equal_a_naive_loop(found):
    held, genetic, groups = found
    n = len(groups)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if groups[i] == groups[j]]
    x = np.array([(held.raw[i, j] + held.raw[j, i]) / 2 for i, j in pairs])
    y = np.array([genetic[pair] for pair in pairs])
    scores = held_pairs(held, genetic)
    assert scores["pearson"] == pytest.approx(pearsonr(x, y)[0])
    assert scores["n_pairs"] == len(pairs)
    clade = np.array([groups[i] for i, _ in pairs])
    for code in set(clade):
        x[clade == code] -= x[clade == code].mean()
        y[clade == code] -= y[clade == code].mean()
    assert scores["within_clades"] == pytest.approx(pearsonr(x, y)[0])


def test_few_or_equal_pairs_have_no_correlation():
    nan = np.full((4, 4), np.nan)
    held = HeldOut(nan, nan, nan, np.zeros((4, 4)), np.array([0, 0, 1, 2]))
    empty = {"pearson": None, "spearman": None, "within_clades": None}
    assert held_pairs(held, np.ones((4, 4))) == {**empty, "n_pairs": 1}
    held = HeldOut(nan, nan, nan, np.ones((4, 4)), np.array([0, 0, 0, 1]))
    assert held_pairs(held, np.ones((4, 4))) == {**empty, "n_pairs": 3}


def test_taxonomy_alone_counts_ranks_not_shared(world):
    sample, genetic, groups = world
    lineage = pd.DataFrame(
        {"class": groups // 2, "order": groups, "family": sample.taxa}, index=list(sample.taxa)
    ).astype(str)
    found = leave_clades_out(lambda: TaxonomyAlone(lineage), sample, genetic, groups)
    for h, j in cross_pairs(groups):
        assert found.raw[h, j] == (2 if groups[h] // 2 == groups[j] // 2 else 3)
    scores = held_out_scores(found, genetic)
    assert scores["skill"] > 0.3, "the class tells which order is nearer"
    flat = lineage.assign(**{"class": "one"})
    alike = leave_clades_out(lambda: TaxonomyAlone(flat), sample, genetic, groups)
    scores = held_out_scores(alike, genetic)
    assert scores["skill"] == pytest.approx(0, abs=1e-9)
    assert scores["alone"] == {"pearson": None, "spearman": None}
