"""Weighted least squares on branches, against a loop over taxa."""

import numpy as np
import pytest

from phylolens.placement.branches import Branches
from phylolens.placement.least_squares import LEAST, log_fit
from phylolens.placement.points import Points

from .test_branches import _last, random_tree


@pytest.mark.parametrize("ends", [None, 6.5])
def test_errors_against_a_loop(ends):
    tree = Branches.of(random_tree(15, 2))
    points = Points(tree, ends)
    predicted = np.random.default_rng(0).uniform(0.05, 10, size=(2, 15))
    found = log_fit(predicted, points)
    weights = 1 / np.maximum(predicted, LEAST * tree.height) ** 2
    for place in range(0, len(points.branch), 7):
        branch, height = int(points.branch[place]), points.heights[place]
        low, high = tree.spans[branch]
        shared = [height if low <= tip < high else _last(tree, branch, tip) for tip in range(15)]
        paths = height + points.pendants[place] + tree.tip_heights - 2 * np.array(shared)
        wanted = (weights * (predicted - paths) ** 2).sum(axis=1) / weights.sum(axis=1)
        assert np.exp(-2 * found[:, place] / 15) == pytest.approx(wanted, rel=1e-6)


def test_true_distances_lead_to_the_true_branch():
    whole = Branches.of(random_tree(30, 4, largest=2))
    paths = whole.to_tree().cophenet()
    for taxon in range(30):
        away = np.arange(30) == taxon
        small, places = whole.without(away)
        branch, height = whole.attachment(places, taxon)
        if branch < 0:
            continue
        offset = (whole.tip_heights[~away] - small.tip_heights)[0]
        points = Points(small, float(whole.tip_heights[taxon] - offset))
        true = np.array([[paths[whole.taxa[taxon], name] for name in small.taxa]])
        best = int(log_fit(true, points)[0].argmax())
        near = abs(points.heights[best] + offset - height)
        assert points.branch[best] == branch or near < 0.06 * whole.height
