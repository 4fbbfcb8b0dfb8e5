"""Worlds in which all is known that a reader of a figure could want to find.

Taxa evolve on a birth-death tree with Pagel's lambda. Then a few are moved: some almost onto a
distant relative (convergent pairs), some away from their family (near relatives that look
different). What is drawn are means over specimens, noise of sampling included.
"""

from dataclasses import dataclass, replace

import numpy as np
from skbio import DistanceMatrix, TreeNode

from phylolens.phylogeny.rank import patristic
from phylolens.random import stream
from phylolens.simulation import birth_death_tree, simulate_features

LAMBDAS = (1.0, 0.5, 0.0)
WORLDS = 20
# Taxa: subclasses, orders, families, genera; taxa moved of each kind.
SIZES = {20: ((2, 4, 8, 14), 2), 75: ((3, 10, 26, 50), 4), 200: ((4, 20, 70, 130), 8)}
AXES, SPECIMENS, SCATTER = 64, 10, 0.5
CONVERGENCE = 0.9  # share of the way to the other taxon


@dataclass(frozen=True)
class Truth:
    """One world. Rows are taxa in the order of the tree.

    ``looks`` (n, axes) is what is drawn, ``visual`` and ``genetic`` (n, n) are distances;
    ``order`` and ``family`` (n,) number the clades; ``convergent`` and ``divergent`` (n, n) mark
    the planted pairs, symmetric.
    """

    tree: TreeNode
    taxa: tuple[str, ...]
    looks: np.ndarray
    visual: np.ndarray
    genetic: np.ndarray
    order: np.ndarray
    family: np.ndarray
    convergent: np.ndarray
    divergent: np.ndarray


def draw_world(n: int, lambda_: float, number: int) -> Truth:
    """Worlds of one size and number share their tree and the taxa that are moved."""
    clades, moved = SIZES[n]
    place = (91, n, number)
    named = birth_death_tree(
        n, clades=clades, extinction=0.2, rng=stream(0, "simulation.world", *place)
    )
    taxa = tuple(named.lineages)
    order, family = (_numbered([named.lineages[taxon][rank] for taxon in taxa]) for rank in (1, 2))
    drawn, _ = simulate_features(
        named.tree, per_taxon=1, n_features=AXES, lambda_=lambda_, within_sd=0.0,
        seed=1000 * n + number,
    )  # fmt: skip
    row_of = {identifier.rsplit("/", 1)[0]: row for row, identifier in enumerate(drawn.ids)}
    means = drawn.matrix[[row_of[taxon] for taxon in taxa]].astype(float)
    rng = stream(0, "simulation.world", *place, 1)
    means, convergent, divergent = plant(means, order, family, moved, rng)
    means += rng.standard_normal(means.shape) * SCATTER / np.sqrt(SPECIMENS)
    # Few axes hold most of what is seen, as in features of networks.
    looks = means / np.sqrt(np.arange(1, AXES + 1))
    genetic = patristic(named.tree).filter(taxa).data
    return Truth(named.tree, taxa, looks, between(looks), np.array(genetic), order, family,
                 convergent, divergent)  # fmt: skip


def plant(
    means: np.ndarray, order: np.ndarray, family: np.ndarray, number: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Move ``number`` taxa onto one of another order, and as many away from their family.

    Returns the means after that, and the pairs of both kinds. No taxon is part of two.
    """
    means, n = means.copy(), len(means)
    convergent, divergent = np.zeros((n, n), dtype=bool), np.zeros((n, n), dtype=bool)
    free = [int(row) for row in rng.permutation(n)]
    for row in list(free):
        own = (family == family[row]) & (np.arange(n) != row)
        if not own.any() or divergent[own].any():
            continue  # one of a family, so that the others stay alike
        divergent[row, own] = True
        means[row] = means.mean(axis=0) + rng.standard_normal(means.shape[1]) * means.std(axis=0)
        free.remove(row)
        if divergent.any(axis=1).sum() == number:
            break
    for _ in range(number):
        model = free.pop()
        row = next(other for other in free if order[other] != order[model])
        free.remove(row)
        means[row] += CONVERGENCE * (means[model] - means[row])
        convergent[row, model] = True
    return means, convergent | convergent.T, divergent | divergent.T


def renamed(truth: Truth, rows: np.ndarray) -> Truth:
    """The same world with its taxa in another order."""
    square = np.ix_(rows, rows)
    return replace(
        truth,
        taxa=tuple(truth.taxa[row] for row in rows),
        looks=truth.looks[rows],
        order=truth.order[rows],
        family=truth.family[rows],
        **{name: getattr(truth, name)[square]
           for name in ("visual", "genetic", "convergent", "divergent")},
    )  # fmt: skip


def between(points: np.ndarray) -> np.ndarray:
    """Euclidean distances between rows."""
    return np.linalg.norm(points[:, None, :] - points[None, :, :], axis=2)


def as_matrix(distances: np.ndarray, taxa: tuple[str, ...]) -> DistanceMatrix:
    """The same with names."""
    return DistanceMatrix(np.ascontiguousarray(distances), list(taxa))


def _numbered(names: list[str]) -> np.ndarray:
    return np.unique(names, return_inverse=True)[1]
