"""Random and left-out figures side by side, with honest units."""

import json

import numpy as np
import pandas as pd
import pytest

from phylolens.classification.intervals import spread
from phylolens.report import summarize, write_report


def metrics_of(out):
    return json.loads((out / "classify/metrics.json").read_text())


def change(out, edit):
    metrics = metrics_of(out)
    edit(metrics)
    (out / "classify/metrics.json").write_text(json.dumps(metrics))


@pytest.fixture(scope="module")
def found(trusted):
    return summarize(trusted)["classify"]


def rank_of(found, rank):
    return next(one for one in found["ranks"] if one["rank"] == rank)


def test_cells_are_the_scores_of_each_division(found, trusted):
    metrics = metrics_of(trusted)
    family = rank_of(found, "family")
    assert [one["words"] for one in family["columns"]] == [
        "random split", "species held out", "genera held out",
    ]  # fmt: skip
    parts = (metrics, *(metrics["splits"][f"leave-{rank}-out"] for rank in ("species", "genus")))
    for row in family["rows"]:
        for cell, part in zip(row["cells"], parts, strict=True):
            models = part["models"] if row["kind"] == "model" else part["baselines"]
            scores = models[row["model"]]["family"]
            assert cell["accuracy"] == f"{scores['accuracy']:.2f}"
            assert float(cell["macro_f1"]) == pytest.approx(scores["macro_f1"], abs=0.005)


def test_left_out_intervals_draw_species_not_specimens(found, trusted):
    answers = pd.read_csv(trusted / "classify/predictions_leave-species-out.csv")
    rows = answers[(answers["rank"] == "family") & (answers["model"] == "rf")]
    rows = rows.sort_values("file")
    species = pd.read_parquet(trusted / "specimens.parquet").set_index("file")["species"]
    own = spread(rows["truth"], {"rf": rows["predicted"]}, species[rows["file"]])["rf"]
    score = np.mean(rows["truth"] == rows["predicted"])
    ends = [max(0, score - 1.96 * own.accuracy), min(1, score + 1.96 * own.accuracy)]
    family = rank_of(found, "family")
    cell = next(row for row in family["rows"] if row["model"] == "rf")["cells"][1]
    assert cell["accuracy_interval"] == f"{ends[0]:.2f}–{ends[1]:.2f}"
    assert own.n_units == 9
    by_specimen = spread(rows["truth"], {"rf": rows["predicted"]}, rows["file"])["rf"]
    assert own.accuracy > 1.3 * by_specimen.accuracy, "images alone would promise too much"


def without_tests(found):
    """Metrics as they were written before intervals were."""
    for split in (found, *found.get("splits", {}).values()):
        for ranks in split["models"].values():
            for own in ranks.values():
                for key in ("accuracy_interval", "macro_f1_interval", "beside_majority"):
                    own.pop(key, None)
        for counts in split["ranks"].values():
            for key in ("n_specimens", "interval_unit", "n_interval_units"):
                counts.pop(key, None)


def test_older_results_show_their_figures_without_intervals(make_trusted, found):
    out = make_trusted()
    change(out, without_tests)
    older = summarize(out)["classify"]
    family, before = rank_of(older, "family"), rank_of(found, "family")
    for row, whole in zip(family["rows"], before["rows"], strict=True):
        assert row["accuracy"] == whole["accuracy"]
        assert row["interval"] == ""
        assert all(cell["macro_f1_interval"] == "" for cell in row["cells"])
    assert "95% interval" not in family["sentence"] + older["lead"]
    assert "always answering" in family["sentence"].lower()
    assert "older version" in older["units"]
    write_report(out)


def test_few_left_out_taxa_give_no_interval(found):
    # four genera held out: too few to draw from
    for row in rank_of(found, "family")["rows"]:
        assert row["cells"][2]["accuracy_interval"] == ""


