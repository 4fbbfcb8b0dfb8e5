"""The one most likely place of an unknown on a tree, as phytools' ``locate.yeti`` finds it.

Revell et al. (2015, Evolution 69:1027): traits evolve by Brownian motion, each for itself. For
every place tried, each trait's rate and value at the root are estimated anew, the unknown included.
Adding a tip to n tips at a point whose value, given the others, has mean m and variance s (the
root's value being estimated) raises the sum of squares by (y - m)^2 / s, and the determinant of the
covariance by the variance that the tip would have, given the others, if the root's value were
known. Both variances include the unknown's own branch.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from phylolens.errors import InputError
from phylolens.phylogeny import covariance
from phylolens.placement.branches import ROOT, Branches
from phylolens.placement.brownian import LEAST, Motion
from phylolens.placement.points import Points

TRIED = np.linspace(0, 1, 41) ** 3  # of a branch, from below: dense where a tip may be joined
STEPS = 35  # of golden sections about the best of them: to 1e-7 of the stretch between
GOLDEN = (np.sqrt(5) - 1) / 2
ABOVE_ROOT = 4.5  # tree heights: how far above the root an unknown is looked for, as in phytools
SAME = 1e-12  # of the largest: an axis of less variance is rounding


@dataclass(frozen=True, eq=False)
class Located:
    """The most likely place of an unknown.

    Parameters
    ----------
    branch : int
        Branch of the tree; -1 above the root.
    height : float
        Of the attachment, from the root; below 0 where it lies above the root.
    log_likelihood : float
        Of all traits of the taxa and the unknown.
    by_branch : array of float64, shape (k,)
        The highest log-likelihood on each branch, then above the root; -inf for a branch that
        begins after the unknown has ended.
    """

    branch: int
    height: float
    log_likelihood: float
    by_branch: np.ndarray


def locate(
    branches: Branches, traits: np.ndarray, unknown: np.ndarray, ends: float, rotate: bool = False
) -> Located:
    """Find where on a tree an unknown is most likely attached.

    Parameters
    ----------
    branches : Branches
    traits : array, shape (T, q)
        Of the taxa, in the order of ``branches.taxa``.
    unknown : array, shape (q,)
        Traits of the unknown.
    ends : float
        Distance from the root at which the unknown ends: the height of a dated tree.
    rotate : bool, default False
        Turn the traits to the principal axes of the taxa first, as ``locate.yeti`` does: traits
        need not be independent then. Axes of no variance are left out.

    Returns
    -------
    Located

    Raises
    ------
    InputError
        If shapes do not match, values are not finite, a trait is the same in all taxa, the unknown
        ends at the root or above, or the tree has no lengths.

    See Also
    --------
    Bridges : for many unknowns on one tree.
    """
    return Bridges.of(branches, traits, rotate).locate(unknown, ends)


@dataclass(frozen=True, eq=False)
class Bridges:
    """What the taxa say of every point of a tree, in closed form.

    Between the ends of a branch Brownian motion is a bridge: with the distance from the lower end
    the mean changes linearly and the variance as a parabola. Rates are 1 here.

    Parameters
    ----------
    branches : Branches
    axes : array, shape (q, r)
        The traits are multiplied by it first.
    means : array, shape (2, k - 1, r)
        At the lower end of each branch, and its change up to the upper end.
    variances : array, shape (3, k - 1)
        Coefficients of the parabola in the fraction of the branch, the constant first; the root's
        value is estimated.
    known : array, shape (3, k - 1)
        The same, were the root's value known.
    squares : array, shape (r,)
        Sums of squares of the traits about the root, weighted by the tree.
    log_determinant : float
        Of the covariance of the taxa.
    """

    branches: Branches
    axes: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    known: np.ndarray
    squares: np.ndarray
    log_determinant: float

    @classmethod
    def of(cls, branches: Branches, traits: np.ndarray, rotate: bool = False) -> "Bridges":
        """Pass once over the tree. Parameters and errors are those of :func:`locate`."""
        taken = _checked(branches, traits)
        axes = _principal_axes(branches, taken) if rotate else np.eye(taken.shape[1])
        turned = taken @ axes
        if not turned.size:
            raise InputError("the traits are the same in all taxa.", where="traits")
        points = Points(branches, branches.height)
        motion = _unit(branches, turned)
        middle, spread = motion.at(points)
        _, known = _unit(*_with_root(branches)).at(points)
        variances = _parabolas(points, spread[:, :1])[:, :, 0]
        plain = float(_unit(branches, np.zeros((len(taken), 1))).restricted()[0])
        top = _at(variances, np.ones(len(branches)))[branches.parents[:-1] == len(branches)][0]
        return cls(
            branches,
            axes,
            _parabolas(points, middle)[:2],
            variances,
            _parabolas(points, known)[:, :, 0],
            -2 * (motion.restricted() - plain),
            -2 * plain - (len(taken) - 1) * np.log(2 * np.pi) + float(np.log(top)),
        )

    def locate(self, unknown: np.ndarray, ends: float) -> Located:
        """Place one unknown. Parameters and errors are those of :func:`locate`."""
        taken = np.asarray(unknown, dtype=np.float64)
        if taken.shape != self.axes.shape[:1]:
            raise InputError(
                f"{len(self.axes)} traits are needed, as the taxa have; "
                f"the shape is {taken.shape}.",
                where="unknown",
            )
        _need_finite(taken, "unknown")
        if not 0 < ends < np.inf:
            raise InputError(f"the unknown must end below the root; it ends at {ends}.")
        tree = self.branches
        span = np.maximum(tree.lengths[:-1], LEAST * tree.height)
        low = np.clip((tree.heights[:-1] - ends) / span, 0, 1)
        at, best = _climb(lambda t: self.on_branches(t, taken, ends), low, np.ones(len(tree)))
        best[tree.heights[tree.parents[:-1]] > ends] = -np.inf
        up, root = _climb(
            lambda x: self.above_root(x, taken, ends),
            np.zeros(1),
            np.array([ABOVE_ROOT * tree.height]),
        )
        by_branch = np.concatenate([best, root])
        branch = int(by_branch.argmax())
        if branch == len(tree):
            return Located(ROOT, -float(up[0]), float(root[0]), by_branch)
        height = float(tree.heights[branch] - at[branch] * tree.lengths[branch])
        return Located(branch, height, float(best[branch]), by_branch)

    def on_branches(self, fractions: np.ndarray, unknown: np.ndarray, ends: float) -> np.ndarray:
        """Log-likelihood with the unknown on each branch, shape (k - 1,).

        Parameters
        ----------
        fractions : array, shape (k - 1,)
            Of the branch, from its lower end.
        """
        tree = self.branches
        pendants = ends - tree.heights[:-1] + fractions * tree.lengths[:-1]
        middle = self.means[0] + fractions[:, None] * self.means[1]
        return self._log(
            unknown @ self.axes - middle,
            _at(self.variances, fractions) + pendants,
            _at(self.known, fractions) + pendants,
        )

    def above_root(self, distances: np.ndarray, unknown: np.ndarray, ends: float) -> np.ndarray:
        """Log-likelihood with the unknown at distances (m,) above the root, shape (m,).

        As in ``locate.yeti`` the root stays where motion begins: the unknown's branch goes up by
        the distance and down again.
        """
        under = int(np.flatnonzero(self.branches.parents[:-1] == len(self.branches))[0])
        middle = self.means[0, under] + self.means[1, under]
        own = ends + 2 * distances
        away = np.tile(unknown @ self.axes - middle, (len(own), 1))
        return self._log(away, self.variances[:, under].sum() + own, own)

    def _log(self, away: np.ndarray, spread: np.ndarray, known: np.ndarray) -> np.ndarray:
        """From the unknown's distance from its mean, (m, r), and both variances, (m,)."""
        least = LEAST * self.branches.height
        n, r = len(self.branches.taxa) + 1, len(self.squares)
        squares = self.squares + away**2 / np.maximum(spread, least)[:, None]
        rates = np.log(2 * np.pi * squares / n).sum(axis=1)
        determinants = self.log_determinant + np.log(np.maximum(known, least))
        found: np.ndarray = -0.5 * (n * rates + r * determinants + n * r)
        return found


