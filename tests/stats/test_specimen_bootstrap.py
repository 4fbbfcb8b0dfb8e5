"""Specimens drawn anew within taxa, against what sampling theory says of their means."""

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.stats import specimen_replicates, taxon_distances, taxon_means, visual_distances
from phylolens.stats.means import specimen_means
from phylolens.stats.specimen_bootstrap import _draw
from phylolens.stats.visual import DISTANCE_NAMES
from phylolens.values import Features

SIZES = (3, 1, 5, 2)


@pytest.fixture
def given():
    """Four taxa; specimens of one to three images."""
    rng = np.random.default_rng(0)
    rows = [
        (f"t{t}", f"t{t}s{s}", f"t{t}s{s}i{i}")
        for t, size in enumerate(SIZES)
        for s in range(size)
        for i in range(1 + s % 3)
    ]
    taxa, specimens, ids = (list(part) for part in zip(*rows, strict=True))
    bodies = 5 * rng.normal(size=(len(SIZES), 4))[[int(name[1]) for name in taxa]]
    features = Features(tuple(ids), bodies + rng.normal(size=(len(ids), 4)))
    return features, pd.Series(taxa, index=ids), pd.Series(specimens, index=ids)


def test_specimen_means_equal_a_loop(given):
    features, taxa, specimens = given
    found = specimen_means(*given)
    frame = pd.DataFrame(features.matrix.astype(float), index=list(features.ids))
    bodies = frame.groupby([taxa, specimens]).mean()
    np.testing.assert_array_equal(found.sizes, SIZES)
    np.testing.assert_allclose(found.centres, taxon_means(*given).matrix, rtol=1e-6)
    rebuilt = np.repeat(found.centres, SIZES, axis=0) + found.residuals
    np.testing.assert_allclose(rebuilt, bodies.to_numpy(), rtol=1e-6)
    assert found.single == ("t1",)


def test_every_taxon_is_drawn_as_often_as_it_has_specimens():
    sizes, rng = np.array(SIZES), np.random.default_rng(1)
    drawn = np.array([_draw(sizes, rng) for _ in range(2000)])
    starts = np.cumsum(sizes) - sizes
    np.testing.assert_array_equal(np.add.reduceat(drawn, starts, axis=1), np.tile(sizes, (2000, 1)))
    expected = np.repeat(1 - 1 / sizes, sizes)  # variance of a multinomial count: k p (1 - p)
    np.testing.assert_allclose(drawn.mean(axis=0), 1, atol=0.1)
    np.testing.assert_allclose(drawn.var(axis=0), expected, atol=0.1)


def test_means_vary_as_means_of_k_specimens_do(given):
    """Unbiased: s²/k, with s² from k - 1; a plain bootstrap would give (k - 1)/k of it."""
    found, rng = specimen_means(*given), np.random.default_rng(2)
    drawn = np.array([found.drawn(_draw(found.sizes, rng), squares=False)[0] for _ in range(4000)])
    groups = np.split(found.residuals, np.cumsum(SIZES)[:-1])
    for taxon, rows in enumerate(groups):
        if len(rows) == 1:
            assert np.ptp(drawn[:, taxon], axis=0).max() == 0
            continue
        known = rows.var(axis=0, ddof=1) / len(rows)
        np.testing.assert_allclose(drawn[:, taxon].var(axis=0), known, rtol=0.12)
        np.testing.assert_allclose(drawn[:, taxon].mean(axis=0), found.centres[taxon], atol=0.05)


def test_taxa_of_one_specimen_borrow_the_variation_of_others(given):
    """Stretched, so that the variance is the mean over donors of their taxa's unbiased one."""
    found, rng = specimen_means(*given), np.random.default_rng(8)
    drawn = np.array([found.borrowed(rng)[0] for _ in range(4000)])
    groups = [rows for rows in np.split(found.residuals, np.cumsum(SIZES)[:-1]) if len(rows) > 1]
    n = sum(len(rows) for rows in groups)
    known = sum(len(rows) / n * rows.var(axis=0, ddof=1) for rows in groups)
    np.testing.assert_allclose((drawn**2).mean(axis=0), known, rtol=0.1)
    fixed, varying = (
        [one["t1", "t3"] for one in specimen_replicates(*given, replicates=5, borrow=borrow)]
        for borrow in (False, True)
    )
    assert np.ptp(fixed) > 0  # t3 varies in any case
    assert fixed != varying


def test_sums_of_squares_are_kept_on_average(given):
    found, rng = specimen_means(*given), np.random.default_rng(3)
    drawn = np.array([found.drawn(_draw(found.sizes, rng), squares=True)[1] for _ in range(4000)])
    np.testing.assert_allclose(drawn.mean(axis=0), found.squares(), rtol=0.1)
    assert (drawn >= 0).all()


def test_one_draw_equals_a_loop(given):
    found, rng = specimen_means(*given), np.random.default_rng(4)
    counts = _draw(found.sizes, rng)
    means, squares = found.drawn(counts, squares=True)
    start = 0
    for taxon, size in enumerate(SIZES):
        rows = np.repeat(
            found.residuals[start : start + size], counts[start : start + size], axis=0
        )
        rows = rows.astype(float) * (np.sqrt(size / (size - 1)) if size > 1 else 1)
        np.testing.assert_allclose(
            means[taxon], found.centres[taxon] + rows.mean(axis=0), rtol=1e-6
        )
        expected = ((rows - rows.mean(axis=0)) ** 2).sum(axis=0)
        np.testing.assert_allclose(squares[taxon], expected, atol=1e-5)
        start += size


@pytest.mark.parametrize("distance", DISTANCE_NAMES)
def test_replicates_spread_about_the_distances_observed(given, distance):
    observed = taxon_distances(*given, distance)
    drawn = list(specimen_replicates(*given, distance=distance, replicates=30, seed=5))
    assert len(drawn) == 30
    assert {one.ids for one in drawn} == {observed.ids}
    values = np.array([one.condensed_form() for one in drawn])
    pairs = observed.condensed_form()
    assert ((values.min(axis=0) <= pairs) & (pairs <= values.max(axis=0))).all()


def test_specimens_that_agree_leave_nothing_to_vary(given):
    features, taxa, specimens = given
    means = taxon_means(*given)
    row_of = {name: row for row, name in enumerate(means.ids)}
    same = Features(features.ids, means.matrix[[row_of[name] for name in taxa]])
    for one in specimen_replicates(same, taxa, specimens, replicates=3):
        np.testing.assert_allclose(one.data, visual_distances(means).data, atol=1e-6)


def test_seed_decides_and_order_of_images_does_not(given):
    features, taxa, specimens = given
    mixed = features.take(sorted(features.ids, key=lambda name: name[::-1]))
    one, two = (
        [found.data for found in specimen_replicates(*these, replicates=4, seed=6)]
        for these in ((features, taxa, specimens), (mixed, taxa[::-1], specimens[::-1]))
    )
    np.testing.assert_array_equal(one, two)
    other = next(specimen_replicates(*given, replicates=1, seed=7))
    assert not np.array_equal(one[0], other.data)


def test_unknown_distance_is_refused(given):
    with pytest.raises(InputError, match="hamming"):
        next(specimen_replicates(*given, distance="hamming"))
