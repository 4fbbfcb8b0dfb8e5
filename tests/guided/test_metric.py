"""Metric learning: losses against naive loops, and what it learns of worlds with a known tree."""

import builtins
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from phylolens.errors import InputError
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import make_learner
from phylolens.guided.learners.base import Learner
from phylolens.guided.learners.metric import NAMES, Metric
from phylolens.guided.learners.unguided import Unguided
from phylolens.guided.sample import to_sample
from phylolens.values import Features

torch = pytest.importorskip("torch")
pytest.importorskip("pytorch_metric_learning")
pytestmark = pytest.mark.vision

from phylolens.guided.learners import metric_losses  # noqa: E402
from phylolens.guided.learners.metric_head import draw  # noqa: E402

QUICK = {"epochs": 12, "patience": 4, "components": 24, "dimensions": 8, "rate": 0.03}


@pytest.fixture
def points():
    """Two points of each of five taxa, and distances of the taxa in units of their mean."""
    rng = np.random.default_rng(5)
    genetic = rng.uniform(0.2, 2, (5, 5))
    genetic = (genetic + genetic.T) * (1 - np.eye(5))
    genetic *= 20 / genetic.sum()
    return rng.normal(size=(10, 3)), np.repeat(np.arange(5), 2), genetic


def value(name, points, taxa, genetic, seed=0, margin=1.0):
    loss = metric_losses.LOSSES[name](genetic, margin, 3, np.random.default_rng(seed))
    return float(loss(torch.tensor(points, dtype=torch.float32), torch.tensor(taxa)))


def means_apart(points, taxa):
    means = np.array([points[taxa == taxon].mean(axis=0) for taxon in np.unique(taxa)])
    return np.sqrt(((means[:, None] - means) ** 2).sum(axis=2) + 1e-6)


def ordered(genetic):
    """All (i, j, k) where k is farther from i than j is."""
    n = len(genetic)
    for i in range(n):
        for j in range(n):
            for k in range(n):
                if j != i and genetic[i, k] - genetic[i, j] > 1e-6:
                    yield i, j, k


def test_ranknet_is_the_weighted_logistic_loss_of_all_orders(points):
    values, taxa, genetic = points
    apart = means_apart(values, taxa)
    cost = weight = 0.0
    for i, j, k in ordered(genetic):
        gap = genetic[i, k] - genetic[i, j]
        cost += gap * np.log1p(np.exp(-(apart[i, k] - apart[i, j]) / 0.1))
        weight += gap
    assert value("ranknet", values, taxa, genetic) == pytest.approx(cost / weight, rel=1e-4)


def test_hierarchical_triplet_averages_orders_that_break_their_margin(points):
    values, taxa, genetic = points
    apart = means_apart(values, taxa)
    costs = [
        0.7 * (genetic[i, k] - genetic[i, j]) - (apart[i, k] - apart[i, j])
        for i, j, k in ordered(genetic)
    ]
    wanted = np.mean([cost for cost in costs if cost > 0])
    found = value("hierarchical-triplet", values, taxa, genetic, margin=0.7)
    assert found == pytest.approx(wanted, rel=1e-4)


def test_listwise_is_the_cross_entropy_of_who_is_nearest(points):
    values, taxa, genetic = points
    apart = means_apart(values, taxa)
    cost = 0.0
    for i in range(5):
        others = [j for j in range(5) if j != i]
        wanted = np.exp(-genetic[i, others] / 0.1)
        found = np.exp(-apart[i, others] / 0.1)
        cost -= (wanted / wanted.sum()) @ np.log(found / found.sum()) / 5
    assert value("listwise", values, taxa, genetic) == pytest.approx(cost, rel=1e-4)


def test_triplet_margin_is_the_genetic_distance_to_the_stranger(points):
    values, taxa, genetic = points
    same = [(a, p) for a in range(10) for p in range(10) if a != p and taxa[a] == taxa[p]]
    drawn = np.random.default_rng(3).integers(0, 10, 8 * len(same))
    costs = []
    for (a, p), n in zip(same * 8, drawn, strict=True):
        if taxa[a] != taxa[n]:
            near, far = (np.linalg.norm(values[a] - values[b]) for b in (p, n))
            costs.append(near - far + 0.5 * genetic[taxa[a], taxa[n]])
    wanted = np.mean([cost for cost in costs if cost > 0])
    found = value("triplet", values, taxa, genetic, seed=3, margin=0.5)
    assert found == pytest.approx(wanted, rel=1e-4)


