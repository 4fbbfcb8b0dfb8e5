"""Does the cosine ignore how long features are? Images get random lengths."""

import numpy as np

from phylolens.paradigms.agreement import distances_of, row_agreement
from phylolens.paradigms.clade_scores import lighter
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evidence import judge, over_units
from phylolens.paradigms.material import Material
from phylolens.random import stream

IMAGES = 3  # of a taxon
DRAWS = {"quick": 3, "full": 20}
SPREAD = 0.5  # standard deviation of the logarithm of the lengths


def compare(
    material: Material, data: BenchData, ignoring: str = "cosine", other: str = "euclidean"
) -> Verdict:
    """Judge how much of each distance is left when every image is made longer or shorter."""
    sample = lighter(data, IMAGES, material.seed).sample
    rows = sample.matrix().astype(np.float64)
    before = {metric: distances_of(rows, metric) for metric in (ignoring, other)}
    groups = np.unique(data.clades.groups, return_inverse=True)[1][sample.codes]
    changed: dict[str, list[np.ndarray]] = {ignoring: [], other: []}
    largest = 0.0
    for draw in range(DRAWS[material.budget]):
        rng = stream(material.seed, "paradigms.claims.lengths", draw)
        longer = rows * np.exp(SPREAD * rng.standard_normal(len(rows)))[:, None]
        after = {metric: distances_of(longer, metric) for metric in before}
        largest = max(largest, float(np.abs(after[ignoring] - before[ignoring]).max()))
        for metric, found in changed.items():
            lost = 1 - row_agreement(before[metric], after[metric])
            found.append(np.bincount(groups, sample.weights * lost))
    taxa = np.bincount(groups, sample.weights)
    sums = {metric: np.array(found) for metric, found in changed.items()}
    return judge(
        [over_units(f"order of distances lost, {other} less {ignoring}",
                    sums[other] - sums[ignoring], taxa)],
        {f"largest change of a {ignoring} distance": largest},
    )  # fmt: skip


CLAIM = Claim(
    name="cosine-magnitude",
    method="cosine",
    text="The cosine ignores magnitude.",
    test=compare,
)
