import pytest

from phylolens.report.text import (
    count,
    distance,
    is_italic,
    listed,
    number,
    p_value,
    percent,
    plural,
    span,
)


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("family", "families"),
        ("genus", "genera"),
        ("species", "species"),
        ("class", "classes"),
        ("subphylum", "subphyla"),
        ("order", "orders"),
        ("tray", "trays"),
    ],
)
def test_plurals_are_those_of_the_field(noun, expected):
    assert plural(noun) == expected


def test_counts_agree_in_number():
    assert count(1, "image") == "1 image"
    assert count(2605, "family") == "2,605 families"
    assert count(0, "image") == "0 images"


def test_numbers_are_rounded_and_never_become_a_false_zero():
    assert number(0.40321) == "0.40"
    assert number(-0.126) == "−0.13"
    assert number(0.0007) == "0.0007"
    assert number(0.0) == "0.00"
    assert number(-0.0) == "0.00"
    assert number(None) == "not defined"


def test_percentages_keep_a_digit_where_rounding_would_say_all_or_nothing():
    assert percent(0.42) == "42%"
    assert percent(0.004) == "0.4%"
    assert percent(0.999) == "99.9%"
    assert percent(1.0) == "100%"


def test_only_genus_and_below_are_italic():
    assert [is_italic(rank) for rank in ("order", "family", "Genus", "species")] == [
        False, False, True, True,
    ]  # fmt: skip


def test_p_is_never_shown_as_zero():
    assert p_value(0.012) == "0.012"
    assert p_value(0.0001) == "0.0001"


def test_lists_read_as_a_sentence():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.9, "0.900"), (136.23, "136"), (12345.6, "12,346"), (0.00123, "0.00123"), (0.0, "0"),
     (-1.5, "−1.50"), (None, "not defined")],
)  # fmt: skip
def test_distances_of_any_unit_have_three_figures(value, shown):
    assert distance(value) == shown


def test_intervals():
    assert span([0.1, -0.25]) == "0.10 to −0.25"
    assert span(None) == span([None, 1.0]) == ""
