"""Does every p-value of the signal block keep its level where looks know nothing of the tree?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. Over 1,000 worlds a share of 0.05
has a standard error of 0.007; it must lie in [0.03, 0.07]. Tests of few possible values (marked)
may reject less often, never more.
"""

from functools import partial
from math import factorial

import numpy as np
import pandas as pd
import pytest
from null_worlds import LOOKS, distances, in_worlds, p_values, phylogeny
from signal_worlds import (
    PERMUTATIONS,
    SIZES,
    SMALL,
    clade_tree,
    clades_world,
    drawn_small_world,
    global_world,
    order_world,
    trees_world,
)

from phylolens.stats.signal import Comparison, signal

WORLDS = 1000
LOWEST, HIGHEST = 0.03, 0.07
DISCRETE = ("tree.nrf.p_value", "tree.coherency.p_value")  # few possible values: ties count


# Tests over all taxa: nothing follows the tree


@pytest.fixture(scope="module")
def null_tests() -> pd.DataFrame:
    """1,000 worlds of each kind of looks, one kind below the other."""
    found = {kind: in_worlds(partial(global_world, kind=kind), range(WORLDS)) for kind in LOOKS}
    for kind, rows in found.items():
        show(rows.filter(like="tests."), f"looks: {kind}")
    together = pd.concat(found)
    show(together.filter(regex=r"correlogram|lambda"), "looks of all kinds")
    return together


@pytest.mark.parametrize("kind", list(LOOKS))
def test_each_test_keeps_its_level(null_tests, kind):
    found = null_tests.loc[kind]
    each = [name for name in found if name.startswith("tests.") and name.endswith("p_value")]
    assert len(each) == 7
    calibrated(found[[*each, "lambda.p_value"]])
    family_wise(found, "tests.")
    family_wise(found, "correlogram.")


def test_each_class_of_the_correlogram_keeps_its_level(null_tests):
    """Some trees have fewer classes: over looks of all kinds every class comes often enough."""
    each = null_tests.filter(regex=r"correlogram.*p_value")
    assert each.shape[1] == 10
    calibrated(each, fewest=2 * WORLDS)


# Trees from pictures, numbers of images


@pytest.fixture(scope="module")
def null_trees() -> pd.DataFrame:
    found = in_worlds(trees_world, range(WORLDS))
    show(found, "trees from looks of every kind; image counts")
    return found


def test_trees_from_pictures_and_image_counts_keep_their_level(null_trees):
    assert len(null_trees.columns) == 9
    calibrated(null_trees)


@pytest.mark.parametrize("kind", list(LOOKS))
def test_trees_from_pictures_keep_it_whatever_the_looks(null_trees, kind):
    """A fifth of the worlds each: four standard errors."""
    place = list(LOOKS).index(kind)
    rows = null_trees[null_trees.index.to_numpy() // 4 % len(LOOKS) == place]
    found = shares(rows)
    print(found.round(3).to_dict())
    assert found.max() <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / len(rows))


# Within clades: clades matter, within clades nothing


@pytest.fixture(scope="module")
def null_clades() -> pd.DataFrame:
    found = in_worlds(clades_world, range(WORLDS))
    show(found, "clades matter, within clades nothing")
    return found


def test_within_clades_keeps_its_level_though_clades_follow_the_tree(null_clades):
    calibrated(null_clades.filter(like="within_clades"))
    assert null_clades.filter(like="within_clades").shape[1] == 3


def test_the_same_worlds_are_full_of_signal_over_all_pairs(null_clades):
    assert shares(null_clades)["over all pairs.p_value"] > 0.3


@pytest.mark.parametrize("clade", list(SIZES))
def test_each_clade_keeps_its_level(null_clades, clade):
    """Of five or six taxa the p-values have steps: they may reject less often, never more."""
    each = null_clades.filter(like=f"by_clade[{clade}]")
    each = each[[name for name in each if not name.endswith("p_holm")]]
    assert each.shape[1] == 7 + 2  # Mantel's stand there twice
    calibrated(each, at_least=0.0 if clade in SMALL else LOWEST)


def test_clades_together_keep_it_after_holm(null_clades):
    for test in {name.split(".")[2] for name in null_clades if ".tests." in name}:
        family_wise(null_clades, "by_clade", f".{test}.p_holm")


# Few taxa: every order is tried


@pytest.mark.parametrize("n", [5, 6])
def test_of_all_orders_no_more_than_a_twentieth_is_significant(n):
    """Every order of the looks has the same chance under the null: no sampling, no tolerance."""
    found = in_worlds(partial(order_world, n=n), range(factorial(n)))
    show(found, f"all orders of {n} taxa")
    assert shares(found).max() <= 0.05 + 1e-12


@pytest.mark.parametrize(("n", "worlds"), [(7, 100), (8, 40)])
def test_few_taxa_keep_the_level(n, worlds):
    found = in_worlds(partial(drawn_small_world, n=n), range(worlds))
    show(found, f"{n} taxa")
    share = shares(found)[found.notna().sum() == worlds]
    assert share.max() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / worlds)


# Nothing is left out


def test_every_p_value_of_the_block_was_looked_at(null_tests, null_trees, null_clades):
    """What ``signal`` writes, against what was calibrated above."""
    rng = np.random.default_rng(46)
    tree, lineage = clade_tree(rng)
    genetic, shared = phylogeny(tree)
    names = list(genetic.ids)
    compared = Comparison(
        visual=distances(LOOKS["normal"](len(names), rng), names),
        genetic=genetic,
        covariance=shared,
        tree=tree,
        lineage=lineage.loc[names],
        image_counts=pd.Series(rng.integers(1, 20, len(names)), index=names),
    )
    summary = signal(compared, permutations=PERMUTATIONS, simulations=40).result.to_dict()
    written = {name for name, _ in p_values(summary)}
    looked_at = set(null_tests) | set(null_trees) | set(null_clades)
    assert len(written) > 80
    assert written <= looked_at


# What is asserted of shares


def shares(found: pd.DataFrame, level: float = 0.05) -> pd.Series:
    return (found <= level + 1e-12).sum() / found.notna().sum()


def show(found: pd.DataFrame, what: str) -> None:
    """Print the shares; shown by ``pytest -rP``."""
    table = pd.DataFrame({level: shares(found, level) for level in (0.01, 0.05, 0.2, 0.5)})
    print(f"\n{what}: share of {len(found)} worlds with p <= level\n{table.round(3).to_string()}")


def calibrated(found: pd.DataFrame, at_least: float = LOWEST, fewest: int = WORLDS) -> None:
    assert found.notna().sum().min() >= fewest
    share = shares(found)
    too_often = share[share > HIGHEST]
    too_seldom = share[(share < at_least) & ~share.index.isin(DISCRETE)]
    assert too_often.empty, too_often.to_dict()
    assert too_seldom.empty, too_seldom.to_dict()


def family_wise(found: pd.DataFrame, start: str, end: str = "p_holm") -> None:
    """Any corrected p-value of a family at 0.05 counts as one rejection."""
    family = found[[name for name in found if name.startswith(start) and name.endswith(end)]]
    assert family.shape[1] > 1
    share = float((family.min(axis=1) <= 0.05 + 1e-12).mean())
    print(f"{start}*{end}: any of {family.shape[1]} rejected in {share:.3f} of worlds")
    assert share <= HIGHEST
