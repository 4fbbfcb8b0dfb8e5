"""Out-of-fold answers: about specimens and taxa kept from a head; confidence is calibrated on them.

Every specimen is left out once with its taxon known (specimen folds), and once with its taxon of
each rank left out altogether (taxon folds), so that calibration meets novelty as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, clone

from phylolens.classification.blend import RankBlend
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.novelty import knn_distance
from phylolens.classification.strata import strata
from phylolens.errors import TooFew
from phylolens.progress import Progress, silent
from phylolens.random import stream
from phylolens.specimens import Split, group_folds, specimen_folds
from phylolens.values import Features

FOLDS = 5  # of specimens
TAXON_FOLDS = 3  # of the taxa of each rank
LARGE = 8_000  # beyond this many images one fold of each kind has specimens enough
LARGEST_PART = 4_000  # images a fold answers about
REFERENCE_ROWS = 20_000  # rows that the distance to the nearest is measured to


@dataclass(frozen=True)
class OutOfFold:
    """Answers of heads to rows they were not fitted on.

    Parameters
    ----------
    files : array of str, shape (n,)
        Rows of the table; a file may come several times, once for each kind of fold.
    left_out : array of str, shape (n,)
        What was left out: ``specimen`` (a fifth of them), ``half`` of the specimens, or the rank
        whose taxa were.
    strata : array of str, shape (n,)
        How novel the row was to its head, such as ``known species`` or ``unknown genus``.
    raw : array of float32, shape (n, m)
        Blended probability of every taxon before calibration; zero for taxa the heads had not met.
    distances : array of float64, shape (n,)
        Cosine distance to the nearest rows the heads were fitted on.
    folds : array of int, shape (n,)
        Number of the fold: rows of one number were answered by the same heads.
    """

    files: np.ndarray
    left_out: np.ndarray
    strata: np.ndarray
    raw: np.ndarray
    distances: np.ndarray
    folds: np.ndarray

    def take(self, rows: np.ndarray) -> "OutOfFold":
        """Return some rows."""
        return OutOfFold(*(getattr(self, each.name)[rows] for each in fields(self)))

    @property
    def known(self) -> np.ndarray:
        """Rows of the specimen folds whose finest taxon was known, bool of shape (n,)."""
        return (self.left_out == "specimen") & np.char.startswith(self.strata, "known")


def calibration_folds(
    table: pd.DataFrame, ranks: Sequence[str], *, specimens: bool = True, seed: int
) -> list[tuple[str, Split]]:
    """Name what each fold leaves out, see :class:`OutOfFold`, beside the fold.

    Ranks whose taxa can not be left out (too few of them) are skipped. Large sets use the first
    fold of each kind only.
    """
    large = len(table) > LARGE
    found = specimen_folds(table, ranks, FOLDS, seed) if specimens else []
    folds = [("specimen", fold) for fold in (found[:1] if large else found)]
    if found and not large:  # how confidence grows with the rows fitted to; nil with many
        folds += [("half", fold) for fold in specimen_folds(table, ranks, 2, seed)]
    for rank in ranks:
        try:
            found = group_folds(table, ranks, rank, TAXON_FOLDS, seed)
        except TooFew:
            continue
        kept = found[:1] if large else found
        folds += [(rank, _with_known(fold, table, ranks, seed)) for fold in kept]
    return folds


def _with_known(fold: Split, table: pd.DataFrame, ranks: Sequence[str], seed: int) -> Split:
    """Leave out a fifth of the other specimens as well, so that known and unknown meet one head."""
    left = table[table["file"].isin(set(fold.train))]
    try:
        known = specimen_folds(left, ranks, FOLDS, seed)[0]
    except TooFew:
        return fold
    return replace(fold, train=known.train, test=(*fold.test, *known.test))


def cross_fit(
    features: Features,
    table: pd.DataFrame,
    tree: TaxonTree,
    head: ClassifierMixin,
    own: Mapping[str, ClassifierMixin],
    *,
    specimens: bool = True,
    seed: int = 0,
    progress: Progress = silent,
) -> list[OutOfFold]:
    """Fit ``head`` on every fold's training part and let it answer about the rest.

    Parameters
    ----------
    features : Features
        Rows of all files of the table.
    table : DataFrame
        Columns ``file``, ``specimen_id`` and the tree's ranks; every row has some label.
    tree : TaxonTree
        Of the same table.
    head, own
        Unfitted heads of the finest taxa and of the ranks; their settings stay as they are.
    specimens : bool
        Whether to leave specimens of known taxa out; otherwise taxa only.
    """
    rows = table.set_index("file", drop=False)
    labels = pd.Series([tree.name(node) for node in tree.node_of(rows)], index=rows.index)
    folds = calibration_folds(table, tree.ranks, specimens=specimens, seed=seed)
    parts: list[OutOfFold] = []
    for number, (kind, fold) in enumerate(folds):
        progress("calibrating", number, len(folds))
        if labels.loc[list(fold.train)].nunique() > 1:
            tested = _sample(fold.test, seed)
            fold = replace(fold, test=tested)
            found = _of_fold(kind, fold, features, rows, labels, tree, head, own)
            parts.append(replace(found, folds=np.full(len(found.files), number)))
    progress("calibrating", len(folds), len(folds))
    return parts


def _sample(files: Sequence[str], seed: int) -> tuple[str, ...]:
    if len(files) <= LARGEST_PART:
        return tuple(files)
    rng = stream(seed, "classification.folds")
    kept = np.sort(rng.choice(len(files), LARGEST_PART, replace=False))
    return tuple(files[row] for row in kept)


def _of_fold(
    kind: str,
    fold: Split,
    features: Features,
    rows: pd.DataFrame,
    labels: pd.Series,
    tree: TaxonTree,
    head: ClassifierMixin,
    own: Mapping[str, ClassifierMixin],
) -> OutOfFold:
    train, test = rows.loc[list(fold.train)], rows.loc[list(fold.test)]
    trained = features.take(list(fold.train)).matrix
    blend = RankBlend.fit(
        clone(head),
        tree,
        trained,
        labels.loc[train.index].to_numpy(str),
        train["specimen_id"].to_numpy(str),
        {rank: clone(each) for rank, each in own.items()},
    )
    return out_of_fold(kind, blend, features, train, test)


def out_of_fold(
    kind: str, blend: RankBlend, features: Features, train: pd.DataFrame, test: pd.DataFrame
) -> OutOfFold:
    """Answer about rows kept from fitted heads; both tables are indexed by file."""
    trained, tested = (features.take([str(name) for name in part.index]) for part in (train, test))
    return OutOfFold(
        files=test.index.to_numpy(str),
        left_out=np.full(len(test), kind),
        strata=np.asarray(strata(train, test, blend.tree.ranks), dtype=str),
        raw=blend.raw(tested.matrix).astype(np.float32),
        distances=knn_distance(tested.matrix, trained.matrix[spread(len(train), REFERENCE_ROWS)]),
        folds=np.zeros(len(test), dtype=int),
    )


def spread(n: int, most: int) -> np.ndarray:
    """Choose row numbers evenly over ``n`` rows, at most ``most``."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def joined(parts: Sequence[OutOfFold]) -> OutOfFold:
    """Put answers of the same tree together.

    Raises
    ------
    TooFew
        If none is about a specimen of a known taxon.
    """
    if not any(part.known.any() for part in parts):
        raise TooFew("too few specimens to calibrate confidence on.")
    names = [each.name for each in fields(OutOfFold)]
    return OutOfFold(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
