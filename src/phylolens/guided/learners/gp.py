"""Gaussian process from features to places on the tree."""

from typing import ClassVar

import numpy as np

from phylolens.guided.learners.kernel_ridge import STRENGTHS, KernelRidge
from phylolens.guided.sample import Sample


class GaussianProcess(KernelRidge):
    """Places whose covariance over the tree's coordinates is Brownian motion's, seen with noise.

    What images tell varies as the tree does: along each principal coordinate with that coordinate's
    variance. The noise is alike along all. So deep splits, the first coordinates, are shrunk least,
    and those that tell single taxa apart most: prior of a multi-output Gaussian process (Bonilla,
    Chai & Williams 2008, NIPS 20). Ratios of strengths are rounded to powers of four.
    """

    power: ClassVar[float] = 1.0

    def variance(self, new: Sample) -> np.ndarray:
        """Expect such squared distances of H new taxa from where they are predicted, shape (H,).

        In the unit of the genetic distances, summed over the coordinates, noise included. The scale
        is that of greatest marginal likelihood, given the ratio of noise to signal. On images
        it told the mean error at best, and not which errors were large (docs/results.md), so it is
        not stored: a learner read from a file holds the map alone.
        """
        offsets = self._dual.offsets(self._kernel.of(new))
        own = self._dual.centred_own(self._kernel.own(new), self._kernel.of(new))
        sizes, n = self._axes.sizes, len(self._dual)
        steps = self._steps[:-1]
        learned = steps < len(STRENGTHS)
        quadratic = (self._axes.places * self._coefficients[:, :-1]).sum(axis=0) / (n - 1)
        scale = float((quadratic[learned] / sizes[learned]).mean())
        # Coordinates too small to learn stay in the middle: they miss by all of their variance.
        found = np.full(len(new), sizes[~learned].sum() / (n - 1))
        for step in np.unique(steps[learned]):
            maker = self._dual.residual_maker(STRENGTHS[step])
            noise = STRENGTHS[step] * self._dual.scale
            left = own - (offsets @ maker * offsets).sum(axis=1) + noise * (1 + 1 / n)
            found += scale * sizes[steps == step].sum() * left
        return found
