"""Nothing old is taken for new: what makes a finished stage run again."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.pipeline.run import run
from phylolens.pipeline.settings import Settings, make_settings
from phylolens.report.summary import summarize
from phylolens.results.classification import ClassificationResult

STAGES = ("check", "classify", "guide", "signal")


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., Settings]:
    """Write six families of six specimens with random features; return a maker of studies."""
    rng = np.random.default_rng(0)
    families = [f"Family{place}" for place in range(6)]
    ids = [f"{family}/{place}" for family in families for place in range(6)]
    matrix = pd.DataFrame(rng.standard_normal((36, 4)), index=pd.Index(ids, name="file"))
    matrix.to_csv(tmp_path / "features.csv")
    labels = {"file": ids, "order": ["A"] * 18 + ["B"] * 18, "family": np.repeat(families, 6)}
    pd.DataFrame(labels).to_csv(tmp_path / "meta.csv", index=False)
    points = rng.standard_normal((6, 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    pd.DataFrame(distances, families, families).to_csv(tmp_path / "distances.csv")
    files = {name: tmp_path / f"{name}.csv" for name in ("features", "meta", "distances")}

    def make(**more: object) -> Settings:
        signal = {"permutations": 9, "simulations": 40, "replicates": 2}
        few: dict[str, object] = {"signal": signal, "out": tmp_path / "out"}
        few["guide"] = {"recipe": "roy2025", "epochs": 3}
        few["classify"] = {"recipe": "roy2025", "models": ("prototype",)}
        return make_settings(files | few | more)

    return make


def kept(summary: dict) -> set[str]:
    return {stage for stage in STAGES if summary.get(stage, {}).get("kept")}


def test_unchanged_is_kept(study):
    run(study(), STAGES)
    assert kept(run(study(), STAGES)) == {"classify", "guide", "signal"}


def test_interrupted_run_leaves_nothing_to_keep(study, tmp_path, monkeypatch):
    run(study(seed=0), ("check", "classify"))
    first = (tmp_path / "out/classify/predictions.csv").read_bytes()

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(ClassificationResult, "write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(study(seed=1), ("check", "classify"))
    assert (tmp_path / "out/classify/predictions.csv").read_bytes() != first
    assert not kept(run(study(seed=0), ("check", "classify")))
    assert (tmp_path / "out/classify/predictions.csv").read_bytes() == first


@pytest.mark.parametrize(
    ("file", "stage"),
    [("guide/similarity_guided.csv", "guide"), ("signal/genetic_distances.csv", "signal")],
)
def test_any_missing_file_brings_its_stage_back(study, tmp_path, file, stage):
    run(study(), STAGES)
    (tmp_path / "out" / file).unlink()
    assert kept(run(study(), STAGES)) == {"classify", "guide", "signal"} - {stage}
    assert (tmp_path / "out" / file).is_file()


def test_content_of_weights_counts_not_their_name(study, tmp_path):
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"one")
    run(study(weights=weights), ("check", "signal"))
    assert kept(run(study(weights=weights), ("check", "signal"))) == {"signal"}
    weights.write_bytes(b"two")
    assert not kept(run(study(weights=weights), ("check", "signal")))


def test_features_found_to_be_guided_are_tested_again(study, tmp_path):
    run(study(), ("check", "signal"))
    text = (tmp_path / "features.csv").read_text()
    (tmp_path / "features.csv").write_text(text.replace("file,", "guided_taxon,", 1))
    assert not kept(run(study(), ("check", "signal")))
    assert '"circular": true' in (tmp_path / "out/signal/signal.json").read_text()


def test_other_versions_of_packages_run_again(study, monkeypatch):
    run(study(), ("check", "signal"))
    monkeypatch.setattr("phylolens.pipeline.run.package_versions", lambda: {"numpy": "0.0"})
    assert not kept(run(study(), ("check", "signal")))


def test_lineage_of_an_earlier_run_is_removed(study, tmp_path):
    run(study(), ("check", "signal"))
    assert (tmp_path / "out/signal/lineage.csv").is_file()
    run(study(ranks=("family",)), ("check", "signal"))
    assert not (tmp_path / "out/signal/lineage.csv").exists()


def test_what_a_later_run_leaves_out_is_not_reported(study, tmp_path):
    run(study())
    assert all(summarize(tmp_path / "out")[section] for section in ("guide", "signal"))
    run(study(distances=None))
    summary = summarize(tmp_path / "out")
    assert (summary["guide"], summary["signal"]) == (None, None)
    assert "--tree" in summary["missing"]["signal"]["reason"]
    assert summary["classify"] is not None


def test_too_few_to_test_on_stops_classification_alone(study, tmp_path):
    table = pd.read_csv(tmp_path / "meta.csv").drop_duplicates("family")
    table.to_csv(tmp_path / "meta.csv", index=False)
    summary = run(study())
    assert "too few to test on" in summary["classify"]["skipped"]
    assert summary["signal"]["tests"]["mantel_pearson"]["n"] == 6
    assert "too few to test on" in (tmp_path / "out/report.html").read_text()
    with pytest.raises(InputError, match="too few to test on"):
        run(study(), ("check", "classify"))


def test_stages_of_other_data_or_trees_are_not_shown(study, tmp_path):
    run(study(), ("check", "classify", "signal"))
    assert {"classify", "signal"} <= {k for k, v in summarize(tmp_path / "out").items() if v}
    table = pd.read_csv(tmp_path / "distances.csv", index_col=0)
    (table * 2 + np.eye(6) * 0).to_csv(tmp_path / "distances.csv")
    run(study(), ("check",))
    shown = summarize(tmp_path / "out")
    assert shown["classify"]
    assert not shown["signal"], "signal was made with another matrix"
    meta = pd.read_csv(tmp_path / "meta.csv")
    meta.assign(order="A").to_csv(tmp_path / "meta.csv", index=False)
    run(study(), ("check",))
    assert not summarize(tmp_path / "out")["classify"]


def test_order_of_rows_changes_nothing(study, tmp_path):
    run(study(), STAGES)
    files = ("classify/metrics.json", "guide/guide.json", "signal/signal.json")
    before = [(tmp_path / "out" / file).read_bytes() for file in files]
    meta = pd.read_csv(tmp_path / "meta.csv").sample(frac=1, random_state=1)
    meta.to_csv(tmp_path / "meta.csv", index=False)
    run(study(out=tmp_path / "other"), STAGES)
    assert before == [(tmp_path / "other" / file).read_bytes() for file in files]
