"""A forest whose depth, features a split, leaves and weights are chosen on training rows alone."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from phylolens.classification.heads.base import Head
from phylolens.classification.heads.comparison import compare
from phylolens.random import stream

TREES, TREES_TRIED = 300, 50
# Of Roy (2025), tried first: the plain forest and the class-weighted one.
PUBLISHED = "forest:depth=none+tried=sqrt+leaf=1+weights=none"
WEIGHTED = "forest:depth=none+tried=sqrt+leaf=1+weights=balanced"
DEPTHS = ("none", "10", "20")
TRIED = ("sqrt", "log2", "0.1")  # features tried at each split; a number is a share of all
LEAVES = ("1", "2", "5")
WEIGHTS = ("none", "balanced")


class TunedForest(Head):
    """Random search over the settings of a random forest, by macro-F1 over inner folds.

    Both published forests and a few settings drawn at random are compared with forests of 50 trees
    over three folds of training specimens (Bergstra & Bengio 2012 JMLR 13:281). The number of
    trees is not searched: more are never worse on average (Probst & Boulesteix 2018 JMLR 18:1).

    Parameters
    ----------
    tries : int
        Settings drawn besides the published ones.
    trees : int
        Of the forest that answers.
    settings : str, optional
        Such as ``forest:depth=20+tried=sqrt+leaf=2+weights=balanced``; then nothing is tried.
    seed : int
        Of the settings, the folds and the trees.

    Attributes
    ----------
    choice_ : str
    scores_ : dict of str to float
        Macro-F1 of the settings that were tried; empty when none was.
    rule_ : str
        How it was chosen, in words.
    model_ : RandomForestClassifier
        Fitted on all rows.
    """

    def __init__(
        self,
        tries: int = 6,
        trees: int = TREES,
        settings: str | None = None,
        seed: int = 0,
    ) -> None:
        self.tries, self.trees, self.settings, self.seed = tries, trees, settings, seed

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> "TunedForest":
        """Choose, then grow the forest on all rows.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,)
        groups : array, shape (n,), optional
            Specimen of each row.

        Raises
        ------
        InputError
            If there is a single class.
        """
        X, codes = self._start(X, y)
        rng = stream(self.seed, "classification.heads.tuned_forest")
        names = [self.settings] if self.settings else drawn_settings(self.tries, rng)
        heads = {name: forest_of(name, TREES_TRIED, self.seed) for name in names}
        self.choice_, self.scores_, self.rule_ = compare(heads, X, codes, groups, rng)
        self.model_ = forest_of(self.choice_, self.trees, self.seed).fit(X, codes)
        return self

    def frozen(self) -> "TunedForest":
        """Return an unfitted copy that grows this choice at once."""
        return TunedForest(self.tries, self.trees, self.choice_, self.seed)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        return np.asarray(self.model_.predict_proba(self._asked(X)), dtype=np.float64)


def drawn_settings(tries: int, rng: np.random.Generator) -> list[str]:
    """Name both published settings and ``tries`` different others, drawn with equal chance."""
    every = [
        f"forest:depth={depth}+tried={tried}+leaf={leaf}+weights={weights}"
        for depth in DEPTHS
        for tried in TRIED
        for leaf in LEAVES
        for weights in WEIGHTS
    ]
    others = [name for name in every if name not in (PUBLISHED, WEIGHTED)]
    return [PUBLISHED, WEIGHTED, *(others[place] for place in rng.permutation(len(others))[:tries])]


def forest_of(name: str, trees: int, seed: int) -> RandomForestClassifier:
    """Build the forest that a name such as :data:`PUBLISHED` describes, unfitted."""
    said = dict(part.split("=") for part in name.partition(":")[2].split("+"))
    tried = said["tried"]
    return RandomForestClassifier(
        trees,
        max_depth=None if said["depth"] == "none" else int(said["depth"]),
        max_features=tried if tried in ("sqrt", "log2") else float(tried),
        min_samples_leaf=int(said["leaf"]),
        class_weight=None if said["weights"] == "none" else said["weights"],
        random_state=seed,
    )


def tuned_forest(seed: int) -> TunedForest:
    """Build the head; trees need no transforms ahead of them."""
    return TunedForest(seed=seed)
