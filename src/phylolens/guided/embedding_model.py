"""Guided embeddings by scikit-learn's conventions, and their test on clades held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from phylolens.errors import InputError, TooFew
from phylolens.guided.held_out import leave_clades_out
from phylolens.guided.learners import make_learner
from phylolens.guided.null import null_of_refits
from phylolens.guided.sample import Sample, to_sample
from phylolens.guided.scores import held_out_scores, image_free_scores
from phylolens.phylogeny import as_genetic
from phylolens.taxonomy import taxonomic_steps
from phylolens.values import Features


class GuidedEmbedding(TransformerMixin, BaseEstimator):
    """Features turned so that distances between taxa are like genetic ones.

    Parameters
    ----------
    learner : str
        ``default``, ``soft``, ``gp``, ``kernel-ridge``, ``phylo-ridge``, ``attention``,
        ``attention+projection``, ``metric`` or ``unguided``, alone or with settings:
        ``metric:loss=arcface,hidden=64``.
    settings : mapping, optional
        Further keyword settings of the learner.
    seed : int
        Of learners that draw at random.

    Attributes
    ----------
    taxa_ : tuple of str
        Taxa of the fit.
    learner_ : Learner
        What was fitted.

    Notes
    -----
    How near an embedding is to the distances it was fitted to says nothing: judge it with
    :func:`cross_validate_clades`.

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens import GuidedEmbedding, as_distances
    >>> places = np.array([0.0, 0.4, 1.0, 1.5, 2.5, 2.8])
    >>> genetic = as_distances(abs(places[:, None] - places), ids=list("abcdef"))
    >>> taxa = list("abcdef") * 3
    >>> X = np.random.default_rng(0).normal(size=(18, 4)) * 0.1 + np.tile(places, 3)[:, None]
    >>> GuidedEmbedding("kernel-ridge").fit(X, taxa, genetic).transform(X).shape[0]
    18
    """

    def __init__(
        self, learner: str = "default", *, settings: dict[str, Any] | None = None, seed: int = 0
    ) -> None:
        self.learner = learner
        self.settings = settings
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: Sequence[str],
        distances: Any,
        *,
        clades: Any = None,
        groups: Sequence[Any] | None = None,
    ) -> "GuidedEmbedding":
        """Learn where taxa stand.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images.
        y : sequence of str
            Taxon of each image.
        distances : DistanceMatrix, DataFrame, TreeNode, str or Path
            Genetic distances between the taxa, or a tree.
        clades : Series or mapping, optional
            Clade of each taxon, by name: settings are chosen by leaving whole clades out. Without
            it every taxon is a clade of its own.
        groups : sequence, optional
            Specimen of each image; specimens of a taxon count alike.

        Returns
        -------
        GuidedEmbedding
            The embedding itself, fitted.

        Raises
        ------
        InputError
            If a taxon has no distances, or fewer than three are given.
        """
        data = _Data.of(X, y, distances, clades, groups)
        self.n_features_in_ = data.sample.features.shape[1]
        self.taxa_ = data.sample.taxa
        self.square_rooted_ = data.square_rooted
        self.learner_ = self._maker()().fit(data.sample, data.genetic, data.clades)
        return self

    def _maker(self) -> Any:
        return partial(make_learner, self.learner, self.seed, **(self.settings or {}))

    def transform(self, X: Any) -> np.ndarray:
        """Embed images; a taxon's place is the mean over its images.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images, as in the fit.

        Returns
        -------
        array, shape (n, k)
            One row an image.
        """
        check_is_fitted(self, "learner_")
        X = check_array(X, dtype=np.float32)
        if X.shape[1] != self.n_features_in_:
            raise InputError(
                f"X has {X.shape[1]} features, but GuidedEmbedding is expecting "
                f"{self.n_features_in_} features as input."
            )
        return np.asarray(self.learner_.transform(np.sqrt(X.clip(0)) if self.square_rooted_ else X))


@dataclass(frozen=True, repr=False)
class CladeValidation:
    """How well genetic distances of taxa never seen were predicted.

    Parameters
    ----------
    skill : float
        Share of squared error taken from the best prediction without images; 0 where images tell
        nothing more, 1 where they tell all.
    interval : tuple of float
        Jackknife over clades: how far the skill rests on single ones.
    row_rank, row_rank_without_images : float
        Mean rank correlation along the row of each held-out taxon, clades counting alike.
    p_value : float or None
        Of refits to permuted taxa; None where none were made.
    n_taxa, n_clades, n_refits : int
        How many taxa and clades were held out, and how many refits were made.
    scores, baseline, null : dict
        All figures, as in ``guide.json``.

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens import GuidedEmbedding, as_distances, cross_validate_clades
    >>> places = np.array([0.0, 0.4, 0.5, 1.5, 1.6, 2.0, 2.8, 2.9, 3.1])
    >>> genetic = as_distances(abs(places[:, None] - places), ids=list("abcdefghi"))
    >>> X = places[:, None] + np.random.default_rng(0).normal(size=(9, 4)) * 0.1
    >>> clades = dict(zip("abcdefghi", "111222333"))
    >>> embedding = GuidedEmbedding("kernel-ridge")
    >>> found = cross_validate_clades(embedding, X, list("abcdefghi"), genetic, clades)
    >>> found
    Clades held out: 3, with 9 taxa
    Skill over the best prediction without images: 0.737
    Rank correlation by taxon: 0.96 (without images 0.33)
    >>> found.table().columns.tolist()
    ['pearson', 'spearman', 'mse', 'skill', 'row_rank']
    """

    skill: float
    interval: tuple[float, float] | None
    row_rank: float
    row_rank_without_images: float
    p_value: float | None
    n_taxa: int
    n_clades: int
    n_refits: int
    scores: dict[str, Any]
    baseline: dict[str, Any]
    null: dict[str, Any]

    def __repr__(self) -> str:
        between = "" if self.interval is None else " [{:.2f}, {:.2f}]".format(*self.interval)
        lines = [
            f"Clades held out: {self.n_clades}, with {self.n_taxa} taxa",
            f"Skill over the best prediction without images: {self.skill:.3f}{between}",
            f"Rank correlation by taxon: {self.row_rank:.2f} "
            f"(without images {self.row_rank_without_images:.2f})",
        ]
        if self.p_value is not None:
            lines.append(f"Significance: {self.p_value:.3g} ({self.n_refits} refits)")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"

    def table(self) -> pd.DataFrame:
        """Return the main figures of the embedding and of the best prediction without images.

        Returns
        -------
        DataFrame
            Two rows; columns ``pearson``, ``spearman``, ``mse``, ``skill`` and ``row_rank``.
        """
        keys = ("pearson", "spearman", "mse")
        rows = {"embedding": self.scores, "without images": self.baseline}
        found = pd.DataFrame({name: {key: row.get(key) for key in keys}
                              for name, row in rows.items()}).T  # fmt: skip
        return found.assign(
            skill=[self.skill, 0.0], row_rank=[self.row_rank, self.row_rank_without_images]
        )


def cross_validate_clades(
    embedding: GuidedEmbedding,
    X: Any,
    y: Sequence[str],
    distances: Any,
    clades: Any,
    *,
    groups: Sequence[Any] | None = None,
    lineage: pd.DataFrame | None = None,
    refits: int = 0,
) -> CladeValidation:
    """Hold every clade out in turn and predict the distances of its taxa.

    Parameters
    ----------
    embedding : GuidedEmbedding
        Unfitted; its learner is fitted anew without each clade.
    X : array, shape (n, d)
        Features of images.
    y : sequence of str
        Taxon of each image.
    distances : DistanceMatrix, DataFrame, TreeNode, str or Path
        Genetic distances between the taxa, or a tree.
    clades : Series or mapping
        Clade of each taxon, by name; three or more.
    groups : sequence, optional
        Specimen of each image; specimens of a taxon count alike.
    lineage : DataFrame, optional
        Coarser ranks of the taxa, index: taxa; skill over a prediction that knows them, too, stands
        in ``scores["skill_over_names"]`` then.
    refits : int
        To permuted taxa, for the p-value; 19 can give 0.05 at best.

    Returns
    -------
    CladeValidation
        Skill, rank correlation and, where asked for, the p-value.

    Raises
    ------
    TooFew
        With fewer than three clades.

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens import GuidedEmbedding, as_distances, cross_validate_clades
    >>> places = np.array([0.0, 0.4, 0.5, 1.5, 1.6, 2.0, 2.8, 2.9, 3.1])
    >>> genetic = as_distances(abs(places[:, None] - places), ids=list("abcdefghi"))
    >>> X = places[:, None] + np.random.default_rng(0).normal(size=(9, 4)) * 0.1
    >>> clades = dict(zip("abcdefghi", "111222333"))
    >>> embedding = GuidedEmbedding("kernel-ridge")
    >>> found = cross_validate_clades(embedding, X, list("abcdefghi"), genetic, clades, refits=9)
    >>> found.n_clades, found.n_refits, found.p_value
    (3, 9, 0.1)
    """
    data = _Data.of(X, y, distances, clades, groups)
    make = embedding._maker()
    known = None if lineage is None else lineage.loc[list(data.sample.taxa)]
    steps = None if known is None or known.shape[1] < 2 else taxonomic_steps(known)
    found = leave_clades_out(make, data.sample, data.genetic, data.clades, steps=steps)
    scores, free = held_out_scores(found, data.genetic), image_free_scores(found, data.genetic)
    null: dict[str, Any] = {}
    if refits:
        null = null_of_refits(
            make, data.sample, data.genetic, data.clades, found, refits=refits, seed=embedding.seed
        )
    interval = scores["skill_interval"]
    return CladeValidation(
        skill=float(scores["skill"]),
        interval=None if interval is None else (float(interval[0]), float(interval[1])),
        row_rank=float(scores["row_rank"]),
        row_rank_without_images=float(scores["row_rank"] - scores["row_rank_gain"]),
        p_value=null.get("p_value"),
        n_taxa=len(data.sample),
        n_clades=len(np.unique(data.clades)),
        n_refits=int(null.get("n_refits", 0)),
        scores=scores,
        baseline=free,
        null=null,
    )


@dataclass(frozen=True)
class _Data:
    """Features, distances and clades of the same taxa."""

    sample: Sample
    genetic: np.ndarray
    clades: np.ndarray
    square_rooted: bool

    @classmethod
    def of(
        cls, X: Any, y: Sequence[str], distances: Any, clades: Any, groups: Sequence[Any] | None
    ) -> "_Data":
        X = check_array(X, dtype=np.float32)
        taxa = [str(taxon) for taxon in y]
        if len(taxa) != len(X):
            raise InputError(f"{len(X)} rows need as many taxa; got {len(taxa)}.")
        names = sorted(set(taxa))
        if len(names) < 3:
            raise TooFew(f"guiding needs at least three taxa; got {len(names)}.", ids=names)
        genetic = as_genetic(distances, names)
        missing = sorted(set(names) - set(genetic.ids))
        if missing:
            raise InputError("taxa without genetic distances.", ids=missing)
        ids = [str(row) for row in range(len(X))]
        own = ids if groups is None else [str(group) for group in groups]
        square_rooted = bool((X >= 0).all())
        sample = to_sample(
            Features(tuple(ids), X, {}),
            pd.Series(taxa, index=ids),
            pd.Series(own, index=ids),
            names,
            np.sqrt if square_rooted else None,
        )
        return cls(sample, genetic.filter(names).data, _codes(clades, names), square_rooted)


def _codes(clades: Any, names: list[str]) -> np.ndarray:
    """Give each taxon the number of its clade."""
    if clades is None:
        return np.arange(len(names))
    found = pd.Series(clades).astype(object)
    found.index = found.index.map(str)
    missing = [name for name in names if name not in found.index or pd.isna(found[name])]
    if missing:
        raise InputError("taxa without a clade.", where="clades", ids=missing)
    return np.asarray(pd.factorize(found[names].astype(str), sort=True)[0])
