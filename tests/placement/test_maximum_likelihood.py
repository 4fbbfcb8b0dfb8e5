"""The most likely place, against the covariance written out and against phytools' locate.yeti."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal, ortho_group
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.placement.branches import Branches
from phylolens.placement.maximum_likelihood import Bridges, Located, locate

from .test_branches import _last, random_tree
from .test_brownian import shared_paths


def written_out(shared: np.ndarray, rows: np.ndarray, joined: np.ndarray, end: float) -> float:
    """Log-likelihood of taxa and unknown (the last row), rates and root values by least squares."""
    n = len(rows)
    v = np.full((n, n), end)
    v[:-1, :-1] = shared
    v[-1, :-1] = v[:-1, -1] = joined
    inverse = np.linalg.inv(v)
    found = 0.0
    for y in rows.T:
        root = inverse.sum(axis=0) @ y / inverse.sum()
        rate = (y - root) @ inverse @ (y - root) / n
        found += multivariate_normal.logpdf(y, np.full(n, root), rate * v)
    return found


def with_tips(tree: Branches, branch: int, height: float) -> np.ndarray:
    """Path from the root that a point shares with every tip."""
    low, high = tree.spans[branch]
    return np.array([height if low <= tip < high else _last(tree, branch, tip)
                     for tip in range(len(tree.taxa))])  # fmt: skip


def principal(tree: Branches, traits: np.ndarray) -> np.ndarray:
    inverse = np.linalg.inv(shared_paths(tree))
    away = traits - inverse.sum(axis=0) @ traits / inverse.sum()
    return np.linalg.eigh(away.T @ inverse @ away)[1]


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_likelihoods_against_the_covariance_written_out(seed, rotate):
    tree = Branches.of(random_tree(12, seed))
    rng = np.random.default_rng(seed)
    traits, unknown = rng.normal(size=(12, 3)), rng.normal(size=3)
    axes = principal(tree, traits) if rotate else np.eye(3)
    rows = np.vstack([traits, unknown]) @ axes
    shared, ends = shared_paths(tree), tree.height + 0.5
    bridges = Bridges.of(tree, traits, rotate)
    for fraction in (0.0, 0.3, 1.0):
        found = bridges.on_branches(np.full(len(tree), fraction), unknown, ends)
        for branch in range(len(tree)):
            height = tree.heights[branch] - fraction * tree.lengths[branch]
            wanted = written_out(shared, rows, with_tips(tree, branch, height), ends)
            assert found[branch] == pytest.approx(wanted, abs=1e-6)
    distances = np.array([0.0, 0.8])
    for found_there, distance in zip(
        bridges.above_root(distances, unknown, ends), distances, strict=True
    ):
        wanted = written_out(shared, rows, np.zeros(12), ends + 2 * distance)
        assert found_there == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_no_place_of_a_fine_search_is_more_likely(seed):
    tree = Branches.of(random_tree(8, seed))
    rng = np.random.default_rng(seed)
    traits, unknown = rng.normal(size=(8, 2)), rng.normal(size=2)
    ends = 0.7 * tree.height  # an early end: some branches begin later
    found = locate(tree, traits, unknown, ends)
    rows, shared = np.vstack([traits, unknown]), shared_paths(tree)
    for branch in range(len(tree)):
        top = tree.heights[tree.parents[branch]]
        if top > ends:
            assert found.by_branch[branch] == -np.inf
            continue

        def minus(height: float, branch: int = branch) -> float:
            return -written_out(shared, rows, with_tips(tree, branch, height), ends)

        cuts = np.linspace(top, min(ends, tree.heights[branch]), 5)
        best = max(
            -minimize_scalar(minus, bounds=pair, method="bounded", options={"xatol": 1e-6}).fun
            for pair in pairwise(cuts)
        )
        assert found.by_branch[branch] == pytest.approx(best, abs=1e-5)
    assert found.log_likelihood == found.by_branch.max()
    if found.branch >= 0:
        again = written_out(shared, rows, with_tips(tree, found.branch, found.height), ends)
        assert found.log_likelihood == pytest.approx(again, abs=1e-6)


def test_turned_axes_make_no_difference_when_traits_are_rotated():
    tree = Branches.of(random_tree(30, 4))
    rng = np.random.default_rng(4)
    traits, unknown = rng.normal(size=(30, 4)), rng.normal(size=4)
    turn = ortho_group.rvs(4, random_state=1)
    once = locate(tree, traits, unknown, tree.height, rotate=True)
    again = locate(tree, traits @ turn, unknown @ turn, tree.height, rotate=True)
    assert again.branch == once.branch
    assert again.by_branch == pytest.approx(once.by_branch, abs=1e-6)


def test_more_traits_than_taxa_and_axes_without_variance():
    """Four taxa have three contrasts; a trait told twice adds no axis."""
    tree = Branches.of(TreeNode.read(["((A:1,B:1):1,(C:1,D:1):1);"]))
    traits = np.random.default_rng(0).normal(size=(4, 9))
    assert Bridges.of(tree, traits, rotate=True).axes.shape == (9, 3)
    assert Bridges.of(tree, traits[:, [0, 1, 1]], rotate=True).axes.shape == (3, 2)


def test_an_unknown_like_no_other_goes_above_the_root():
    tree = Branches.of(random_tree(20, 2))
    traits = np.random.default_rng(2).normal(size=(20, 2)) * 0.01
    found = locate(tree, traits, np.array([50.0, -50.0]), tree.height)
    assert found.branch == -1
    assert -4.5 * tree.height <= found.height < 0
    assert found.by_branch[-1] == found.log_likelihood


def test_what_cannot_be_placed():
    tree = Branches.of(random_tree(6, 1))
    traits = np.random.default_rng(1).normal(size=(6, 2))
    good = traits[0]
    for bad, match in (
        (np.zeros((6, 0)), "the same in all taxa"),
        (traits[:5], "one row for each"),
        (np.where(traits > 1e9, 0, [1.0, np.nan]), "missing"),
        (np.ones((6, 2)), "same in all taxa"),
    ):
        with pytest.raises(InputError, match=match):
            locate(tree, bad, good, 1.0)
    with pytest.raises(InputError, match="2 traits are needed"):
        locate(tree, traits, good[:1], 1.0)
    with pytest.raises(InputError, match="missing or infinite"):
        locate(tree, traits, np.array([1.0, np.inf]), 1.0)
    with pytest.raises(InputError, match="ends at 0"):
        locate(tree, traits, good, 0.0)
    flat = Branches.of(TreeNode.read(["(A:0,B:0,C:0);"]))
    with pytest.raises(InputError, match="lengths"):
        locate(flat, traits[:3], good, 1.0)


@pytest.fixture(scope="module")
def placed(reference) -> pd.DataFrame:
    """Each of phytools' rows beside ours."""
    text = (reference / "locate_yeti.nwk").read_text()
    whole = Branches.of(TreeNode.read([text], convert_underscores=False))
    traits = pd.read_csv(reference / "locate_yeti_traits.csv", index_col=0).loc[list(whole.taxa)]
    rows = pd.read_csv(reference / "locate_yeti.csv")
    return pd.DataFrame([beside(row, whole, traits.to_numpy()) for row in rows.itertuples()])


