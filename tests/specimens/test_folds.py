"""Every taxon or specimen is held out once, evenly, whatever the order of the rows."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError, TooFew
from phylolens.specimens import group_folds, specimen_folds

RANKS = ("order", "family", "species")
SEEDS = range(4)


def world(seed: int, n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    species = np.minimum(rng.zipf(1.4, n), 60)
    table = pd.DataFrame(
        {
            "specimen_id": [f"s{place}" for place in range(n)],
            "species": [f"sp{name}" for name in species],
            "family": [f"F{name % 19}" for name in species],
            "order": [f"O{name % 19 % 4}" for name in species],
        }
    ).astype(object)
    table.loc[rng.random(n) < 0.1, "species"] = None
    table = table.loc[np.repeat(np.arange(n), rng.integers(1, 4, n))]
    table["file"] = [f"{place}.jpg" for place in range(len(table))]
    return table.sample(frac=1, random_state=seed).reset_index(drop=True)


def check_parts(table, folds):
    """Each fold is the whole table, no specimen on both sides."""
    specimen = table.set_index("file")["specimen_id"]
    for fold in folds:
        assert sorted([*fold.train, *fold.test]) == sorted(table["file"])
        assert set(specimen[list(fold.train)]).isdisjoint(specimen[list(fold.test)])


@pytest.mark.parametrize("unit", ["family", "species"])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_taxon_is_held_out_once(unit, seed):
    table = world(seed)
    folds = group_folds(table, RANKS, unit, 4, seed)
    check_parts(table, folds)
    held = [name for fold in folds for name in fold.held_out]
    assert sorted(held) == sorted(table[unit].dropna().unique())
    rows = table.set_index("file")
    for fold in folds:
        assert set(rows.loc[list(fold.test), unit].dropna()) == set(fold.held_out)
        assert set(rows.loc[list(fold.train), unit].dropna()).isdisjoint(fold.held_out)
        above = RANKS[: RANKS.index(unit)]
        train = rows.loc[list(fold.train)]
        assert set(fold.untested) == {
            n for rank in above for n in set(rows[rank]) - set(train[rank])
        }


def test_relatives_are_spread_over_the_folds():
    families = [f"F{number}" for number in range(12)]
    orders = ["O"] * 8 + ["P"] * 4
    table = pd.DataFrame({"file": families, "order": orders, "family": families})
    table = table.assign(specimen_id=table["file"])
    for seed in SEEDS:
        for fold in group_folds(table, ("order", "family"), "family", 4, seed):
            held = table[table["family"].isin(fold.held_out)]
            assert held["order"].value_counts().to_dict() == {"O": 2, "P": 1}


def test_folds_are_even_in_taxa_and_then_in_specimens():
    sizes = [40, 20, 20, 10, 10, 10, 5, 5]
    names = np.repeat([f"F{place}" for place in range(8)], sizes)
    files = [f"{place}.jpg" for place in range(len(names))]
    table = pd.DataFrame({"file": files, "specimen_id": files, "family": names})
    counts = sorted(len(fold.test) for fold in group_folds(table, ("family",), "family", 3, 0))
    assert counts == [35, 35, 50]  # 20+10+5 twice, 40+10: three, three and two families


@pytest.mark.parametrize("seed", SEEDS)
def test_every_specimen_is_tested_once_and_taxa_are_even(seed):
    table = world(seed)
    folds = specimen_folds(table, RANKS, 5, seed)
    check_parts(table, folds)
    tested = [file for fold in folds for file in fold.test]
    assert sorted(tested) == sorted(table["file"])
    rows = table.set_index("file")
    finest = rows["species"].fillna(rows["family"])
    for taxon in finest.unique():
        counts = [
            rows.loc[[f for f in fold.test if finest[f] == taxon], "specimen_id"].nunique()
            for fold in folds
        ]
        assert max(counts) - min(counts) <= 1
    for fold in folds:
        train, test = rows.loc[list(fold.train)], rows.loc[list(fold.test)]
        unknown = {name for rank in RANKS for name in set(test[rank]) - set(train[rank])}
        assert set(fold.held_out) == unknown - {None, np.nan}


def test_a_taxon_of_one_specimen_is_named():
    table = pd.DataFrame({"file": list("abcdef"), "family": [*"xxyyyz"]})
    folds = specimen_folds(table.assign(specimen_id=table["file"]), ("family",), 2, 0)
    assert sorted(name for fold in folds for name in fold.held_out) == ["z"]


@pytest.mark.parametrize(
    "make", [specimen_folds, lambda t, r, n, s: group_folds(t, r, r[-1], n, s)]
)
def test_seed_decides_and_row_order_does_not(make):
    table = world(1)
    one, two = make(table, RANKS, 3, 7), make(table.iloc[::-1], RANKS, 3, 7)
    assert one == make(table, RANKS, 3, 7)
    assert [set(fold.test) for fold in one] == [set(fold.test) for fold in two]
    assert [set(fold.test) for fold in make(table, RANKS, 3, 8)] != [set(f.test) for f in one]


def test_no_more_folds_than_there_is_to_hold_out():
    table = pd.DataFrame({"file": list("abc"), "specimen_id": list("abc"), "family": list("xxy")})
    assert len(specimen_folds(table, ("family",), 10, 0)) == 3
    folds = group_folds(table, ("family",), "family", 10, 0)
    assert sorted(fold.held_out for fold in folds) == [("x",), ("y",)]
    assert all(set(one.test).isdisjoint(two.test) for one, two in pairwise(folds))


def test_impossible_folds_are_refused():
    table = pd.DataFrame({"file": list("ab"), "specimen_id": list("ss"), "family": list("xx")})
    with pytest.raises(TooFew, match="1 specimens: too few"):
        specimen_folds(table, ("family",), 2, 0)
    with pytest.raises(TooFew, match="1 taxa of family: too few"):
        group_folds(table, ("family",), "family", 2, 0)
    with pytest.raises(InputError, match="at least two folds"):
        specimen_folds(table, ("family",), 1, 0)
    with pytest.raises(InputError, match="rank 'genus'"):
        group_folds(table, ("family",), "genus", 2, 0)
