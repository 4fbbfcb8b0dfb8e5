"""Repeats are found whatever the features' scale; like images of one class are no repeats."""

import numpy as np
import pytest

from phylolens.classification import near_duplicates as module
from phylolens.classification.near_duplicates import find_near_duplicates
from phylolens.errors import InputError
from phylolens.values import Features


def named(matrix: np.ndarray, prefix: str) -> Features:
    return Features(tuple(f"{prefix}{row}" for row in range(len(matrix))), matrix)


def pictures(seed: int, *, spread: float = 1.0, offset: float = 0.0, n_classes: int = 12):
    """Classes of eight in 60 dimensions; a large offset makes all cosines high."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_classes, 60)) + offset
    matrix = np.repeat(centres, 8, axis=0) + spread * rng.normal(size=(8 * n_classes, 60))
    tested = np.arange(len(matrix)) % 4 == 0
    return matrix[~tested], matrix[tested]


def by_loops(train: np.ndarray, test: np.ndarray) -> tuple[list[int], list[float], list[bool]]:
    """The definition, pair by pair."""
    sorted_distances, nearest, cosines = [], [], []
    for row in test:
        alike = [float(row @ other / np.sqrt(row @ row * (other @ other))) for other in train]
        nearest.append(int(np.argmax(alike)))
        cosines.append(max(alike))
        sorted_distances.append(sorted(np.sqrt(max(0.0, 2 - 2 * cosine)) for cosine in alike))
    limit = 0.6 * np.median([distances[0] for distances in sorted_distances])
    flags = []
    for distances, cosine in zip(sorted_distances, cosines, strict=True):
        stands_out = [
            distances[k] <= limit and distances[k] <= 0.6 * distances[k + 1]
            for k in range(min(5, len(distances) - 1))
        ]
        flags.append(any(stands_out) or cosine >= 0.9999)
    return nearest, cosines, flags


@pytest.mark.parametrize("offset", [0.0, 5.0])
@pytest.mark.parametrize("chunk", [2**24, 500])
def test_agrees_with_plain_loops(monkeypatch, offset, chunk):
    monkeypatch.setattr(module, "CHUNK", chunk)
    train, test = pictures(3, offset=offset)
    rng = np.random.default_rng(0)
    train[:6] = test[:6] + np.array([[0.05], [0.2], [0.4], [0.7], [0.9], [1.2]]) * rng.normal(
        size=(6, 60)
    )
    found = find_near_duplicates(named(train, "a"), named(test, "b"))
    nearest, cosines, flags = by_loops(train, test)
    assert found.table["nearest"].tolist() == [f"a{row}" for row in nearest]
    np.testing.assert_allclose(found.table["similarity"], cosines, atol=1e-5)
    assert found.table["near_duplicate"].tolist() == flags
    assert 2 <= sum(flags) < 6


@pytest.mark.parametrize("offset", [0.0, 5.0])
@pytest.mark.parametrize("n_repeats", [1, 2, 5])
def test_planted_repeats_are_found_and_nothing_else(offset, n_repeats):
    """High cosines everywhere (offset 5) neither hide the repeats nor make up others."""
    train, test = pictures(1, offset=offset)
    clean = find_near_duplicates(named(train, "a"), named(test, "b"))
    assert clean.files == ()
    rng = np.random.default_rng(2)
    repeats = np.repeat(test[[4, 9]], n_repeats, axis=0)
    repeats = repeats + 0.15 * rng.normal(size=repeats.shape)
    found = find_near_duplicates(named(np.vstack([train, repeats]), "a"), named(test, "b"))
    assert found.files == ("b4", "b9")
    summary = found.without({}).to_dict()
    assert (summary["n_tested"], summary["n_near"], summary["share"]) == (24, 2, 2 / 24)
    assert {pair["file"] for pair in summary["pairs"]} == {"b4", "b9"}
    assert all(int(pair["nearest"][1:]) >= len(train) for pair in summary["pairs"])
    assert all(pair["similarity"] >= summary["threshold"] for pair in summary["pairs"])
    assert summary["usual"] < summary["threshold"]


def test_tight_classes_are_no_repeats():
    train, test = pictures(5, spread=0.05)
    found = find_near_duplicates(named(train, "a"), named(test, "b"))
    assert found.usual > 0.99
    assert found.files == ()


def test_identical_pictures_count_even_where_most_repeat():
    train, test = pictures(6)
    found = find_near_duplicates(named(np.vstack([train, test[:20]]), "a"), named(test, "b"))
    assert found.files == tuple(f"b{row}" for row in range(20))


def test_one_training_picture_is_enough_and_blank_features_are_like_nothing():
    test = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    found = find_near_duplicates(named(np.array([[1.0, 0.0]]), "a"), named(test, "b"))
    assert found.files == ("b0",)
    assert found.table["similarity"].tolist() == [1, 0, 0]


def test_what_cannot_be_compared_is_refused():
    train, test = pictures(0)
    with pytest.raises(InputError, match="59 columns"):
        find_near_duplicates(named(train, "a"), named(test[:, 1:], "b"))
    with pytest.raises(InputError, match="tested and training"):
        find_near_duplicates(named(train, "a"), named(test[:0], "b"))
