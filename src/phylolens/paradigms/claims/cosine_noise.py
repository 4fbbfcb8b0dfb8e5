"""Is the cosine sensitive to noise, more than the Euclidean distance? Features get noisier."""

import numpy as np

from phylolens.paradigms.agreement import distances_of, row_agreement
from phylolens.paradigms.clade_scores import lighter
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evidence import judge, over_units
from phylolens.paradigms.material import Material
from phylolens.random import stream

IMAGES = 3  # of a taxon
DRAWS = {"quick": 2, "full": 10}  # of the noise
SIZES = (0.5, 1.0, 2.0)  # of the noise, in standard deviations of the features
METRICS = ("euclidean", "cosine")


def _test(material: Material, data: BenchData) -> Verdict:
    sample = lighter(data, IMAGES, material.seed).sample
    rows = sample.matrix().astype(np.float64)
    spread = float(np.sqrt(rows.var(axis=0).mean()))
    before = {metric: distances_of(rows, metric) for metric in METRICS}
    groups = np.unique(data.clades.groups, return_inverse=True)[1][sample.codes]
    kept = np.zeros((len(METRICS), DRAWS[material.budget], len(SIZES), groups.max() + 1))
    for draw in range(DRAWS[material.budget]):
        rng = stream(material.seed, "paradigms.claims.noise", draw)
        noise = spread * rng.standard_normal(rows.shape)  # the same for both distances
        for number, size in enumerate(SIZES):
            for place, metric in enumerate(METRICS):
                after = distances_of(rows + size * noise, metric)
                agreement = sample.weights * row_agreement(before[metric], after)
                kept[place, draw, number] = np.bincount(groups, agreement)
    taxa = np.bincount(groups, sample.weights)
    means = kept.sum(axis=3).mean(axis=1) / taxa.sum()
    beside = {
        f"{metric} with noise of {size:g} SD": float(means[place, number])
        for number, size in enumerate(SIZES)
        for place, metric in enumerate(METRICS)
    }
    lost = (kept[0] - kept[1]).mean(axis=1)
    return judge(
        [over_units("agreement with distances free of noise, Euclidean less cosine", lost, taxa)],
        beside,
    )


CLAIM = Claim(
    name="cosine-noise",
    method="cosine",
    text="The cosine is sensitive to noise, more than the Euclidean distance.",
    test=_test,
)
