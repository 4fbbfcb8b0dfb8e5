"""Traits drawn along the tree: a scale for skill."""

import numpy as np
import pandas as pd
import pytest

from phylolens.guided.about_skill import TRAITS, draw_traits, scatter_of, skill_scale
from phylolens.guided.sample import to_sample
from phylolens.values import Features


def test_distances_of_many_traits_are_those_of_the_tree(world):
    sample, genetic, _ = world
    drawn = draw_traits(sample, genetic, 40_000, np.random.default_rng(0))
    assert drawn.taxa == sample.taxa
    assert list(drawn.sizes) == list(sample.sizes)
    squares = ((drawn.means[:, None] - drawn.means[None]) ** 2).mean(axis=2)
    # Brownian motion: expected squared difference = distance; four images leave some scatter.
    upper = np.triu_indices(len(genetic), k=1)
    scatter = scatter_of(sample) * genetic[upper].mean() / 2
    left = squares[upper] - genetic[upper] - 2 * scatter / 4
    assert abs(left).max() < 0.04 * genetic[upper].mean()
    assert abs(left.mean()) < 0.01 * genetic[upper].mean()
    assert scatter_of(drawn) == pytest.approx(scatter_of(sample), rel=0.02)


def test_scatter_is_found_again():
    rng = np.random.default_rng(1)
    names = [f"T{place:03}" for place in range(300)]
    ids = tuple(f"{name}/{k}" for name in names for k in range(3))
    means = np.repeat(rng.normal(0, 2.0, (300, 20)), 3, axis=0)
    matrix = means + rng.normal(0, 3.0, (900, 20))
    taxa = pd.Series(np.repeat(names, 3), index=ids)
    sample = to_sample(Features(ids, matrix), taxa, pd.Series(ids, index=ids), names)
    assert scatter_of(sample) == pytest.approx(9 / 4, rel=0.05)


def test_one_image_of_each_taxon_has_no_scatter():
    names = [f"T{place}" for place in range(5)]
    taxa = pd.Series(names, index=names)
    matrix = np.random.default_rng(0).standard_normal((5, 3))
    sample = to_sample(Features(tuple(names), matrix), taxa, taxa, names)
    assert scatter_of(sample) == 0.0
    drawn = draw_traits(sample, 1.0 - np.eye(5), 2, np.random.default_rng(0))
    assert np.isfinite(drawn.means).all()


def test_more_traits_tell_more(world, ridge):
    rows = skill_scale(ridge, *world, draws=3)
    assert [row["traits"] for row in rows] == list(TRAITS)
    means = [row["skill_mean"] for row in rows]
    assert means == sorted(means)
    assert means[-1] > 0.5
    assert all(row["skill_min"] <= row["skill_mean"] <= row["skill_max"] for row in rows)
    assert rows == skill_scale(ridge, *world, draws=3)
    assert rows != skill_scale(ridge, *world, draws=3, seed=1)


def test_what_images_show_does_not_count(world, ridge):
    sample, genetic, groups = world
    exchanged = sample.permuted(np.arange(len(sample))[::-1])
    one, other = (
        skill_scale(ridge, some, genetic, groups, draws=1) for some in (sample, exchanged)
    )
    for row, again in zip(one, other, strict=True):
        assert row["skill_mean"] == pytest.approx(again["skill_mean"], abs=1e-6)