def beside(row, whole: Branches, traits: np.ndarray) -> dict:
    away = np.array(whole.taxa) == row.unknown
    tree, _ = whole.without(away)
    used = traits[:, : row.traits]
    bridges, unknown = Bridges.of(tree, used[~away], rotate=True), used[away][0]
    found = bridges.locate(unknown, tree.height)
    # phytools divides squares by one less than the tips, and says "log-likelihood" all the same.
    n = len(whole.taxa)
    theirs = row.log_likelihood + row.traits * (n / 2 * np.log(n / (n - 1)) - 1 / 2)
    return {
        "search": row.search,
        "traits": row.traits,
        "same": below(tree, found) == set(row.below.split("|")),
        "gain": found.log_likelihood - theirs,
        "at_its_place": at_its_place(bridges, row, unknown) - theirs,
        "apart": above(tree, found) - row.above,
    }


def at_its_place(bridges: Bridges, row, unknown: np.ndarray) -> float:
    """Our log-likelihood where phytools puts the unknown."""
    tree, under = bridges.branches, set(row.below.split("|"))
    if len(under) == len(tree.taxa):
        return float(bridges.above_root(np.array([row.above]), unknown, tree.height)[0])
    branch = tree.ancestor([tree.taxa.index(name) for name in under])
    fractions = np.full(len(tree), row.above / tree.lengths[branch])
    return float(bridges.on_branches(fractions, unknown, tree.height)[branch])


def below(tree: Branches, found: Located) -> set[str]:
    return set(tree.taxa[slice(*tree.spans[found.branch])])


def above(tree: Branches, found: Located) -> float:
    return float(tree.heights[found.branch]) - found.height


def test_the_likelihood_where_phytools_puts_an_unknown_is_its_own(placed):
    assert placed.at_its_place.to_numpy() == pytest.approx(0, abs=1e-5)


def test_all_unknowns_are_where_phytools_puts_them_or_somewhere_likelier(placed):
    rows = placed[(placed.traits == 5) & (placed.search == "heuristic")]
    assert len(rows) == 50
    assert rows.same.sum() == 49
    assert (placed.gain > -1e-4).all()
    same = rows[rows.same]
    assert same.gain.to_numpy() == pytest.approx(0, abs=1e-4)
    assert same.apart.to_numpy() == pytest.approx(0, abs=1e-3)


def test_phytools_exhaustive_search_finds_what_its_heuristic_one_misses(placed):
    rows = placed[placed.search == "exhaustive"]
    assert len(rows) == 6
    assert rows.same.all()
    assert rows.gain.to_numpy() == pytest.approx(0, abs=1e-4)
