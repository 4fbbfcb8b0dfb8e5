"""Classify at every rank of a taxonomy, by scikit-learn's conventions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _num_samples, check_is_fitted, column_or_1d, validate_data

from phylolens.classification.blend import RankBlend
from phylolens.classification.calibrated import (
    ALPHA,
    UNKNOWN_SHARE,
    Answers,
    CalibratedModel,
    fit_calibrated,
)
from phylolens.classification.heads import make_head
from phylolens.classification.lineage import ROOT, TaxonTree
from phylolens.classification.novelty import knn_distance, unit_rows
from phylolens.errors import InputError, TooFew
from phylolens.values import Features

ONLY_RANK = "taxon"  # of labels that are no lineages


class HierarchicalClassifier(ClassifierMixin, BaseEstimator):
    """One head on the finest taxa, summed up the ranks and blended with heads of the ranks.

    Probabilities agree between ranks: a family is never less likely than a species in it. With
    enough specimens and taxa the confidence is calibrated, and :meth:`predict_set` says down to
    which rank an answer is safe.

    Parameters
    ----------
    head : str
        ``default`` (chooses by inner cross-validation), ``linear``, ``lda``, ``svm``,
        ``svm-plain``, ``svm-rbf``, ``prototype``, ``mlp-weighted``, ``hgnn``, ``hgnn-dual``,
        ``rf``, ``rf-weighted``, ``rf-balanced-bagging`` or ``rf-tuned``.
    alpha : float
        Accepted share of wrong answers of :meth:`predict_set`.
    unknown_share : float or mapping of str to float
        Share of new specimens expected to be of unknown taxa, in all or by rank.
    calibrate : bool
        Whether to calibrate. It refits the head a dozen times or more; without it
        :meth:`predict_set` and the calibrated probabilities are not to be had.
    seed : int
        Of folds and heads.

    Attributes
    ----------
    classes_ : array
        Taxa of the finest rank.
    ranks_ : tuple of str
        Coarse to fine; ``taxon`` alone where labels are no lineages.
    why_not_calibrated_ : str
        Blank where the confidence is calibrated.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from phylolens import HierarchicalClassifier
    >>> rng = np.random.default_rng(0)
    >>> genus = np.repeat(["Arca", "Barbatia", "Venus"], 20)
    >>> family = np.where(genus == "Venus", "Veneridae", "Arcidae")
    >>> X = rng.normal(size=(60, 5)) + (genus == "Venus")[:, None] * 4
    >>> lineages = pd.DataFrame({"family": family, "genus": genus})
    >>> model = HierarchicalClassifier("lda", calibrate=False).fit(X, lineages)
    >>> model.predict(X[-1:]).values.tolist()
    [['Veneridae', 'Venus']]
    >>> [str(taxon) for taxon in model.predict_proba(X[-1:], rank="family").columns]
    ['Arcidae', 'Veneridae']
    """

    def __init__(
        self,
        head: str = "default",
        *,
        alpha: float = ALPHA,
        unknown_share: Any = UNKNOWN_SHARE,
        calibrate: bool = True,
        seed: int = 0,
    ) -> None:
        self.head = head
        self.alpha = alpha
        self.unknown_share = unknown_share
        self.calibrate = calibrate
        self.seed = seed

    def fit(self, X: Any, y: Any, groups: Sequence[Any] | None = None) -> "HierarchicalClassifier":
        """Fit to features and lineages.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images.
        y : DataFrame, shape (n, ranks), or array of labels, shape (n,)
            Lineages, one column a rank, coarse to fine; missing values are unknown.
        groups : sequence, optional
            Specimen of each image: images of one specimen are never on both sides of a fold.

        Returns
        -------
        HierarchicalClassifier
            The classifier itself, fitted.

        Raises
        ------
        InputError
            If there are fewer than two taxa to distinguish.
        """
        X, _ = validate_data(self, X, _numbers(y), dtype=np.float32, multi_output=False)
        lineages = self._lineages(y)
        table = lineages.reset_index(drop=True)
        if max(table[rank].nunique() for rank in table) < 2:
            raise InputError("a classifier needs at least two taxa; got one class.")
        names = [str(row) for row in range(len(table))]
        specimens = names if groups is None else [str(group) for group in groups]
        if len(specimens) != len(table):
            raise InputError(f"{len(table)} rows need as many groups; got {len(specimens)}.")
        table = table.assign(file=names, specimen_id=specimens)
        self.ranks_ = tuple(str(name) for name in lineages.columns)
        self.why_not_calibrated_ = "" if self.calibrate else "calibrate=False"
        self.model_ = self._calibrated(Features(tuple(names), X, {}), table)
        self.blend_ = self.model_.blend if self.model_ else self._blend(X, table)
        self.reference_ = unit_rows(X).astype(np.float16)
        tree = self.blend_.tree
        finest = np.sort(tree.labels(tree.at_rank(self.ranks_[-1])).astype(str))
        self.classes_ = np.unique(column_or_1d(y)) if self._plain else finest
        return self

    def _calibrated(self, features: Features, table: pd.DataFrame) -> CalibratedModel | None:
        """Fit and calibrate; None where that was not asked for or there is too little for it."""
        if not self.calibrate:
            return None
        try:
            return fit_calibrated(
                features,
                table,
                self.ranks_,
                make_head(self.head, self.seed),
                alpha=self.alpha,
                unknown=self.unknown_share,
                seed=self.seed,
            )[0]
        except TooFew as error:
            self.why_not_calibrated_ = str(error)
            return None

    def _blend(self, X: np.ndarray, table: pd.DataFrame) -> RankBlend:
        rows = table.set_index("file", drop=False)
        tree = TaxonTree.of(rows, self.ranks_)
        labels = np.array([tree.name(node) for node in tree.node_of(rows)])
        specimens = table["specimen_id"].to_numpy(str)
        return RankBlend.fit(make_head(self.head, self.seed), tree, X, labels, specimens)

    def _lineages(self, y: Any) -> pd.DataFrame:
        self._plain = not isinstance(y, pd.DataFrame)
        if isinstance(y, pd.DataFrame):
            return y.astype(object).where(y.notna(), None)
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        self._label_of = {str(label): label for label in np.unique(labels)}
        return pd.DataFrame({ONLY_RANK: [str(label) for label in labels]})

    def _marginals(self, X: Any) -> np.ndarray:
        rows = self._rows(X)  # an estimator that is not fitted is refused here
        return self.blend_.marginals(rows)

    def _rows(self, X: Any) -> np.ndarray:
        """Check features against those of the fit."""
        check_is_fitted(self, "blend_")
        return np.asarray(validate_data(self, X, dtype=np.float32, reset=False))

    def predict(self, X: Any) -> Any:
        """Name the likeliest taxon at every rank, from the top down.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images.

        Returns
        -------
        DataFrame, shape (n, ranks), or array of labels, shape (n,)
            As ``y`` was given; None below where a lineage ends.
        """
        marginals = self._marginals(X)
        tree = self.blend_.tree
        path = tree.top_down(marginals)
        if self._plain:
            names = tree.labels(path[:, -1])
            return np.array([self._label_of[str(name)] for name in names])
        found = {
            rank: [None if node == ROOT else tree.name(node).partition(":")[2] for node in nodes]
            for rank, nodes in zip(self.ranks_, path.T, strict=True)
        }
        return pd.DataFrame(found, index=getattr(X, "index", None))

    def predict_proba(self, X: Any, rank: str | None = None) -> Any:
        """Give the probability of every taxon of a rank.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images.
        rank : str, optional
            The finest by default.

        Returns
        -------
        DataFrame, shape (n, taxa), or, of plain labels, array in the order of ``classes_``
            Rows may add up to less than one where lineages end above the rank.
        """
        marginals = self._marginals(X)
        tree = self.blend_.tree
        wanted = rank or self.ranks_[-1]
        if wanted not in self.ranks_:
            raise InputError(f"no rank '{wanted}'.", hint=f"There are: {', '.join(self.ranks_)}.")
        nodes = tree.at_rank(wanted)
        names = [str(name) for name in tree.labels(nodes)]
        table = pd.DataFrame(marginals[:, nodes], columns=names, index=getattr(X, "index", None))
        if not self._plain:
            return table[sorted(names)]
        found = table[[str(label) for label in self.classes_]].to_numpy()
        return found / found.sum(axis=1, keepdims=True)

    def predict_set(self, X: Any, *, guarantee: str = "each") -> pd.DataFrame:
        """Say down to which rank the answer is safe, and which finest taxa may be meant.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images.
        guarantee : str
            ``each`` (for known taxa and each kind of unknown ones), ``mixed`` or ``known_only``.

        Returns
        -------
        DataFrame
            ``rank`` and ``taxon`` accepted (None where no rank is safe), and ``taxa``: the finest
            taxa that may be meant, if the specimen's is a known one.

        Raises
        ------
        InputError
            If the model is not calibrated.
        """
        answers = self._answers(X, guarantee)
        tree = self.blend_.tree
        names = [tree.name(node).partition(":") if node != ROOT else (None, "", None)
                 for node in answers.accepted]  # fmt: skip
        tips = tree.labels(np.asarray(tree.tips))
        return pd.DataFrame(
            {
                "rank": [name[0] for name in names],
                "taxon": [name[2] for name in names],
                "taxa": [tuple(str(taxon) for taxon in tips[row]) for row in answers.sets],
            },
            index=getattr(X, "index", None),
        )

    def novelty(self, X: Any) -> np.ndarray:
        """Score how unfamiliar rows are.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images.

        Returns
        -------
        array, shape (n,)
            Cosine distance to the nearest training row, 0 to 2.
        """
        return knn_distance(self._rows(X), self.reference_)

    def _answers(self, X: Any, guarantee: str) -> Answers:
        check_is_fitted(self, "blend_")
        if self.model_ is None:
            raise InputError(
                f"the confidence is not calibrated: {self.why_not_calibrated_.rstrip('.')}.",
                hint="Fit with calibrate=True to more specimens and taxa.",
            )
        X = self._rows(X)
        ids = tuple(str(row) for row in range(len(X)))
        return self.model_.answer(Features(ids, X, {}), guarantee)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy at the finest rank, over rows whose label there is known.

        Parameters
        ----------
        X : array, shape (n, d)
            Features of images.
        y : DataFrame, shape (n, ranks), or array of labels, shape (n,)
            As in the fit.
        sample_weight : array, shape (n,), optional
            Weights of the rows.

        Returns
        -------
        float
            Between 0 and 1.
        """
        if self._plain:
            return float(super().score(X, y, sample_weight))
        rank = self.ranks_[-1]
        known = y[rank].notna().to_numpy()
        right = self.predict(X)[rank].to_numpy() == y[rank].to_numpy()
        weights = None if sample_weight is None else np.asarray(sample_weight)[known]
        return float(np.average(right[known], weights=weights))


def _numbers(y: Any) -> np.ndarray:
    """Stand in for lineages where scikit-learn checks lengths alone."""
    return np.zeros(_num_samples(y)) if isinstance(y, pd.DataFrame) else y
