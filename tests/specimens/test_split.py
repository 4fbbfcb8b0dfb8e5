"""No specimen on both sides, every class trained, shares near what was asked."""

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.specimens import split_specimens

RANKS = ("order", "family", "species")


def world(seed: int, n: int = 400) -> pd.DataFrame:
    """Draw an uneven world: many singletons, specimens of one to four images, unknown labels."""
    rng = np.random.default_rng(seed)
    species = np.minimum(rng.zipf(1.5, n), 80)
    table = pd.DataFrame(
        {
            "specimen_id": [f"s{place}" for place in range(n)],
            "species": [f"sp{name}" for name in species],
            "family": [f"F{name % 17}" for name in species],
            "order": [f"O{name % 17 % 5}" for name in species],
        }
    ).astype(object)
    table.loc[rng.random(n) < 0.1, "species"] = None
    table = table.loc[np.repeat(np.arange(n), rng.integers(1, 5, n))].sample(
        frac=1, random_state=seed
    )
    table["file"] = [f"{place}.jpg" for place in range(len(table))]
    return table.reset_index(drop=True)


def sides(table: pd.DataFrame, split) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = table.set_index("file")
    return rows.loc[list(split.train)], rows.loc[list(split.test)]


@pytest.mark.parametrize("seed", range(8))
def test_specimens_stay_together_and_every_class_is_trained(seed):
    table = world(seed)
    split = split_specimens(table, RANKS, seed=seed)
    train, test = sides(table, split)
    assert len(train) + len(test) == len(table)
    assert set(train["specimen_id"]).isdisjoint(test["specimen_id"])
    for rank in RANKS:
        assert set(test[rank].dropna()) <= set(train[rank].dropna())
        assert set(train[rank].dropna()) == set(table[rank].dropna())
    assert test["specimen_id"].nunique() / 400 == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_shares_follow_the_request(share):
    table = world(1)
    _, test = sides(table, split_specimens(table, ("order",), test_share=share))
    for _, rows in table.groupby("order"):
        tested = rows["specimen_id"].isin(test["specimen_id"])
        count = rows["specimen_id"].nunique()
        found = rows["specimen_id"][tested].nunique()
        assert found == min(np.floor(share * count + 0.5), count - 1)


def test_large_strata_send_their_rounded_share():
    counts = {"a": 5, "b": 7, "c": 8, "d": 13, "e": 100}
    labels = np.repeat(list(counts), list(counts.values()))
    files = [f"{place}.jpg" for place in range(len(labels))]
    table = pd.DataFrame({"file": files, "specimen_id": files, "family": labels})
    _, test = sides(table, split_specimens(table, ("family",), seed=3))
    assert test["family"].value_counts().to_dict() == {"a": 1, "b": 1, "c": 2, "d": 3, "e": 20}


def test_small_strata_are_pooled_within_their_parent():
    """Ten species of two specimens each: alone none would be tested, their family sends four."""
    species = np.repeat([f"sp{place}" for place in range(10)], 2)
    files = [f"{place}.jpg" for place in range(20)]
    table = pd.DataFrame(
        {"file": files, "specimen_id": files, "order": "O", "family": "F", "species": species}
    )
    for seed in range(10):
        train, test = sides(table, split_specimens(table, RANKS, seed=seed))
        assert set(train["species"]) == set(species)
        assert 2 <= len(test) <= 4


def test_singletons_are_trained_on():
    files = [f"{place}.jpg" for place in range(12)]
    labels = [*["common"] * 10, "rare", "rarer"]
    table = pd.DataFrame({"file": files, "specimen_id": files, "family": labels})
    for seed in range(10):
        train, test = sides(table, split_specimens(table, ("family",), seed=seed))
        assert set(test["family"]) == {"common"}
        assert {"rare", "rarer"} < set(train["family"])


def test_a_label_known_on_one_image_only_is_still_trained():
    """The species stands on the second image of its only specimen."""
    files = [f"{place}.jpg" for place in range(12)]
    table = pd.DataFrame(
        {
            "file": files,
            "specimen_id": [f"s{place // 2}" for place in range(12)],
            "order": "O",
            "species": [None, "X", *["Y"] * 10],
        }
    )
    for seed in range(20):
        train, _ = sides(table, split_specimens(table, ("order", "species"), seed=seed))
        assert "X" in set(train["species"].dropna())


def test_same_seed_same_split_other_seed_other_split():
    table = world(2)
    one, two = (split_specimens(table, RANKS, seed=5) for _ in range(2))
    assert one == two
    assert split_specimens(table, RANKS, seed=6).test != one.test


def test_all_taxa_singletons_are_refused():
    files = ["a.jpg", "b.jpg", "c.jpg"]
    table = pd.DataFrame({"file": files, "specimen_id": files, "family": list("xyz")})
    with pytest.raises(InputError, match="too few to test on"):
        split_specimens(table, ("family",))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, float("nan")])
def test_impossible_shares_are_refused(share):
    with pytest.raises(InputError, match="share"):
        split_specimens(world(0), RANKS, test_share=share)


@pytest.fixture
def given():
    return pd.DataFrame(
        {
            "file": list("abcdef"),
            "specimen_id": ["s1", "s1", "s2", "s3", "s4", "s5"],
            "family": list("xxyxyy"),
            "split": ["train", "train", "Train", "test", "TEST", None],
        }
    )


def test_given_splits_are_obeyed(given):
    split = split_specimens(given, ("family",), seed=9)
    assert (split.train, split.test) == (("a", "b", "c"), ("d", "e"))
    assert "As given" in split.rule


def test_given_splits_through_a_specimen_are_refused(given):
    given.loc[1, "split"] = "test"
    with pytest.raises(InputError, match="'s1'"):
        split_specimens(given, ("family",))


@pytest.mark.parametrize("values", [["train"] * 6, ["train", "test", "val"] * 2, ["0", "1"] * 3])
def test_other_values_are_refused_not_ignored(given, values):
    with pytest.raises(InputError, match="'split'"):
        split_specimens(given.assign(split=values, specimen_id=given["file"]), ("family",))


def test_a_blank_split_column_is_as_none():
    table = world(3)
    assert split_specimens(table.assign(split=None), RANKS) == split_specimens(table, RANKS)
