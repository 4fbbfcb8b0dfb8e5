"""SwAV and large batches: does it need them less than SimCLR does."""

from collections.abc import Sequence

import numpy as np

from phylolens.paradigms.clade_scores import CladeScores, lighter
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.claims.simclr_batches import IMAGES, LARGE, SMALL, by_batch
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evidence import judge, over_units
from phylolens.paradigms.material import Material

ByBatch = Sequence[Sequence[CladeScores]]


def decide(simclr: ByBatch, swav: ByBatch) -> Verdict:
    """Judge what large batches bring to each, on the same clades and seeds."""
    gains = [
        np.array([a.precision - b.precision for a, b in zip(large, small, strict=True)])
        for large, small in (simclr, swav)
    ]
    queried = simclr[0][0].queried
    return judge(
        [
            over_units(
                "gain of mAP by large batches, SimCLR less SwAV", gains[0] - gains[1], queried
            )
        ],
        {
            f"mAP of SwAV with {LARGE}": swav[0][0].mean_average_precision,
            f"with {SMALL}": swav[1][0].mean_average_precision,
        },
    )


def _test(material: Material, data: BenchData) -> Verdict:
    light = lighter(data, IMAGES, material.seed)
    return decide(*(by_batch(name, material, light) for name in ("simclr", "swav")))


CLAIM = Claim(
    name="swav-batches",
    method="swav",
    text="SwAV needs large batches less than SimCLR.",
    test=_test,
)
