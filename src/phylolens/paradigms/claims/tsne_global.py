"""Does t-SNE lose the global structure? Its far distances are held against those of two axes."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from phylolens.guided.learners.inputs import standardised
from phylolens.guided.sample import Sample
from phylolens.paradigms.clade_scores import lighter
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evidence import judge, over_units
from phylolens.paradigms.material import Material
from phylolens.random import stream

IMAGES = {"quick": 4, "full": 16}  # of a taxon
AXES = 50  # principal components that the map is made of
NEIGHBOURS = 30.0  # perplexity, less where there are few images
FEWEST_OTHERS = 3  # of a half, to have a rank correlation


def row_correlations(apart: np.ndarray, mapped: np.ndarray, *, far: bool) -> np.ndarray:
    """Rank correlation of each taxon's distances to the far, or near, half of the others.

    Parameters
    ----------
    apart, mapped : array, shape (T, T)
        Distances as they are, and in a map.
    far : bool

    Returns
    -------
    array, shape (T,)
        Zero where all distances of a map are equal; NaN with fewer than three others to a half.
    """
    n = len(apart)
    found = np.full(n, np.nan)
    for taxon in range(n):
        others = np.delete(np.arange(n), taxon)
        order = others[np.argsort(apart[taxon, others], kind="stable")]
        half = order[len(order) // 2 :] if far else order[: len(order) // 2]
        if len(half) >= FEWEST_OTHERS:
            ranks = [rankdata(one[taxon, half]) for one in (apart, mapped)]
            spread = [one.std() for one in ranks]
            found[taxon] = np.corrcoef(*ranks)[0, 1] if min(spread) > 0 else 0.0
    return found


def maps_of(sample: Sample, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances between taxa: on all components, in the t-SNE map, and on two components."""
    rows = standardised(sample)(sample.matrix()).astype(np.float64)
    kept = min(AXES, *rows.shape)
    axes = PCA(kept, svd_solver="full").fit_transform(rows)
    state = int(stream(seed, "paradigms.claims.maps").integers(2**31))
    perplexity = min(NEIGHBOURS, (len(rows) - 1) / 3)
    tsne = TSNE(2, perplexity=perplexity, init="pca", random_state=state, n_jobs=1)
    found = [sample.average(one) for one in (axes, tsne.fit_transform(axes), axes[:, :2])]
    whole, mapped, two = (cdist(one, one) for one in found)
    return whole, mapped, two


def decide(whole: np.ndarray, mapped: np.ndarray, two: np.ndarray, groups: np.ndarray) -> Verdict:
    """Judge by the far halves; the near ones stand beside.

    Parameters
    ----------
    whole, mapped, two : array, shape (T, T)
        See :func:`maps_of`.
    groups : int array, shape (T,)
        Clade of each taxon.
    """
    figures = {
        f"{half} pairs, {name}": row_correlations(whole, map_, far=half == "far")
        for half in ("far", "near")
        for name, map_ in (("t-SNE", mapped), ("two components", two))
    }
    lost = figures["far pairs, two components"] - figures["far pairs, t-SNE"]
    codes = np.unique(groups, return_inverse=True)[1]
    return judge(
        [
            over_units(
                "rank correlation of far distances, two components less t-SNE",
                np.bincount(codes, np.nan_to_num(lost)),
                np.bincount(codes, np.isfinite(lost)),
            )
        ],
        {name: float(np.nanmean(one)) for name, one in figures.items()},
    )


def _test(material: Material, data: BenchData) -> Verdict:
    sample = lighter(data, IMAGES[material.budget], material.seed).sample
    return decide(*maps_of(sample, material.seed), data.clades.groups)


CLAIM = Claim(
    name="tsne-global",
    method="t-sne",
    text="t-SNE does not keep the global structure.",
    test=_test,
)
