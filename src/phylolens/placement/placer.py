"""Unknown specimens on a tree, by scikit-learn's conventions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted

from phylolens.errors import InputError
from phylolens.guided.sample import Sample, to_sample
from phylolens.phylogeny import as_tree
from phylolens.placement.assessment import DEFAULT, Assessed, assess, best_method
from phylolens.placement.branches import Branches
from phylolens.placement.choice import METHODS, ChoiceModel
from phylolens.placement.evidence import Observer
from phylolens.placement.leave_out import leave_out
from phylolens.placement.points import Points
from phylolens.placement.posterior import Posterior
from phylolens.placement.reference import Reference
from phylolens.placement.set_levels import SetLevels
from phylolens.placement.verdict import CERTAINTY, Rules, rules_of
from phylolens.progress import Progress, silent
from phylolens.values import Features

AT_ONCE = 2**26  # numbers in memory for a block of unknowns


@dataclass(frozen=True, eq=False)
class Placed:
    """Unknowns on the tree.

    Parameters
    ----------
    names : tuple of str
        Of the unknowns.
    posterior : Posterior
    levels : SetLevels
    rules : Rules
    depths : tuple of str
        Ranks whose clades had been left out, fine to coarse.
    depth_shares : array, shape (Q, depths)
        How likely an unknown is a new species, genus and so on.
    novelty : array, shape (Q,)
    depth : str or None
        Where the depth was given.
    """

    names: tuple[str, ...]
    posterior: Posterior
    levels: SetLevels
    rules: Rules
    depths: tuple[str, ...]
    depth_shares: np.ndarray
    novelty: np.ndarray
    depth: str | None = None

    def __len__(self) -> int:
        return len(self.names)

    def credible(self, level: float = 0.9) -> list[np.ndarray]:
        """Smallest sets of branches that hold the place as often as ``level``: 0.5 or 0.9."""
        return self.posterior.credible(self.levels.of(level, self.depth))


class TreePlacer(BaseEstimator):
    """Where an unknown belongs on a tree, with the probability of every branch.

    Evidence is gathered from images on every branch: the likelihood of features that evolved by
    Brownian motion, the fit of predicted distances, votes of similar taxa. How much it counts is
    learned from taxa left out of the reference at every depth, so that probabilities are calibrated
    for unknowns that are new species, genera, families or orders.

    Parameters
    ----------
    method : str
        ``nearest``, ``least-squares``, ``brownian``, ``calibrated``, or ``default``: the one that
        gave the true branches of taxa left out the highest probability.
    components : int, optional
        Axes of the features; by default a quarter of the taxa, 8 to 120.
    images : int, optional
        Images of each unknown, about: taxa left out have at most so many. All by default.
    certainty : float
        Share of claims about clades that are to be right.
    seed : int
        Of whatever draws at random.

    Attributes
    ----------
    taxa_ : tuple of str
        Reference taxa, in the order of the tree.
    method_ : str
        The method chosen.
    assessed_ : Assessed
        How taxa left out were placed.
    rules_ : Rules
        What may be claimed.

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens.placement import TreePlacer
    >>> tree = "((a:1,b:1):2,(c:1,d:1):2,(e:1,f:1):2);"
    >>> centers = {"a": (0, 0), "b": (0, 1), "c": (9, 0), "d": (9, 1), "e": (0, 9), "f": (1, 9)}
    >>> taxa = [name for name in "abcdef" for _ in range(3)]
    >>> X = np.array([centers[t] for t in taxa]) + np.random.default_rng(0).normal(0, 0.1, (18, 2))
    >>> placer = TreePlacer("brownian").fit(X, taxa, tree)
    >>> found = placer.place([[9.0, 0.4]], specimens=["unknown 1"])
    >>> placer.taxa_[found.posterior.nearest[0]]
    'c'
    """

    def __init__(
        self,
        method: str = DEFAULT,
        *,
        components: int | None = None,
        images: int | None = None,
        certainty: float = CERTAINTY,
        seed: int = 0,
    ) -> None:
        self.method = method
        self.components = components
        self.images = images
        self.certainty = certainty
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: Sequence[str],
        tree: Any,
        *,
        lineages: pd.DataFrame | None = None,
        groups: Sequence[Any] | None = None,
        progress: Progress = silent,
    ) -> "TreePlacer":
        """Learn from reference specimens.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images; those without negative values are square-rooted.
        y : sequence of str
            Taxon of each image.
        tree : TreeNode, str or Path
            Its tips are taxa; those without images are left out.
        lineages : DataFrame, optional
            Indexed by taxon; ranks, coarse to fine, above that of the taxa. Whole clades of them
            are left out in turn.
        groups : sequence, optional
            Specimen of each image.
        progress : callable
            Told how many folds were placed.

        Returns
        -------
        TreePlacer
            The placer itself, fitted.

        Raises
        ------
        InputError
            If there is no such method, or lengths differ.
        TooFew
            If fewer than five taxa have images and a place on the tree.
        """
        X = check_array(X, dtype=np.float32)
        self.n_features_in_ = X.shape[1]
        self.square_rooted_ = bool((X >= 0).all())
        names = [str(taxon) for taxon in y]
        if len(names) != len(X) or (groups is not None and len(groups) != len(X)):
            raise InputError(f"{len(X)} rows of features need as many taxa and specimens.")
        sample = self._sample(X, names, groups)
        branches = Branches.of(as_tree(tree))
        return self.fit_reference(
            Reference.of(sample, branches, _lineages(lineages, sample.taxa)), progress=progress
        )

    def fit_reference(self, reference: Reference, *, progress: Progress = silent) -> "TreePlacer":
        """Learn from a reference that is put together already; see :meth:`fit`.

        Parameters
        ----------
        reference : Reference
            Images, tree and lineages of the taxa.
        progress : callable
            Told how many folds were placed.

        Returns
        -------
        TreePlacer
            The placer itself, fitted.
        """
        methods = self._methods()
        folds = leave_out(
            reference,
            images=self.images,
            n_axes=self.components,
            seed=self.seed,
            progress=progress,
        )
        self.taxa_ = reference.branches.taxa
        self.assessed_: Assessed = assess(folds, methods, progress=progress)
        self.method_ = best_method(self.assessed_, methods)
        chosen = DEFAULT if self.method == DEFAULT else self.method
        self.rules_: Rules = rules_of(
            self.assessed_, chosen, certainty=self.certainty, seed=self.seed
        )
        self.model_ = ChoiceModel.fit(folds, METHODS[self.method_])
        self.levels_ = SetLevels.fit(folds, self.model_)
        self.observer_ = Observer.fit(reference, n_axes=self.components, seed=self.seed)
        return self

    def _methods(self) -> tuple[str, ...]:
        if self.method == DEFAULT:
            return tuple(METHODS)
        if self.method not in METHODS:
            raise InputError(
                f"unknown method '{self.method}'.",
                where="method",
                hint=f"Choose from {', '.join((DEFAULT, *METHODS))}.",
            )
        return (self.method,)

    def _sample(self, X: np.ndarray, names: Sequence[str], groups: Sequence[Any] | None) -> Sample:
        ids = tuple(str(row) for row in range(len(X)))
        specimens = ids if groups is None else tuple(str(group) for group in groups)
        rooted = np.sqrt(X.clip(0)) if self.square_rooted_ else X
        return to_sample(
            Features(ids, rooted, {}),
            pd.Series(list(names), index=list(ids)),
            pd.Series(list(specimens), index=list(ids)),
            sorted(set(names)),
        )

    def place(
        self,
        X: Any,
        specimens: Sequence[str] | None = None,
        *,
        depth: str | None = None,
        age: float | None = None,
    ) -> Placed:
        """Place unknowns.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images, as in the fit.
        specimens : sequence of str, optional
            Unknown that each image shows; every image is one by default.
        depth : str, optional
            How new the unknowns are, where that is known: the rank of the clade that is new.
        age : float, optional
            Of fossils, before the tips, unit of the tree. By default unknowns end where the tips
            do; where these differ in height, the unknown's end is free.

        Returns
        -------
        Placed
            Probabilities of the branches, and what they say.

        Raises
        ------
        InputError
            If features differ from those of the fit, the depth was not learned, or the age is not
            within the tree.
        """
        check_is_fitted(self, "observer_")
        X = check_array(X, dtype=np.float32)
        if X.shape[1] != self.n_features_in_:
            raise InputError(
                f"X has {X.shape[1]} features, but TreePlacer is expecting "
                f"{self.n_features_in_} features as input."
            )
        names = [str(row) for row in range(len(X))] if specimens is None else list(specimens)
        return self.place_sample(self._sample(X, names, None), depth=depth, age=age)

    def place_sample(
        self, unknowns: Sample, *, depth: str | None = None, age: float | None = None
    ) -> Placed:
        """Place unknowns that are put together already; see :meth:`place`.

        Parameters
        ----------
        unknowns : Sample
            One taxon of it is one unknown.
        depth : str, optional
            Rank of the clade that is new.
        age : float, optional
            Before the tips, unit of the tree.

        Returns
        -------
        Placed
            Probabilities of the branches, and what they say.
        """
        if depth is not None and depth not in self.model_.depths:
            raise InputError(
                f"unknowns of depth '{depth}' were not learned.",
                where="--depth",
                hint=f"Choose from {', '.join(self.model_.depths) or 'none'}.",
            )
        points = Points(self.observer_.reference.branches, self._end(age))
        size = max(1, AT_ONCE // (4 * len(points.branch) + 8 * len(self.taxa_)))
        parts = []
        for start in range(0, len(unknowns), size):
            part = unknowns.take(np.arange(start, min(start + size, len(unknowns))))
            evidence = self.observer_.of(part, points)
            shares = np.exp(self.model_.log_shares(evidence, depth))
            parts.append((shares, np.exp(evidence.inside), evidence))
        posterior = Posterior(
            self.observer_.reference,
            points,
            np.concatenate([one[0] for one in parts]),
            np.concatenate([one[1] for one in parts]),
        )
        return Placed(
            unknowns.taxa,
            posterior,
            self.levels_,
            self.rules_,
            self.model_.depths,
            np.concatenate([self.model_.depth_shares(one[2]) for one in parts]),
            np.concatenate([one[2].novelty for one in parts]),
            depth,
        )

    def _end(self, age: float | None) -> float | None:
        """Height at which unknowns end; None where that is free."""
        tree = self.observer_.reference.branches
        if age is None:
            return tree.height if tree.ultrametric else None
        if not 0 <= age < tree.height:
            raise InputError(
                f"an age must lie between 0 and the tree's height, {tree.height:g}; got {age:g}.",
                where="--age",
            )
        return tree.height - age


def _lineages(given: pd.DataFrame | None, taxa: Sequence[str]) -> pd.DataFrame:
    """Ranks of the taxa, coarse to fine, their own last."""
    own = pd.DataFrame({"taxon": list(taxa)}, index=list(taxa))
    if given is None:
        return own
    return given.reindex(list(taxa)).join(own)
