"""Do triplets need mining? The same head, trained on mined triplets and on random ones."""

from collections.abc import Sequence
from functools import partial

from phylolens.guided.held_out import Maker
from phylolens.paradigms.clade_scores import (
    clade_scores,
    gain_of_precision,
    gain_of_skill,
    lighter,
    variant,
)
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evidence import judge
from phylolens.paradigms.fixed_length import FixedLength
from phylolens.paradigms.material import Material

IMAGES, INNER = 6, 2  # of a taxon; inner folds
DRAWS = {"quick": 3, "full": 10}  # seeds of the training
LIGHT = {"components": 64, "epochs": 20}  # of the head, the same for both


def compare(mined: Sequence[Maker], random: Sequence[Maker], data: BenchData) -> Verdict:
    """Compare learners, one a draw, on the same clades held out."""
    better = [clade_scores(make, data, INNER) for make in mined]
    worse = [clade_scores(make, data, INNER) for make in random]
    return judge(
        [
            gain_of_skill("skill, mined less random", better, worse),
            gain_of_precision("mAP, mined less random", better, worse),
        ],
        {"mAP mined": better[0].mean_average_precision, "random": worse[0].mean_average_precision},
    )


def _test(material: Material, data: BenchData) -> Verdict:
    light = lighter(data, IMAGES, material.seed)
    mined, random = (
        [
            partial(FixedLength, variant("triplet", material, draw, loss=loss, **LIGHT))
            for draw in range(DRAWS[material.budget])
        ]
        for loss in ("triplet-semihard", "triplet")
    )
    return compare(mined, random, light)


CLAIM = Claim(
    name="triplet-mining",
    method="triplet",
    text="Triplet loss needs mining: random triplets teach less.",
    test=_test,
)
