from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from phylolens.report.plots.heatmaps import ranked
from phylolens.report.plots.labels import _named
from phylolens.report.plots.pairs import binned_medians
from phylolens.report.plots.style import house_style, to_bytes
from phylolens.report.sections.guided.figures import draw_loss


def test_binned_medians_are_those_of_a_loop():
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 1, 400)
    y = x + rng.normal(0, 0.1, 400)
    found = binned_medians(x, y)
    edges = np.quantile(x, np.linspace(0, 1, 11))
    assert len(found) == 10
    for row, low, high in zip(found, edges[:-1], edges[1:], strict=True):
        inside = [b for a, b in zip(x, y, strict=True) if (low < a <= high) or a == low == edges[0]]
        assert row[2] == pytest.approx(np.median(inside))
        assert row[1] <= row[2] <= row[3]


def test_bins_do_not_split_ties_nor_reach_over_holes():
    x = np.concatenate([np.full(200, 1.0) + np.linspace(0, 1e-9, 200), np.full(20, 10.0)])
    y = np.concatenate([np.zeros(200), np.ones(20)])
    found = binned_medians(x, y)
    assert found[:, 0] == pytest.approx([1.0, 10.0])
    assert found[:, 2] == pytest.approx([0.0, 1.0])


def test_percentiles_keep_ties_and_the_order():
    values = np.array([[1, 0.2, 0.5], [0.2, 1, 0.5 + 1e-9], [0.5, 0.5 + 1e-9, 1]])
    found = ranked(pd.DataFrame(values, list("abc"), list("abc"))).to_numpy()
    assert np.isnan(np.diag(found)).all()
    assert found[0, 1] == found[1, 0] == 0
    assert found[0, 2] == found[1, 2] == found[2, 1] == 75  # ranks 2 and 3 shared


def test_names_of_large_groups_come_first_and_never_touch():
    groups = ["small", *["big"] * 6, "tiny", "last"]
    names = _named(groups, line=3.0)
    assert names[0] == ("big", 3.5)
    middles = sorted(middle for _, middle in names)
    assert all(b - a >= 3.0 for a, b in pairwise(middles))


def test_files_hold_no_date_and_repeat_byte_for_byte():
    table = pd.DataFrame({"epoch": [0.0, 1.0, 2.0], "loss": [3.0, 2.0, 1.0]})
    with house_style():
        first, second = (to_bytes(draw_loss(table, 1.5)) for _ in range(2))
    assert first == second
    assert b"<dc:date>" not in first[0]


def test_the_users_settings_stay_untouched():
    import matplotlib

    before = matplotlib.rcParams["font.size"]
    with house_style():
        pass
    assert matplotlib.rcParams["font.size"] == before


def test_equal_distances_stay_in_one_bin():
    x = np.random.default_rng(0).choice(np.arange(10.0, 32.0), 12_000)  # two digits, 22 values
    found = binned_medians(x, x)
    assert len(found) == 10
    assert (found[:, 0] == found[:, 2]).all()
    assert (found[1:, 1] > found[:-1, 3]).all()
