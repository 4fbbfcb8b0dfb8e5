"""Taxa as normal distributions: divergence against scipy, variances against a loop."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from phylolens.errors import InputError
from phylolens.stats import taxon_distances, visual_distances
from phylolens.stats.gaussian import LEAST_SHARE, PRIOR_WEIGHT, jeffreys, shrunk_variances
from phylolens.values import Features


def scipys_divergence(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kullback-Leibler divergence of two normal distributions by numerical integration."""
    p, q = (norm(mean, np.sqrt(variance)) for mean, variance in (one, other))
    span = 12 * np.sqrt(one[1])
    return quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), one[0] - span, one[0] + span)[0]


def test_jeffreys_equals_numerical_integration():
    rng = np.random.default_rng(3)
    means, variances = rng.normal(size=(4, 3)), rng.uniform(0.3, 2, size=(4, 3))
    found = jeffreys(means, variances)
    for i in range(4):
        for j in range(4):
            known = sum(
                scipys_divergence(one, other) + scipys_divergence(other, one)
                for one, other in zip(
                    zip(means[i], variances[i], strict=True),
                    zip(means[j], variances[j], strict=True),
                    strict=True,
                )
            )
            assert found[i, j] == pytest.approx(known, abs=1e-7)


def test_equal_variances_give_mahalanobis_distance():
    rng = np.random.default_rng(4)
    means, variance = 50 + rng.normal(size=(5, 8)), rng.uniform(0.5, 2, size=8)
    found = np.sqrt(jeffreys(means, np.tile(variance, (5, 1))))
    scaled = means / np.sqrt(variance)
    np.testing.assert_allclose(found, np.linalg.norm(scaled[:, None] - scaled[None], axis=2))


def world(sizes: tuple[int, ...], seed: int = 0, images: int = 2):
    """Taxa of so many specimens, each of ``images`` images that differ a little."""
    rng = np.random.default_rng(seed)
    taxon = np.repeat(np.arange(len(sizes)), sizes)
    bodies = rng.normal(size=(len(sizes), 5))[taxon] + rng.normal(size=(len(taxon), 5))
    ids = [f"s{row}_{k}" for row in range(len(taxon)) for k in range(images)]
    matrix = np.repeat(bodies, images, axis=0) + 0.1 * rng.normal(size=(len(ids), 5))
    taxa = pd.Series([f"t{code}" for code in np.repeat(taxon, images)], index=ids)
    specimens = pd.Series([name.split("_")[0] for name in ids], index=ids)
    return Features(tuple(ids), matrix), taxa, specimens


def naive_clouds(features: Features, taxa: pd.Series, specimens: pd.Series):
    """Means and shrunk variances of the specimens of each taxon."""
    frame = pd.DataFrame(features.matrix.astype(float), index=list(features.ids))
    bodies = frame.groupby([taxa, specimens]).mean()
    groups = [group.to_numpy() for _, group in bodies.groupby(level=0)]
    squares = [((g - g.mean(axis=0)) ** 2).sum(axis=0) for g in groups]
    pooled = sum(squares) / sum(len(g) - 1 for g in groups)
    means = np.array([g.mean(axis=0) for g in groups])
    variances = np.array([(PRIOR_WEIGHT * pooled + s) / (PRIOR_WEIGHT + len(g) - 1)
                          for s, g in zip(squares, groups, strict=True)])  # fmt: skip
    return means, variances, pooled


def test_distance_from_images_equals_a_loop():
    given = world((4, 1, 3, 6))
    means, variances, pooled = naive_clouds(*given)
    np.testing.assert_allclose(variances[1], pooled)  # one specimen: the pooled variance
    found = taxon_distances(*given, "gaussian-kl")
    assert found.ids == ("t0", "t1", "t2", "t3")
    np.testing.assert_allclose(found.data, np.sqrt(jeffreys(means, variances)), rtol=1e-5)


def test_order_of_images_changes_nothing():
    features, taxa, specimens = world((4, 1, 3, 6))
    mixed = features.take([features.ids[row] for row in np.random.default_rng(0).permutation(28)])
    one = taxon_distances(features, taxa, specimens, "gaussian-kl")
    other = taxon_distances(mixed, taxa[::-1], specimens, "gaussian-kl")
    np.testing.assert_array_equal(one.data, other.data)


def test_taxa_that_differ_in_spread_alone_are_apart():
    ids = [f"i{row}" for row in range(24)]
    sides = np.tile([[1.0], [-1.0]], (4, 3))
    rows = np.vstack([sides, sides, 3 * sides])
    found = taxon_distances(
        Features(tuple(ids), rows), pd.Series(list("a" * 8 + "b" * 8 + "c" * 8), index=ids),
        pd.Series(ids, index=ids), "gaussian-kl")  # fmt: skip
    assert found["a", "b"] == 0
    assert found["a", "c"] == found["b", "c"] > 0.5


def test_a_feature_constant_within_taxa_does_not_decide_alone():
    squares, sizes = np.array([[0.0, 3.0], [0.0, 5.0]]), np.array([3, 3])
    found = shrunk_variances(squares, sizes)
    assert found[0, 0] == pytest.approx(PRIOR_WEIGHT * LEAST_SHARE * 1.0 / (PRIOR_WEIGHT + 2))


def test_no_variation_within_taxa_is_refused():
    with pytest.raises(InputError, match="two specimens that differ"):
        taxon_distances(*world((1, 1, 1)), "gaussian-kl")
    features, taxa, _ = world((3, 3))
    one_each = pd.Series(taxa.to_numpy(), index=taxa.index)  # a single specimen a taxon
    with pytest.raises(InputError, match="two specimens that differ"):
        taxon_distances(features, taxa, one_each, "gaussian-kl")


def test_features_of_taxa_are_refused():
    with pytest.raises(InputError, match="specimens of taxa"):
        visual_distances(Features(("a", "b"), np.eye(2)), "gaussian-kl")


def test_equal_clouds_are_refused():
    ids = [f"i{row}" for row in range(6)]
    rows = np.tile([[0.1, 0.7], [0.4, 0.3]], (3, 1))
    with pytest.raises(InputError, match="equal"):
        taxon_distances(
            Features(tuple(ids), rows), pd.Series(list("aabbcc"), index=ids),
            pd.Series(ids, index=ids), "gaussian-kl")  # fmt: skip
