"""Is this a taxon the model was not trained on? Scores that are high for the unfamiliar.

``msp``: one minus the largest leaf probability (Hendrycks & Gimpel 2017, arXiv 1610.02136).
``knn``: distance to the nearest training rows (Sun et al. 2022, arXiv 2204.06507). ``combined``:
both, through their conformal p-values, so that neither scale outweighs the other.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from phylolens.errors import InputError
from phylolens.random import stream
from phylolens.results.calibration import Novelty, NoveltyOfRank, NoveltyScore

NEIGHBOURS = 1  # more reach past a taxon of few images: on birds and leaves, 1 parts best
PRIMARY = "combined"
DRAWS = 1000
AT_ONCE = 20_000_000  # similarities held in memory


def msp(probabilities: np.ndarray) -> np.ndarray:
    """One minus the largest leaf probability of each row."""
    return 1 - np.asarray(probabilities, dtype=float).max(axis=1)


def knn_distance(
    rows: np.ndarray,
    reference: np.ndarray,
    k: int = NEIGHBOURS,
    *,
    groups: np.ndarray | None = None,
    reference_groups: np.ndarray | None = None,
) -> np.ndarray:
    """Mean cosine distance to the k nearest reference rows.

    Parameters
    ----------
    rows, reference : array, shape (n, d) and (r, d)
        Features. They need no scaling to length one.
    k : int
        Neighbours; all there are, if fewer.
    groups, reference_groups : array, shape (n,) and (r,), optional
        Specimens; reference rows of a row's own specimen are passed over.

    Returns
    -------
    array of float64, shape (n,)
        0 to 2; 2 for a row that no reference row is left for.

    Raises
    ------
    InputError
        If there is no reference row, or k is less than one.
    """
    if not len(reference) or k < 1:
        raise InputError(f"neighbours need k of 1 or more and rows; got {k}, {len(reference)}.")
    theirs, k = unit_rows(reference), min(k, len(reference))
    own = reference_groups if groups is not None else None
    found = np.empty(len(rows))
    step = max(1, AT_ONCE // len(reference))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        similar = unit_rows(rows[part]) @ theirs.T
        if own is not None and groups is not None:
            similar[np.asarray(groups)[part][:, None] == np.asarray(own)[None, :]] = -np.inf
        found[part] = _mean_distance(np.partition(similar, -k, axis=1)[:, -k:])
    return found


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Scale rows to length one, float32; rows of zeros stay."""
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _mean_distance(nearest: np.ndarray) -> np.ndarray:
    """Mean of one minus the finite similarities."""
    left = np.isfinite(nearest)
    total = np.where(left, 1.0 - nearest, 0.0).sum(axis=1, dtype=float)
    distance = total / np.maximum(left.sum(axis=1), 1)
    return np.where(left.any(axis=1), np.clip(distance, 0, 2), 2.0)


def p_value(scores: np.ndarray, calibration: np.ndarray, *, among: bool = False) -> np.ndarray:
    """Conformal p-value of belonging to the known taxa: small for the unfamiliar.

    (1 + number of calibration scores as high or higher) / (n + 1), for scores of specimens that
    the model was not fitted on. Of new specimens of known taxa a share p has such a value or a
    smaller one.

    Parameters
    ----------
    scores, calibration : array
        High for the unfamiliar; the calibration's are of known taxa.
    among : bool
        Whether ``scores`` are themselves the calibration; each is then held against the others.
    """
    ordered = np.sort(calibration)
    as_high = len(ordered) - np.searchsorted(ordered, scores, side="left")
    return as_high / len(ordered) if among else (1 + as_high) / (len(ordered) + 1)


