"""One world each, and every p-value of the signal block there, by its place in signal.json."""

from itertools import islice
from itertools import permutations as all_orders
from typing import Any

import numpy as np
import pandas as pd
from null_worlds import (
    LOOKS,
    birth_death,
    coalescent,
    distances,
    draw_tree,
    named,
    normal,
    p_values,
    phylogeny,
    uneven,
)
from skbio import TreeNode

from phylolens.phylogeny import covariance
from phylolens.stats.baselines import baselines
from phylolens.stats.by_clade import by_clade
from phylolens.stats.correlogram import correlogram
from phylolens.stats.every_test import every_test
from phylolens.stats.lambda_fit import pagel_lambda
from phylolens.stats.mantel import mantel
from phylolens.stats.trees import compare_trees, visual_tree
from phylolens.stats.within import within_clades

TAXA, PERMUTATIONS = 22, 199
SIZES = {"A": 9, "B": 10, "C": 6, "D": 5}
SMALL = ("C", "D")  # of these all orders are tried


def global_world(number: int, kind: str) -> dict[str, float]:
    """All tests over all taxa, the correlogram and lambda."""
    rng = np.random.default_rng([41, list(LOOKS).index(kind), number])
    tree = draw_tree(number, TAXA, rng)
    genetic, shared = phylogeny(tree)
    visual = distances(LOOKS[kind](TAXA, rng), genetic.ids)
    common: dict[str, Any] = {"permutations": PERMUTATIONS, "seed": int(rng.integers(2**31))}
    classes = correlogram(visual, genetic, **common)
    found = {
        "tests": every_test(visual, genetic, shared, **common).results,
        "correlogram": {"classes": [one.to_dict() for one in classes]},
        "lambda": pagel_lambda(visual, shared, **common).to_dict(),
    }
    return dict(p_values(found))