def test_contrastive_bounds_relatives_above_and_strangers_below(points):
    values, taxa, genetic = points
    between = genetic[taxa][:, taxa]
    apart = between[taxa[:, None] != taxa]
    cut = apart[np.random.default_rng(4).integers(len(apart))]
    near, far = [], []
    for a in range(10):
        for b in range(10):
            distance = np.linalg.norm(values[a] - values[b])
            margin = 0.9 * np.sqrt(between[a, b])
            if a != b and between[a, b] < cut - 1e-6:
                near.append(distance - margin)
            elif a != b:
                far.append(margin - distance)
    kept = [[cost for cost in costs if cost > 0] for costs in (near, far)]
    wanted = sum(np.mean(costs) if costs else 0.0 for costs in kept)
    found = value("contrastive", values, taxa, genetic, seed=4, margin=0.9)
    assert found == pytest.approx(wanted, rel=1e-4)


def one_direction(signal=True, seed=2):
    """Taxa along a line, in clades; one feature of thirty says where, the rest are louder noise.

    Noise stays with a taxon: nothing but the tree tells the directions apart.
    """
    rng = np.random.default_rng(seed)
    n, images = 48, 6
    groups = np.repeat(np.arange(12), 4)
    place = np.repeat(np.tile(np.linspace(-1, 1, 6), 2), 4) + rng.normal(0, 0.1, n)
    genetic = np.abs(place[:, None] - place) + 0.3 * (1 - np.eye(n))
    means = rng.normal(0, 1, (n, 30))
    if signal:
        means[:, 7] = place / place.std()
    matrix = np.repeat(means, images, axis=0) + rng.normal(0, 0.5, (n * images, 30))
    names = [f"T{k:02}" for k in range(n)]
    ids = tuple(f"{name}/{k}" for name in names for k in range(images))
    taxa = pd.Series(np.repeat(names, images), index=ids)
    features = Features(ids, matrix)
    return to_sample(features, taxa, pd.Series(ids, index=ids), names), genetic, groups


@pytest.mark.parametrize("loss", ["ranknet", "hierarchical-triplet", "contrastive"])
def test_finds_the_direction_that_carries_the_tree(loss):
    sample, genetic, groups = one_direction()
    coarse = groups % 4  # four clades of twelve: quick
    plain = skill(leave_clades_out(Unguided, sample, genetic, coarse, inner_folds=2), genetic)
    found = leave_clades_out(
        lambda: Metric(loss=loss, **QUICK), sample, genetic, coarse, inner_folds=2
    )
    assert skill(found, genetic) > max(0.1, plain + 0.1)


def test_finds_nothing_where_there_is_nothing():
    sample, genetic, groups = one_direction(signal=False)
    make = lambda: Metric(**QUICK)  # noqa: E731
    found = leave_clades_out(make, sample, genetic, groups % 4, inner_folds=2)
    assert skill(found, genetic) < 0.05


@pytest.mark.parametrize("loss", NAMES)
def test_the_same_seed_gives_the_same_bytes_and_global_draws_are_left_alone(world, loss):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = Metric(loss=loss, hidden=4, **{**QUICK, "epochs": 2}).fit(*world)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(2)
    again = clone(first).fit(*world)
    assert first.predict(world[0]).tobytes() == again.predict(world[0]).tobytes()


def test_another_seed_gives_another_embedding(world):
    found = [Metric(seed=seed, **QUICK).fit(*world).predict(world[0]) for seed in (0, 1)]
    assert not np.allclose(*found)


def test_without_gain_on_held_out_clades_it_stays_unguided(world):
    sample, genetic, groups = world
    order = np.random.default_rng(0).permutation(len(genetic))
    fitted = Metric(rate=1e-9, **{k: v for k, v in QUICK.items() if k != "rate"})
    fitted.fit(sample, genetic[np.ix_(order, order)], groups)
    if fitted.chosen_["epochs"] == 0:
        assert (
            fitted.weights_["linear"].tolist() == np.eye(*fitted.weights_["linear"].shape).tolist()
        )
    assert fitted.watched_[0] == pytest.approx(max(fitted.watched_), abs=1e-4)


