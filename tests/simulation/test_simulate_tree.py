"""Birth-death trees: distribution of split times, shape, ranks, names."""

import numpy as np
import pytest
from scipy import stats

from phylolens.errors import InputError
from phylolens.simulation.tree import REAL_GENERA, birth_death_tree, genus_names, speciation_times

CLADES = (2, 4, 16, 32)


def draw(seed=0, n_species=48, clades=CLADES, extinction=0.2):
    rng = np.random.default_rng(seed)
    return birth_death_tree(n_species, clades=clades, extinction=extinction, rng=rng)


def test_pure_birth_splits_follow_the_truncated_exponential():
    rng = np.random.default_rng(1)
    n = 20
    ages = np.concatenate([speciation_times(n, 0.0, rng) for _ in range(300)])
    ages = ages[ages < 1]
    rate = np.log(n / 2)
    closed_form = stats.truncexpon(b=rate, scale=1 / rate)
    assert len(ages) == 300 * (n - 2)
    assert stats.kstest(ages, closed_form.cdf).pvalue > 0.01


def _forward(left, birth, death, rng):
    """Simulate forward in time; ages of the splits with living descendants on both sides."""
    wait = rng.exponential(1 / (birth + death))
    if wait > left:
        return []
    if rng.random() < death / (birth + death):
        return None
    sides = [_forward(left - wait, birth, death, rng) for _ in range(2)]
    if None in sides:
        return sides[0] if sides[1] is None else sides[1]
    return [*sides[0], *sides[1], left - wait]


def test_splits_match_forward_simulation_with_extinction():
    n, extinction = 4, 0.5
    birth = np.log(n / 2 * (1 - extinction) + extinction) / (1 - extinction)
    rng = np.random.default_rng(2)
    naive = []
    while len(naive) < 600:
        sides = [_forward(1.0, birth, birth * extinction, rng) for _ in range(2)]
        if None not in sides and len(sides[0]) + len(sides[1]) == n - 2:
            naive += [*sides[0], *sides[1]]
    ours = np.concatenate([speciation_times(n, extinction, rng) for _ in range(400)])
    assert stats.ks_2samp(naive, ours[ours < 1]).pvalue > 0.01


@pytest.mark.parametrize("extinction", [0.0, 0.2, 0.9])
def test_tree_is_ultrametric_with_height_one_and_binary(extinction):
    tree = draw(3, extinction=extinction).tree
    heights = [
        tip.length + sum(node.length or 0 for node in tip.ancestors()) for tip in tree.tips()
    ]
    assert len(heights) == 48
    np.testing.assert_allclose(heights, 1.0, atol=1e-12)
    assert all(len(node.children) == 2 for node in tree.non_tips(include_self=True))
    assert all(node.length > 0 for node in tree.postorder(include_self=False))


@pytest.mark.parametrize("seed", range(5))
def test_ranks_are_nested_clades_of_the_asked_number(seed):
    named = draw(seed)
    clades = {
        frozenset(tip.name for tip in node.tips(include_self=True))
        for node in named.tree.postorder()
    }
    for rank, number in enumerate([*CLADES, 48]):
        groups = {}
        for tip, lineage in named.lineages.items():
            groups.setdefault(lineage[rank], set()).add(tip)
        assert len(groups) == number
        assert all(frozenset(group) in clades for group in groups.values())
        if rank:
            pairs = {(lineage[rank], lineage[rank - 1]) for lineage in named.lineages.values()}
            assert len(pairs) == number  # each taxon has one parent


def test_names_have_their_endings_and_are_unique():
    named = draw(4)
    lineages = named.lineages.values()
    taxa = [{lineage[rank] for lineage in lineages} for rank in range(5)]
    assert len(set().union(*taxa)) == 2 + 4 + 16 + 32 + 48
    assert all(name.endswith("ida") for name in taxa[1])
    assert all(name.endswith("idae") for name in taxa[2])
    assert not any("_" in name for rank in taxa[:4] for name in rank)
    genera_of = {}
    for lineage in lineages:
        genera_of.setdefault(lineage[2], set()).add(lineage[3])
        genus, epithet = lineage[4].split("_")
        assert genus == lineage[3]
        assert genus.istitle()
        assert epithet.islower()
    for family, genera in genera_of.items():
        assert any(genus.startswith(family.removesuffix("idae")) for genus in genera)
    assert len({lineage[4].split("_")[1] for lineage in lineages}) == 48


def test_many_invented_genera_avoid_real_ones():
    pairs = genus_names(3000, np.random.default_rng(0))
    assert len({stem for _, stem in pairs}) == 3000
    assert not {genus.lower() for genus, _ in pairs} & REAL_GENERA


def test_seed_decides_the_tree():
    assert str(draw(5).tree) == str(draw(5).tree)
    assert str(draw(5).tree) != str(draw(6).tree)


def test_large_tree_is_drawn():
    assert draw(0, n_species=1500, clades=(1, 1, 40, 400)).tree.count(tips=True) == 1500


@pytest.mark.parametrize("clades", [(2, 1, 3, 4), (1, 2, 3, 9), (0, 1, 1, 1), (1, 2, 3)])
def test_clades_that_cannot_nest_are_refused(clades):
    with pytest.raises(InputError, match="subclasses <= orders"):
        draw(0, n_species=8, clades=clades)
