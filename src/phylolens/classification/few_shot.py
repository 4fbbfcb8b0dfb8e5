"""How many specimens of a taxon does a head need? Accuracy against their number."""

from collections.abc import Sequence

import numpy as np

from phylolens.classification.evaluate import evaluate
from phylolens.classification.heads import fit_head, make_head, probabilities
from phylolens.errors import InputError, TooFew
from phylolens.progress import Progress, silent
from phylolens.random import stream
from phylolens.results.checks import FewShot, FewShotPoint
from phylolens.results.classification import RankScores

NAMES = ("prototype", "linear", "rf")
SIZES = (1, 2, 5, 10)
SCORES = ("accuracy", "macro_f1")


def few_shot_scores(
    features: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    test_features: np.ndarray,
    test_labels: np.ndarray,
    *,
    names: Sequence[str] = NAMES,
    sizes: Sequence[int] = SIZES,
    draws: int = 5,
    seed: int = 0,
    blocks: Sequence[int] | None = None,
    progress: Progress = silent,
) -> FewShot:
    """Fit heads on few specimens a class and test all of them on the same images.

    Each draw puts the specimens of every class in a random order and takes the first of them, so
    that within a draw the smaller training sets lie inside the larger ones. Heads that choose
    their settings do so anew from what was drawn.

    Parameters
    ----------
    features : array of float32, shape (n, d)
        Training part; no altered copies.
    labels : array of str, shape (n,)
        Class of each image; none missing.
    groups : array, shape (n,)
        Specimen of each image; all images of a drawn specimen are trained on.
    test_features, test_labels : arrays, shapes (m, d) and (m,)
        Images to test on, of other specimens.
    names : sequence of str
        Heads, see :func:`phylolens.classification.heads.make_head`.
    sizes : sequence of int
        Specimens a class. A class with fewer gives all it has; a size that no class exceeds is
        left out, being the same as ``"all"``.
    draws : int
        Draws of each size.
    seed : int
        Of the draws and the heads.
    blocks : sequence of int, optional
        Widths of the layers in the features, as ``make_head`` takes them.

    Returns
    -------
    FewShot
        Without ``rank``. ``n_per_taxon`` holds the sizes kept; the sd of a point is that over
        draws (n - 1), None of one.

    Raises
    ------
    InputError
        If a size or the number of draws is less than one, or the arrays differ in length.
    TooFew
        If there are fewer than two classes, or nothing to test.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    test_labels = np.asarray(test_labels)
    _check(features, labels, groups, test_features, test_labels, sizes, draws)
    counts = [len(np.unique(groups[labels == label])) for label in np.unique(labels)]
    kept = [size for size in sorted(set(sizes)) if size < max(counts)]
    places = [
        _places(labels, groups, stream(seed, "classification.few_shot", k)) for k in range(draws)
    ]
    plans: list[tuple[int | str, list[np.ndarray]]] = [
        *((size, [np.flatnonzero(place < size) for place in places]) for size in kept),
        ("all", [np.arange(len(labels))]),
    ]
    models: dict[str, list[FewShotPoint]] = {name: [] for name in names}
    done, total = 0, len(names) * sum(len(rows) for _, rows in plans)
    for name in names:
        for size, drawn in plans:
            scores = []
            for rows in drawn:
                head = make_head(name, seed, blocks=blocks)
                fit_head(head, features[rows], labels[rows], groups[rows])
                answers = head.classes_[probabilities(head, test_features).argmax(axis=1)]
                scores.append(evaluate(test_labels, answers))
                done += 1
                progress(f"few-shot ({name}, {size})", done, total)
            n_images = float(np.mean([len(rows) for rows in drawn]))
            models[name].append(_summed_up(size, scores, n_images))
    return FewShot(
        n_per_taxon=[int(size) for size in kept],
        n_short=[sum(count < size for count in counts) for size in kept],
        n_taxa=len(counts),
        n_test=len(test_labels),
        models=models,
    )


def _check(
    features: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    test_features: np.ndarray,
    test_labels: np.ndarray,
    sizes: Sequence[int],
    draws: int,
) -> None:
    if not len(features) == len(labels) == len(groups) or len(test_features) != len(test_labels):
        raise InputError("few-shot needs a label and a specimen for every row of features.")
    if draws < 1 or any(size < 1 for size in sizes):
        raise InputError(
            f"few-shot needs at least one draw and one specimen; got {draws} draws of "
            f"{', '.join(map(str, sizes))}."
        )
    if len(np.unique(labels)) < 2:
        raise TooFew("few-shot needs two classes to train on.")
    if not len(test_labels):
        raise TooFew("few-shot has no image to test on.")


def _places(labels: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Place of each row's specimen in its class's random order, from 0."""
    _, classes = np.unique(labels, return_inverse=True)
    _, specimens = np.unique(groups, return_inverse=True)
    pairs, row_of = np.unique(np.stack([classes, specimens], axis=1), axis=0, return_inverse=True)
    order = rng.permutation(len(pairs))
    order = order[np.argsort(pairs[order, 0], kind="stable")]
    ranked = pairs[order, 0]
    place = np.empty(len(pairs), dtype=int)
    place[order] = np.arange(len(pairs)) - np.searchsorted(ranked, ranked)
    return place[row_of.reshape(-1)]


def _summed_up(size: int | str, scores: Sequence[RankScores], n_images: float) -> FewShotPoint:
    summary: dict[str, float | None] = {}
    for key in SCORES:
        values = [getattr(score, key) for score in scores]
        summary[key] = float(np.mean(values))
        summary[f"{key}_sd"] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return FewShotPoint.model_validate(
        {"n": size, **summary, "n_draws": len(scores), "n_images": n_images}
    )