@pytest.mark.parametrize("hidden", [0, 5])
def test_distances_are_those_between_means_of_embedded_images(world, hidden):
    sample, genetic, groups = world
    fitted = Metric(hidden=hidden, **QUICK).fit(sample, genetic, groups)
    places = sample.average(fitted.transform(sample.matrix()))
    apart = np.sqrt(((places[:, None] - places) ** 2).sum(axis=2))
    wanted = apart[:3] / apart[np.triu_indices(len(apart), k=1)].mean()
    few = sample.take(np.arange(3))
    assert isinstance(fitted, Learner)
    np.testing.assert_allclose(fitted.predict(few), wanted, atol=1e-4)
    np.testing.assert_allclose(fitted.between(few), wanted[:, :3], atol=1e-4)


def test_draws_specimens_alike_and_never_from_another_taxon():
    shares = np.array([1.0, 0.25, 0.25, 0.5, 1 / 3, 1 / 3, 1 / 3])
    rows = draw(np.array([2, 0, 1]), shares, 4000, np.random.default_rng(0))
    assert set(rows[0]) == {4, 5, 6}
    assert set(rows[1]) == {0}
    counts = np.bincount(rows[2], minlength=7) / 4000
    np.testing.assert_allclose(counts[1:4], [0.25, 0.25, 0.5], atol=0.03)


@pytest.mark.parametrize("loss", NAMES)
def test_one_image_a_taxon_and_few_taxa(worlds, loss):
    sample, genetic, groups = worlds(sizes=(2, 1, 1), images=1, width=6)
    fitted = Metric(loss=loss, **QUICK).fit(sample, genetic, groups)
    assert np.isfinite(fitted.predict(sample)).all()
    kept = np.arange(2)  # two taxa of one clade: nothing to watch, nothing to rank
    fitted.fit(sample.take(kept), genetic[:2, :2], groups[:2])
    assert np.isfinite(fitted.between(sample)).all()
    assert fitted.chosen_["why"] == "fewer than two clades to watch"


def test_says_what_to_install(world, monkeypatch):
    real = builtins.__import__

    def absent(name, *rest, **options):
        if name.split(".")[0] == "pytorch_metric_learning":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(InputError, match=r"pip install 'phylolens\[metric\]'"):
        Metric(loss="triplet", **QUICK).fit(*world)
    Metric(loss="ranknet", **{**QUICK, "epochs": 1}).fit(*world)  # our own losses need it not


def test_refuses_what_it_cannot_use(world):
    sample, genetic, groups = world
    with pytest.raises(InputError, match="no loss 'softmax'"):
        Metric(loss="softmax").fit(sample, genetic, groups)
    with pytest.raises(InputError, match="bag: it must be positive"):
        Metric(bag=0).fit(sample, genetic, groups)
    with pytest.raises(InputError, match="36 x 36 distances"):
        Metric().fit(sample, genetic[:5, :5], groups)
    with pytest.raises(InputError, match="finite"):
        Metric().fit(sample, genetic * np.nan, groups)


def test_is_made_by_name():
    made = make_learner("metric", 7, loss="triplet")
    assert isinstance(made, Metric)
    assert (made.seed, made.loss) == (7, "triplet")


def test_the_extra_metric_needs_no_timm():
    """``phylolens[metric]`` brings torch alone: nothing on its way may import more."""
    code = (
        "import sys; sys.modules['timm'] = None\n"
        "import numpy as np\n"
        "from phylolens.guided.learners import make_learner\n"
        "from phylolens.guided.sample import sample_of_rows\n"
        "rng = np.random.default_rng(0)\n"
        "stops = np.arange(2, 14, 2)\n"
        "ids = tuple(map(str, range(12)))\n"
        "rows = rng.standard_normal((12, 5)).astype(np.float32)\n"
        "shares = np.full(12, 0.5)\n"
        "sample = sample_of_rows(tuple('abcdef'), rows, stops - 2, stops, shares, ids, {})\n"
        "d = 1.0 - np.eye(6); d[:3, 3:] = d[3:, :3] = 2.0\n"
        "make_learner('metric', 0, epochs=1).fit(sample, d, np.repeat([0, 1, 2], 2))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
