"""Do prototypes fail on classes with several modes? Distant taxa are merged to make some."""

import numpy as np
from scipy.spatial.distance import cdist

from phylolens.errors import TooFew
from phylolens.guided.learners.inputs import reduced
from phylolens.guided.sample import Sample, with_rows
from phylolens.paradigms.clade_scores import lighter
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evidence import judge, over_units
from phylolens.paradigms.material import Material
from phylolens.random import stream

IMAGES, COMPONENTS = 12, 64  # of a taxon; of the features
DRAWS = {"quick": 10, "full": 50}  # merges, each with other specimens held out
FAR = 0.25  # of the taxa that are left, the farthest, are candidates for a merge


def merge_distant(places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pair taxa, each with one of the farthest that are left; an odd one stays alone.

    Parameters
    ----------
    places : array, shape (T, k)

    Returns
    -------
    int array, shape (T,)
        Class of each taxon.
    """
    apart = cdist(places, places)
    classes = np.full(len(places), -1)
    for taxon in rng.permutation(len(places)):
        if classes[taxon] >= 0:
            continue
        classes[taxon] = taxon
        left = np.flatnonzero(classes < 0)
        if len(left):
            order = left[np.argsort(-apart[taxon, left], kind="stable")]
            classes[order[int(rng.integers(max(1, round(FAR * len(order)))))]] = taxon
    return classes


def right_share(known: np.ndarray, new: np.ndarray, codes: np.ndarray, classes: np.ndarray,
                taxa: np.ndarray, *, by: str) -> np.ndarray:  # fmt: skip
    """Share of each taxon's new images that are sorted into its class, shape (T,).

    Parameters
    ----------
    known, new : array, shape (P, k) and (Q, k)
    codes, taxa : int array, shape (P,) and (Q,)
        Taxon of each.
    classes : int array, shape (T,)
    by : {'prototype', 'neighbour'}
        The nearest mean of a class, or the nearest image.
    """
    own = classes[codes]
    names = np.unique(own) if by == "prototype" else own
    if by == "prototype":
        known = np.stack([known[own == name].mean(axis=0) for name in names])
    said = names[np.argmin(cdist(new, known), axis=1)]
    right = np.bincount(taxa, said == classes[taxa], len(classes))
    found: np.ndarray = right / np.maximum(np.bincount(taxa, minlength=len(classes)), 1)
    return found


def split_specimens(sample: Sample, specimens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose half of each taxon's specimens for training, bool array over images, shape (N,)."""
    training = np.zeros(len(specimens), dtype=bool)
    for taxon in range(len(sample)):
        rows = np.flatnonzero(sample.codes == taxon)
        own = rng.permutation(np.unique(specimens[rows]))
        training[rows] = np.isin(specimens[rows], own[: (len(own) + 1) // 2])
    return training


def _test(material: Material, data: BenchData) -> Verdict:
    sample = lighter(data, IMAGES, material.seed).sample
    specimens = data.labels["specimen_id"].loc[list(sample.ids)].to_numpy(dtype=str)
    groups = np.unique(data.clades.groups, return_inverse=True)[1]
    losses: dict[str, list[np.ndarray]] = {"prototype": [], "neighbour": []}
    for draw in range(DRAWS[material.budget]):
        rng = stream(material.seed, "paradigms.claims.merges", draw)
        training = split_specimens(sample, specimens, rng)
        if training.all():
            raise TooFew("the experiment takes taxa of several specimens.")
        own = with_rows(sample, training)
        rows = reduced(own, COMPONENTS, rng)(sample.matrix()).astype(np.float64)
        parts = (rows[training], rows[~training], sample.codes[training])
        merged = merge_distant(own.average(parts[0]), rng)
        new = sample.codes[~training]
        for by, found in losses.items():
            before = right_share(*parts, np.arange(len(sample)), new, by=by)
            found.append(before - right_share(*parts, merged, new, by=by))
    asked = np.bincount(groups, np.isin(np.arange(len(sample)), new), groups.max() + 1)
    sums = {by: np.array([np.bincount(groups, one) for one in loss]) for by, loss in losses.items()}
    means = {by: float(one.sum(axis=1).mean() / asked.sum()) for by, one in sums.items()}
    return judge(
        [over_units("accuracy lost by merging, prototypes less nearest neighbours",
                    sums["prototype"] - sums["neighbour"], asked)],
        {"prototypes": means["prototype"], "nearest neighbours": means["neighbour"]},
    )  # fmt: skip


CLAIM = Claim(
    name="prototypes-multimodal",
    method="prototypes",
    text="Prototypes fail on classes of several modes.",
    test=_test,
)
