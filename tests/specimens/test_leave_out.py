"""Whole taxa or sources are tested; every parent keeps what it needs to be learnt."""

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError, TooFew
from phylolens.specimens import leave_out, make_split, split_names

RANKS = ("order", "family", "genus", "species")
SEEDS = range(6)


def world(seed: int, n: int = 300) -> pd.DataFrame:
    """Draw an uneven taxonomy with gaps, specimens of several images, and five sources."""
    rng = np.random.default_rng(seed)
    species = np.minimum(rng.zipf(1.4, n), 90)
    table = pd.DataFrame(
        {
            "specimen_id": [f"s{place}" for place in range(n)],
            "species": [f"sp{name}" for name in species],
            "genus": [f"G{name % 31}" for name in species],
            "family": [f"F{name % 31 % 11}" for name in species],
            "order": [f"O{name % 31 % 11 % 4}" for name in species],
            "source": rng.choice(list("abcde"), n, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
        }
    ).astype(object)
    for rank in ("species", "genus"):
        table.loc[rng.random(n) < 0.08, rank] = None
    table.loc[rng.random(n) < 0.05, "source"] = None
    table = table.loc[np.repeat(np.arange(n), rng.integers(1, 4, n))]
    table["file"] = [f"{place}.jpg" for place in range(len(table))]
    # Some images of a named specimen carry no species of their own.
    table = table.sample(frac=1, random_state=seed).reset_index(drop=True)
    table.loc[rng.random(len(table)) < 0.05, "species"] = None
    return table


def sides(table, split):
    rows = table.set_index("file")
    return rows.loc[list(split.train)], rows.loc[list(split.test)]


@pytest.mark.parametrize("unit", ["species", "genus", "family"])
@pytest.mark.parametrize("seed", SEEDS)
def test_held_out_taxa_are_tested_alone_and_their_parents_trained(unit, seed):
    table = world(seed)
    split = leave_out(table, RANKS, unit, seed=seed)
    train, test = sides(table, split)
    assert sorted([*split.train, *split.test]) == sorted(table["file"])
    assert set(train["specimen_id"]).isdisjoint(test["specimen_id"])
    assert set(train[unit].dropna()).isdisjoint(split.held_out)
    assert set(test[unit].dropna()) == set(split.held_out) != set()
    assert split.untested == ()
    for rank in RANKS[: RANKS.index(unit)]:
        # A training image that names the unit too, not one of an unknown species.
        assert set(test[rank].dropna()) <= set(train.dropna(subset=[unit])[rank].dropna())
    assert unit in split.rule


@pytest.mark.parametrize("seed", SEEDS)
def test_row_order_and_other_rows_do_not_matter(seed):
    table = world(seed)
    for unit in ("species", "source"):
        one = leave_out(table, RANKS, unit, seed=seed)
        two = leave_out(table.iloc[::-1], RANKS, unit, seed=seed)
        assert one == leave_out(table, RANKS, unit, seed=seed)
        assert one.held_out == two.held_out
        assert set(one.test) == set(two.test)
        assert set(one.train) == set(two.train)
    drawn = {leave_out(table, RANKS, "species", seed=other).held_out for other in range(5)}
    assert len(drawn) > 1


def plain(sizes: dict[str, int], n_images: int = 3) -> pd.DataFrame:
    """Genera of so many species, all of one family each, ``n_images`` a species."""
    rows = [
        (f"F{genus[0]}", genus, f"{genus} sp{number}")
        for genus, count in sizes.items()
        for number in range(count)
        for _ in range(n_images)
    ]
    table = pd.DataFrame(rows, columns=["family", "genus", "species"])
    files = [f"{place}.jpg" for place in range(len(table))]
    return table.assign(file=files, specimen_id=files)


def test_every_large_parent_sends_its_rounded_share():
    table = plain({"A": 5, "B": 8, "C": 13, "D": 20})
    for seed in SEEDS:
        _, test = sides(table, leave_out(table, ("family", "genus", "species"), "species"))
        held = test.groupby("genus")["species"].nunique()
        assert held.to_dict() == {"A": 1, "B": 2, "C": 3, "D": 4}
        assert len(test) == 30, seed


def test_small_parents_are_pooled_within_their_own():
    """Ten genera of two species in one family: no genus sends 0.4 of a species, together four."""
    table = plain({f"A{number}": 2 for number in range(10)} | {"B": 6})
    for seed in SEEDS:
        split = leave_out(table, ("family", "genus", "species"), "species", seed=seed)
        _, test = sides(table, split)
        counts = test.groupby("genus")["species"].nunique()
        assert counts.drop("B").to_dict() == dict.fromkeys(counts.index.drop("B"), 1)
        assert len(counts) == 5


def test_a_share_near_one_still_leaves_one_to_train_on():
    table = plain({"A": 6, "B": 9, "C": 1})
    split = leave_out(table, ("family", "genus", "species"), "species", test_share=0.95)
    train, _ = sides(table, split)
    assert train.groupby("genus")["species"].nunique().to_dict() == {"A": 1, "B": 1, "C": 1}


def test_one_species_goes_even_where_nothing_rounds_up():
    table = plain({"A": 2, "B": 1})
    split = leave_out(table, ("family", "genus", "species"), "species")
    assert len(split.held_out) == 1
    assert split.held_out[0].startswith("A ")


def test_a_coarser_parent_spares_species_of_lone_genera_and_names_them():
    table = plain({f"A{number}": 1 for number in range(9)} | {"B": 1})
    ranks = ("family", "genus", "species")
    with pytest.raises(TooFew, match="every genus has a single one"):
        leave_out(table, ranks, "species")
    split = leave_out(table, ranks, "species", parent="family")
    train, test = sides(table, split)
    assert len(split.held_out) == 2
    assert set(split.untested) == set(test["genus"])
    assert set(train["family"]) == {"FA", "FB"}
    assert set(test["family"]) == {"FA"}  # the only species of B stays
    with pytest.raises(InputError, match="'tribe'"):
        leave_out(table, ranks, "species", parent="tribe")


def test_what_cannot_be_left_out_is_refused_with_the_reason():
    table = plain({"A": 3, "B": 3})
    ranks = ("family", "genus", "species")
    with pytest.raises(TooFew, match="no rank above it has two taxa"):
        leave_out(table, ranks, "family")
    with pytest.raises(TooFew, match="every family has a single one"):
        leave_out(table, ranks, "genus")
    with pytest.raises(InputError, match="rank 'tribe'"):
        leave_out(table, ranks, "tribe")
    with pytest.raises(TooFew, match="no column 'source'"):
        leave_out(table, ranks, "source")
    with pytest.raises(TooFew, match="a single source"):
        leave_out(table.assign(source="museum"), ranks, "source")
    with pytest.raises(InputError, match="share"):
        leave_out(table, ranks, "species", test_share=1.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_held_out_sources_are_wholly_unseen_and_their_tested_taxa_known(seed):
    table = world(seed)
    split = leave_out(table, RANKS, "source", seed=seed)
    train, test = sides(table, split)
    assert set(split.train).isdisjoint(split.test)
    assert set(test["source"]) <= set(split.held_out)
    assert set(train["source"].dropna()).isdisjoint(split.held_out)
    assert set(train["specimen_id"]).isdisjoint(test["specimen_id"])
    lost = set()
    for rank in RANKS:
        trained, away = set(train[rank].dropna()), table[table["source"].isin(split.held_out)]
        assert set(test[rank].dropna()) <= trained
        lost |= set(away[rank].dropna()) - trained
    assert set(split.untested) == lost
    # All of a held-out source is tested but for the taxa that are lost.
    away = away[~away[list(RANKS)].isin(lost).any(axis=1)]
    assert set(split.test) == set(away["file"])
    assert len(away) / len(table) == pytest.approx(0.2, abs=0.1)


def sourced(rows: str) -> pd.DataFrame:
    """Write each image as source and family: ``ax ay bx``."""
    pairs = rows.split()
    files = [f"{place}.jpg" for place in range(len(pairs))]
    table = pd.DataFrame([list(pair) for pair in pairs], columns=["source", "family"])
    return table.assign(file=files, specimen_id=files).replace("-", None)


def test_sources_that_cost_no_taxon_go_first():
    """Sources b and c are of one size; b alone knows family z."""
    table = sourced("ax ay ax ay ax ay ax ay bx by bz cx cy cx -x")
    for seed in SEEDS:
        split = leave_out(table, ("family",), "source", seed=seed)
        assert split.held_out == ("c",)
        assert split.test == ("11.jpg", "12.jpg", "13.jpg")
        assert split.untested == ()


def test_a_taxon_of_the_held_out_source_alone_is_named_and_in_neither_part():
    table = sourced("ax ay aq ax ay ax bx by bz")
    split = leave_out(table, ("family",), "source", seed=1)
    assert (split.held_out, split.untested) == (("b",), ("z",))
    assert split.test == ("6.jpg", "7.jpg")
    assert "8.jpg" not in split.train


def test_a_specimen_from_two_sources_is_not_torn():
    table = sourced("ax ay aw ax ay ax bx by bw").assign(specimen_id=[*"stuvwxs"[:6], *"syz"])
    split = leave_out(table, ("family",), "source", seed=1)
    assert split.held_out == ("b",)
    assert split.test == ("6.jpg", "7.jpg", "8.jpg")
    assert split.train == ("1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg")


def test_large_sources_still_give_a_test_and_confounded_ones_are_refused():
    table = sourced("ax ay ax ay bx by bx by bx")
    assert leave_out(table, ("family",), "source").held_out == ("a",)
    with pytest.raises(TooFew, match="one source alone"):
        leave_out(sourced("ax ax by by cz"), ("family",), "source")


def test_splits_by_name():
    table = plain({"A": 5, "B": 8}).assign(source=list("abc") * 13)
    ranks = ("family", "genus", "species")
    names = split_names(table, ranks)
    assert names == ("random", "leave-species-out", "leave-genus-out", "leave-source-out")
    assert split_names(table.assign(family="F", genus="G", source="a"), ranks) == ("random",)
    for name, unit in (("leave-species-out", "species"), ("leave-source-out", "source")):
        assert make_split(name, table, ranks, seed=3) == leave_out(table, ranks, unit, seed=3)
    assert make_split("random", table, ranks, test_share=0.5).held_out == ()
    held = make_split("leave-species-out", table, ranks, parent="family").rule
    assert "in their family" in held


@pytest.mark.parametrize("name", ["leave-specie-out", "species", "Random", "leave-", "leave-out"])
def test_unknown_names_are_refused_with_those_that_can_be(name):
    table = plain({"A": 5, "B": 8})
    with pytest.raises(InputError, match="random, leave-species-out, leave-genus-out") as caught:
        make_split(name, table, ("family", "genus", "species"))
    assert not isinstance(caught.value, TooFew)


def test_names_that_these_data_do_not_allow_are_too_few():
    table = plain({"A": 5, "B": 8})
    with pytest.raises(TooFew, match="name no rank species"):
        make_split("leave-species-out", table, ("family", "genus"))
    with pytest.raises(TooFew, match="no column 'source'"):
        make_split("leave-source-out", table, ("family", "genus"))
