import numpy as np
import pytest

from phylolens.guided.sample import sample_of_rows
from phylolens.paradigms.methods.kl import Divergence
from phylolens.stats.gaussian import LEAST_SHARE, PRIOR_WEIGHT


def sample(rng, sizes, width=4):
    stops = np.cumsum(sizes)
    n = int(stops[-1])
    matrix = (rng.standard_normal((n, width)) * [1, 2, 3, 4]).astype(np.float32)
    taxa = tuple(f"t{place}" for place in range(len(sizes)))
    shares = np.concatenate([np.full(size, 1 / size) for size in sizes])
    ids = tuple(f"i{place}" for place in range(n))
    return sample_of_rows(taxa, matrix, stops - sizes, stops, shares, ids, {})


def test_against_the_two_divergences_of_each_pair():
    given = sample(np.random.default_rng(0), np.array([5, 8, 3, 6]))
    learner = Divergence().fit(given, np.zeros((4, 4)), np.arange(4))
    rows, codes = learner.transform(given.matrix()), given.codes
    squares = np.array(
        [((rows[codes == t] - rows[codes == t].mean(0)) ** 2).sum(0) for t in range(4)]
    )
    pooled = squares.sum(0) / (given.sizes - 1).sum()
    pooled = np.maximum(pooled, LEAST_SHARE * pooled.mean())
    spread = (PRIOR_WEIGHT * pooled + squares) / (PRIOR_WEIGHT + given.sizes - 1)[:, None]
    means = np.array([rows[codes == t].mean(0) for t in range(4)])

    def kl(one, other):
        ratio = spread[one] / spread[other]
        apart = (means[one] - means[other]) ** 2 / spread[other]
        return 0.5 * (ratio + apart - 1 - np.log(ratio)).sum()

    found = learner.between(given)
    for one in range(4):
        for other in range(one):
            expected = np.sqrt(kl(one, other) + kl(other, one))
            assert found[one, other] == pytest.approx(expected, rel=1e-4)


def test_new_taxa_change_nothing_between_known_ones():
    given = sample(np.random.default_rng(1), np.array([5, 8, 3, 6, 4]))
    learner = Divergence().fit(given.take(np.arange(3)), np.zeros((3, 3)), np.arange(3))
    alone = learner.predict(given.take(np.array([3])))
    both = learner.predict(given.take(np.array([3, 4])))
    assert both[0] == pytest.approx(alone[0])
