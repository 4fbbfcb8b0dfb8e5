"""Losses of clades and mined triplets against loops."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("pytorch_metric_learning")

from phylolens.guided.learners.clade_losses import (  # noqa: E402
    BOUNDARY,
    SET_MARGIN,
    TEMPERATURE,
    Multilevel,
    RankedList,
    clades_at_depths,
)
from phylolens.guided.learners.metric_losses import LOSSES  # noqa: E402

# Two orders of two families of two species each; ages 1, 2 and 4.
GENETIC = np.full((8, 8), 8.0)
GENETIC[:4, :4] = GENETIC[4:, 4:] = 4.0
for start in range(0, 8, 2):
    GENETIC[start : start + 2, start : start + 2] = 2.0
np.fill_diagonal(GENETIC, 0.0)


@pytest.fixture
def batch():
    points = np.random.default_rng(0).standard_normal((16, 3)).astype(np.float32)
    return points, np.repeat(np.arange(8), 2)


def test_clades_are_those_of_the_tree():
    labels, depths = clades_at_depths(GENETIC)
    assert labels[0].tolist() == list(range(8))
    for own, depth in zip(labels[1:], depths[1:], strict=True):
        for one in range(8):
            for other in range(8):
                together = GENETIC[one, other] <= depth * GENETIC.max() + 1e-9
                assert (own[one] == own[other]) == together
    assert depths == sorted(depths)
    assert depths[-1] <= 1.0


def ranked_list(unit, labels, depth):
    boundary = BOUNDARY * (1 + depth) / 2
    costs = []
    for one in range(len(unit)):
        near, far = [], []
        for other in range(len(unit)):
            apart = np.linalg.norm(unit[one] - unit[other])
            if labels[one] == labels[other] and one != other and apart > boundary - SET_MARGIN:
                near.append(apart - boundary + SET_MARGIN)
            if labels[one] != labels[other] and apart < boundary:
                weight = np.exp(TEMPERATURE * (boundary - apart))
                far.append((weight, boundary - apart))
        relatives = np.mean(near) if near else 0.0
        total = sum(weight for weight, _ in far)
        strangers = sum(weight * gap for weight, gap in far) / total if far else 0.0
        costs.append(0.5 * relatives + 0.5 * strangers)
    return np.mean(costs)


def test_ranked_list_against_loops(batch):
    points, taxa = batch
    loss = RankedList(GENETIC, 1.0, 3, np.random.default_rng(1))
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    levels = [
        ranked_list(unit, labels.numpy()[taxa], depth)
        for labels, depth in zip(loss.labels, loss.depths, strict=True)
    ]
    found = loss(torch.tensor(points), torch.tensor(taxa))
    assert float(found) == pytest.approx(np.mean(levels), rel=1e-3)


def hardest(points, labels, one):
    apart = np.linalg.norm(points - points[one], axis=1)
    same = (labels == labels[one]) & (np.arange(len(labels)) != one)
    other = labels != labels[one]
    if not same.any() or not other.any():
        return None
    return np.where(same, apart, -1).argmax(), np.where(other, apart, np.inf).argmin(), apart


def test_multilevel_margins_against_loops(batch):
    points, taxa = batch
    loss = Multilevel(GENETIC, 0.7, 3, np.random.default_rng(0))
    levels = []
    for labels, depth in zip(loss.labels, loss.depths, strict=True):
        own = labels.numpy()[taxa]
        costs = []
        for one in range(16):
            if (found := hardest(points, own, one)) is not None:
                near, far, apart = found
                costs.append(max(apart[near] - apart[far] + 0.7 * depth, 0.0))
        above = [cost for cost in costs if cost > 0]
        levels.append(np.mean(above) if above else 0.0)
    found = loss(torch.tensor(points), torch.tensor(taxa))
    assert float(found) == pytest.approx(np.mean(levels), rel=1e-4)


def test_mined_triplets_are_the_hardest_and_the_semihard_ones(batch):
    points, taxa = batch
    hard = LOSSES["triplet-hard"](GENETIC, 1.0, 3, np.random.default_rng(0))
    anchors, positives, negatives = hard.chosen(torch.tensor(points), torch.tensor(taxa))
    for one, near, far in zip(
        anchors.tolist(), positives.tolist(), negatives.tolist(), strict=True
    ):
        wanted_near, wanted_far, _ = hardest(points, taxa, one)
        assert (near, far) == (wanted_near, wanted_far)
    semi = LOSSES["triplet-semihard"](GENETIC, 1.0, 3, np.random.default_rng(0))
    chosen = semi.chosen(torch.tensor(points), torch.tensor(taxa))
    assert len(chosen[0])
    for one, near, far in zip(*(part.tolist() for part in chosen), strict=True):
        gap = np.linalg.norm(points[one] - points[far]) - np.linalg.norm(points[one] - points[near])
        assert 0 < gap <= 1.0
        assert taxa[one] == taxa[near] != taxa[far]
