"""Kernel ridge and Gaussian process: from whitened products of features to places on the tree."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.guided.learners.closed_form import (
    Dual,
    axes_of,
    inner_skill,
    left_out_residuals,
    parts_of,
)
from phylolens.guided.learners.inputs import check_fit
from phylolens.guided.learners.whitened import SHRINKAGE, whitened
from phylolens.guided.sample import Sample

# Every strength a coordinate can have, in units of the mean diagonal of the kernel; after them one
# without end. Few, as each takes products of whole matrices: coordinates share them.
FOLD = 4.0
STRENGTHS = FOLD ** np.arange(-3, 4)
FIRST = (5, 4, 3, 2, 1)  # of these, for the first coordinate: strongest first, 16 to 0.06
MIDDLE = 2  # where there are too few clades to choose


class KernelRidge(BaseEstimator):
    """Ridge regression of a taxon's coordinates and height on products with the known taxa.

    As :class:`phylolens.guided.learners.phylo_ridge.PhyloRidge`, but features are taken as they
    are, on one scale (as those of a network are), and directions in which images of one taxon
    differ are made short, if that predicts clades left out better. Products are made once for all
    taxa, so that a fit takes milliseconds whatever the number of features.

    Parameters
    ----------
    whiten : bool, optional
        Chosen by default.
    strength : float, optional
        Penalty in units of the mean diagonal of the kernel, rounded to a power of four. Chosen by
        default, by leaving clades out within the training taxa.

    Attributes
    ----------
    chosen_ : dict
        What was chosen, and its skill on the clades left out within the training taxa.
    """

    power: ClassVar[float] = 0.0  # a coordinate's penalty falls with its variance to this power

    def __init__(self, *, whiten: bool | None = None, strength: float | None = None) -> None:
        self.whiten = whiten
        self.strength = strength

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "KernelRidge":
        """Learn from taxon means; see :class:`phylolens.guided.learners.base.Learner`.

        Raises
        ------
        InputError
            If sizes differ, a feature or distance is not finite, or the strength is not positive.
        """
        check_fit(sample, genetic, groups, self.strength)
        self.__dict__.pop("map_", None)
        self._axes = axes_of(genetic)
        self._targets = np.column_stack([self._axes.places, self._axes.heights])
        options = [True, False] if self.whiten is None else [self.whiten]
        kernels = [whitened(sample, SHRINKAGE if option else None) for option in options]
        duals = [Dual(kernel.of(sample)) for kernel in kernels]
        which, first, self.chosen_ = self._choose(duals, genetic, groups)
        self.chosen_ = {"whiten": bool(options[which]), **self.chosen_}
        self._kernel, self._dual = kernels[which], duals[which]
        self._middle = sample.means.mean(axis=0)
        self._steps = self._steps_from(first)
        self._coefficients = self._solved()
        return self

    def _solved(self) -> np.ndarray:
        """Solve for what kernels are multiplied with to give coordinates and heights."""
        found = np.zeros(self._targets.shape)  # where the penalty is endless
        for step in np.unique(self._steps[self._steps < len(STRENGTHS)]):
            columns = self._steps == step
            maker = self._dual.residual_maker(STRENGTHS[step])
            found[:, columns] = maker @ self._targets[:, columns]
        return found

    def _steps_from(self, first: int) -> np.ndarray:
        """Give each coordinate, and the height, its strength, shape (k + 1,)."""
        sizes = self._axes.sizes
        falls = np.log(sizes[:1] / sizes) / np.log(FOLD) * self.power
        steps = np.append(np.round(falls), 0).astype(int) + first
        return np.minimum(steps, len(STRENGTHS))

    def _choose(
        self, duals: list[Dual], genetic: np.ndarray, groups: np.ndarray
    ) -> tuple[int, int, dict[str, Any]]:
        if self.strength is not None:
            first = int(np.abs(np.log(STRENGTHS / self.strength)).argmin())
            options: tuple[int, ...] = (first,)
        else:
            options = FIRST
        parts = parts_of(groups)
        if len(parts) < 2:
            first = options[0] if len(options) == 1 else MIDDLE
            return 0, first, {"strength": float(STRENGTHS[first]), "why": "too few clades"}
        if len(duals) == len(options) == 1:
            return 0, options[0], {"strength": float(STRENGTHS[options[0]])}
        skills = np.array([self._skills(dual, genetic, groups, options) for dual in duals])
        which, place = np.unravel_index(int(skills.argmax()), skills.shape)
        first = options[int(place)]
        found = {"strength": float(STRENGTHS[first]), "inner_skill": float(skills.max())}
        return int(which), first, found

    def _skills(
        self, dual: Dual, genetic: np.ndarray, groups: np.ndarray, options: tuple[int, ...]
    ) -> np.ndarray:
        residuals = left_out_residuals(_makers(dual), self._targets, parts_of(groups))
        predicted = (self._left_out(residuals, self._steps_from(first)) for first in options)
        return inner_skill(genetic, groups, predicted)

    def _left_out(self, residuals: np.ndarray, steps: np.ndarray) -> np.ndarray:
        found = self._targets - residuals[steps, :, np.arange(len(steps))].T
        return self._axes.distances(found[:, :-1], found[:, -1], self._axes)

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Predict the training pairs, the row's part left out, with the settings chosen."""
        residuals = left_out_residuals(_makers(self._dual), self._targets, parts)
        return self._left_out(residuals, self._steps)

    def _found(self, new: Sample) -> tuple[np.ndarray, np.ndarray]:
        """Find coordinates and heights of new taxa, shape (H, k) and (H,)."""
        if hasattr(self, "_kernel"):
            offsets = self._dual.offsets(self._kernel.of(new))
            found = self._targets.mean(axis=0) + offsets @ self._coefficients
        else:  # read from a file
            slopes, offset = self.map_
            found = new.means @ slopes + offset
        return found[:, :-1], found[:, -1]

    def predict(self, new: Sample) -> np.ndarray:
        """Predict distances from H new taxa to T known ones, shape (H, T)."""
        return self._axes.distances(*self._found(new), self._axes)

    def between(self, new: Sample) -> np.ndarray:
        """Predict distances among H new taxa, shape (H, H); zero on the diagonal."""
        found = self._axes.distances(*self._found(new))
        np.fill_diagonal(found, 0.0)
        symmetric: np.ndarray = (found + found.T) / 2
        return symmetric

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k): principal coordinates, unit of root distance.

        Those with a penalty without end are left out, and those of negative axes.
        """
        slopes, offset = self.map_
        kept = np.flatnonzero((self._axes.signs > 0) & (self._steps[:-1] < len(STRENGTHS)))
        found: np.ndarray = matrix @ slopes[:, kept] + offset[kept]
        return found

    @cached_property
    def map_(self) -> tuple[np.ndarray, np.ndarray]:
        """Map of features to coordinates and height: slopes (d, k + 1), and offset (k + 1,)."""
        slopes = self._kernel.slopes() @ self._coefficients
        return slopes, self._targets.mean(axis=0) - self._middle @ slopes

    def __getstate__(self) -> dict[str, Any]:
        """Return what is stored: the map, not the images that it was learned from."""
        state = dict(super().__getstate__())
        if hasattr(self, "_kernel"):
            state["map_"] = self.map_
        for name in ("_kernel", "_dual", "_targets", "_coefficients"):
            state.pop(name, None)
        return state


def _makers(dual: Dual) -> np.ndarray:
    endless = np.eye(len(dual)) - 1.0 / len(dual)
    return np.stack([*(dual.residual_maker(one) for one in STRENGTHS), endless])


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
