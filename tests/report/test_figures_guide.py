"""Figures of the guided embedding draw what they were given."""

import numpy as np
import pandas as pd
import pytest

from phylolens.report import summarize
from phylolens.report.plots.heatmaps import coarsened, ranked
from phylolens.report.plots.nulls import coarser, draw_refits
from phylolens.report.plots.pairs import draw_held_out
from phylolens.report.plots.style import house_style, to_bytes
from phylolens.report.results import Results
from phylolens.report.sections.guided.figures import draw_loss, guide_figures, symmetric
from phylolens.results.guided_parts import Refits
from phylolens.results.permutation import Histogram

TAXA = [f"{letter}idae" for letter in "ABCDEFGHI"]
NULL = Refits(
    p_value=0.02,
    skill_q95=0.011,
    histogram=Histogram(edges=[-0.1, 0.0, 0.1], counts=[30, 20]),
)


def frame(values):
    names = [f"t{place:02d}" for place in range(len(values))]
    return pd.DataFrame(values, names, names)


@pytest.fixture(scope="module")
def distances():
    rng = np.random.default_rng(2)
    points = rng.normal(size=(12, 3))
    genetic = np.linalg.norm(points[:, None] - points[None], axis=2)
    same = np.equal.outer(np.arange(12) // 3, np.arange(12) // 3)
    return frame(genetic), frame(np.where(same, np.nan, genetic + 0.5))


def test_all_figures_are_there(make_guided):
    out = make_guided(TAXA)
    results = Results(out)
    with house_style():
        drawn = {name: facts for name, _, facts in guide_figures(results, summarize(out)["guide"])}
    both = ("heatmaps", "heatmaps-ranks", "heatmaps-taxonomy", "held-out", "refits")
    assert set(drawn) == set(both)
    assert drawn["held-out"] == {"panels": 2, "n_pairs": 9 * 6}  # three taxa an order
    assert drawn["heatmaps"] == {"held_out": True, "blank": True, "n_taxa": 9}


@pytest.mark.parametrize(("n", "bins"), [(19, 8), (99, 20), (999, 40)])
def test_few_refits_are_drawn_in_few_bins(n, bins):
    counts = np.bincount(np.random.default_rng(n).integers(0, 40, n), minlength=40)
    found = coarser(Histogram(edges=np.linspace(-0.1, 0.1, 41).tolist(), counts=counts.tolist()))
    assert (len(found.counts), sum(found.counts)) == (bins, n)
    assert (found.edges[0], found.edges[-1]) == (-0.1, 0.1)
    step = 40 // bins
    np.testing.assert_array_equal(found.counts, counts.reshape(-1, step).sum(axis=1))


def test_without_files_there_are_no_figures(make_guided):
    out = make_guided(TAXA, lambda found: found.pop("null"))
    for path in (out / "guide").glob("*.csv"):
        path.unlink()
    assert list(guide_figures(Results(out), summarize(out)["guide"])) == []


def test_one_panel_where_column_means_were_not_kept(make_guided):
    out = make_guided(TAXA)
    (out / "guide/held_out_column_means.csv").unlink()
    with house_style():
        drawn = {name: facts for name, _, facts in
                 guide_figures(Results(out), summarize(out)["guide"])}  # fmt: skip
    assert drawn["held-out"]["panels"] == 1


def test_held_out_pairs_are_drawn_once_a_direction_on_one_scale(distances):
    genetic, guided = distances
    with house_style():
        figure = draw_held_out({"with": guided, "without": guided - 0.5}, genetic)
    first, second = figure.axes
    x, y = first.lines[0].get_data()
    known = guided.notna().to_numpy()
    assert len(x) == known.sum() == 108
    assert y - x == pytest.approx(0.5)
    assert first.get_xlim() == second.get_xlim() == first.get_ylim() == second.get_ylim()
    line = first.lines[1].get_data()
    assert (line[0] == line[1]).all()


def test_order_of_taxa_in_a_file_does_not_matter(distances):
    genetic, guided = distances
    turned = guided.iloc[::-1, ::-1]
    with house_style():
        one, other = (draw_held_out({"a": own}, genetic) for own in (guided, turned))
    assert (one.axes[0].lines[0].get_ydata() == other.axes[0].lines[0].get_ydata()).all()


def test_many_pairs_are_counted_in_hexagons_of_one_colour_scale():
    rng = np.random.default_rng(0)
    genetic = frame(np.abs(rng.normal(100, 20, (20, 20))))
    panels = {"a": genetic + 1, "b": genetic * 0 + 100.0}
    with house_style():
        figure = draw_held_out(panels, genetic)
        first, second = (axes.collections[0] for axes in figure.axes[:2])
    assert first.get_array().sum() == second.get_array().sum() == 400
    assert first.get_clim() == second.get_clim()


def test_refits_mark_the_observed_skill_its_p_and_zero():
    with house_style():
        figure = draw_refits(NULL, 0.287)
        (axes,) = figure.axes
        places = [line.get_xdata()[0] for line in axes.lines]
        assert [text.get_text() for text in axes.texts] == ["0.29, p = 0.020"]
    assert 0.287 in places
    assert 0.0 in places
    assert 0.011 in places
    low, high = axes.get_xlim()
    assert low < -0.1
    assert high > 0.287


def test_files_repeat_byte_for_byte(distances):
    genetic, guided = distances
    with house_style():
        first, second = (
            [*to_bytes(draw_held_out({"a": guided}, genetic)), *to_bytes(draw_refits(NULL, 0.2))]
            for _ in range(2)
        )
    assert first == second


def test_in_sample_curves_are_grey():
    table = pd.DataFrame({"epoch": [0.0, 1.0, 2.0], "loss": [-0.1, -0.5, -0.6]})
    with house_style():
        (axes,) = draw_loss(table, None).axes
    assert axes.lines[0].get_color() == "#767676"
    assert len(axes.lines) == 1
    assert axes.get_ylim()[0] < -0.6


def test_missing_similarities_stay_missing():
    values = np.array([[1, 0.2, np.nan], [0.4, 1, 0.5], [np.nan, 0.5, 1]])
    both = symmetric(frame(values))
    assert both.iloc[0, 1] == both.iloc[1, 0] == pytest.approx(0.3)
    found = ranked(both).to_numpy()
    assert np.isnan(found[0, 2])
    assert (found[0, 1], found[1, 2]) == (0, 100)


def test_blocks_without_any_value_stay_blank():
    values = np.ones((800, 800))
    values[:300, :300] = np.nan
    found = coarsened(values)
    assert np.isnan(found[0, 0])
    assert found[-1, -1] == 1


def test_blank_cells_of_a_matrix_are_missing(make_guided):
    found = Results(make_guided(TAXA)).matrix("guide/held_out_distances.csv")
    assert found is not None
    assert found.isna().to_numpy().sum() == 9 * 3
    assert (found.dtypes == np.float64).all()
