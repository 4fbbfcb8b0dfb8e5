"""Do the features show where an image comes from? Then they may know taxa by their source.

Museums, cameras and backgrounds go with taxa, so naming sources is no fault in itself: a
model that knows the taxa knows their usual sources. The test therefore compares within taxa, where
images of the same taxon come from several sources.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from phylolens.classification.heads.base import fold_of_rows, stratified_sample
from phylolens.progress import Progress, silent
from phylolens.random import stream
from phylolens.results.checks import Sources, SourcesTold, SourcesWithin
from phylolens.values import Features

FOLDS = 5
FEWEST = 20  # specimens in taxa of several sources, to test within taxa
MOST_IMAGES = 8_000
MOST_AXES = 128
HOLD_BACK = 0.3  # of the mean variance of an axis, added to each
UNKNOWN = "(unknown)"


def source_check(
    features: Features,
    table: pd.DataFrame,
    ranks: Sequence[str],
    *,
    permutations: int = 199,
    seed: int = 0,
    progress: Progress = silent,
) -> Sources | None:
    """Name sources from the features alone, over all images and within taxa.

    A linear discriminant (nearest source mean in whitened principal axes) is fitted on four
    fifths of the specimens and tested on the others. Within taxa, its balanced accuracy is
    compared with that for sources permuted among the specimens of each taxon (restricted
    permutation: Anderson & ter Braak 2003, J. Stat. Comput. Simul. 73:85); the mean of each
    taxon is taken away first. Above the finest rank sources may
    still go with finer taxa; there the comparison describes, and no p-value is given on top.

    Parameters
    ----------
    features : Features
        Rows of the table's files; sets of more than 8,000 images are sampled.
    table : DataFrame
        Columns ``file``, ``specimen_id``, ``ranks`` and ``source``; rows of unknown source are
        left out.
    ranks : sequence of str
        Ranks, coarse to fine. The test runs in the finest one whose taxa of several sources hold
        20 specimens.
    permutations : int
        Permutations of the test.
    seed : int
        Of the sample, the folds and the permutations.

    Returns
    -------
    Sources or None
        None without a column ``source`` or with a single source.
    """
    if "source" not in table.columns or table["source"].nunique() < 2:
        return None
    rows = table[table["source"].notna()].sort_values("file").reset_index(drop=True)
    images = rows["source"].value_counts().sort_index()
    one_source = {rank: _share_of_one_source(rows, rank) for rank in ranks}
    rng = stream(seed, "classification.sources")
    everything = _sampled(rows, rng)
    finest = everything[list(ranks)].ffill(axis=1).iloc[:, -1].fillna(UNKNOWN)
    named = _scores(features, everything, finest.to_numpy(str), 0, rng, progress)[0]
    within = None
    for rank in reversed(ranks):
        mixed = rows[rows[rank].isin(_of_several_sources(rows, rank))]
        if mixed["specimen_id"].nunique() >= FEWEST:
            within = _within(
                features, _sampled(mixed, rng), rank, permutations, rng, progress,
                finest=rank == ranks[-1],
            )  # fmt: skip
            break
    return Sources(
        n_sources=len(images),
        images={str(name): int(count) for name, count in images.items()},
        can_tell=SourcesTold(
            balanced_accuracy=named,
            chance=1 / len(images),
            p_value=within.p_value if within and within.finest else None,
        ),
        one_source=one_source,
        within_taxa=within,
    )


def _of_several_sources(rows: pd.DataFrame, rank: str) -> list[str]:
    counts = rows.groupby(rank)["source"].nunique()
    return [str(taxon) for taxon in counts.index[counts > 1]]


def _share_of_one_source(rows: pd.DataFrame, rank: str) -> float | None:
    known = rows[rows[rank].notna()]
    if known.empty:
        return None
    return float((~known[rank].isin(_of_several_sources(rows, rank))).mean())


def _sampled(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    source, specimen = (rows[name].to_numpy(str) for name in ("source", "specimen_id"))
    return rows.iloc[stratified_sample(source, specimen, MOST_IMAGES, rng)]


def _within(
    features: Features,
    rows: pd.DataFrame,
    rank: str,
    permutations: int,
    rng: np.random.Generator,
    progress: Progress,
    *,
    finest: bool,
) -> SourcesWithin:
    taxa = rows[rank].to_numpy(str)
    scores = _scores(features, rows, taxa, permutations, rng, progress)
    observed, null = scores[0], scores[1:]
    # A permutation that gives the same accuracy but for rounding reaches the observed one.
    reached = sum(value >= observed - 1e-12 for value in null)
    return SourcesWithin(
        rank=rank,
        finest=finest,
        n_taxa=len(np.unique(taxa)),
        n_images=len(rows),
        n_specimens=int(rows["specimen_id"].nunique()),
        balanced_accuracy=observed,
        permuted_mean=float(np.mean(null)),
        p_value=(reached + 1) / (permutations + 1),
        n_permutations=permutations,
    )


def _scores(
    features: Features,
    rows: pd.DataFrame,
    taxa: np.ndarray,
    permutations: int,
    rng: np.random.Generator,
    progress: Progress,
) -> list[float]:
    """Balanced accuracy for the sources as they are, then for each permutation within taxa."""
    matrix = features.take(list(rows["file"])).matrix
    if permutations:  # differences of taxa would only hide the sources
        codes = np.unique(taxa, return_inverse=True)[1]
        matrix = matrix - _means(matrix, codes)[codes]
    source = np.unique(rows["source"].to_numpy(str), return_inverse=True)[1]
    specimen = rows["specimen_id"].to_numpy(str)
    versions = [source, *(_permuted(source, taxa, specimen, rng) for _ in range(permutations))]
    # Folds know taxa, not sources, so that the sources as they are have no advantage.
    fold_of = fold_of_rows(taxa, specimen, FOLDS, rng)
    answers = np.full((len(versions), len(rows)), -1, dtype=np.int32)
    for fold in range(FOLDS):
        progress("naming sources", fold, FOLDS)
        tested = fold_of == fold
        if not tested.any() or tested.all():
            continue  # fewer specimens than folds
        with threadpool_limits(1, user_api="blas"):  # small products: more threads only wait
            axes = _Axes.of(matrix[~tested])
            train, test = axes.of_rows(matrix[~tested]), axes.of_rows(matrix[tested])
            for number, labels in enumerate(versions):
                answers[number, tested] = _nearest_mean(train, labels[~tested], test)
    progress("naming sources", FOLDS, FOLDS)
    return [_balanced(labels, found) for labels, found in zip(versions, answers, strict=True)]


def _permuted(
    source: np.ndarray, taxa: np.ndarray, specimen: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Deal the sources out anew among the specimens of each taxon."""
    # A specimen imaged in two places counts as two.
    keys = np.stack([np.unique(names, return_inverse=True)[1] for names in (taxa, specimen)])
    units, unit_of = np.unique(np.vstack([keys, source]), axis=1, return_inverse=True)
    permuted = rng.permutation(units.shape[1])
    taken_from = permuted[np.argsort(units[0][permuted], kind="stable")]
    # np.unique sorted the units by taxon: the same order, permuted within each taxon.
    return units[2][taken_from][unit_of.reshape(-1)]