def combined(p_values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Join several scores: minus the mean logarithm of their p-values (Fisher 1932).

    The scores depend on each other, so this is a score to compare, not a test statistic with a
    known distribution; hold it against known specimens' with :func:`p_value`.
    """
    return -np.mean(np.log(list(p_values.values())), axis=0)


def auroc(known: np.ndarray, unknown: np.ndarray) -> float:
    """Chance that an unknown taxon scores higher than a known one; ties count half."""
    ranks = rankdata(np.concatenate([known, unknown]))
    n, m = len(known), len(unknown)
    return float((ranks[n:].sum() - m * (m + 1) / 2) / (n * m))


def fpr_at_95(known: np.ndarray, unknown: np.ndarray) -> float:
    """Share of the known flagged when at least 95% of the unknown are.

    The unknown are the positives: the flag is a score at or above the highest threshold that
    catches 95% of them. 0 is best; a score that tells nothing gives 0.95.
    """
    needed = int(np.ceil(0.95 * len(unknown) - 1e-9))
    limit = np.sort(unknown)[::-1][needed - 1]
    return float(np.mean(known >= limit))


def auroc_interval(
    known: np.ndarray,
    unknown: np.ndarray,
    specimens: np.ndarray,
    taxa: np.ndarray,
    *,
    seed: int,
    draws: int = DRAWS,
) -> tuple[float, float] | None:
    """95% interval of :func:`auroc`: known specimens and unknown taxa are drawn anew.

    The images of one unknown taxon share its fate, so the taxon is the unit.

    Parameters
    ----------
    known, unknown : array, shape (n,) and (m,)
        Scores.
    specimens, taxa : array, shape (n,) and (m,)
        Specimen of each known and taxon of each unknown row.

    Returns
    -------
    tuple of float, or None
        None when there is a single unknown taxon or known specimen.
    """
    units = np.unique(specimens, return_inverse=True)[1]
    clades = np.unique(taxa, return_inverse=True)[1]
    if units.max() == 0 or clades.max() == 0:
        return None
    place = np.unique(np.concatenate([known, unknown]), return_inverse=True)[1]
    size, rng = place.max() + 1, stream(seed, "classification.novelty")
    found = np.empty(draws)
    for draw in range(draws):
        of_known = np.bincount(place[: len(known)], _times(units, rng), size)
        of_unknown = np.bincount(place[len(known) :], _times(clades, rng), size)
        below = np.cumsum(of_known) - of_known / 2
        found[draw] = below @ of_unknown / (of_known.sum() * of_unknown.sum())
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def _times(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How often each row comes when its units are drawn with replacement."""
    n = codes.max() + 1
    return np.bincount(rng.integers(n, size=n), minlength=n)[codes]


def novelty_summary(
    scores: Mapping[str, np.ndarray],
    strata: np.ndarray,
    specimens: np.ndarray,
    lineage: pd.DataFrame,
    *,
    seed: int,
    rank: str | None = None,
) -> Novelty | None:
    """Tell how well the scores part known from unknown taxa, rank by rank.

    Parameters
    ----------
    scores : mapping of str to array, shape (n,)
        Such as ``msp`` and ``knn``, of models fitted without the rows; ``combined`` is added.
    strata : array of str, shape (n,)
        From :func:`phylolens.classification.strata.strata`.
    specimens : array of str, shape (n,)
        Specimen of each row.
    lineage : DataFrame, n rows
        Rank columns, coarse to fine.
    seed : int
        Of the resampling.
    rank : str, optional
        The primary one; by default the family, or else the middle one of those with unknown taxa.

    Returns
    -------
    Novelty or None
        The figures of the primary rank, and of all ranks; None when no taxon was unknown, or none
        known.
    """
    strata = np.asarray(strata, dtype=str)
    known = np.char.startswith(strata, "known ")
    values = {name: np.asarray(found, dtype=float) for name, found in scores.items()}
    by_rank: dict[str, NoveltyOfRank] = {}
    for name in lineage.columns:
        unknown = strata == f"unknown {name}"
        if known.any() and unknown.any():
            taxa = lineage[name].to_numpy(str)[unknown]
            by_rank[name] = _of_rank(values, known, unknown, specimens, taxa, seed)
    if not by_rank:
        return None
    found = list(by_rank)
    usual = "family" if "family" in by_rank else found[(len(found) - 1) // 2]
    chosen = rank if rank in by_rank else usual
    return of_primary(chosen, by_rank)


def of_primary(rank: str, by_rank: Mapping[str, NoveltyOfRank]) -> Novelty:
    """Put the figures of the primary rank on top of those of all ranks."""
    part = by_rank[rank]
    assert part.combined is not None
    return Novelty(
        auroc=part.combined.auroc,
        fpr95=part.combined.fpr95,
        interval=part.combined.interval,
        score=PRIMARY,
        rank=rank,
        n_known=part.n_known,
        n_unknown=part.n_unknown,
        by_rank=dict(by_rank),
    )


def _of_rank(
    values: Mapping[str, np.ndarray],
    known: np.ndarray,
    unknown: np.ndarray,
    specimens: np.ndarray,
    taxa: np.ndarray,
    seed: int,
) -> NoveltyOfRank:
    familiar = {name: p_value(v[known], v[known], among=True) for name, v in values.items()}
    novel = {name: p_value(v[unknown], v[known]) for name, v in values.items()}
    pairs = {name: (v[known], v[unknown]) for name, v in values.items()}
    pairs[PRIMARY] = combined(familiar), combined(novel)
    measured = {
        name: NoveltyScore(
            auroc=auroc(one, two),
            fpr95=fpr_at_95(one, two),
            interval=auroc_interval(one, two, specimens[known], taxa, seed=seed),
        )
        for name, (one, two) in pairs.items()
    }
    return NoveltyOfRank(
        **measured,
        n_known=len(np.unique(specimens[known])),
        n_unknown=len(np.unique(specimens[unknown])),
        n_unknown_taxa=len(np.unique(taxa)),
    )
