"""Height of mistakes, depth of safe names, confidence and the smaller parts."""

import json

import numpy as np
import pandas as pd
import pytest

from phylolens.report import summarize
from phylolens.report.results import Results
from phylolens.report.sections.classification.depth import about_depth
from phylolens.report.sections.classification.mistakes import heights
from phylolens.results.classification import ClassificationResult


@pytest.fixture(scope="module")
def metrics(trusted):
    return json.loads((trusted / "classify/metrics.json").read_text())


@pytest.fixture(scope="module")
def found(trusted):
    return summarize(trusted)["classify"]


def test_height_of_mistakes_is_that_of_a_loop(found, trusted):
    answers = pd.read_csv(trusted / "classify/predictions.csv")
    rows = answers[(answers["rank"] == "species") & (answers["model"] == "default")]
    wrong = rows[rows["truth"] != rows["predicted"]]
    table = pd.read_parquet(trusted / "specimens.parquet").drop_duplicates("species")
    above = table.set_index("species")
    labels = sorted(set(rows["truth"]) | set(rows["predicted"]))
    species = next(one for one in found["ranks"] if one["rank"] == "species")
    assert species["heights"]["n"] == len(wrong)
    assert [step["rank"] for step in species["heights"]["steps"]] == ["genus", "family", "order"]
    for step in species["heights"]["steps"]:
        of = above[step["rank"]]
        same = [of[a] == of[b] for a, b in zip(wrong["truth"], wrong["predicted"], strict=True)]
        assert step["within"] == pytest.approx(np.mean(same))
        chance = [np.mean([of[a] == of[b] for b in labels if b != a]) for a in wrong["truth"]]
        assert step["by_chance"] == pytest.approx(np.mean(chance))


def test_unknown_parents_are_shared_with_no_one(make_trusted):
    out = make_trusted()
    table = pd.read_parquet(out / "specimens.parquet")
    table.loc[table["species"].isin(["Aalus albus", "Aamus albus"]), ["genus", "family"]] = None
    table.to_parquet(out / "specimens.parquet", index=False)
    labels = ["Aalus albus", "Aamus albus", "Bilus albus"]
    matrix = {"labels": labels, "matrix": [[0, 2, 0], [0, 1, 0], [0, 0, 1]]}
    found = heights(Results(out), "species", matrix)
    assert [(step["rank"], step["within"]) for step in found["steps"]] == [("order", 1.0)]
    right = {"labels": labels, "matrix": np.eye(3, dtype=int).tolist()}
    assert heights(Results(out), "species", right) is None


def test_pictured_mistakes_are_mistakes_one_a_specimen_first(make_trusted):
    out = make_trusted()
    answers = pd.read_csv(out / "classify/predictions.csv")
    table = pd.read_parquet(out / "specimens.parquet").set_index("file")
    rows = answers[(answers["rank"] == "species") & (answers["model"] == "default")]
    wrong = rows[rows["truth"] != rows["predicted"]].set_index("file")
    found = summarize(out)["classify"]
    pairs = next(one for one in found["ranks"] if one["rank"] == "species")["pairs"]
    assert len(pairs) == 3
    for pair in pairs:
        files = [image["file"] for image in pair["wrong"]]
        assert 1 <= len(files) <= 3
        assert set(wrong.loc[files, "truth"]) == {pair["truth"]}
        assert set(wrong.loc[files, "predicted"]) == {pair["predicted"]}
        of = wrong[(wrong["truth"] == pair["truth"]) & (wrong["predicted"] == pair["predicted"])]
        n_specimens = table.loc[of.index, "specimen_id"].nunique()
        assert table.loc[files[:n_specimens], "specimen_id"].is_unique
        for end in ("truth", "predicted"):
            file = pair["typical"][end]
            right = rows[(rows["truth"] == pair[end]) & (rows["predicted"] == pair[end])]
            assert table.loc[file, "species"] == pair[end]
            assert file in set(right["file"]) or right.empty
            assert file not in files


def test_depth_says_for_whom_the_promise_fails(found, metrics):
    depth = found["depth"]
    mixed, alone = depth["groups"]
    assert [row["name"] for row in mixed["rows"]] == [
        "all, in the assumed mix", "known species", "unknown species", "unknown genus",
        "unknown family",
    ]  # fmt: skip
    assert {row["name"] for row in mixed["rows"] if row["short"]} == {"unknown family"}
    assert not alone["rows"][1]["short"]
    assert all(row["short"] for row in alone["rows"][2:])
    own = metrics["conformal"]["by_stratum"]["unknown family"]
    assert f"only for {100 * own['coverage']:.0f}%" in depth["sentences"][1]
    assert depth["sentences"][1].endswith("of unknown families: less than the 90% asked for.")
    assert mixed["mix"].startswith("60% known species, 2.3% unknown species")
    assert list(mixed["rows"][0]["shares"]) == ["none", "order", "family", "genus", "species"]


