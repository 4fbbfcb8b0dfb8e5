"""Bars of accuracy, tables of every taxon by model, and the features of a forest in the report."""

import json

import numpy as np
import pytest
from matplotlib.colors import to_hex

from phylolens.report import write_report
from phylolens.report.plots.bars import draw_accuracy, draw_importance
from phylolens.report.plots.style import house_style
from phylolens.report.results import Results
from phylolens.report.sections.classification.overall import (
    about_accuracy,
    about_classes,
    about_importance,
)

TAXA = ["Aidae", "Bidae", "Cidae", "Didae", "Eidae", "Fidae"]


def feature(place, impurity, permutation):
    return {"feature": place, "impurity": impurity, "impurity_se": 0.01,
            "permutation": permutation, "permutation_sd": 0.02}  # fmt: skip


RANKING = {
    "model": "rf", "rank": "family", "n_features": 40, "n_top": 3, "n_others": 2, "n_repeats": 5,
    "n_test": 30, "macro_f1": 0.7, "spearman": 0.4, "top_share": 0.55, "top_loss": 0.25,
    "features": [
        feature(7, 0.3, 0.2), feature(2, 0.15, -0.01), feature(31, 0.1, 0.0),
        feature(11, 0.02, 0.01), feature(5, 0.0, 0.03),
    ],
}  # fmt: skip


@pytest.fixture
def out(make_results):
    """Results of three forests, with a ranking of features."""
    folder = make_results(TAXA, [4] * 6, pictures=False)
    path = folder / "classify/metrics.json"
    found = json.loads(path.read_text())
    first = found["models"]["rf"]
    for name, accuracy in (("rf-weighted", 0.5), ("rf-balanced-bagging", 0.25)):
        twin = json.loads(json.dumps(first))
        twin["family"] |= {"accuracy": accuracy, "accuracy_interval": [accuracy - 0.1, 0.9]}
        twin["family"]["macro_precision"] = 0.4321
        found["models"][name] = twin
    path.write_text(json.dumps(found | {"feature_ranking": RANKING}))
    return folder


def bars_of(figure):
    return [
        (to_hex(group.patches[0].get_facecolor()), [bar.get_width() for bar in group.patches])
        for group in figure.axes[0].containers
    ]


def test_bars_are_as_long_as_the_accuracies(out):
    metrics = Results(out).classification
    chart = about_accuracy(metrics)
    assert chart["studied"]
    with house_style():
        guess = bars_of(draw_accuracy(chart["guess"]["ranks"], chart["guess"]["series"]))
        models = bars_of(draw_accuracy(chart["models"]["ranks"], chart["models"]["series"]))
    baselines = metrics.baselines
    assert [values for _, values in guess] == [
        [metrics.models["rf"]["family"].accuracy],
        [baselines.majority["family"].accuracy],
        [baselines.random["family"].accuracy],
    ]
    assert [values for _, values in models][1:] == [[0.5], [0.25]]
    assert len({colour for colour, _ in guess}) == len({colour for colour, _ in models}) == 3
    assert "balanced bagging of trees 25%" in chart["models"]["alt"]


def test_one_model_needs_no_comparison(make_results):
    metrics = Results(make_results(TAXA, [4] * 6, pictures=False)).classification
    chart = about_accuracy(metrics)
    assert (chart["models"], chart["studied"]) == (None, False)
    assert about_classes(metrics, "family") == []


def test_every_model_has_its_table(out, monkeypatch):
    metrics = Results(out).classification
    tables = about_classes(metrics, "family")
    assert [one["name"] for one in tables] == [
        "class-weighted random forest", "balanced bagging of trees"]  # fmt: skip
    assert [row["label"] for row in tables[0]["rows"]] == TAXA
    monkeypatch.setattr("phylolens.report.sections.classification.overall.MOST_ROWS", 11)
    short = about_classes(metrics, "family")
    assert [one["rows"] for one in short] == [[], []]
    assert short[1]["file"] == "classify/per_class_rf-balanced-bagging.csv"


def test_both_measures_of_a_feature_are_drawn(out):
    found = about_importance(Results(out).classification)
    assert [row["feature"] for row in found["rows"]] == [7, 2, 31]
    assert found["others"]["n"] == 2
    assert found["others"]["permutation"] == pytest.approx(0.02)
    with house_style():
        left, right = draw_importance(found).axes
    assert [bar.get_width() for bar in left.patches] == pytest.approx([0.3, 0.15, 0.1, 0.01])
    assert [bar.get_width() for bar in right.patches] == pytest.approx([0.2, -0.01, 0.0, 0.02])
    assert left.get_yticklabels()[0].get_text() == "feature 7"
    assert "2 of them cost nothing" in found["sentence"]
    assert "correlate by 0.40 (Spearman)" in found["sentence"]
    assert "gives noise a share" in found["caveat"]
    assert np.diff([bar.get_y() for bar in left.patches]).min() > 0


def test_the_page_shows_them(out):
    page = write_report(out).read_text(encoding="utf-8")
    for words in (
        "Accuracy at every rank, beside guessing",
        "the study compares the plain forest",
        "Which features does the forest rely on?",
        "Each family (balanced bagging of trees)",
        "weighted average",
        "0.43",  # macro precision
    ):
        assert words in page, words


def test_older_results_have_no_ranking_and_dashes(make_results):
    folder = make_results(TAXA, [4] * 6, pictures=False)
    assert about_importance(Results(folder).classification) is None
    assert "Which features does the forest" not in write_report(folder).read_text(encoding="utf-8")
