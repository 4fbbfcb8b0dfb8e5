"""Does SimCLR need large batches? The same head and epochs, with batches of 256 and of 32."""

from collections.abc import Sequence

from phylolens.paradigms.clade_scores import (
    CladeScores,
    clade_scores,
    gain_of_precision,
    lighter,
    variant,
)
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evidence import judge
from phylolens.paradigms.material import Material

LARGE, SMALL = 256, 32  # images
IMAGES, FOLDS = 8, 3  # of a taxon; groups of clades held out
DRAWS = {"quick": 2, "full": 10}  # seeds of the training
LIGHT = {"components": 128}


def by_batch(method: str, material: Material, data: BenchData) -> list[list[CladeScores]]:
    """Score a self-supervised method with large batches and with small ones, draw by draw.

    It sees as many images either way, as in the paper's own comparison; so small batches take more
    steps.
    """
    return [
        [
            clade_scores(variant(method, material, draw, batch=batch, **LIGHT), data, folds=FOLDS)
            for draw in range(DRAWS[material.budget])
        ]
        for batch in (LARGE, SMALL)
    ]


def decide(large: Sequence[CladeScores], small: Sequence[CladeScores]) -> Verdict:
    """Judge by images of clades held out that look for their taxon."""
    return judge(
        [gain_of_precision(f"mAP, batches of {LARGE} less {SMALL}", large, small)],
        {
            f"mAP with {LARGE}": large[0].mean_average_precision,
            f"with {SMALL}": small[0].mean_average_precision,
        },
    )


def _test(material: Material, data: BenchData) -> Verdict:
    return decide(*by_batch("simclr", material, lighter(data, IMAGES, material.seed)))


CLAIM = Claim(
    name="simclr-batches",
    method="simclr",
    text="SimCLR needs large batches: 256 images are better than 32.",
    test=_test,
)
