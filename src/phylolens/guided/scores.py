"""How well distances of taxa never seen were predicted, beside what needs no image.

Scores run over ordered pairs of a held-out and a training taxon: every pair of taxa of different
clades counts twice, once with either of them held out. Figures are effect sizes without p-values:
pairs are not independent, and only refits to permuted taxa give a p-value
(:mod:`phylolens.guided.null`).
"""

from typing import Any

import numpy as np

from phylolens.guided.by_clade import skill_interval
from phylolens.guided.held_out import HeldOut, share_saved, skill
from phylolens.guided.row_rank import RowRank
from phylolens.stats.correlation import correlation

TIE = 1e-6  # of the largest distance: what is as near is a tie
NOTHING = 1e-9  # share of a matrix that its row and column effects leave by rounding alone


def held_out_scores(found: HeldOut, genetic: np.ndarray) -> dict[str, Any]:
    """Score a learner's predictions.

    Parameters
    ----------
    found : HeldOut
        Of n taxa.
    genetic : array, shape (n, n)
        True distances, in the order of the sample.

    Returns
    -------
    dict
        As :func:`pair_scores` of the guided predictions, and ``skill`` over the best prediction
        without images (:func:`phylolens.guided.held_out.skill`), ``skill_interval`` (see
        :func:`phylolens.guided.by_clade.skill_interval`), ``skill_over_column_means``,
        ``skill_over_names`` and ``skill_over_names_interval`` (over the same prediction with the
        names of coarser ranks in it, beside images and names together; None without names),
        ``row_rank`` (see :class:`phylolens.guided.row_rank.RowRank`) and ``row_rank_gain`` over the
        best prediction without images, ``alone`` (``pearson`` and
        ``spearman`` of the learner's own predictions, without column means), ``held_held`` (see
        :func:`held_pairs`).
    """
    alone = np.where(np.isfinite(found.guided), found.raw, np.nan)
    return {
        **pair_scores(found.guided, genetic),
        "skill": skill(found, genetic),
        "skill_interval": skill_interval(found.guided, found.image_free, genetic, found.groups),
        "skill_over_column_means": share_saved(found.guided, found.column_means, genetic),
        **_over_names(found, genetic),
        **_row_rank(found, genetic),
        "alone": _correlations(alone, genetic, np.isfinite(alone)),
        "held_held": held_pairs(found, genetic),
    }


def _over_names(found: HeldOut, genetic: np.ndarray) -> dict[str, Any]:
    """Say what images add to names of coarser ranks."""
    if found.named is None or found.guided_named is None:
        return {"skill_over_names": None, "skill_over_names_interval": None}
    both, named = found.guided_named, found.named
    return {
        "skill_over_names": share_saved(both, named, genetic),
        "skill_over_names_interval": skill_interval(both, named, genetic, found.groups),
    }


def _row_rank(found: HeldOut, genetic: np.ndarray) -> dict[str, float]:
    rank = RowRank(genetic, found.groups)
    own = rank.of(found.guided)
    return {"row_rank": own, "row_rank_gain": own - rank.of(found.image_free)}


def column_mean_scores(found: HeldOut, genetic: np.ndarray) -> dict[str, Any]:
    """Score calibrated column means on the same pairs; their skill over the best is negative."""
    return _free_scores(found.column_means, found, genetic)


def image_free_scores(found: HeldOut, genetic: np.ndarray) -> dict[str, Any]:
    """Score the best prediction without images on the same pairs."""
    return _free_scores(found.image_free, found, genetic)


def names_scores(found: HeldOut, genetic: np.ndarray) -> dict[str, Any] | None:
    """Score the same with the names of coarser ranks; None where there are none."""
    return None if found.named is None else _free_scores(found.named, found, genetic)


def _free_scores(predicted: np.ndarray, found: HeldOut, genetic: np.ndarray) -> dict[str, Any]:
    return {
        **pair_scores(predicted, genetic),
        "skill": share_saved(predicted, found.image_free, genetic),
        "skill_over_column_means": share_saved(predicted, found.column_means, genetic),
        "row_rank": RowRank(genetic, found.groups).of(predicted),
    }


def constant_scores(found: HeldOut, genetic: np.ndarray) -> dict[str, Any]:
    """Score one number for all pairs of a held-out taxon: the mean distance of training taxa."""
    constant = np.full(genetic.shape, np.nan)
    for clade in np.unique(found.groups):
        kept = found.groups != clade
        n = int(kept.sum())
        constant[np.ix_(~kept, kept)] = genetic[np.ix_(kept, kept)].sum() / (n * (n - 1))
    known = np.isfinite(constant)
    return {"mse": float(np.mean((constant[known] - genetic[known]) ** 2))}


def pair_scores(predicted: np.ndarray, genetic: np.ndarray) -> dict[str, Any]:
    """Score predicted distances of held-out (rows) to training taxa (columns).

    Parameters
    ----------
    predicted : array, shape (n, n)
        NaN where a pair was not predicted.
    genetic : array, shape (n, n)

    Returns
    -------
    dict
        ``pearson``, ``spearman``, ``mse`` over all pairs; ``row_spearman``: mean over held-out
        taxa of the rank correlation along their row, which no column mean of a single fold can
        change; ``nearest_relative``: see :func:`nearest_relative`; ``centred``: ``pearson`` and
        ``spearman`` of what :func:`centred` leaves of both.
    """
    known = np.isfinite(predicted)
    left, wanted = (centred(matrix, known) for matrix in (predicted, genetic))
    nothing = {"pearson": None, "spearman": None}
    return {
        **_correlations(predicted, genetic, known),
        "mse": float(np.mean((predicted[known] - genetic[known]) ** 2)),
        "row_spearman": _row_spearman(predicted, genetic, known),
        "nearest_relative": nearest_relative(predicted, genetic),
        "centred": nothing
        if left is None or wanted is None
        else _correlations(left, wanted, known),
        "n_pairs": int(known.sum()),
    }