@dataclass(frozen=True)
class _Axes:
    """Whitened principal axes of the training rows; no label has a part in them."""

    mean: np.ndarray
    sd: np.ndarray
    turned: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray) -> "_Axes":
        mean, sd = matrix.mean(axis=0), matrix.std(axis=0)
        sd = np.where(sd > 0, sd, 1)
        centred = (matrix - mean) / sd
        most = max(1, min(MOST_AXES, matrix.shape[1], len(matrix) // 4))
        found = PCA(most, svd_solver="randomized", random_state=0).fit(centred)
        # Small axes are held back a little: their variances are estimated too small.
        usual = float(centred.var(axis=0).sum()) / min(centred.shape)
        held_back = np.sqrt(found.explained_variance_ + HOLD_BACK * usual)
        return cls(mean, sd, (found.components_ / held_back[:, None]).T)

    def of_rows(self, matrix: np.ndarray) -> np.ndarray:
        return (matrix - self.mean) / self.sd @ self.turned


def _nearest_mean(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Label of the nearest class mean for each tested row."""
    known, codes = np.unique(labels, return_inverse=True)
    means = _means(train, codes)
    return known[(test @ means.T - (means**2).sum(axis=1) / 2).argmax(axis=1)]


def _means(matrix: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean row of each class, numbered from 0 without a gap."""
    rows = np.arange(len(codes))
    member = sparse.csr_array((np.ones(len(codes), matrix.dtype), (codes, rows)))
    return (member @ matrix) / np.bincount(codes)[:, None].astype(matrix.dtype)


def _balanced(truth: np.ndarray, answers: np.ndarray) -> float:
    """Mean over the sources of the share named correctly."""
    right = np.bincount(truth, weights=truth == answers)
    counts = np.bincount(truth)
    return float((right[counts > 0] / counts[counts > 0]).mean())
