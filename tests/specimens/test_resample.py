"""Plans have exact counts and share their copies."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.specimens import balance, raise_rare, repeat, sample_down, view_id

COUNTS = {"rare": 1, "few": 3, "some": 7, "many": 12}


@pytest.fixture
def labels():
    values = np.repeat(list(COUNTS), list(COUNTS.values()))
    index = [f"{place}.jpg" for place in range(len(values))]
    series = pd.Series(values, index=index, dtype=object).sample(frac=1, random_state=0)
    return pd.concat([series, pd.Series([None], index=["unknown.jpg"], dtype=object)])


def check_copies(plan: pd.DataFrame) -> None:
    """Copies are numbered from 1 without a gap; files of a class differ by one at most."""
    for _, rows in plan.groupby("label"):
        per_file = rows[rows["copy"] > 0].groupby("file")["copy"]
        for _, copies in per_file:
            assert sorted(copies) == list(range(1, len(copies) + 1))
        sizes = rows.groupby("file").size()
        assert sizes.max() - sizes.min() <= 1
    assert not plan.duplicated(["file", "copy"]).any()


@pytest.mark.parametrize("to", [0, 2, 5, 9, 12])
def test_rare_classes_are_raised_exactly(labels, to):
    plan = raise_rare(labels, to, seed=1)
    assert plan["label"].value_counts().to_dict() == {
        name: max(count, to) for name, count in COUNTS.items()
    }
    assert (plan["copy"] == 0).sum() == 23
    assert dict(zip(plan["file"], plan["label"], strict=True)) == labels.dropna().to_dict()
    check_copies(plan)


def test_no_class_is_raised_above_the_largest(labels):
    plan = raise_rare(labels, 1000, seed=1)
    assert set(plan["label"].value_counts()) == {12}


@pytest.mark.parametrize("per_taxon", [1, 3, 5, 40])
def test_balance_gives_exactly_as_many(labels, per_taxon):
    plan = balance(labels, per_taxon, seed=1)
    assert plan["label"].value_counts().to_dict() == dict.fromkeys(COUNTS, per_taxon)
    assert all(labels[row.file] == row.label for row in plan.itertuples())
    check_copies(plan)


def test_balance_uses_all_originals_before_copies(labels):
    plan = balance(labels, 5, seed=1)
    originals = plan[plan["copy"] == 0].groupby("label").size()
    assert originals.to_dict() == {name: min(count, 5) for name, count in COUNTS.items()}


def test_plans_of_two_ranks_share_their_copies(labels):
    """Coarser labels need fewer copies: the same file and number name the same image."""
    coarse = labels.replace({"rare": "A", "few": "A", "some": "B", "many": "B"})
    one, two = (raise_rare(rows, 12, seed=1) for rows in (labels, coarse))
    ids = [
        {view_id(row.file, row.copy, "noise") for row in plan.itertuples()} for plan in (one, two)
    ]
    originals = set(labels.dropna().index)
    assert originals < ids[0] & ids[1]
    made_twice = (ids[0] & ids[1]) - originals
    needed = sum((plan["copy"] > 0).sum() for plan in (one, two))
    assert 0 < len(made_twice) < needed
    for plan in (one, two):
        check_copies(plan)


def test_view_ids_tell_copies_apart():
    assert view_id("a.jpg", 0, "noise") == "a.jpg"
    assert view_id("a.jpg", 3, "noise") == "a.jpg#noise-3"


@pytest.mark.parametrize("plan", [raise_rare, balance])
def test_seed_decides(labels, plan):
    pd.testing.assert_frame_equal(plan(labels, 10, seed=1), plan(labels, 10, seed=1))
    assert not plan(labels, 10, seed=1).equals(plan(labels, 10, seed=2))


def test_order_of_rows_is_no_matter(labels):
    plan = balance(labels, 3, seed=[1, 2])
    pd.testing.assert_frame_equal(balance(labels[::-1], 3, seed=[1, 2]), plan)
    assert not balance(labels, 3, seed=[1, 3]).equals(plan)


def test_nothing_known_gives_an_empty_plan():
    plan = raise_rare(pd.Series([None], index=["a"], dtype=object), 5, seed=0)
    assert list(plan.columns) == ["file", "copy", "label"]
    assert plan.empty


@pytest.mark.parametrize("per_taxon", [0, -1])
def test_less_than_one_picture_is_refused(labels, per_taxon):
    with pytest.raises(InputError, match="at least one"):
        balance(labels, per_taxon, seed=0)


@pytest.mark.parametrize("copies", [0, 1, 3])
def test_every_picture_is_repeated_as_often(labels, copies):
    plan = repeat(labels, copies)
    assert list(plan.columns) == ["file", "copy", "label"]
    known = labels.dropna()
    wanted = {(file, copy, known[file]) for file in known.index for copy in range(copies + 1)}
    assert set(plan.itertuples(index=False, name=None)) == wanted
    assert len(plan) == len(wanted)
    assert (plan["copy"][: len(known)] == 0).all()
    with pytest.raises(InputError, match="negative"):
        repeat(labels, -1)


def family(genera: list[list[int]], name: str = "F") -> tuple[pd.Series, pd.DataFrame]:
    """Images of a family, their number for each species of each genus."""
    rows = [
        (f"{name}-g{genus}", f"{name}-g{genus}-s{species}")
        for genus, sizes in enumerate(genera)
        for species, size in enumerate(sizes)
        for _ in range(size)
    ]
    index = [f"{name}{place:03}.jpg" for place in range(len(rows))]
    lineage = pd.DataFrame(rows, index=index, columns=["genus", "species"], dtype=object)
    return pd.Series(name, index=index, dtype=object), lineage


def evenest(least: list[int], most: list[int], budget: int) -> int:
    """Try every way to share a budget: the evenest has the smallest sum of squares."""
    ways = product(*(range(low, high + 1) for low, high in zip(least, most, strict=True)))
    return min(sum(x * x for x in way) for way in ways if sum(way) == budget)


SHAPES = {
    "even": [[6, 6], [6, 6]],
    "one large genus": [[9, 8, 1], [2], [1, 1]],
    "lone species": [[12], [1], [3, 2]],
    "many species of few": [[1, 1, 1, 1], [7, 2]],
}


@pytest.mark.parametrize("to", [6, 7, 9, 11])
@pytest.mark.parametrize("shape", SHAPES)
def test_sampling_down_is_the_evenest_that_keeps_every_taxon(shape, to):
    genera = SHAPES[shape]
    labels, lineage = family(genera)
    plan = sample_down(labels, lineage, to, seed=0)
    kept = lineage.loc[plan["file"]]
    assert len(plan) == to
    assert not plan["file"].duplicated().any()
    counts = kept["genus"].value_counts().sort_index().to_list()
    least, most = [len(sizes) for sizes in genera], [sum(sizes) for sizes in genera]
    assert sum(x * x for x in counts) == evenest(least, most, to)
    for sizes, count, (_, rows) in zip(genera, counts, kept.groupby("genus"), strict=True):
        species = rows["species"].value_counts().to_list()
        assert len(species) == len(sizes)
        assert sum(x * x for x in species) == evenest([1] * len(sizes), sizes, count)


def test_a_class_of_more_species_than_wanted_keeps_one_of_each():
    labels, lineage = family([[3, 2, 4], [1, 5]])
    plan = sample_down(labels, lineage, 2, seed=0)
    assert lineage.loc[plan["file"], "species"].value_counts().to_list() == [1] * 5


def test_small_classes_are_left_alone_and_classes_do_not_mix():
    (one, above), (two, below) = family([[20], [10, 2]], "A"), family([[3], [1]], "B")
    labels = pd.concat([one, two, pd.Series([None], index=["unknown.jpg"])])
    lineage = pd.concat([above, below, pd.DataFrame(index=["unknown.jpg"], columns=above.columns)])
    plan = sample_down(labels, lineage, 9, seed=2)
    assert plan["label"].value_counts().to_dict() == {"A": 9, "B": 4}
    assert set(plan["file"][plan["label"] == "B"]) == set(two.index)
    assert (plan["copy"] == 0).all()
    shuffled = labels.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(sample_down(shuffled, lineage, 9, seed=2), plan)
    assert not sample_down(labels, lineage, 9, seed=3).equals(plan)


def test_unknown_labels_share_like_a_taxon_but_keep_nothing_by_right():
    labels, lineage = family([[8], [8], [8]])
    lineage.loc[lineage["genus"] == "F-g0"] = None
    kept = lineage.loc[sample_down(labels, lineage, 6, seed=0)["file"]]
    assert kept["genus"].isna().sum() == 2
    kept = lineage.loc[sample_down(labels, lineage, 2, seed=0)["file"]]
    assert kept["genus"].notna().all()
    none = lineage[[]]
    assert len(sample_down(labels, none, 5, seed=0)) == 5


def test_impossible_down_sampling_is_refused():
    labels, lineage = family([[3], [4]])
    with pytest.raises(InputError, match="at least one"):
        sample_down(labels, lineage, 0, seed=0)
    with pytest.raises(InputError, match="without a lineage") as caught:
        sample_down(labels, lineage.iloc[1:], 3, seed=0)
    assert caught.value.ids == ("F000.jpg",)