def _correlations(
    predicted: np.ndarray, genetic: np.ndarray, known: np.ndarray
) -> dict[str, float | None]:
    x, y = predicted[known], genetic[known]
    return {"pearson": correlation(x, y), "spearman": correlation(x, y, rank=True)}


def _row_spearman(predicted: np.ndarray, genetic: np.ndarray, known: np.ndarray) -> float | None:
    rows = [
        correlation(one[some], other[some], rank=True)
        for one, other, some in zip(predicted, genetic, known, strict=True)
        if some.sum() > 1
    ]
    told = [value for value in rows if value is not None]
    return float(np.mean(told)) if told else None


def nearest_relative(predicted: np.ndarray, genetic: np.ndarray) -> dict[str, float]:
    """Measure the true distance to the training taxon that was predicted to be nearest.

    Ties share: their distances are averaged.

    Parameters
    ----------
    predicted : array, shape (n, n)
        Row: held-out taxon; NaN where a pair was not predicted.
    genetic : array, shape (n, n)

    Returns
    -------
    dict
        Medians over held-out taxa, in the unit of the distances: ``median`` as predicted;
        ``best_possible``, the nearest training taxon there is; ``by_chance``, the mean over all
        training taxa.
    """
    known = np.isfinite(predicted)
    rows = known.any(axis=1)
    predicted, genetic, known = predicted[rows], genetic[rows], known[rows]
    slack = TIE * np.abs(predicted[known]).max(initial=0.0)
    shown = np.where(known, predicted, np.inf)
    nearest = known & (shown <= shown.min(axis=1, keepdims=True) + slack)
    return {
        "median": float(np.median((genetic * nearest).sum(axis=1) / nearest.sum(axis=1))),
        "best_possible": float(np.median(np.where(known, genetic, np.inf).min(axis=1))),
        "by_chance": float(np.median((genetic * known).sum(axis=1) / known.sum(axis=1))),
    }


def centred(matrix: np.ndarray, known: np.ndarray) -> np.ndarray | None:
    """Take row and column effects away from a matrix of which blocks are unknown.

    What is left are the residuals of the least-squares fit ``d_ij = a_i + b_j`` to the known
    values alone: of a whole symmetric matrix, those of
    :func:`phylolens.stats.centred.double_centre`. Subtracting means of what is known of rows and
    columns would not do: a row of a large clade lacks other columns than its neighbours, so that
    its mean is not comparable. Rows and columns have numbers of their own, since predictions of a
    pair differ with which of the two was held out.

    Parameters
    ----------
    matrix : array, shape (n, n)
    known : bool array, shape (n, n)
        Pairs of taxa of different clades, of which there are three or more.

    Returns
    -------
    array, shape (n, n), or None
        NaN where not known; None where row and column effects explain everything.
    """
    values, mask = np.where(known, matrix, 0.0), known.astype(np.float64)
    per_row, per_column = mask.sum(axis=1), mask.sum(axis=0)
    rows, columns = per_row > 0, per_column > 0
    scaled = mask[rows] / per_row[rows, None]
    # Row effects eliminated; a constant could be moved between rows and columns: it is fixed by
    # the added ones.
    system = np.diag(per_column) - mask[rows].T @ scaled + 1.0 / len(matrix)
    wanted = values.sum(axis=0) - scaled.T @ values[rows].sum(axis=1)
    b, a = np.zeros(matrix.shape[1]), np.zeros(len(matrix))
    b[columns] = np.linalg.solve(system[np.ix_(columns, columns)], wanted[columns])
    a[rows] = (values[rows].sum(axis=1) - mask[rows] @ b) / per_row[rows]
    left = np.where(known, matrix - a[:, None] - b, np.nan)
    if np.linalg.norm(left[known]) <= NOTHING * np.linalg.norm(values):
        return None
    return left


def held_pairs(found: HeldOut, genetic: np.ndarray) -> dict[str, Any]:
    """Score the learner's distances among taxa held out together, which column means cannot tell.

    Returns
    -------
    dict
        ``pearson``, ``spearman`` over pairs of all clades together; ``within_clades``: ``pearson``
        after each clade's own mean is taken from its pairs, so that clades which differ in age do
        not count; ``n_pairs``. None where there are fewer than three pairs, or nothing varies.
    """
    same = (found.groups[:, None] == found.groups) & np.isfinite(found.raw)
    i, j = np.nonzero(np.triu(same, k=1))
    x, y = (found.raw[i, j] + found.raw[j, i]) / 2, genetic[i, j]
    scores: dict[str, Any] = {"pearson": None, "spearman": None, "within_clades": None}
    if len(i) >= 3:
        scores["pearson"] = correlation(x, y)
        scores["spearman"] = correlation(x, y, rank=True)
        clade = found.groups[i]
        own = [values - _means_of(values, clade) for values in (x, y)]
        if all(
            np.linalg.norm(left) > NOTHING * np.linalg.norm(values)
            for left, values in zip(own, (x, y), strict=True)
        ):
            scores["within_clades"] = correlation(*own)
    return scores | {"n_pairs": len(i)}


def _means_of(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean of the values of the same code, for each value."""
    places = np.unique(codes, return_inverse=True)[1]
    means: np.ndarray = np.bincount(places, values) / np.bincount(places)
    return means[places]