def trees_world(number: int) -> dict[str, float]:
    """Trees from looks of every kind in turn; image counts that follow nothing."""
    rng = np.random.default_rng([42, number])
    tree = draw_tree(number, TAXA, rng)
    genetic, _ = phylogeny(tree)
    kind = list(LOOKS)[number // 4 % len(LOOKS)]
    visual = distances(LOOKS[kind](TAXA, rng), genetic.ids)
    seed = int(rng.integers(2**31))
    clades = pd.Series(np.arange(TAXA) // 6, index=list(genetic.ids)).astype(str)
    counts = pd.Series(1 + rng.geometric(0.1, TAXA), index=list(genetic.ids))
    found = {
        "baselines": baselines(
            genetic, None, visual=visual, image_counts=counts,
            permutations=PERMUTATIONS, seed=seed,
        ).to_dict(),
        "tree": compare_trees(
            visual_tree(visual), tree, clades=clades, n_null=PERMUTATIONS, n_random=1, seed=seed
        ),
    }  # fmt: skip
    return dict(p_values(found))


def clade_tree(rng: np.random.Generator) -> tuple[TreeNode, pd.DataFrame]:
    """A tree of four clades, dated or of uneven rates, and the lineage of its tips."""
    shape = (coalescent, uneven)[int(rng.integers(2))]
    tree, rows = coalescent(len(SIZES), rng), {}
    height = max(tip.distance(tree) for tip in tree.tips())
    for (clade, size), stem in zip(SIZES.items(), list(tree.tips()), strict=True):
        inner = named(shape(size, rng), clade)
        for node in inner.preorder(include_self=False):
            node.length *= height / 2
        rows |= {tip.name: (clade, tip.name) for tip in inner.tips()}
        stem.extend(list(inner.children))
    lineage = pd.DataFrame.from_dict(rows, orient="index", columns=["order", "species"])
    return tree, lineage.sort_index()


def clades_world(number: int) -> dict[str, float]:
    """Clade means evolve along the tree, far apart; within clades there is only noise."""
    rng = np.random.default_rng([43, number])
    tree, lineage = clade_tree(rng)
    genetic, shared = phylogeny(tree)
    between = genetic.filter([f"{clade}000" for clade in SIZES]).data
    root = np.linalg.cholesky(between.max() - between + 0.1 * np.eye(len(SIZES)))
    means = pd.DataFrame(3 * root @ rng.normal(size=(len(SIZES), 8)), index=list(SIZES))
    clades = lineage["order"]
    looks = means.loc[clades[list(genetic.ids)]].to_numpy()
    spread = pd.Series(0.3 + rng.random(len(SIZES)), index=list(SIZES))  # some clades vary more
    noise = spread[clades[list(genetic.ids)]].to_numpy()[:, None] * normal(len(looks), rng)
    visual = distances(looks + noise, genetic.ids)
    common: dict[str, Any] = {"permutations": PERMUTATIONS, "seed": int(rng.integers(2**31))}
    inside = {
        name: within_clades(visual, genetic, clades, **how, **common)
        for name, how in {
            "pearson": {"method": "pearson"},
            "spearman": {"method": "spearman"},
            "pearson_within_pairs": {"pairs": "within"},
        }.items()
    }
    found = {
        "within_clades": {name: test.to_dict() for name, test in inside.items() if test},
        "by_clade": by_clade(visual, genetic, shared, lineage, **common),
        "over all pairs": mantel(visual, genetic, **common).to_dict(),
    }
    return dict(p_values(found))


def order_world(number: int, n: int) -> dict[str, float]:
    """One tree and one set of looks for all worlds; the taxa of the looks in another order."""
    rng = np.random.default_rng([44, n])
    tree, looks = draw_tree(0, n, rng), normal(n, rng)
    order = next(islice(all_orders(range(n)), number, None))
    return small_world(tree, looks[list(order)])


def drawn_small_world(number: int, n: int) -> dict[str, float]:
    """So few taxa that all orders are tried."""
    rng = np.random.default_rng([45, n, number])
    tree = draw_tree(number, n, rng)
    return small_world(tree, list(LOOKS.values())[number // 4 % 4](n, rng))


def small_world(tree: TreeNode, looks: np.ndarray) -> dict[str, float]:
    genetic, shared = phylogeny(tree)
    visual = distances(looks, genetic.ids)
    found = {
        "tests": every_test(visual, genetic, shared).results,
        "correlogram": {"classes": [one.to_dict() for one in correlogram(visual, genetic)]},
        "lambda": pagel_lambda(visual, shared).to_dict(),
        "tree": compare_trees(visual_tree(visual), tree, n_random=1),
    }
    return {name: p for name, p in p_values(found) if not name.endswith("p_holm")}


def lambda_world(
    number: int, n: int, lambda_: float, axes: int = 8, longer_tips: float = 0.0
) -> dict[str, float]:
    """Looks under Brownian motion with Pagel's lambda; one tree for all worlds of a size.

    Tips may be made longer by a share of the tree's height, so that no two are close.
    """
    tree = named(birth_death(n, np.random.default_rng([51, n]), death=0.0))
    height = float(covariance(tree).to_numpy().max())
    for tip in tree.tips():
        tip.length += longer_tips * height
    genetic, shared = phylogeny(tree)
    scaled = lambda_ * shared.to_numpy()
    np.fill_diagonal(scaled, np.diag(shared))
    rng = np.random.default_rng([52, n, round(1000 * lambda_), number])
    looks = np.linalg.cholesky(scaled) @ rng.normal(size=(n, axes))
    visual = distances(looks, genetic.ids)
    common: dict[str, Any] = {"permutations": PERMUTATIONS, "seed": int(rng.integers(2**31))}
    found = every_test(visual, genetic, shared, **common).results
    return {name: test["p_value"] for name, test in found.items()} | {
        "lambda": pagel_lambda(visual, shared, **common).p_value
    }
