"""Intervals and tests count specimens; images of one specimen are no further evidence."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from phylolens.report import summarize
from phylolens.report.intervals import beside_by_specimen, beside_majority

TAXA = ["Aidae", "Bidae"]
ALIKE = 10
RIGHT = 16  # of 20 specimens


def classified(make_results, *, predictions=True, right=RIGHT):
    """20 specimens of 10 alike images, half of each taxon; ``right`` of them named correctly."""
    out = make_results(TAXA, [100, 100], parts=("classify",), pictures=False)
    table = pd.read_parquet(out / "specimens.parquet")
    table["specimen_id"] = [f"s{row // ALIKE:02d}" for row in range(200)]
    table.to_parquet(out / "specimens.parquet", index=False)
    named = np.arange(200) // ALIKE % 10 < right // 2  # as many right in either taxon
    other = table["family"].map(dict(zip(TAXA, TAXA[::-1], strict=True)))
    answers = pd.DataFrame({"file": table["file"], "rank": "family", "model": "rf"})
    answers["truth"] = table["family"]
    answers["predicted"] = table["family"].where(named, other)
    if predictions:
        answers.to_csv(out / "classify/predictions.csv", index=False)
    path = out / "classify/metrics.json"
    metrics = json.loads(path.read_text())
    scores = metrics["models"]["rf"]["family"]
    hits = right // 2 * ALIKE
    scores["confusion"]["matrix"] = [[hits, 100 - hits], [100 - hits, hits]]
    scores["accuracy"] = right / 20
    for row in scores["per_class"]:
        row["support"] = 100
    path.write_text(json.dumps(metrics))
    check = json.loads((out / "check.json").read_text())
    check["specimens"] |= {"has_specimen_ids": True, "n_specimens": 20}
    (out / "check.json").write_text(json.dumps(check))
    return out


def test_alike_images_give_the_interval_of_their_specimens(make_results):
    found = summarize(classified(make_results))["classify"]
    expected = binomtest(RIGHT, 20).proportion_ci(method="wilson")
    family = found["ranks"][0]
    assert family["interval"] == pytest.approx([expected.low, expected.high], abs=1e-6)
    assert family["rows"][0]["interval"] == f"{expected.low:.2f}–{expected.high:.2f}"
    assert "200 test images of 20 specimens" in family["sentence"]
    assert "20 at every rank" in found["units"]
    # 8 specimens gained, 2 lost: p = 112 / 1024; as images, 80 against 20 would be called better.
    assert "not clearly different from" in family["sentence"]


def test_without_predictions_images_are_the_units_and_it_is_said(make_results):
    found = summarize(classified(make_results, predictions=False))["classify"]
    expected = binomtest(RIGHT * ALIKE, 200).proportion_ci(method="wilson")
    assert found["ranks"][0]["interval"] == pytest.approx([expected.low, expected.high], abs=1e-6)
    assert "better than" in found["ranks"][0]["sentence"]
    assert "as independent" in found["units"]


def test_predictions_of_other_images_are_not_used(make_results):
    out = classified(make_results)
    path = out / "classify/predictions.csv"
    pd.read_csv(path).head(150).to_csv(path, index=False)
    assert summarize(out)["classify"]["ranks"][0]["n_units"] == 200


@pytest.mark.parametrize("seed", range(5))
def test_one_image_a_specimen_is_mcnemar(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.choice(["a", "b", "c"], size=(2, 40), p=[0.5, 0.3, 0.2])
    predicted = np.where(rng.random(40) < 0.2 * seed, truth, predicted)
    labels = ["a", "b", "c"]
    matrix = [[int(((truth == i) & (predicted == j)).sum()) for j in labels] for i in labels]
    rows = pd.DataFrame({"truth": truth, "predicted": predicted, "specimen_id": range(40)})
    found = beside_by_specimen(rows, "a")
    assert found == beside_majority({"labels": labels, "matrix": matrix}, "a")


def test_shares_of_specimens_decide_and_ties_are_left_out():
    # Each of 6 specimens: two images gained, one lost. A seventh: one gained, one lost.
    rows = [(s, t, p) for s in range(6) for t, p in (("b", "b"), ("b", "b"), ("a", "b"))]
    rows += [(6, "b", "b"), (6, "a", "b")]
    table = pd.DataFrame(rows, columns=["specimen_id", "truth", "predicted"])
    assert beside_by_specimen(table, "a") == "better than"  # 6 of 6: p = 2 / 64
    fewer = table[table["specimen_id"] != 5]
    assert beside_by_specimen(fewer, "a") == "not clearly different from"  # 5 of 5: p = 2 / 32
