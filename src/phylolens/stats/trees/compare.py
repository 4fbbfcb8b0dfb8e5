"""The tree from images beside the reference tree: five measures, two nulls."""

from typing import Any

import numpy as np
import pandas as pd
from skbio import TreeNode

from phylolens.stats._permutation import best_orders, orders, p_value_of, require_permutations
from phylolens.stats.trees.align import align_distance
from phylolens.stats.trees.cid import clustering_information_distance
from phylolens.stats.trees.coherency import coherency_index, label_codes
from phylolens.stats.trees.null_trees import NullTrees
from phylolens.stats.trees.quartet import quartet_distance
from phylolens.stats.trees.rf import robinson_foulds
from phylolens.stats.trees.splits import FEWEST_TIPS, same_tips, tip_names

MEASURES = ("nrf", "cid", "quartet", "align", "coherency")
# Tips up to which so many permutations of tips and so many random trees are tried.
EFFORT = ((200, 999, 99), (400, 199, 49), (600, 99, 19), (1000, 39, 9))
LEAST_EFFORT = (19, 9)


def effort(n: int) -> tuple[int, int]:
    """Permutations of tips and random trees for n tips: fewer for larger trees, whose cost grows.

    Matching the splits of two trees costs about the cube of their number. Up to 200 tips there are
    999 permutations (smallest p 0.001), up to 1,000 tips 39 (0.025), beyond 19 (0.05). Random
    trees give a mean and a spread only, so fewer do.
    """
    for most, n_null, n_random in EFFORT:
        if n <= most:
            return n_null, n_random
    return LEAST_EFFORT


def compare_trees(
    visual_tree: TreeNode,
    reference_tree: TreeNode,
    *,
    tested: TreeNode | None = None,
    clades: pd.Series | None = None,
    n_null: int | None = None,
    n_random: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare a tree with the reference tree, and the comparison with chance.

    Two nulls: the tree with its tips permuted, which keeps its shape and is what the same method
    makes of a distance matrix with permuted taxa; and random trees (see
    :func:`phylolens.stats.trees.null_trees.random_clades`). p is that of the permuted tips:
    (count of permutations that do as well + 1) / (permutations + 1); with up to eight tips all
    relabellings are tried and p is their share.

    Parameters
    ----------
    visual_tree, reference_tree : TreeNode
        Trees on the same tips. Roots matter to the coherency index only.
    tested : TreeNode, optional
        A tree on the same tips that the nulls and p are of, where not of ``visual_tree``: made
        from directions alone (:mod:`phylolens.stats.unit_length`), it does not join taxa merely
        because they vary little.
    clades : Series, optional
        Clade label of each tip (its taxon at the next coarser rank; NaN where unknown), for the
        coherency index.
    n_null, n_random : int, optional
        Permutations of tips and random trees; by default as :func:`effort` says.
    seed : int
        Seed of everything random.

    Returns
    -------
    dict
        ``n_tips``, ``n_null``, ``n_random``, ``exact`` (all relabellings tried), ``smallest_p``
        (that any measure can give: several relabellings make the same tree), and for each of
        ``nrf``, ``cid``, ``quartet``, ``align`` (distances in [0, 1]) and
        ``coherency``: ``value``, ``random_mean``, ``random_sd``, ``tip_permuted_mean``,
        ``tip_permuted_sd``, ``p_value``, and ``tested``, the value that p is of. ``quartet`` has
        also ``exact``, ``n_quartets``, ``interval`` and ``n_quartets_null`` (the quartets its
        nulls and p are computed on); ``coherency`` has ``higher_is_better`` and
        ``reference_value``, that of the reference
        tree. Values are None where there is nothing to compare: three tips, no labels.

    Raises
    ------
    InputError
        If the tips differ or a tip is missing from ``clades``.
    """
    n = len(tip_names(visual_tree))
    if n < FEWEST_TIPS and tip_names(visual_tree) == tip_names(reference_tree):
        return {"n_tips": n, "n_null": 0, "n_random": 0, **{m: {"value": None} for m in MEASURES}}
    tips = same_tips(visual_tree, reference_tree)
    codes = None if clades is None else label_codes(clades, tips)
    usual_null, usual_random = effort(n)
    n_null = usual_null if n_null is None else n_null
    n_random = usual_random if n_random is None else n_random
    require_permutations(min(n_null, n_random))
    tried, exact = orders(n, n_null, seed)

    if tested is not None:
        same_tips(tested, reference_tree)
    null = NullTrees(tested or visual_tree, reference_tree, codes, seed)
    observed = null.relabelled(np.arange(n)[None])
    permuted, by_chance = null.relabelled(tried), null.random(n_random)
    found = _values(visual_tree, reference_tree, clades, seed)
    best = []
    for name, scores in permuted.items():
        side = "greater" if name == "coherency" else "less"
        found[name] |= {
            "tested": float(observed[name][0]),
            "random_mean": float(by_chance[name].mean()),
            "random_sd": float(by_chance[name].std()),
            "tip_permuted_mean": float(scores.mean()),
            "tip_permuted_sd": float(scores.std()),
            "p_value": p_value_of(float(observed[name][0]), scores, exact, side),
        }
        best.append(best_orders(float(observed[name][0]), scores, exact, side))
    found["quartet"]["n_quartets_null"] = len(null.quartets)
    return {
        "n_tips": n,
        "n_null": len(tried),
        "n_random": n_random,
        "exact": exact,
        "smallest_p": min(best) / (len(tried) + (not exact)),
        **found,
    }


def _values(
    visual_tree: TreeNode, reference_tree: TreeNode, clades: pd.Series | None, seed: int
) -> dict[str, dict[str, Any]]:
    quartet = quartet_distance(visual_tree, reference_tree, seed=seed)
    found: dict[str, dict[str, Any]] = {
        "nrf": {"value": robinson_foulds(visual_tree, reference_tree)},
        "cid": {"value": clustering_information_distance(visual_tree, reference_tree)},
        "quartet": {
            "value": quartet.value,
            "exact": quartet.exact,
            "n_quartets": quartet.n_quartets,
            "interval": quartet.interval and list(quartet.interval),
        },
        "align": {"value": align_distance(visual_tree, reference_tree)},
        "coherency": {"value": None, "higher_is_better": True},
    }
    if clades is not None:
        found["coherency"] |= {
            "value": coherency_index(visual_tree, clades),
            "reference_value": coherency_index(reference_tree, clades),
        }
    return found
