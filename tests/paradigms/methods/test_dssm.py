import numpy as np
import pytest

torch = pytest.importorskip("torch")

from phylolens.paradigms.methods.dssm import TEMPERATURE, TwoTowers, relevance  # noqa: E402
from phylolens.paradigms.towers import listed_loss  # noqa: E402


def test_relevance_is_a_softmax_of_distances(related):
    genetic = related[0].genetic
    n = len(genetic)
    found = relevance(genetic)
    scale = TEMPERATURE * genetic[~np.eye(n, dtype=bool)].mean()
    for row in range(3):
        shares = np.exp(-genetic[row] / scale)
        assert found[row] == pytest.approx(shares / shares.sum())


def test_loss_against_loops():
    rng = np.random.default_rng(0)
    images, taxa = rng.standard_normal((5, 3)), rng.standard_normal((4, 3))
    wanted = rng.dirichlet(np.ones(4), 5)
    total = 0.0
    for one, share in zip(images, wanted, strict=True):
        scores = np.array(
            [7.0 * one @ other / np.linalg.norm(one) / np.linalg.norm(other) for other in taxa]
        )
        total -= (share * (scores - np.log(np.exp(scores).sum()))).sum()
    found = listed_loss(torch.tensor(images), torch.tensor(taxa), torch.tensor(wanted), 7.0)
    assert float(found) == pytest.approx(total / 5)


def test_relatives_of_a_known_taxon_come_first_and_seeds_repeat(related):
    data, _ = related
    one, other = (TwoTowers(seed=2).fit(data.sample, data.genetic, data.folds) for _ in range(2))
    assert np.array_equal(one.taxa_, other.taxa_)
    predicted = one.predict(data.sample)
    upper = np.triu_indices(len(data.sample), k=1)
    assert np.corrcoef(predicted[upper], data.genetic[upper])[0, 1] > 0.5
    assert (predicted.argmin(axis=1) == np.arange(len(data.sample))).mean() > 0.5