def _need_finite(values: np.ndarray, where: str) -> None:
    if not np.isfinite(values).all():
        raise InputError("numbers are needed; some are missing or infinite.", where=where)


def _checked(branches: Branches, traits: np.ndarray) -> np.ndarray:
    taken = np.asarray(traits, dtype=np.float64)
    if taken.ndim != 2 or len(taken) != len(branches.taxa):
        problem = f"one row for each of {len(branches.taxa)} taxa is needed; got {taken.shape}."
        raise InputError(problem, where="traits")
    _need_finite(taken, "traits")
    constant = np.flatnonzero(np.ptp(taken, axis=0) == 0)
    if len(constant):
        problem = "traits that are the same in all taxa say nothing of a place; leave them out."
        raise InputError(problem, where="traits", ids=constant.tolist())
    if branches.height <= 0:
        raise InputError("branch lengths are needed.", where="tree")
    return taken


def _unit(branches: Branches, traits: np.ndarray) -> Motion:
    """Brownian motion of rate 1 without noise."""
    ones = np.ones(traits.shape[1])
    return Motion(branches, traits, np.zeros(traits.shape), ones, ones)


def _with_root(branches: Branches) -> tuple[Branches, np.ndarray]:
    """Add a tip at the root, which makes its value known, and a trait that is 0 everywhere."""
    k = len(branches.parents)
    parents = np.where(branches.parents == k - 1, k, branches.parents)
    wider = Branches(
        (*branches.taxa, ""),
        (*branches.names[:-1], "", branches.names[-1]),
        np.concatenate([parents[:-1], [k, ROOT]]),
        np.concatenate([branches.lengths, [0.0]]),
    )
    return wider, np.zeros((len(wider.taxa), 1))


