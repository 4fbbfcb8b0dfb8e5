"""Do intervals called 95% hold what they are for in 93 to 97% of worlds?

Slow: run with ``make verify``. Trees of 50 taxa and looks are drawn anew for each world; the truth
is lambda, or the mean of the statistic over repetitions on that tree at the true lambda, with as
many specimens.
"""

import numpy as np
import pandas as pd
import pytest
from null_worlds import in_worlds
from sampling_worlds import shared_history, yule
from skbio import DistanceMatrix

from phylolens.stats.brownian_pairs import drawn_squares
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.lambda_fit import LambdaModel
from phylolens.stats.model_intervals import WITHOUT, model_intervals
from phylolens.stats.statistics import NAMES, Statistics

WORLDS, TAXA, AXES, REPETITIONS = 400, 50, 40, 200
JUDGED = [name for name in NAMES if name not in WITHOUT] + ["lambda"]
ERROR = 2 * np.sqrt(0.95 * 0.05 / WORLDS)


class _World:
    """Worlds of one lambda by number, with or without sampling noise of few specimens."""

    def __init__(self, lambda_: float, noisy: bool) -> None:
        self.lambda_, self.noisy = lambda_, noisy

    def __call__(self, number: int) -> dict[str, float]:
        rng = np.random.default_rng([63, round(100 * self.lambda_), self.noisy, number])
        tree = yule(TAXA, rng)
        names = sorted(tip.name for tip in tree.tips())
        shared = shared_history(tree, names)
        genetic = DistanceMatrix(2 - 2 * shared, names)
        covariance = pd.DataFrame(shared, names, names)
        model, rates = LambdaModel(shared), rng.uniform(0.2, 1.5, AXES) ** 2
        rates /= rates.sum()
        noise = 1 / rng.integers(1, 7, TAXA) if self.noisy else np.zeros(TAXA)

        def seen(plain: np.ndarray, squares: np.ndarray) -> VisualDistances:
            distances = DistanceMatrix(np.sqrt(plain), names)
            return VisualDistances(distances, squares, "euclidean", debiased=self.noisy)

        visual = seen(*drawn_squares(model, self.lambda_, rates, rng, noise))
        prepared = Statistics(genetic, covariance)
        repeated = pd.DataFrame(
            prepared.of(seen(*drawn_squares(model, self.lambda_, rates, rng, noise)).matrix)
            for _ in range(REPETITIONS)
        ).astype(float)
        truth = repeated.mean().to_dict() | {"lambda": self.lambda_}
        found = model_intervals(visual, genetic, covariance, seed=number)
        return {name: float(found[name][0] <= truth[name] <= found[name][1]) for name in JUDGED}


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("lambda_", [0.0, 0.5, 1.0])
def test_intervals_hold_what_they_are_for(lambda_, noisy):
    covered = in_worlds(_World(lambda_, noisy), range(WORLDS)).mean()
    print(f"lambda {lambda_}, noise {noisy}: {covered.round(3).to_dict()}")
    assert covered.min() >= 0.93 - ERROR, covered
    assert covered.max() <= 0.97 + ERROR, covered
