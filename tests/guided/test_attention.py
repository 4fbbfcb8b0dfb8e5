"""The attention learners against naive loops, finite differences, torch and Adam."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.base import clone

from phylolens.errors import InputError
from phylolens.guided import AttentionPool, to_bags
from phylolens.guided.learners.attention import Attention, AttentionProjection
from phylolens.guided.learners.base import Learner
from phylolens.guided.learners.pair_losses import LOSSES
from phylolens.guided.learners.pool import TOGETHER, evaluate, softmax, to_segments
from phylolens.guided.learners.pool_refits import permuted_refits
from phylolens.guided.published import published_problem
from phylolens.guided.sample import to_sample
from phylolens.values import Features

KINDS = (Attention, AttentionProjection)
WIDTH = 6
SIZES = (3, 1, 4, 2, 5, 3, 1, 6, 2, 4)


def loss_and_gradient(weights, bags, target):
    return evaluate(bags.segments(), [published_problem(target)], [weights])[0]


def world(sizes=SIZES, width=WIDTH, seed=0, signal=1.0, order=None):
    """Taxa on a line of clades; a tenth of the images follow the line, marked by one feature."""
    rng = np.random.default_rng(seed)
    names = [f"t{k:02}" for k in range(len(sizes))]
    labels = np.repeat(names, sizes)
    places = np.column_stack([np.arange(len(sizes)) // 2, rng.normal(size=len(sizes)) / 3])
    rows = np.repeat(np.arange(len(sizes)), sizes)
    matrix = rng.normal(size=(len(rows), width))
    good = rng.random(len(rows)) < 0.5
    matrix[good, :2] += signal * 3 * (places[rows[good]] - places.mean(axis=0))
    matrix[:, -1] = 2 * good
    ids = [f"{k:04}" for k in range(len(rows))]
    permuted = np.arange(len(ids)) if order is None else order
    features = Features(tuple(ids[k] for k in permuted), matrix[permuted])
    specimens = [f"s{k // 2}-{label}" for k, label in zip(rows, labels, strict=True)]
    sample = to_sample(
        features, pd.Series(labels, index=ids), pd.Series(specimens, index=ids), names
    )
    return sample, cdist(places, places), np.arange(len(sizes)) // 2


def big(**options):
    return world(sizes=tuple(np.random.default_rng(9).integers(1, 9, 24)), **options)


def naive_weights(learner, sample):
    """Attention of one taxon after the other."""
    found = []
    for taxon in range(len(sample)):
        rows = slice(sample.starts[taxon], sample.stops[taxon])
        raised = [
            share * np.exp(float(image.astype(float) @ learner.weights_))
            for image, share in zip(sample.features[rows], sample.shares[rows], strict=True)
        ]
        found += [value / sum(raised) for value in raised]
    return np.array(found)


def test_softmax_over_segments_equals_a_loop():
    scores = np.random.default_rng(0).normal(size=(9, 3)) * 300
    starts = np.array([0, 1, 5])
    found = softmax(scores, starts)
    for segment in (slice(0, 1), slice(1, 5), slice(5, 9)):
        raised = np.exp(scores[segment] - scores[segment].max(axis=0))
        np.testing.assert_allclose(found[segment], raised / raised.sum(axis=0))


def test_pooling_many_at_once_equals_a_loop():
    sample, _, _ = world()
    segments, places = to_segments(sample.features, sample.shares, sample.starts, sample.stops)
    weights = np.random.default_rng(0).normal(size=(3, WIDTH))
    pooled = segments.pool(segments.attention(weights))[places]
    for taxon in range(len(sample)):
        rows = slice(sample.starts[taxon], sample.stops[taxon])
        images = sample.features[rows].astype(float)
        for column, one in enumerate(weights):
            raised = sample.shares[rows] * np.exp(images @ one)
            expected = (raised / raised.sum()) @ images
            np.testing.assert_allclose(pooled[taxon, column], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", KINDS)
def test_gradient_equals_finite_differences(kind, loss):
    sample, genetic, _ = world()
    learner = kind(loss=loss)
    frame = learner.frame(sample)
    problems = [
        learner.problem(frame, genetic, np.arange(10), 0.1),
        learner.problem(frame, genetic[:6, :6], np.arange(3, 9), 0.0),
    ]
    rng = np.random.default_rng(4)
    points = [
        np.concatenate(
            [5 * rng.normal(size=frame.width), one.start + rng.normal(size=one.start.shape)]
        )
        for one in problems
    ]
    gradients = [slope for _, slope in evaluate(frame.segments, problems, points)]
    for number, gradient in enumerate(gradients):
        numeric = []
        for place in range(len(gradient)):
            ends = []
            for step in (1e-2, -1e-2):  # float32 passes: a small step would drown in rounding
                moved = [point.copy() for point in points]
                moved[number][place] += step
                ends.append(evaluate(frame.segments, problems, moved)[number][0])
            numeric.append((ends[0] - ends[1]) / 2e-2)
        size = np.abs(numeric).max()
        assert size > 1e-3
        np.testing.assert_allclose(gradient, numeric, atol=5e-3 * size)


@pytest.mark.vision
def test_gradient_equals_torch():
    torch = pytest.importorskip("torch")
    sample, genetic, _ = world()
    learner = AttentionProjection(dimensions=3)
    frame = learner.frame(sample)
    problem = learner.problem(frame, genetic, np.arange(10), 0.1)
    point = np.random.default_rng(5).normal(size=frame.width + len(problem.start))
    value, gradient = evaluate(frame.segments, [problem], [point])[0]

    free = torch.tensor(point, requires_grad=True)
    weights, head = free[: frame.width], free[frame.width :]
    images = torch.tensor(frame.segments.features, dtype=torch.float64)
    shares = torch.tensor(frame.segments.log_shares)
    bags = [images[frame.segments.codes == place] for place in frame.places]
    logs = [shares[frame.segments.codes == place] for place in frame.places]
    pooled = [torch.softmax(x @ weights + s, 0) @ x for x, s in zip(bags, logs, strict=True)]
    upper = torch.triu_indices(10, 10, 1)
    wanted = torch.tensor(-genetic)[upper[0], upper[1]]

    def loss_of(vectors, projection):
        unit = torch.nn.functional.normalize(vectors @ projection.reshape(-1, 3), dim=1)
        cosines = (unit @ unit.T)[upper[0], upper[1]]
        return 1 - torch.corrcoef(torch.stack([cosines, wanted]))[0, 1]

    start = torch.tensor(problem.start)
    first = loss_of(torch.tensor(frame.means), start)
    loss = loss_of(torch.stack(pooled), head) / first
    loss = loss + problem.penalty * (weights**2).sum()
    loss = loss + problem.head_penalty * ((head - start) ** 2).sum()
    loss.backward()
    assert value == pytest.approx(loss.item(), rel=1e-5)
    np.testing.assert_allclose(gradient, free.grad.numpy(), rtol=1e-3, atol=1e-5)


def published_case():
    """Non-negative features of 40 images, each a specimen, in 8 taxa."""
    rng = np.random.default_rng(0)
    labels, ids = np.repeat([f"t{k}" for k in range(8)], 5), [f"{k:02}" for k in range(40)]
    features = Features(tuple(ids), rng.random((40, 12)))
    taxa = pd.Series(labels, index=ids)
    places = rng.normal(size=(8, 3))
    names = tuple(sorted(set(labels)))
    sample = to_sample(features, taxa, pd.Series(ids, index=ids), names)
    return to_bags(features, taxa, names), sample, cdist(places, places)


def test_published_model_is_among_the_settings():
    """The same loss at the same weights as the published pool."""
    bags, sample, genetic = published_case()
    target = 1 - 2 * genetic / genetic.max()
    found = Attention(loss="mse", features="raw", penalty=0).fit(sample, genetic, np.arange(8))
    loss, gradient = loss_and_gradient(found.weights_, bags, target)
    assert found.loss_ == pytest.approx(loss, rel=1e-5)
    assert np.abs(gradient).max() < 1e-3
    plain, _ = loss_and_gradient(np.zeros(12), bags, target)
    assert found.loss_ < 0.7 * plain
    again = AttentionPool()
    again.weights_ = found.weights_
    np.testing.assert_allclose(again.transform(bags), found.vectors_, atol=1e-5)


def test_optimum_is_as_good_as_those_adam_finds():
    """One objective, Adam from five random starts; with weaker penalties there are many optima."""
    _, sample, genetic = published_case()
    learner = Attention(loss="mse", features="raw", penalty=0.3, steps=500, tolerance=1e-9)
    frame = learner.frame(sample)
    problem = learner.problem(frame, genetic, np.arange(8), 0.3)
    best = learner.minima(frame, [problem])[0].curve[-1]
    points = list(10 * np.random.default_rng(1).normal(size=(5, frame.width)))
    first, second = np.zeros((2, 5, frame.width))
    for step in range(1, 1501):
        found = evaluate(frame.segments, [problem] * 5, points)
        gradient = np.array([slope for _, slope in found])
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        scale = np.sqrt(second / (1 - 0.999**step)) + 1e-8
        points = list(np.array(points) - 0.1 * first / (1 - 0.9**step) / scale)
    ends = np.array([value for value, _ in evaluate(frame.segments, [problem] * 5, points)])
    assert best < 0.995  # of the loss of plain means
    assert best <= ends.min() + 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_stored_is_what_was_fitted(kind):
    sample, genetic, groups = big()
    learner = kind(penalty=0.01).fit(sample, genetic, groups)
    assert isinstance(learner, Learner)
    expected = naive_weights(learner, sample)
    np.testing.assert_allclose(learner.attention(sample), expected, rtol=1e-4)
    embedded = learner.transform(sample.matrix())
    pooled = learner.pool(sample)
    for taxon in range(len(sample)):
        rows = slice(sample.starts[taxon], sample.stops[taxon])
        np.testing.assert_allclose(pooled[taxon], expected[rows] @ embedded[rows], atol=1e-5)
    unit = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    cosines = unit @ unit.T
    upper = np.triu_indices(len(sample), k=1)
    r = np.corrcoef(cosines[upper], genetic[upper])[0, 1]
    assert learner.loss_ == pytest.approx(1 + r, abs=1e-5)
    # The objective of the fit is that loss, in units of the first, plus the penalty.
    start = learner.frame(sample)
    problem = learner.problem(start, genetic, np.arange(len(sample)), 0.01)
    found = learner.minima(start, [problem])[0]
    np.testing.assert_allclose(learner.embeddings(start, [found])[0] @ unit.T, cosines, atol=1e-3)
    assert learner.loss_curve_[0] == pytest.approx(1.0, abs=1e-5)
    line = np.polyfit(cosines[upper], genetic[upper], 1)
    np.testing.assert_allclose(learner.calibration_, line[::-1], rtol=1e-3)
    np.testing.assert_allclose(learner.predict(sample), 1 - cosines, atol=1e-4)
    np.testing.assert_allclose(
        learner.between(sample.take(np.arange(5, 9))), (1 - cosines)[5:9, 5:9], atol=1e-4
    )


@pytest.mark.parametrize("kind", KINDS)
def test_signal_is_learned_and_tells_of_clades_never_seen(kind):
    """In-sample better than a constant; held-out distances ordered. Without signal: not."""
    sample, genetic, groups = big(seed=2)
    out = np.flatnonzero(groups % 4 == 1)
    kept = np.flatnonzero(groups % 4 != 1)
    learner = kind(penalty=0.01)
    learner.fit(sample.take(kept), genetic[np.ix_(kept, kept)], groups[kept])
    upper = np.triu_indices(len(kept), k=1)
    wanted = genetic[np.ix_(kept, kept)][upper]
    offset, slope = learner.calibration_
    errors = offset + slope * (1 - learner.predict(sample.take(kept))[upper]) - wanted
    assert np.mean(errors**2) < 0.9 * wanted.var()

    def held_out_r(sample):
        predicted = learner.predict(sample.take(out))
        return np.corrcoef(predicted.ravel(), genetic[np.ix_(out, kept)].ravel())[0, 1]

    assert held_out_r(sample) > 0.4
    assert abs(held_out_r(big(seed=2, signal=0.0)[0])) < 0.3
    attention = learner.attention(sample)
    good = sample.matrix()[:, -1] > 1
    mixed = np.isin(sample.codes, np.flatnonzero(sample.sizes > 2))
    assert attention[good & mixed].mean() > 1.5 * attention[~good & mixed].mean()


@pytest.mark.parametrize("kind", KINDS)
def test_penalty_is_chosen_on_training_clades(kind):
    sample, genetic, groups = big(seed=2)
    learner = kind(penalty=None).fit(sample, genetic, groups)
    assert learner.penalty_ in learner.candidates
    assert learner.chosen_["inner_skill"] > 0
    few = kind(penalty=None).fit(sample, genetic, np.zeros(24, dtype=int))
    assert few.chosen_["why"].startswith("too few clades")


def test_a_strong_penalty_leaves_plain_means():
    sample, genetic, groups = world()
    learner = Attention(penalty=1e6).fit(sample, genetic, groups)
    np.testing.assert_allclose(learner.attention(sample), sample.weights, rtol=1e-3)
    scaled = learner.transform(sample.means)
    np.testing.assert_allclose(learner.pool(sample), scaled, atol=1e-3)


def test_more_features_than_images_are_turned_with_the_same_optimum(monkeypatch):
    """Two routes to one optimum, for images in the fit and for others."""
    sample, genetic, groups = world(width=150)
    settings = {"loss": "mse", "penalty": 0.1, "steps": 500, "tolerance": 1e-10}
    turned = Attention(**settings)
    assert turned.frame(sample).width == len(sample.matrix()) < 150
    turned.fit(sample, genetic, groups)
    monkeypatch.setattr("phylolens.guided.learners.attention.ROTATED_FROM", 1000)
    plain = Attention(**settings)
    assert plain.frame(sample).width == 150
    plain.fit(sample, genetic, groups)
    assert turned.loss_curve_[-1] == pytest.approx(plain.loss_curve_[-1], rel=1e-5)
    others = world(width=150, seed=8)[0]
    np.testing.assert_allclose(turned.predict(others), plain.predict(others), atol=0.01)


def test_whitening_makes_variance_within_taxa_alike():
    sample, genetic, groups = big()
    learner = Attention(features="whitened").fit(sample, genetic, groups)
    scores = sample.matrix() @ learner.weights_
    again = learner.transform(sample.matrix())
    slopes = np.linalg.lstsq(again - again.mean(0), scores - scores.mean(), rcond=None)[0]
    np.testing.assert_allclose(again @ slopes - scores, (again @ slopes - scores)[0], atol=1e-3)
    within = again - learner.transform(sample.means)[sample.codes]
    after = np.cov(within.T, aweights=sample.weights)
    before_rows = (sample.matrix() - sample.means[sample.codes]) / sample.scale()[1]
    before = np.cov(before_rows.T, aweights=sample.weights)
    ratios = [np.linalg.cond(matrix) for matrix in (after, before)]
    assert ratios[0] < ratios[1]


@pytest.mark.parametrize("kind", KINDS)
def test_refits_are_the_fit_of_permuted_taxa(kind):
    sample, genetic, groups = world()
    orders = np.array([np.random.default_rng(k).permutation(10) for k in range(TOGETHER + 3)])
    orders[0] = np.arange(10)
    learner = kind(penalty=0.01, steps=300, tolerance=1e-9)
    found = permuted_refits(learner, sample, genetic, orders, jobs=2)
    upper = np.triu_indices(10, k=1)
    for number in (0, 1, TOGETHER + 1):
        one = clone(learner).fit(sample.permuted(orders[number]), genetic, groups)
        assert found.objectives[number] == pytest.approx(one.loss_curve_[-1], abs=0.005)
        cosines = one.vectors_ @ one.vectors_.T
        r = -np.corrcoef(cosines[upper], genetic[upper])[0, 1]
        assert found.pearson[number] == pytest.approx(r, abs=0.02)
    again = permuted_refits(learner, sample, genetic, orders, jobs=1)
    np.testing.assert_array_equal(found.objectives, again.objectives)
    np.testing.assert_array_equal(found.pearson, again.pearson)


@pytest.mark.parametrize("kind", KINDS)
def test_one_image_a_taxon_is_fitted_without_attention(kind):
    sample, genetic, groups = world(sizes=(1,) * 12)
    for features in ("raw", "centred", "standardised", "whitened"):
        learner = kind(features=features).fit(sample, genetic, groups)
        np.testing.assert_array_equal(learner.attention(sample), 1.0)
        assert np.isfinite(learner.predict(sample)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_rows_and_repeats_change_no_byte(kind):
    sample, genetic, groups = world()
    mixed, _, _ = world(order=np.random.default_rng(0).permutation(len(sample.matrix())))
    one, two, three = (
        kind(penalty=None).fit(each, genetic, groups) for each in (sample, mixed, sample)
    )
    for other in (two, three):
        assert one.weights_.tobytes() == other.weights_.tobytes()
        assert one.predict(sample).tobytes() == other.predict(sample).tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_unusable_input_is_refused(kind):
    sample, genetic, groups = world()
    two = np.arange(2)
    for settings, given, matrix, message in (
        ({}, sample.take(two), genetic[:2, :2], "three taxa"),
        ({}, sample, genetic[:4, :4], "10 x 10"),
        ({}, sample, np.full((10, 10), np.nan), "finite"),
        ({}, sample, 1 - np.eye(10), "equal"),
        ({"penalty": -1}, sample, genetic, "negative"),
        ({"loss": "huber"}, sample, genetic, "huber"),
        ({"features": "squared"}, sample, genetic, "squared"),
        ({"steps": 0}, sample, genetic, "step"),
    ):
        with pytest.raises(InputError, match=message):
            kind(**settings).fit(given, matrix, groups[: len(given)])
