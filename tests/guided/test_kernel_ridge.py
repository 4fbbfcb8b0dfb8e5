"""Whitened kernel ridge, Gaussian process and default against dense formulas and scikit-learn."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.base import clone
from sklearn.linear_model import Ridge

from phylolens.errors import InputError
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import make_learner
from phylolens.guided.learners.base import Learner, LeavesOut
from phylolens.guided.learners.closed_form import Dual, axes_of, parts_of
from phylolens.guided.learners.default import Default
from phylolens.guided.learners.kernel_ridge import STRENGTHS, GaussianProcess, KernelRidge
from phylolens.guided.learners.whitened import SHRINKAGE, whitened

BOTH = pytest.mark.parametrize("kind", [KernelRidge, GaussianProcess])


def split(sample, genetic, groups, clade=3):
    kept, out = np.flatnonzero(groups != clade), np.flatnonzero(groups == clade)
    known = (sample.take(kept), genetic[np.ix_(kept, kept)], groups[kept])
    return known, sample.take(out)


def whitening(sample):
    """Inverse square root of the shrunk sum of covariances within taxa, from all images."""
    width = sample.means.shape[1]
    total = np.zeros((width, width))
    for taxon, size in enumerate(sample.sizes):
        if size > 1:
            total += np.cov(sample.matrix()[sample.codes == taxon].astype(float).T)
    shrunk = total + SHRINKAGE * np.trace(total) / width * np.eye(width)
    return np.linalg.inv(np.real(sqrtm(shrunk))) * np.sqrt(SHRINKAGE * np.trace(total) / width)


def test_whitened_products_equal_those_of_whitened_features(world):
    known, new = split(*world)
    root = whitening(known[0])
    found = whitened(known[0])
    rows, others = new.means @ root, known[0].means @ root
    np.testing.assert_allclose(found.of(new), rows @ others.T, atol=1e-4)  # float32 images
    np.testing.assert_allclose(found.own(new), (rows**2).sum(axis=1), atol=1e-4)
    np.testing.assert_allclose(new.means @ found.slopes(), found.of(new), atol=1e-8)


def test_taxa_of_another_sample_are_predicted_alike(world, worlds):
    known, new = split(*world)
    found = GaussianProcess(whiten=True).fit(*known)
    other = worlds()[0].take(new.whole[1])
    np.testing.assert_allclose(found.predict(other), found.predict(new), atol=1e-8)
    np.testing.assert_allclose(found.variance(other), found.variance(new), atol=1e-8)


def test_axes_give_any_distances_back(world):
    genetic = world[1]
    tree, rough = axes_of(genetic), axes_of(genetic**3)
    assert (tree.signs > 0).all()
    assert (rough.signs < 0).any()
    for axes, wanted in ((tree, genetic), (rough, genetic**3)):
        np.testing.assert_allclose(axes.distances(axes.places, axes.heights), wanted, atol=1e-7)


@BOTH
@pytest.mark.parametrize("whiten", [True, False])
def test_equals_scikit_learns_ridges_of_one_penalty_a_coordinate(world, kind, whiten):
    known, new = split(*world)
    sample, genetic, groups = known
    found = kind(whiten=whiten, strength=0.25).fit(*known)
    kernel = whitened(sample, SHRINKAGE if whiten else None)
    values, vectors = np.linalg.eigh(kernel.of(sample))
    inputs = vectors * np.sqrt(np.maximum(values, 0))  # features with these very products
    rows = kernel.of(new) @ np.linalg.pinv(inputs).T
    axes, scale = axes_of(genetic), Dual(kernel.of(sample)).scale
    ratio = (axes.sizes[0] / axes.sizes) ** kind.power
    strengths = 0.25 * np.append(4.0 ** np.round(np.log(ratio) / np.log(4)), 1.0)
    strengths[strengths > STRENGTHS[-1]] = 1e12
    targets = np.column_stack([axes.places, axes.heights])
    ridge = Ridge(alpha=strengths * scale, solver="svd")
    wanted = ridge.fit(inputs, targets).predict(rows)
    distances = axes.distances(wanted[:, :-1], wanted[:, -1], axes)
    np.testing.assert_allclose(found.predict(new), distances, atol=1e-6)
    embedded = new.average(found.transform(new.matrix()))
    np.testing.assert_allclose(embedded, wanted[:, : embedded.shape[1]], atol=1e-5)
    np.testing.assert_allclose(wanted[:, embedded.shape[1] : -1], 0, atol=1e-5)
    left_out = found.left_out(parts_of(groups))
    for part in parts_of(groups)[:3]:
        kept = np.setdiff1d(np.arange(len(groups)), part)
        again = ridge.fit(inputs[kept], targets[kept]).predict(inputs[part])
        distances = axes.distances(again[:, :-1], again[:, -1], axes)
        np.testing.assert_allclose(left_out[part], distances, atol=1e-6)


@BOTH
def test_between_new_taxa_fits_their_places(world, kind):
    known, new = split(*world)
    found = kind().fit(*known)
    between = found.between(new)
    places = new.average(found.transform(new.matrix()))
    apart = np.triu_indices(len(places), 1)
    heights = between + 2 * places @ places.T  # a_i + a_j
    assert (between == between.T).all()
    assert (np.diag(between) == 0).all()
    sums = heights[apart]
    design = np.zeros((len(sums), len(places)))
    design[np.arange(len(sums)), apart[0]] = design[np.arange(len(sums)), apart[1]] = 1
    np.testing.assert_allclose(
        design @ np.linalg.lstsq(design, sums, rcond=None)[0], sums, atol=1e-4
    )


class Refitted:
    """A learner that does not leave out in closed form."""

    def __init__(self, kind):
        self.kind = kind

    def fit(self, *world):
        self.learner = self.kind().fit(*world)
        self.predict, self.between = self.learner.predict, self.learner.between
        return self


@BOTH
def test_predictions_left_out_calibrate_as_refits_do(world, kind):
    quick, slow = leave_clades_out(kind, *world), leave_clades_out(lambda: Refitted(kind), *world)
    np.testing.assert_array_equal(quick.raw, slow.raw)
    assert skill(quick, world[1]) != skill(slow, world[1])
    assert skill(quick, world[1]) == pytest.approx(skill(slow, world[1]), abs=0.05)


@BOTH
def test_recovers_trees_that_features_follow_and_no_others(worlds, kind):
    sizes = 2 * (5, 4, 3, 6, 2, 4, 3, 5, 1, 3)
    follow = [worlds(signal, width=400) for signal in (1.0, 0.5)]
    ignore = [worlds(0.0, seed=seed, sizes=sizes) for seed in range(3)]
    assert min(skill(leave_clades_out(kind, *one), one[1]) for one in follow) > 0.8
    skills = [skill(leave_clades_out(kind, *one), one[1]) for one in ignore]
    np.testing.assert_allclose(skills, 0, atol=0.05)


def test_noise_within_taxa_is_whitened_away(worlds):
    sample, genetic, groups = worlds(1.0, width=400, images=2)
    # Three directions in which images of any taxon differ widely.
    rng = np.random.default_rng(1)
    noise = 15 * rng.standard_normal((len(sample.features), 3)) @ rng.standard_normal((3, 400))
    from phylolens.guided.sample import _moments

    noisy = (sample.features + noise).astype(np.float32)
    moments = _moments(noisy, sample.shares, sample.starts)
    args = (sample.starts, sample.stops, sample.shares, sample.row_ids, moments)
    dirty = type(sample)(sample.taxa, noisy, *args)
    plain, white = (
        skill(leave_clades_out(lambda: KernelRidge(whiten=w), dirty, genetic, groups), genetic)  # noqa: B023
        for w in (False, True)
    )
    assert white > plain + 0.1
    assert KernelRidge().fit(dirty, genetic, groups).chosen_["whiten"]


def test_predictive_variance_is_the_squared_error_to_expect(worlds):
    expected, missed = [], []
    for seed in range(4):
        world = worlds(1.0, width=400, seed=seed)
        for clade in range(0, 10, 3):
            known, new = split(*world, clade=clade)
            learner = GaussianProcess().fit(*known)
            kept, out = np.flatnonzero(world[2] != clade), np.flatnonzero(world[2] == clade)
            # Exact places of the held-out taxa among the axes of the known ones (Gower 1968).
            axes, rows = axes_of(known[1]), world[1][np.ix_(out, kept)]
            exact = -(rows - axes.heights) @ axes.places / (2 * axes.sizes)
            heights = rows.mean(axis=1) - axes.heights.mean()  # beyond those axes, too
            found = new.average(learner.transform(new.matrix()))
            inner = (found * exact[:, : found.shape[1]]).sum(axis=1)
            missed += list(heights - 2 * inner + (found**2).sum(axis=1))
            expected += list(learner.variance(new))
    assert min(expected) > 0
    assert 0.5 < np.mean(missed) / np.mean(expected) < 2


@BOTH
def test_order_of_taxa_and_a_second_run_change_nothing(world, kind):
    sample, genetic, groups = world
    order = np.random.default_rng(3).permutation(len(sample))
    first = kind().fit(sample, genetic, groups)
    again = clone(first).fit(sample, genetic, groups)
    other = kind().fit(sample.take(order), genetic[np.ix_(order, order)], groups[order])
    assert (first.predict(sample) == again.predict(sample)).all()
    assert other.chosen_["strength"] == first.chosen_["strength"]
    np.testing.assert_allclose(other.predict(sample), first.predict(sample)[:, order], atol=1e-6)


@pytest.mark.parametrize("kind", [KernelRidge, GaussianProcess, Default])
@pytest.mark.parametrize("sizes", [(2, 2, 2), (7, 2, 3)])
def test_three_clades_and_one_image_a_taxon_do(worlds, kind, sizes):
    sample, genetic, groups = worlds(sizes=sizes, images=1)
    found = leave_clades_out(kind, sample, genetic, groups)
    assert np.isfinite(found.raw).all()
    assert np.isfinite(found.guided[groups[:, None] != groups]).all()


def test_default_takes_the_best_and_falls_back_where_nothing_is_learned(worlds):
    world = worlds(1.0, width=400)
    found = Default().fit(*world)
    skills = found.chosen_["inner_skills"]
    assert found.why_ is None
    assert skills[found.chosen_["learner"]] == max(skills.values()) > 0.5
    best = make_learner(found.chosen_["learner"]).fit(*world)
    assert (found.predict(world[0]) == best.predict(world[0])).all()
    none = Default().fit(*worlds(0.0, sizes=2 * (5, 4, 3, 6, 2, 4, 3, 5, 1, 3)))
    assert none.chosen_["learner"] == "unguided"
    assert "nothing predicted clades left out" in none.why_


@pytest.mark.parametrize("name", ["kernel-ridge", "gp", "default", "unguided", "phylo-ridge"])
def test_made_by_name(name, world):
    found = make_learner(name)
    assert isinstance(found, Learner)
    assert isinstance(found, LeavesOut)
    sample, genetic, groups = world
    genetic[1, 2] = np.nan
    if name != "unguided":
        with pytest.raises(InputError, match="must be finite"):
            found.fit(sample, genetic, groups)


def test_equal_distances_and_equal_features_are_no_error(world):
    sample, genetic, groups = world
    equal = GaussianProcess().fit(sample, 1 - np.eye(len(sample)), groups)
    assert np.isfinite(equal.predict(sample)).all()
    flat = type(sample)(
        sample.taxa,
        np.ones_like(sample.features),
        sample.starts,
        sample.stops,
        sample.shares,
        sample.row_ids,
        np.ones_like(sample.moments),
    )
    found = GaussianProcess().fit(flat, genetic, groups)
    np.testing.assert_allclose(found.predict(flat), np.tile(genetic.mean(axis=0), (36, 1)))
