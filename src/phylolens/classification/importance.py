"""What a forest relies on: impurity on its training rows beside permutation on tested ones."""

import numpy as np
from scipy.stats import spearmanr
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import f1_score, make_scorer

from phylolens.errors import TooFew
from phylolens.random import stream
from phylolens.results.checks import FeatureRanking, RankedFeature

TOP = 50  # features permuted for their impurity, and as many of all others for comparison
REPEATS = 5
LARGEST = 2_000  # tested rows that permutations are scored on


class _OnColumns(ClassifierMixin, BaseEstimator):
    """A fitted forest that is asked about some columns, the others as they are.

    Permuting a column costs one pass of the rows over all trees, so with hundreds of features not
    every column can be permuted.
    """

    def __init__(self, forest: ClassifierMixin, rows: np.ndarray, columns: np.ndarray) -> None:
        self.forest, self.rows, self.columns = forest, rows, columns
        self.classes_ = forest.classes_

    def fit(self, X: np.ndarray, y: np.ndarray) -> "_OnColumns":
        """Stay as it is: scikit-learn asks estimators whether they could be fitted."""
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Answer with these columns put in place, X of shape (n, n_columns)."""
        rows = self.rows.copy()
        rows[:, self.columns] = X
        return self.forest.predict(rows)


def feature_ranking(
    train: np.ndarray,
    labels: np.ndarray,
    test: np.ndarray,
    truth: np.ndarray,
    *,
    model: str,
    rank: str,
    forest: RandomForestClassifier,
    seed: int,
) -> FeatureRanking:
    """Grow a forest and measure what features are worth to it.

    Impurity importance (Breiman 2001) is had for nothing, on the rows the trees grew on; it
    favours features with many values and gives noise a share (Strobl et al. 2007). Permutation
    importance on rows the forest has not seen does neither, but splits the worth of features that
    say the same, so single features may show no loss where many together do.

    Parameters
    ----------
    train, test : array of float32, shapes (n, d) and (m, d)
        Features of training and tested images; of more than 2,000 tested a sample is taken.
    labels, truth : array of str, shapes (n,) and (m,)
    model, rank : str
        What the forest and the rank are called.
    forest : RandomForestClassifier
        Unfitted.
    seed : int
        Of the sample, the features drawn and the permutations.

    Returns
    -------
    FeatureRanking
        The 50 features of highest impurity and 50 drawn from all others.

    Raises
    ------
    TooFew
        If there is a single class, or no tested image has a label that was trained on.
    """
    rng = stream(seed, "classification.importance")
    known = np.flatnonzero(np.isin(truth, labels))
    if len(np.unique(labels)) < 2:
        raise TooFew(f"there is a single {rank} to train on: no feature can tell it.")
    if not len(known):
        raise TooFew(f"no tested image has a {rank} that was trained on: nothing to permute.")
    rows = np.sort(rng.permutation(known)[:LARGEST])
    X, y = np.asarray(test)[rows], np.asarray(truth)[rows]
    forest.fit(train, labels)
    impurity = forest.feature_importances_
    each = np.array([tree.feature_importances_ for tree in forest.estimators_])
    error = each.std(axis=0, ddof=1) / np.sqrt(len(each))
    order = np.argsort(-impurity, kind="stable")
    top = order[:TOP]
    others = rng.permutation(order[TOP:])[:TOP]
    columns = np.concatenate([top, np.sort(others)])
    columns = columns[np.argsort(-impurity[columns], kind="stable")]
    scorer = make_scorer(f1_score, average="macro", zero_division=0)
    asked = _OnColumns(forest, X, columns)
    found = permutation_importance(
        asked, X[:, columns], y, scoring=scorer, n_repeats=REPEATS, random_state=seed
    )
    whole = float(scorer(forest, X, y))
    return FeatureRanking(
        model=model,
        rank=rank,
        n_features=len(impurity),
        n_top=len(top),
        n_others=len(others),
        n_repeats=REPEATS,
        n_test=len(X),
        macro_f1=whole,
        spearman=_spearman(impurity[columns], found.importances_mean),
        top_share=float(impurity[top].sum()),
        top_loss=whole - _without(forest, X, y, top, scorer, rng),
        features=[
            RankedFeature(
                feature=int(column),
                impurity=float(impurity[column]),
                impurity_se=float(error[column]),
                permutation=float(found.importances_mean[place]),
                permutation_sd=float(found.importances_std[place]),
            )
            for place, column in enumerate(columns)
        ],
    )


def _without(
    forest: RandomForestClassifier,
    X: np.ndarray,
    y: np.ndarray,
    columns: np.ndarray,
    scorer: object,
    rng: np.random.Generator,
) -> float:
    """Mean score with these columns permuted together, whole rows of them."""
    scores = []
    for _ in range(REPEATS):
        rows = X.copy()
        rows[:, columns] = X[rng.permutation(len(X))][:, columns]
        scores.append(float(scorer(forest, rows, y)))  # type: ignore[operator]
    return float(np.mean(scores))


def _spearman(first: np.ndarray, second: np.ndarray) -> float | None:
    """Rank correlation; None where either does not vary."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(spearmanr(first, second).statistic)
