"""Draws take so many specimens a class, whole ones, and scores agree with plain loops."""

import numpy as np
import pytest

from phylolens.classification import few_shot as module
from phylolens.classification.few_shot import few_shot_scores
from phylolens.errors import InputError, TooFew


def world(counts: list[int], *, distance: float, images: int = 2, seed: int = 0):
    """Training and test parts: ``counts`` specimens a class of so many images each."""
    rng = np.random.default_rng(seed)
    centres = distance * np.eye(len(counts), 12)
    classes = np.repeat(np.arange(len(counts)), counts)
    specimens = np.repeat(np.arange(len(classes)), images)
    labels = classes[specimens]
    train = centres[labels] + rng.normal(size=(len(labels), 12))
    truth = np.repeat(np.arange(len(counts)), 30)
    test = centres[truth] + rng.normal(size=(len(truth), 12))
    names = np.array([f"class{k}" for k in range(len(counts))])
    order = rng.permutation(len(labels))
    return (
        train[order].astype(np.float32),
        names[labels][order],
        np.array([f"s{k}" for k in specimens])[order],
        test.astype(np.float32),
        names[truth],
    )


@pytest.fixture
def seen(monkeypatch):
    """What every head was fitted on."""
    fits = []
    fit = module.fit_head

    def spy(head, features, labels, groups):
        fits.append((features, labels, groups))
        return fit(head, features, labels, groups)

    monkeypatch.setattr(module, "fit_head", spy)
    return fits


def test_draws_take_whole_specimens_nested_and_even(seen):
    part = world([12, 5, 1], distance=4.0)
    found = few_shot_scores(*part, names=("rf",), sizes=(2, 1, 5), draws=3, seed=4).to_dict()
    assert found["n_per_taxon"] == [1, 2, 5]
    assert found["n_short"] == [0, 1, 1]
    assert [entry["n"] for entry in found["models"]["rf"]] == [1, 2, 5, "all"]
    assert [entry["n_draws"] for entry in found["models"]["rf"]] == [3, 3, 3, 1]
    assert [entry["n_images"] for entry in found["models"]["rf"]] == [6, 10, 22, 36]
    drawn = []
    for place, (_, labels, groups) in enumerate(seen[:9]):
        size = (1, 2, 5)[place // 3]
        taken = {name: set(groups[labels == name]) for name in np.unique(part[1])}
        assert [len(taken[name]) for name in sorted(taken)] == [size, min(size, 5), 1]
        assert all((groups == one).sum() == 2 for names in taken.values() for one in names)
        drawn.append(set(groups))
    assert len(seen[9][1]) == len(part[1])
    for draw in range(3):
        assert drawn[draw] < drawn[draw + 3] < drawn[draw + 6]
    assert len({frozenset(one) for one in drawn[:3]}) > 1


def test_scores_are_those_of_the_draws(seen):
    """The nearest of two drawn images, one a class, by hand."""
    part = world([6, 6], distance=3.0, images=1)
    found = few_shot_scores(*part, names=("prototype",), sizes=(1,), draws=4, seed=1).to_dict()
    entry, everything = found["models"]["prototype"]
    for key in ("accuracy", "macro_f1"):
        assert 0.5 < entry[key] <= everything[key]
        assert everything[f"{key}_sd"] is None
    accuracies = []
    for features, labels, groups in seen[:4]:
        head = module.fit_head(module.make_head("prototype", 1), features, labels, groups)
        accuracies.append((head.predict(part[3]) == part[4]).mean())
    assert entry["accuracy"] == pytest.approx(np.mean(accuracies))
    assert entry["accuracy_sd"] == pytest.approx(np.std(accuracies, ddof=1))
    assert entry["accuracy_sd"] > 0


@pytest.mark.parametrize("name", module.NAMES)
def test_more_specimens_help_and_permuted_labels_do_not(name):
    train, labels, groups, test, truth = world([20] * 4, distance=3.0, images=1)
    few, *_, everything = few_shot_scores(
        train, labels, groups, test, truth, names=(name,), sizes=(1, 5), draws=3
    ).to_dict()["models"][name]
    assert everything["accuracy"] > few["accuracy"] + 0.05
    assert everything["accuracy"] > 0.8
    shuffled = np.random.default_rng(0).permutation(labels)
    chance = few_shot_scores(
        train, shuffled, groups, test, truth, names=(name,), sizes=(5,), draws=3
    ).to_dict()
    assert all(abs(entry["accuracy"] - 0.25) < 0.17 for entry in chance["models"][name])


def test_same_seed_same_figures():
    part = world([8, 6, 4], distance=2.0)
    options = {"names": ("rf", "prototype"), "sizes": (1, 3), "draws": 2}
    one = few_shot_scores(*part, **options, seed=3).to_dict()
    assert one == few_shot_scores(*part, **options, seed=3).to_dict()
    assert one != few_shot_scores(*part, **options, seed=4).to_dict()


def test_sizes_that_no_class_exceeds_are_all():
    part = world([3, 2], distance=4.0)
    found = few_shot_scores(*part, names=("rf",), sizes=(1, 2, 3, 10), draws=1).to_dict()
    assert found["n_per_taxon"] == [1, 2]
    assert found["models"]["rf"][0]["accuracy_sd"] is None


def test_impossible_requests_are_refused():
    train, labels, groups, test, truth = world([3, 2], distance=4.0)
    with pytest.raises(InputError, match="at least one draw"):
        few_shot_scores(train, labels, groups, test, truth, draws=0)
    with pytest.raises(InputError, match="one specimen"):
        few_shot_scores(train, labels, groups, test, truth, sizes=(0, 1))
    with pytest.raises(InputError, match="every row"):
        few_shot_scores(train, labels[1:], groups, test, truth)
    with pytest.raises(InputError, match="unknown model"):
        few_shot_scores(train, labels, groups, test, truth, names=("forest",))
    with pytest.raises(TooFew, match="two classes"):
        few_shot_scores(train, np.full(len(labels), "one"), groups, test, truth)
    with pytest.raises(TooFew, match="no image"):
        few_shot_scores(train, labels, groups, test[:0], truth[:0])