def test_a_left_out_taxon_is_never_scored_at_its_own_rank(make_trusted):
    out = make_trusted()

    def add(metrics):  # nothing can be named right: the score would be 0 by construction
        split = metrics["splits"]["leave-species-out"]
        split["skipped"] = {}
        for model in split["models"]:
            split["models"][model]["species"] = metrics["models"][model]["species"]

    change(out, add)
    species = rank_of(summarize(out)["classify"], "species")
    assert [one["name"] for one in species["columns"]] == ["random"]
    assert any("none can be named" in line for line in species["not_tested"])


def test_the_primary_model_is_the_first_and_a_choice_is_told(found, make_trusted):
    assert found["primary"] == "default classifier"
    assert found["chosen"]["everywhere"] == []
    assert found["chosen"]["by_rank"]["family"] == [
        "As default classifier, shrunken discriminant analysis (0.1) was chosen on training images "
        "alone (macro-F1 of inner cross-validation 0.89; support vector machine (1) 0.88 and "
        "nearest class mean 0.84); at the ranks its answers are blended. Rule: the highest "
        "macro-F1."
    ]
    out = make_trusted()

    def first(metrics):  # named first, however well others do
        metrics["models"] = {"rf": metrics["models"].pop("rf")} | metrics["models"]

    change(out, first)
    assert summarize(out)["classify"]["primary"] == "random forest"


def test_a_choice_for_all_ranks_is_told_once(make_trusted):
    out = make_trusted()

    def same(metrics):
        choice = {"head": "svm", "scores": {"svm": 0.5}}
        metrics["chosen"] = {rank: choice for rank in metrics["ranks"]}  # noqa: C420

    change(out, same)
    chosen = summarize(out)["classify"]["chosen"]
    assert chosen["by_rank"] == {}
    assert len(chosen["everywhere"]) == 1
    assert "support vector machine was chosen" in chosen["everywhere"][0]


def test_repeats_show_mean_and_deviation(found, trusted):
    family = rank_of(found, "family")
    mean = metrics_of(trusted)["repeats"]["splits"]["random"]["rf"]["family"]["accuracy"]["mean"]
    row = next(row for row in family["repeats"] if row["name"] == "random forest")
    assert row["cells"][0]["accuracy"] == f"{mean:.2f} ± 0.012"
    assert row["cells"][2] is None  # genera held out were not repeated


def test_impossible_divisions_say_why(found, trusted):
    assert found["not_divided"] == [
        "Not tested with sources held out: there is no column `source`."
    ]


def test_answer_has_known_and_unknown_taxa(found, trusted):
    metrics = metrics_of(trusted)
    known = metrics["models"]["default"]["family"]["accuracy"]
    new = metrics["splits"]["leave-species-out"]["models"]["default"]["family"]["accuracy"]
    assert f"family correctly for {100 * known:.0f}%" in found["answer"]
    assert f"right for {100 * new:.0f}% of images of species it was never shown" in found["answer"]
    assert "(most frequent: 6.6%)" in found["answer"]
    assert "62% of unknown families" in found["answer"]
    assert "species and genera held out" in " ".join(found["cannot_tell"])


def test_a_first_division_that_left_species_out_is_not_called_random(found, make_trusted):
    out = make_trusted()
    change(out, lambda metrics: metrics.update(metrics["splits"].pop("leave-species-out")))
    left = out / "classify/predictions_leave-species-out.csv"
    left.replace(out / "classify/predictions.csv")
    own = summarize(out)["classify"]
    assert (own["first"], own["random"]) == ("species held out", False)
    family, before = rank_of(own, "family"), rank_of(found, "family")
    assert [row["cells"][0] for row in family["rows"] if row["kind"] == "model"] == [
        row["cells"][1] for row in before["rows"] if row["kind"] == "model"
    ]
    low, high = family["interval"]
    assert family["rows"][0]["interval"] == f"{low:.2f}–{high:.2f}"
