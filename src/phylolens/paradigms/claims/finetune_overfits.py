"""Does fine-tuning overfit small sets? Beside a head on the frozen network, on few images and all.

What is overfitted is what a model knows better of the taxa that it was fitted to than of taxa of
clades never seen: the rank correlation of predicted with genetic distances along their rows.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.stats import rankdata

from phylolens.guided.clades import clade_folds
from phylolens.guided.held_out import Maker
from phylolens.guided.learners.finetune import FineTune
from phylolens.guided.sample import Sample
from phylolens.paradigms.clade_scores import few_images, variant
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evidence import judge, over_units
from phylolens.paradigms.material import Material

FEW = 2  # images of a taxon
FOLDS = 5  # groups of clades held out
METHOD = "finetune-blocks"


def row_ranks(predicted: np.ndarray, genetic: np.ndarray) -> np.ndarray:
    """Rank correlation of each row, shapes (P, Q) to (P,); NaN entries of both are left out."""
    found = np.zeros(len(predicted))
    for place, (row, wanted) in enumerate(zip(predicted, genetic, strict=True)):
        known = np.isfinite(row) & np.isfinite(wanted)
        ranks = [rankdata(one[known]) for one in (row, wanted)]
        if known.any() and min(one.std() for one in ranks) > 0:
            found[place] = np.corrcoef(*ranks)[0, 1]
    return found


def overfit(make: Maker, sample: Sample, tested: Sample, data: BenchData) -> np.ndarray:
    """How much better a learner knows taxa it was fitted to than the same taxa held out.

    Parameters
    ----------
    make : callable
        Gives an unfitted learner.
    sample : Sample
        To be fitted to, T taxa.
    tested : Sample
        Images of the same taxa for the folds in which they are held out.
    data : BenchData

    Returns
    -------
    array, shape (2, T)
        Rank correlation in-sample, mean over the folds that have the taxon, and held out.
    """
    n = len(sample)
    inside, outside, times = np.zeros(n), np.zeros(n), np.zeros(n)
    places = np.arange(n)
    for out in clade_folds(data.clades.groups, FOLDS):
        kept = np.setdiff1d(places, out)
        known = data.genetic[np.ix_(kept, kept)]
        learner = make().fit(sample.take(kept), known, data.clades.groups[kept])
        own = np.array(learner.predict(sample.take(kept)), dtype=float)
        np.fill_diagonal(own, np.nan)  # a taxon's distance to itself is no prediction
        inside[kept] += row_ranks(own, known)
        times[kept] += 1
        predicted = np.asarray(learner.predict(tested.take(out)), dtype=float)
        outside[out] = row_ranks(predicted, data.genetic[np.ix_(out, kept)])
    return np.stack([inside / np.maximum(times, 1), outside])


def compare(tuned: Maker, head: Maker, data: BenchData, seed: int) -> Verdict:
    """Judge the gap of the tuned network on few images: beside the head's, and that on all."""
    few = few_images(data.sample, FEW, seed)
    made = {
        (name, size): overfit(make, sample, data.sample, data)
        for name, make in (("tuned", tuned), ("head", head))
        for size, sample in (("few", few), ("all", data.sample))
    }
    gaps = {key: inside - outside for key, (inside, outside) in made.items()}
    codes = np.unique(data.clades.groups, return_inverse=True)[1]
    taxa = np.bincount(codes)
    few_tuned = gaps["tuned", "few"]
    beside = {
        f"{where}, {name}, {size} images": float(made[name, size][place].mean())
        for name, size in made
        for place, where in enumerate(("in-sample", "held out"))
    }
    return judge(
        [
            over_units(name, np.bincount(codes, few_tuned - gaps[other]), taxa)
            for name, other in (
                ("gap on few images, fine-tuned less frozen", ("head", "few")),
                ("gap of fine-tuning, few images less all", ("tuned", "all")),
            )
        ],
        beside,
    )


def _test(material: Material, data: BenchData) -> Verdict:
    tuned = variant(METHOD, material, 0)
    head: Callable[[], FineTune] = partial(
        FineTune,
        images=material.images,
        backbone=material.backbone,
        weights=material.weights,
        device=material.device,
        epochs=0,
        seed=material.seed,
    )
    return compare(tuned, head, replace(data, new_species=None), material.seed)


CLAIM = Claim(
    name="finetune-overfits",
    method=METHOD,
    text="Fine-tuning overfits small sets.",
    test=_test,
)