def _parabolas(points: Points, values: np.ndarray) -> np.ndarray:
    """Coefficients along each branch, (3, k - 1, r), of values at points, (P, r)."""
    tree = points.branches
    rows = values.reshape(len(tree), points.per_branch, -1)
    longest = int(tree.lengths.argmax())
    fractions = points.above.reshape(len(tree), -1)[longest] / tree.lengths[longest]
    three = [0, points.per_branch // 2, points.per_branch - 1]
    powers = np.vander(fractions[three], 3, increasing=True)
    found: np.ndarray = np.einsum("cp,bpr->cbr", np.linalg.inv(powers), rows[:, three])
    return found


def _at(parabolas: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    found: np.ndarray = parabolas[0] + fractions * (parabolas[1] + fractions * parabolas[2])
    return found


def _climb(
    score: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the highest scores between bounds, and where: a grid, then golden sections."""
    tried = low + TRIED[:, None] * (high - low)
    scores = np.array([score(row) for row in tried])
    top, each = scores.argmax(axis=0), np.arange(len(low))
    place, best = tried[top, each], scores[top, each]
    left = tried[np.maximum(top - 1, 0), each]
    right = tried[np.minimum(top + 1, len(tried) - 1), each]
    for _ in range(STEPS):
        step = GOLDEN * (right - left)
        first, second = right - step, left + step
        down = score(first) > score(second)
        left, right = np.where(down, left, first), np.where(down, second, right)
    middle = (left + right) / 2
    found = score(middle)
    return np.where(found > best, middle, place), np.maximum(found, best)


def _principal_axes(branches: Branches, traits: np.ndarray) -> np.ndarray:
    """Axes on which traits are uncorrelated along the tree (Revell 2009, Evolution 63:3258)."""
    taxa = list(branches.taxa)
    shared = covariance(branches.to_tree()).loc[taxa, taxa].to_numpy(copy=True)
    shared += LEAST * branches.height * np.eye(len(taxa))
    factor = cho_factor(shared)
    weights = cho_solve(factor, np.ones(len(taxa)))
    away = traits - weights @ traits / weights.sum()
    sizes, axes = np.linalg.eigh(away.T @ cho_solve(factor, away))
    keep = sizes[::-1] > SAME * sizes[-1]
    keep[len(taxa) - 1 :] = False  # no more axes than contrasts
    found: np.ndarray = axes[:, ::-1][:, keep]
    return found