def found_with(conformal):
    """Results of a classification of which the depth alone is asked."""
    scores = {"n_train": 1, "n_test": 1, "models": {}, "baselines": {}}
    return ClassificationResult.of(scores | {"conformal": conformal})


def test_an_interval_that_reaches_the_promise_is_no_failure(trusted):
    conformal = {"alpha": 0.1, "resolved_at": {"order": 0.6, "none": 0.4}, "n": 40}
    for high, short in ((0.91, False), (0.89, True)):
        own = conformal | {"coverage": 0.85, "interval": [0.7, high]}
        row = about_depth(Results(trusted), found_with(own))["groups"][0]["rows"][0]
        assert row["short"] is short
        assert row["name"] == "all tested"
    assert about_depth(Results(trusted), found_with(None)) is None


def test_known_taxa_alone_are_shown_once(trusted):
    own = {"coverage": 0.9, "n": 9, "interval": [0.8, 0.95], "resolved_at": {"order": 1.0}}
    conformal = own | {"alpha": 0.1, "mix": {"known species": 1.0},
                       "by_stratum": {"known species": own}}  # fmt: skip
    rows = about_depth(Results(trusted), found_with(conformal))["groups"][0]["rows"]
    assert [row["name"] for row in rows] == ["known species"]


def test_confidence_rows_are_those_of_the_metrics(found, metrics):
    for row in found["confidence"]["ranks"]:
        own = metrics["confidence"][row["rank"]]
        assert float(row["ece"]) == pytest.approx(own["ece"], abs=0.0006)
        assert float(row["before"]["nll"]) == pytest.approx(own["uncalibrated"]["nll"], abs=0.0006)
        assert sum(one["n"] for one in row["bins"]) == own["n"]
        assert row["risk"][-1] == [1.0, pytest.approx(1 - own["accuracy"])]
    assert (
        "5.2 at genus and 8.6 at species, in percentage points"
        in (found["confidence"]["sentences"][0])
    )


def test_a_temperature_a_rank_is_written_coarse_to_fine(found, make_trusted):
    assert found["confidence"]["temperature"] == "1.84"
    out = make_trusted()
    path = out / "classify/metrics.json"
    metrics = json.loads(path.read_text()) | {"temperature": {"species": 1.5, "order": 0.25}}
    path.write_text(json.dumps(metrics))
    found = summarize(out)["classify"]["confidence"]
    assert found["temperature"] == "0.25 (order) and 1.50 (species)"


def test_chance_is_told_beside_the_calibration_error(found):
    assert {row["chance"] for row in found["confidence"]["ranks"]} == {"0.020"}


def test_novelty_few_shot_and_checks_in_words(found, metrics):
    new = metrics["novelty"]
    assert f"in {100 * new['auroc']:.0f} of 100 pairs" in found["novelty"]["sentence"]
    assert [row["rank"] for row in found["novelty"]["rows"]] == ["species", "genus", "family"]
    few = metrics["few_shot"]["models"]["rf"]
    words = f"random forest {100 * few[0]['accuracy']:.0f}% and {100 * few[-1]['accuracy']:.0f}%"
    assert words in found["few_shot"]["sentence"]
    assert found["few_shot"]["rows"][2]["cells"][-1]["accuracy"] == f"{few[-1]['accuracy']:.2f}"
    assert "0% (summed, from the top down)" in found["consistency"]["sentence"]
    assert (
        "4 of 137 tested images (2.9%) nearly repeat a training image" in (found["near_duplicates"])
    )
    assert (
        "permuted within species, p = 0.010: images give their source away" in (found["sources"][1])
    )
    assert found["few_shot"]["short"] == "Of 62 species, 9 fewer than 5 and 40 fewer than 10."


def test_a_hidden_source_is_not_called_found(make_trusted):
    out = make_trusted()
    path = out / "classify/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["sources"]["within_taxa"]["p_value"] = 0.4
    path.write_text(json.dumps(metrics))
    assert "no evidence" in summarize(out)["classify"]["sources"][1]
    metrics["sources"]["within_taxa"] |= {"finest": False, "rank": "family"}
    path.write_text(json.dumps(metrics))
    assert "this is no test" in summarize(out)["classify"]["sources"][1]
