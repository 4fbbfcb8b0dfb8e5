"""Plans have exact counts and share their copies."""

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.specimens import balance, raise_rare, view_id

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
    """Coarser labels need fewer copies: the same file and number name the same picture."""
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


def test_nothing_known_gives_an_empty_plan():
    plan = raise_rare(pd.Series([None], index=["a"], dtype=object), 5, seed=0)
    assert list(plan.columns) == ["file", "copy", "label"]
    assert plan.empty


@pytest.mark.parametrize("per_taxon", [0, -1])
def test_less_than_one_picture_is_refused(labels, per_taxon):
    with pytest.raises(InputError, match="at least one"):
        balance(labels, per_taxon, seed=0)
