"""Does k-means assume spheres? It is compared with a mixture that does not, on both shapes."""

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from phylolens.errors import TooFew
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evidence import FEWEST, judge, over_units
from phylolens.paradigms.material import Material
from phylolens.random import stream

AXES, STARTS = 4, 3  # principal components; starts of each clustering
TAXA = 6  # of a group, about: clusters to be found
IMAGES = 2 * (AXES + 1)  # of a taxon at least: its covariance is estimated
DRAWS = {"quick": 3, "full": 20}  # of the first centres
FLOOR = 1e-4  # of the mixture's variances, in the features' own
TINY = 1e-9  # share of the largest variance


def to_spheres(rows: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Whiten by the covariance within taxa, shape (N, k): on average they are spheres then."""
    means = np.stack([rows[codes == taxon].mean(axis=0) for taxon in np.unique(codes)])
    within = rows - means[np.unique(codes, return_inverse=True)[1]]
    values, vectors = np.linalg.eigh(within.T @ within / len(rows))
    found: np.ndarray = rows @ vectors / np.sqrt(np.maximum(values, TINY * values[-1]))
    return found


def scores(rows: np.ndarray, codes: np.ndarray, state: int) -> np.ndarray:
    """Score k-means and the mixture by the adjusted Rand index, with as many clusters as taxa."""
    k = len(np.unique(codes))
    unit = rows / (rows.std() or 1.0)  # the mixture's floor of variance is absolute
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        own = KMeans(k, n_init=STARTS, random_state=state).fit_predict(unit)
        mixture = GaussianMixture(
            k, n_init=STARTS, random_state=state, reg_covar=FLOOR, init_params="k-means++"
        )
        other = mixture.fit_predict(unit)
    return np.array([adjusted_rand_score(codes, own), adjusted_rand_score(codes, other)])


def _test(material: Material, data: BenchData) -> Verdict:
    sample = data.sample
    usable = np.flatnonzero(sample.sizes >= IMAGES)
    number = max(FEWEST, round(len(usable) / TAXA))
    if len(usable) < 2 * number:
        raise TooFew(
            f"the experiment takes at least {2 * FEWEST} taxa of {IMAGES} images; "
            f"there are {len(usable)}."
        )
    matrix = sample.matrix()
    rng = stream(material.seed, "paradigms.claims.groups")
    groups = np.array_split(rng.permutation(usable), number)
    ari = np.stack(  # draw, group, shape, clustering
        [
            [_of_group(matrix, sample.codes, one, rng) for one in groups]
            for _ in range(DRAWS[material.budget])
        ]
    )
    gains = ari[:, :, 1] - ari[:, :, 0]
    beside = ari.mean(axis=(0, 1))
    return judge(
        [
            over_units(
                "ARI gained by spheres, k-means less Gaussian mixture",
                gains[..., 0] - gains[..., 1],
                np.ones(number),
                "groups of taxa",
            )
        ],
        {
            "k-means as they are": beside[0, 0],
            "k-means on spheres": beside[1, 0],
            "mixture as they are": beside[0, 1],
            "mixture on spheres": beside[1, 1],
        },
    )


def _of_group(
    matrix: np.ndarray, codes: np.ndarray, taxa: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Scores of a group of taxa as they are and as spheres, shape (2, 2)."""
    rows = np.isin(codes, taxa)
    some = np.asarray(matrix[rows], dtype=np.float64)
    axes = PCA(min(AXES, *some.shape), svd_solver="full").fit_transform(some)
    state = int(rng.integers(2**31))
    shapes = (axes, to_spheres(axes, codes[rows]))
    return np.stack([scores(one, codes[rows], state) for one in shapes])


CLAIM = Claim(
    name="kmeans-spheres",
    method="k-means",
    text="k-means assumes spherical clusters.",
    test=_test,
)
