"""Do every p-value and every headline sentence keep their level under the sampling of museums?

Slow: run with ``make verify``; ``pytest -rP`` prints the table. Of 400 worlds a share of 0.05 has a
standard error of 0.011. Nothing may reject in more than 7% of worlds, up to two standard errors.
"""

import re

import numpy as np
import pandas as pd
import pytest
from null_worlds import in_worlds
from sampling_worlds import NULLS, everything, followed, null_world

from phylolens.stats.dcor import distance_correlation
from phylolens.stats.lambda_score import lambda_score
from phylolens.stats.mantel import mantel
from phylolens.stats.protest import protest
from phylolens.stats.unit_length import unit_distances

WORLDS, LEVEL, MOST = 400, 0.05, 0.07
ERROR = 2 * np.sqrt(MOST * (1 - MOST) / WORLDS)
# Numbers of images against lineage: in one null they do follow it. Single clades and classes are
# judged after Holm's correction, as their sentences are.
NOT_NULL = re.compile(r"image_counts\.p_|by_clade.*p_(value|pearson|spearman)|classes.*p_value")


def shares_of(null: str) -> pd.Series:
    """Share of worlds in which each p is at most 5%, and in which each sentence is said."""
    table = in_worlds(_World(null), range(WORLDS))
    said = [name for name in table if name.startswith("says")]
    tested = [name for name in table if name not in said and not NOT_NULL.search(name)]
    shares = (table[tested] <= LEVEL).where(table[tested].notna()).mean()
    return pd.concat([table[said].mean(), shares.groupby(_without_clade).max()])


class _World:
    """One null's worlds by number; can be sent to another process."""

    def __init__(self, null: str) -> None:
        self.null = null

    def __call__(self, number: int) -> dict[str, float]:
        return everything(self.null, number)


def _without_clade(name: str) -> str:
    return re.sub(r"\[.*?\]", "[]", name)


@pytest.mark.parametrize("null", NULLS)
def test_nothing_rejects_where_relatives_share_no_history(null):
    shares = shares_of(null)
    print(f"{null}, {WORLDS} worlds\n{shares.round(3).to_string()}")
    judged = shares.drop("says: tests disagree")  # claims nothing
    too_many = judged[judged > MOST + ERROR]
    assert not len(too_many), too_many
    deciding = shares[["tests.lambda_score.p_value", "tests.protest.p_value"]]
    assert (deciding >= 0.02).all(), deciding


def test_plain_statistics_would_reject_far_too_often():
    """A warning, not a feature: why p-values are of directions."""
    plain = []
    for number in range(60):
        world = null_world("sd by clade", number)
        plain.append(
            distance_correlation(world.distances.plain, world.genetic, permutations=99).p_value
        )
    assert np.mean(np.array(plain) <= LEVEL) > 0.3


@pytest.mark.parametrize("tree", ["yule", "short sisters", "old lineages"])
def test_weak_signal_is_found(tree):
    """Lambda 0.25 over 74 taxa: both deciding tests, each in 85% of worlds at least."""
    p_values = []
    for number in range(100):
        world = followed(tree, number, lambda_=0.25)
        common = {"permutations": 99, "seed": number}
        score = lambda_score(world.distances, world.genetic, **common).p_value
        unit = unit_distances(world.distances)
        fit = protest(unit, world.genetic, **common).test.p_value
        other = mantel(unit, world.genetic, **common).p_value
        p_values.append((score, fit, other))
    power = (np.array(p_values) <= LEVEL).mean(axis=0)
    print(f"{tree}: power of score, PROTEST, Mantel {power}")
    assert (power[:2] >= 0.85).all(), power


def test_two_axes_of_many_are_hard_to_see():
    """Two of 64 axes follow the tree in full: reported, held to a third of worlds at least one."""
    found = []
    for number in range(100):
        world = followed("yule", number, lambda_=1.0, axes=2)
        found.append(lambda_score(world.distances, world.genetic, permutations=99, seed=number))
    power = np.mean([test.p_value <= LEVEL for test in found])
    print(f"two of 64 axes: power {power:.2f}")
    assert power >= 0.15
