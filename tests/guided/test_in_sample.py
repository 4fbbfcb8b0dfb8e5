"""The guided fit: aligned by id, judged beside baselines, stored and read back."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import pearsonr
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.guided import GUIDE_RECIPES, fit_guided, load_pool, to_bags, write_guided
from phylolens.values import Features

TAXA = tuple("ABCDEF")
RECIPE = replace(GUIDE_RECIPES["roy2025"], epochs=30, learning_rate=0.01)


@pytest.fixture
def bags():
    rng = np.random.default_rng(0)
    labels = np.repeat(TAXA, [3, 1, 4, 2, 5, 3])
    ids = [f"{place}.jpg" for place in range(len(labels))]
    features = Features(tuple(ids), rng.normal(size=(len(ids), 5)))
    return to_bags(features, pd.Series(labels, index=ids), TAXA)


@pytest.fixture
def genetic():
    points = np.random.default_rng(1).normal(size=(6, 3))
    return DistanceMatrix(cdist(points, points), list(TAXA))


def fit(bags, genetic, **options):
    return fit_guided(bags, genetic, None, RECIPE, rank="family", seed=1, **options)


def test_order_and_surplus_of_genetic_taxa_change_nothing(bags, genetic):
    points = np.random.default_rng(1).normal(size=(7, 3))
    larger = DistanceMatrix(cdist(points, points), [*TAXA, "extra"])
    permuted = larger.filter(["extra", *"DBFACE"])
    one, two = fit(bags, genetic), fit(bags, permuted)
    assert one.summary == two.summary
    assert list(two.matrices["genetic"].index) == list(TAXA)


def test_constant_baseline_is_the_variance_of_the_target(bags, genetic):
    found = fit(bags, genetic)
    largest = genetic.data.max()
    target = [1 - 2 * genetic.data[i, j] / largest for i in range(6) for j in range(i + 1, 6)]
    constant = sum(target) / len(target)
    errors = sum((value - constant) ** 2 for value in target) / len(target)
    assert found.summary["baselines"]["constant"]["mse"] == pytest.approx(errors)
    assert found.summary["divisor"] == pytest.approx(largest)


def test_in_sample_figures_equal_a_naive_loop(bags, genetic):
    found = fit(bags, genetic)
    guided, target = (found.matrices[name].to_numpy() for name in ("guided", "genetic"))
    pairs = [(guided[i, j], target[i, j]) for i in range(6) for j in range(i + 1, 6)]
    x, y = map(np.array, zip(*pairs, strict=True))
    assert found.summary["in_sample"]["pearson"] == pytest.approx(pearsonr(x, y)[0])
    assert found.summary["in_sample"]["mse"] == pytest.approx(((x - y) ** 2).mean())
    assert found.summary["loss"]["last"] == pytest.approx(((x - y) ** 2).mean(), rel=1e-4)
    assert found.summary["loss"]["last"] < found.summary["loss"]["first"]


def test_unguided_baseline_is_the_plain_mean(bags, genetic):
    found = fit(bags, genetic).matrices["unguided"]
    means = np.array([bags.values[row, :size].mean(axis=0) for row, size in enumerate(bags.sizes)])
    cosine = 1 - cdist(means, means, "cosine")
    np.testing.assert_allclose(found, cosine, atol=1e-6)


def test_published_statistic_counts_the_diagonal(bags, genetic):
    found = fit(bags, genetic)
    guided, target = (found.matrices[name].to_numpy() for name in ("guided", "genetic"))
    upper = np.triu_indices(6)
    published = found.summary["published_statistic"]["pearson_with_diagonal"]
    assert published == pytest.approx(pearsonr(guided[upper], target[upper])[0])
    assert published != pytest.approx(found.summary["in_sample"]["pearson"])


def test_no_p_value_is_claimed(bags, genetic):
    assert "p_value" not in json.dumps(fit(bags, genetic).summary)
    assert fit(bags, genetic).summary["note"].startswith("In-sample")


def test_stored_model_gives_the_same_vectors(bags, genetic, tmp_path):
    found = fit(bags, genetic)
    write_guided(found, tmp_path, {"backbone": "none"})
    pool, card = load_pool(tmp_path / "model.safetensors")
    np.testing.assert_allclose(pool.transform(bags), found.embeddings, atol=1e-6)
    assert card["features"] == {"backbone": "none"}
    assert json.loads((tmp_path / "guide.json").read_text())["n_images"] == 18
    table = pd.read_csv(tmp_path / "attention.csv")
    assert len(table) == 18
    np.testing.assert_allclose(table.groupby("taxon")["weight"].sum(), 1, atol=1e-8)


def test_written_twice_is_the_same(bags, genetic, tmp_path):
    for name in ("one", "two"):
        write_guided(fit(bags, genetic), tmp_path / name, {})
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_unusable_input_is_refused(bags, genetic, write):
    with pytest.raises(InputError, match="'F'"):
        fit(bags, genetic.filter(list("ABCDE")))
    with pytest.raises(InputError, match="equal"):
        fit(bags, DistanceMatrix(1 - np.eye(6), list(TAXA)))
    for divisor in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="divisor"):
            fit(bags, genetic, divisor=divisor)
    with pytest.raises(InputError, match=r"x\.safetensors"):
        load_pool(write("x.safetensors", "no model"))
