"""ArcFace and wrong labels: does it suffer more than a loss without centres of classes."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

import numpy as np

from phylolens.guided.held_out import Maker
from phylolens.guided.sample import Sample, with_features
from phylolens.paradigms.clade_scores import CladeScores, clade_scores, lighter, variant
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evaluate import embed_rows
from phylolens.paradigms.evidence import judge, over_units
from phylolens.paradigms.fixed_length import FixedLength
from phylolens.paradigms.material import Material
from phylolens.random import stream

SHARE = 0.1  # of the training images
IMAGES, INNER = 6, 2  # of a taxon; inner folds
DRAWS = {"quick": 3, "full": 10}  # sets of wrong labels
LIGHT = {"components": 64, "epochs": 20}  # of the head, the same for all
BESIDE = "multi-similarity"


def mislabelled(sample: Sample, share: float, rng: np.random.Generator) -> Sample:
    """Give a share of the images the taxon of another image among them, never their own.

    Taxa keep their numbers of images. Images are taken in an order in which those of a taxon stand
    together, and their features passed on by as many places as the largest group has.
    """
    codes = sample.codes
    chosen = rng.permutation(len(codes))[: round(share * len(codes))]
    rank = rng.permutation(len(sample))  # which taxa exchange images is random, too
    chosen = chosen[np.argsort(rank[codes[chosen]], kind="stable")]
    largest = int(np.bincount(codes[chosen]).max(initial=0))
    rows = sample.matrix().copy()
    rows[chosen] = rows[np.roll(chosen, largest)]
    return with_features(sample, rows)


class Mislabelled:
    """A learner that is taught with wrong labels, and asked of images with right ones.

    Parameters
    ----------
    make : callable
        Gives an unfitted learner.
    seed : int
        Of the labels.
    draw : int
        Which of several sets of wrong labels.
    """

    def __init__(self, make: Maker, seed: int, draw: int) -> None:
        self.make, self.seed, self.draw = make, seed, draw

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Mislabelled":
        """Learn from the sample with some labels wrong."""
        rng = stream(self.seed, "paradigms.claims.flips", self.draw)
        self._learner = self.make().fit(mislabelled(sample, SHARE, rng), genetic, groups)
        return self

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        return self._learner.predict(new)

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        return self._learner.between(new)

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k)."""
        return self._learner.transform(matrix)

    def embed(self, sample: Sample) -> np.ndarray:
        """Embed a sample's images, rows as ``sample.matrix()``."""
        return embed_rows(self._learner, sample)


Drawn = Callable[[int], Maker]


def compare(arcface: Drawn, other: Drawn, data: BenchData, seed: int, draws: int) -> Verdict:
    """Compare what wrong labels cost two learners, given by the draw, on the same labels."""
    drops: list[tuple[np.ndarray, np.ndarray]] = []
    scores: list[Sequence[CladeScores]] = []
    for learner in (arcface, other):
        right, wrong = [], []
        for draw in range(draws):
            make = learner(draw)
            right.append(clade_scores(make, data, INNER))
            wrong.append(clade_scores(partial(Mislabelled, make, seed, draw), data, INNER))
        pairs = list(zip(right, wrong, strict=True))
        of_skill = np.array([bad.errors - good.errors for good, bad in pairs])
        of_precision = np.array([good.precision - bad.precision for good, bad in pairs])
        drops.append((of_skill, of_precision))
        scores += [right, wrong]
    first = scores[0][0]
    return judge(
        [
            over_units("drop of skill, ArcFace less other", drops[0][0] - drops[1][0], first.free),
            over_units("drop of mAP, ArcFace less other", drops[0][1] - drops[1][1], first.queried),
        ],
        {
            f"{figure} of {name}, {labels} labels": _mean(scores[place], attribute)
            for figure, attribute in (("skill", "skill"), ("mAP", "mean_average_precision"))
            for place, (name, labels) in enumerate(product(("ArcFace", BESIDE), ("right", "wrong")))
        },
    )


def _mean(scores: Sequence[CladeScores], figure: str) -> float:
    return float(np.mean([getattr(one, figure) for one in scores]))


def _test(material: Material, data: BenchData) -> Verdict:
    light = lighter(data, IMAGES, material.seed)

    def learner(name: str) -> Drawn:
        return lambda draw: partial(FixedLength, variant(name, material, draw, **LIGHT))

    draws = DRAWS[material.budget]
    return compare(learner("arcface"), learner(BESIDE), light, material.seed, draws)


CLAIM = Claim(
    name="arcface-wrong-labels",
    method="arcface",
    text="ArcFace suffers from wrong labels: more than multi-similarity, with 10% wrong.",
    test=_test,
)
