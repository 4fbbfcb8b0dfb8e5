"""Thresholds that serve every stratum, against a loop over the strata."""

import math

import numpy as np
import pandas as pd
import pytest

from phylolens.classification.strata import (
    Strata,
    each_threshold,
    expected_mix,
    promised,
    require_shares,
    taxa_needed,
    units_of,
)
from phylolens.errors import InputError

ALPHA, UNKNOWN = 0.1, 0.2


def by_hand(scores: list[float], units: list[str], alpha: float) -> float:
    """Smallest score with a share 1 - alpha of the units and one more at or below it."""
    each = {unit: units.count(unit) for unit in units}
    whole = len(each) + 1
    for bar in sorted(scores):
        below = sum(1 / each[u] for s, u in zip(scores, units, strict=True) if s <= bar)
        if below >= (1 - alpha) * whole - 1e-9:
            return bar
    return math.inf


@pytest.fixture(scope="module")
def rows():
    """Forty known specimens, twelve unknown genera of three to five, two unknown orders."""
    rng = np.random.default_rng(3)
    sizes = [1] * 40 + list(rng.integers(3, 6, 12)) + [4, 4]
    names = ["known species"] * 40 + ["unknown genus"] * 12 + ["unknown order"] * 2
    units = np.repeat([f"u{k}" for k in range(len(sizes))], sizes)
    strata = np.repeat(names, sizes)
    files = np.array([f"f{k}" for k in range(len(units))])
    found = Strata(strata, units, np.full(len(units), 1.0), files)
    return found, rng.uniform(0, 1, len(units))


def test_the_largest_of_the_thresholds_of_the_strata(rows):
    found, needed = rows
    genus, known = found.names == "unknown genus", found.names == "known species"
    limits = [
        by_hand(needed.tolist(), found.specimens.tolist(), ALPHA),
        by_hand(needed[known].tolist(), found.units[known].tolist(), ALPHA),
        by_hand(needed[genus].tolist(), found.units[genus].tolist(), UNKNOWN),
    ]
    assert each_threshold(needed, found, ALPHA, UNKNOWN) == max(limits)
    assert each_threshold(needed, found, ALPHA, UNKNOWN, lower=True) <= max(limits)


def test_a_hard_stratum_raises_it_for_all(rows):
    found, needed = rows
    harder = np.where(found.names == "unknown genus", 0.9 + needed / 10, needed / 10)
    assert each_threshold(harder, found, ALPHA, UNKNOWN) > 0.9
    few = np.where(found.names == "unknown order", 0.9 + needed / 10, needed / 10)
    alone = each_threshold(few, found, 0.2, UNKNOWN)
    assert alone < 0.1, "two orders are too few to promise anything for"
    assert promised(found.names, found.units, UNKNOWN) == ["unknown genus"]


@pytest.mark.parametrize(("alpha", "least"), [(0.2, 9), (0.1, 19), (0.05, 39), (0.5, 3)])
def test_no_single_taxon_sets_a_threshold(alpha, least):
    assert taxa_needed(alpha) == least
    scores = [k / 100 for k in range(least)]
    assert by_hand(scores, [f"t{k}" for k in range(least)], alpha) < max(scores)
    fewer = scores[:-1]
    assert by_hand(fewer, [f"t{k}" for k in range(least - 1)], alpha) >= max(fewer)


def test_units_are_taxa_where_taxa_are_new():
    table = pd.DataFrame(
        {"specimen_id": ["s0", "s0", "s1", "s2"], "order": ["A", "A", "B", "B"],
         "genus": ["g", "g", "h", None]}
    ).astype(object)  # fmt: skip
    strata = np.array(["unknown genus", "known genus", "unknown order", "unknown order"])
    assert units_of(strata, table).tolist() == ["g", "s0", "B", "B"]


def test_expected_shares():
    strata = np.array(["known species", "unknown genus", "unknown species", "no label"])
    even = {"known species": 0.9, "unknown genus": 0.05, "unknown species": 0.05}
    assert expected_mix(strata, 0.1) == pytest.approx(even)
    named = expected_mix(strata, {"genus": 0.2})
    assert named == pytest.approx({"known species": 0.8, "unknown genus": 0.2})
    absent = expected_mix(strata, {"genus": 0.2, "order": 0.3})  # no order could be left out
    assert absent == pytest.approx({"known species": 5 / 7, "unknown genus": 2 / 7})


@pytest.mark.parametrize("shares", [-0.1, 1.0, {"genus": 0.6, "order": 0.4}, {"genus": -0.1},
                                    {"tribe": 0.1}])  # fmt: skip
def test_shares_that_cannot_be(shares):
    with pytest.raises(InputError, match=r"shares of unknown taxa|rank 'tribe'"):
        require_shares(shares, ("order", "genus"))
