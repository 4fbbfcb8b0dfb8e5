"""Barcodes in the report: one sentence a fact, and the figure of saturation."""

import numpy as np
import pandas as pd
import pytest

from phylolens.report import summarize
from phylolens.report.build import render
from phylolens.report.plots.saturation import draw_saturation
from phylolens.report.plots.style import house_style
from phylolens.report.results import Results
from phylolens.report.sections.signal.figures import signal_figures
from phylolens.report.thumbnails import Album

TAXA = [f"{letter}idae" for letter in "ABCDEF"]
BESIDE = {
    "model": "k2p",
    "is_genetic_side": False,
    "n_taxa": 6,
    "n_sequences": 8,
    "alignment": "given",
    "sites": {"least": 500, "median": 658},
    "saturation": [
        {"against": "tree", "n_pairs": 15, "n_undefined": 0, "unrelated": 0.72, "largest": 0.31,
         "share_near_unrelated": 0.0, "slope_near": 0.2, "slope_far": 0.11},
        {"against": "k2p", "n_pairs": 15, "n_undefined": 1, "unrelated": 0.72, "largest": 0.31,
         "share_near_unrelated": 0.0, "slope_near": 0.6, "slope_far": 0.4},
    ],
    "agreement": {"n_taxa": 6, "pearson": {"statistic": 0.912, "p_value": 0.004},
                  "spearman": {"statistic": 0.87, "p_value": 0.006}},
}  # fmt: skip
ALONE = BESIDE | {
    "model": "levenshtein",
    "is_genetic_side": True,
    "alignment": "none",
    "saturation": [],
}
SATURATED = BESIDE["saturation"][1] | {"share_near_unrelated": 0.4, "largest": 0.7}


def facts_of(make_signal, barcodes):
    out = make_signal(TAXA, lambda found: found.update(barcodes=barcodes))
    return out, summarize(out)["signal"].barcodes


def test_beside_a_tree(make_signal):
    out, found = facts_of(make_signal, BESIDE)
    assert found.measured == (
        "K2P distances between 8 barcodes of 6 families stand beside the tree; aligned as given, "
        "658 (median; at least 500) sites compared of a pair."
    )
    assert "agree with the tree at r = 0.912 (Mantel, p = 0.004); of ranks 0.870" in found.agreed
    assert (
        "would differ at 72% of their sites; the most different pair of families does at 31%"
        in (found.saturated)
    )
    assert "raw differences grow at 55% of their pace over the nearer half" in found.saturated
    assert "are saturated" not in found.saturated
    assert found.caution == ""
    page = render(summarize(out), [], Album(Results(out)))
    assert "Barcodes beside: K2P distances between 8 barcodes of 6 families (Kimura 1980)" in page
    assert '<details id="barcodes">' in page
    assert "Kimura (1980) A simple method" in page


def test_as_the_genetic_side_without_an_alignment(make_signal):
    _, found = facts_of(make_signal, {k: v for k, v in ALONE.items() if k != "sites"})
    assert found.measured == (
        "Edit distances between 8 barcodes of 6 families are the genetic distances tested; not "
        "aligned."
    )
    assert found.saturated == ""
    assert "one gene" in found.caution


@pytest.mark.parametrize(
    "change",
    [{}, {"share_near_unrelated": 0.0, "slope_far": 0.1}, {"slope_near": None, "slope_far": None}],
)
def test_saturated_barcodes_are_said_to_be(make_signal, change):
    _, found = facts_of(make_signal, BESIDE | {"saturation": [SATURATED | change]})
    assert "The barcodes are saturated: far distances are mostly chance." in found.saturated
    assert "1 pair without a value" in found.saturated


def test_without_barcodes_there_is_no_section(make_signal):
    out = make_signal(TAXA)
    assert summarize(out)["signal"].barcodes is None
    assert '<details id="barcodes">' not in render(summarize(out), [], Album(Results(out)))


def test_too_few_barcodes_are_said_to_be(make_signal):
    few = {k: v for k, v in BESIDE.items() if k not in ("saturation", "agreement", "sites")}
    few |= {"n_taxa": 2, "not_possible": "only 2 of the taxa compared have a barcode"}
    _, found = facts_of(make_signal, few)
    assert found.problem == "only 2 of the taxa compared have a barcode."
    assert found.agreed == found.saturated == ""


def square(rng: np.random.Generator, n: int) -> pd.DataFrame:
    places = rng.normal(size=(n, 2))
    values = np.linalg.norm(places[:, None] - places[None], axis=2)
    names = [f"{k}idae" for k in range(n)]
    return pd.DataFrame(values, names, names)


@pytest.mark.parametrize("n", [6, 30])
def test_the_figure_has_a_panel_a_kind_of_distance(n):
    apart = square(np.random.default_rng(0), n)
    raw = 0.75 * (1 - np.exp(-apart))
    lost = apart.copy()
    lost.iloc[0, 1] = lost.iloc[1, 0] = np.nan
    figure = draw_saturation(raw, {"tree": apart, "K2P": lost}, 0.75, "share of sites that differ")
    panels = figure.axes[:2]
    assert [axes.get_xlabel() for axes in panels] == ["tree", "K2P"]
    assert panels[0].get_ylim()[1] > 0.75
    if n == 6:
        counts = [len(axes.lines[0].get_xdata()) for axes in panels]
        assert counts == [15, 14]
    else:
        counts = [int(axes.collections[0].get_array().sum()) for axes in panels]
        assert counts == [435, 434]


def drawn(out):
    with house_style():
        return {name: figure for name, figure, _ in signal_figures(Results(out), [])}


def test_files_are_drawn_where_they_are(make_signal):
    out, _ = facts_of(make_signal, BESIDE)
    genetic = pd.read_csv(out / "signal/genetic_distances.csv", index_col=0)
    assert "saturation" not in drawn(out)
    (0.1 * genetic).to_csv(out / "signal/barcode_raw_distances.csv")
    panels = drawn(out)["saturation"].axes
    assert [axes.get_xlabel() for axes in panels] == ["distance in the tree"]
    genetic.to_csv(out / "signal/barcode_corrected_distances.csv")
    assert len(drawn(out)["saturation"].axes) == 2
