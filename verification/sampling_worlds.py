"""Worlds as museums sample them, none with a common history, and what is said of each.

Simulated here from scratch, without the project's own simulator: Yule trees, images of taxa with
an offset (as networks have one), features of unequal variance. Five nulls: looks independent in
every way; numbers of images that follow the clades; clades that vary more or less; looks that vary
more on longer terminal branches; a variance that evolves along the tree. In none do relatives
resemble each other.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from null_worlds import p_values
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from skbio import DistanceMatrix, TreeNode

from phylolens.report.results import Results
from phylolens.report.sections.signal import about_signal
from phylolens.stats import Comparison, debiased_distances, signal
from phylolens.values import Features

NULLS = ("independent", "counts by clade", "sd by clade", "terminal branch", "variance on the tree")
TAXA, CLADES, AXES, PERMUTATIONS, SIMULATIONS = 40, 6, 48, 99, 60
COUNTS = (1, 2, 3, 6, 12, 30)


def yule(n: int, rng: np.random.Generator) -> TreeNode:
    """Yule tree of height one, grown forwards; tips named in an order that tells nothing."""
    root = TreeNode(length=0.0)
    living = [root]
    while len(living) < n:
        wait = rng.exponential(1 / len(living))
        for node in living:
            node.length += wait
        parent = living.pop(int(rng.integers(len(living))))
        for _ in range(2):
            child = TreeNode(length=0.0)
            parent.append(child)
            living.append(child)
    wait = rng.exponential(1 / n)
    for node, name in zip(living, rng.permutation(n), strict=True):
        node.length += wait
        node.name = f"t{name:02d}"
    root.length = None
    height = living[0].distance(root)
    for node in root.preorder(include_self=False):
        node.length /= height
    return root


def shared_history(tree: TreeNode, names: list[str]) -> np.ndarray:
    """Covariance of Brownian motion on an ultrametric tree, of height one in the end."""
    distances = tree.cophenet().filter(names).data
    return 1 - distances / distances.max()


def clades_of(shared: np.ndarray, wanted: int = CLADES) -> np.ndarray:
    """Cut the tree into clades."""
    joined = linkage(squareform(1 - shared, checks=False), "average")
    return fcluster(joined, wanted, "maxclust") - 1


def sampled(null: str, shared: np.ndarray, tips: np.ndarray, rng: np.random.Generator):
    """Numbers of images, and standard deviations between and within taxa."""
    n, clade = len(shared), clades_of(shared)
    counts, between, within = rng.integers(2, 9, n), np.ones(n), np.ones(n)
    if null == "counts by clade":
        counts = rng.permutation(COUNTS)[clade % len(COUNTS)]
    elif null == "sd by clade":
        between = np.exp(rng.normal(0, 0.6, clade.max() + 1))[clade]
        within = between
    elif null == "terminal branch":
        between = np.sqrt(tips / tips.mean())
    elif null == "variance on the tree":
        root = np.linalg.cholesky(shared + 1e-9 * np.eye(n))
        between = np.exp(0.5 * root @ rng.normal(size=n))
    return counts, between, within


def photographed(
    looks: np.ndarray, counts: np.ndarray, within: np.ndarray, rng: np.random.Generator
) -> Features:
    """Images of taxa: their looks, an offset that all share, and a scatter."""
    names = [f"t{row:02d}" for row in range(len(looks))]
    scale = rng.uniform(0.2, 1.5, looks.shape[1])
    taxon = np.repeat(np.arange(len(looks)), counts)
    scatter = 1.5 * within[taxon][:, None] * rng.normal(size=(len(taxon), looks.shape[1]))
    rows = 3 + scale * (looks[taxon] + scatter)
    ids = [f"{names[k]}/{place}" for place, k in enumerate(taxon)]
    return Features(tuple(ids), rows.astype(np.float32))


def compared(features: Features, tree: TreeNode, shared: np.ndarray, names: list[str]):
    """The comparison that ``phylolens signal`` makes of them, with orders as clades."""
    ids = list(features.ids)
    taxa = pd.Series([name.split("/")[0] for name in ids], index=ids)
    measured = debiased_distances(features, taxa, pd.Series(ids, index=ids))
    lineage = pd.DataFrame(
        {"order": [f"o{k}" for k in clades_of(shared)], "species": names}, index=names
    )
    return Comparison(
        measured.matrix,
        DistanceMatrix(2 - 2 * shared, names),
        pd.DataFrame(shared, names, names),
        tree,
        lineage=lineage,
        image_counts=taxa.value_counts().sort_index(),
        measured=measured,
    )


def null_world(null: str, number: int) -> Comparison:
    """One world of one kind."""
    rng = np.random.default_rng([61, NULLS.index(null), number])
    tree = yule(TAXA, rng)
    names = sorted(tip.name for tip in tree.tips())
    shared = shared_history(tree, names)
    tips = np.array([tree.find(name).length for name in names])
    counts, between, within = sampled(null, shared, tips, rng)
    looks = between[:, None] * rng.normal(size=(TAXA, AXES))
    return compared(photographed(looks, counts, within, rng), tree, shared, names)


def claims(found: Any, names: list[str], folder: Path) -> dict[str, float]:
    """Which sentences of the report say that looks go with lineage, or that pairs stand out."""
    place = folder / "signal"
    place.mkdir(exist_ok=True)
    own = {"rank": "species", "n_taxa": len(names), "distance": "chord", **found.result.to_dict()}
    (place / "signal.json").write_text(json.dumps(own, default=list), encoding="utf-8")
    if found.pairs is not None:
        found.pairs.to_csv(place / "pairs.csv", index=False)
    said = about_signal(Results(folder))
    assert said is not None
    classes = said.correlogram.rows if said.correlogram else []
    clades = said.clades.rows if said.clades else []
    own_pairs = found.result.disagreement
    return {
        "says: relatives look more alike": "look more alike than chance" in said.claim,
        "says: tests disagree": said.kind == "open",
        "says: beyond the order": bool(said.within and said.within.beyond),
        "says: alike at some distance": any(row.sign for row in classes),
        "says: looks follow lineage in a clade": any(row.yes for row in clades),
        "says: tree of looks is nearer": bool(said.trees)
        and " is nearer to the reference" in said.trees.sentence,
        "says: convergent pairs": bool(own_pairs and own_pairs.n_convergent),
        "says: divergent pairs": bool(own_pairs and own_pairs.n_divergent),
    }


def everything(null: str, number: int) -> dict[str, float]:
    """Every p-value, and every sentence (1 where it claims something), of one world."""
    world = null_world(null, number)
    found = signal(
        world, permutations=PERMUTATIONS, simulations=SIMULATIONS, repetitions=0, seed=number
    )
    with tempfile.TemporaryDirectory() as folder:
        said = claims(found, list(world.visual.ids), Path(folder))
    return dict(p_values(found.result.to_dict())) | {
        name: float(value) for name, value in said.items()
    }


def followed(kind: str, number: int, *, lambda_: float, axes: int | None = None) -> Comparison:
    """A world whose looks follow the tree, 74 taxa, 64 features, uneven numbers of images.

    ``short sisters``: seven pairs of tips with branches of a thousandth of the height. ``old
    lineages``: a bird-like tree, its deepest branches lengthened. With ``axes`` only so many
    features follow the tree, by Brownian motion.
    """
    rng = np.random.default_rng([62, number, round(100 * lambda_), axes or 0])
    tree = yule(74, rng)
    if kind == "old lineages":
        for node in tree.preorder(include_self=False):
            if node.parent is tree:
                node.length += 0.7
    if kind == "short sisters":
        cherries = [node for node in tree.non_tips() if all(c.is_tip() for c in node.children)]
        for node in cherries[:7]:
            gone = node.children[0].length - 0.001
            node.length += gone
            for tip in node.children:
                tip.length -= gone
    names = sorted(tip.name for tip in tree.tips())
    shared = shared_history(tree, names)
    root = np.linalg.cholesky(
        lambda_ * shared + (1 - lambda_) * np.diag(np.diag(shared)) + 1e-9 * np.eye(74)
    )
    looks = rng.normal(size=(74, 64))
    looks[:, :axes] = (root @ looks)[:, :axes]
    features = photographed(looks, rng.integers(2, 9, 74), np.ones(74), rng)
    return compared(features, tree, shared, names)
