"""Intervals and tests count specimens; images of one specimen are no further evidence."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from phylolens.classification.intervals import with_intervals
from phylolens.report import summarize
from phylolens.results.classification import SplitResult

TAXA = ["Aidae", "Bidae"]
ALIKE = 10
RIGHT = 16  # of 20 specimens


def classified(make_results, right=RIGHT):
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
    answers.to_csv(out / "classify/predictions.csv", index=False)
    path = out / "classify/metrics.json"
    metrics = json.loads(path.read_text())
    scores = metrics["models"]["rf"]["family"]
    hits = right // 2 * ALIKE
    scores["confusion"]["matrix"] = [[hits, 100 - hits], [100 - hits, hits]]
    scores["accuracy"] = right / 20
    for row in scores["per_class"]:
        row["support"] = 100
    split = with_intervals(SplitResult.model_validate(metrics), answers, table)
    path.write_text(json.dumps(metrics | split.to_dict()))
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
