"""The default classification as a stage: what it writes, the same bytes however it was reached."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from phylolens.errors import InputError, TooFew
from phylolens.pipeline.checkpoints import Checkpoints
from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings
from phylolens.pipeline.stages import calibration, classify_split
from phylolens.pipeline.stages.classify_split import split_by

RANKS = ("order", "family", "species")
SETTINGS = {"models": ("default", "prototype"), "repeats": 2, "ablation": True}


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Few-shot curves of the cheapest head alone: forests take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "FEW_SHOT_MODELS", ("prototype",))
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four orders of three families of two species; six specimens each, two sources."""
    folder = tmp_path_factory.mktemp("world")
    rng = np.random.default_rng(0)
    rows, points = [], []
    for order in range(4):
        centre = rng.normal(size=12)
        for family in range(3):
            middle = centre + rng.normal(size=12)
            for kind in range(2):
                mean = middle + rng.normal(size=12) * 0.8
                name = f"{order}{family}"
                for number in range(6):
                    own = {"file": f"S{name}{kind}/{number}", "source": "xy"[number % 2]}
                    rows.append(own | dict(zip(RANKS, (f"O{order}", f"F{name}", f"S{name}{kind}"),
                                               strict=True)))  # fmt: skip
                    points.append(mean + rng.normal(size=12))
    meta = pd.DataFrame(rows)
    meta.to_csv(folder / "meta.csv", index=False)
    features = pd.DataFrame(np.array(points).round(4))
    features.insert(0, "file", meta["file"])
    features.to_csv(folder / "features.csv", index=False)
    mixed = np.random.default_rng(1).permutation(len(meta))
    meta.iloc[mixed].to_csv(folder / "mixed.csv", index=False)
    features.iloc[mixed[::-1]].to_csv(folder / "mixed_features.csv", index=False)
    return folder


def classified(world: Path, out: Path, prefix: str = "", **more: object) -> dict:
    values = {
        "features": world / ("mixed_features.csv" if prefix else "features.csv"),
        "meta": world / (f"{prefix}.csv" if prefix else "meta.csv"),
        "rank": "species",
        "out": out,
        "classify": SETTINGS | more,
    }
    return run(make_settings(values), ("check", "classify"))


def written(out: Path) -> dict[str, bytes]:
    """All results but the zip of the head, which holds the time, and what names its inputs."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted((out / "classify").rglob("*"))
        if path.is_file() and path.name != "head.skops"
    }


@pytest.fixture(scope="module")
def whole(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("whole")
    classified(world, out)
    return out, json.loads((out / "classify/metrics.json").read_text())


def test_every_figure_is_there(whole):
    _, metrics = whole
    assert metrics["not_possible"] == {}
    assert set(metrics["chosen"]["default"]) == set(RANKS)
    assert {"head", "scores", "rule"} <= set(metrics["chosen"]["default"]["family"])
    assert set(metrics["splits"]) == {"leave-species-out"}
    left_out = metrics["splits"]["leave-species-out"]
    keys = {"n_train", "n_test", "held_out", "ranks", "skipped", "models", "baselines"}
    assert keys <= set(left_out)
    assert left_out["held_out"]
    assert set(metrics["consistency"]) >= {"n", "ranks", "independent", "summed", "top_down"}
    assert metrics["consistency"]["top_down"]["contradictions"] == 0
    found = metrics["confidence"]["family"]
    assert {"n", "ece", "ece_interval", "brier", "nll", "accuracy", "uncalibrated"} <= set(found)
    assert {"reliability", "risk_coverage"} <= set(found)
    assert set(metrics["temperature"]) == set(RANKS)
    conformal = metrics["conformal"]
    keys = {"alpha", "coverage", "n", "resolved_at", "mix", "guarantee", "by_stratum", "known_only"}
    assert keys <= set(conformal)
    assert conformal["alpha"] == 0.1
    assert {"auroc", "fpr95", "score", "rank", "n_known", "n_unknown", "by_rank"} <= set(
        metrics["novelty"]
    )
    assert metrics["novelty"]["auroc"] > 0.5
    assert set(metrics["few_shot"]["models"]) == {"prototype"}
    assert metrics["sources"]["n_sources"] == 2
    assert {"n_tested", "n_near", "share", "accuracy_without"} <= set(metrics["near_duplicates"])
    steps = [row["step"] for row in metrics["ablation"]]
    assert steps == ["base", "root", "unit", "select", "pca", "summed", "blended"]
    assert all({"what", "n_features", "scores", "left_out"} <= set(r) for r in metrics["ablation"])
    repeats = metrics["repeats"]
    assert repeats["seeds"] == [0, 1]
    assert set(repeats["splits"]) == {"random", "leave-species-out"}
    assert set(repeats["splits"]["random"]["default"]) == set(RANKS)
    assert metrics["model"]["ranks"] == list(RANKS)
    assert metrics["trial"]["n_train"] + metrics["trial"]["n_test"] == 144


def test_files_agree_with_the_metrics(whole):
    out, metrics = whole
    for file, found in (
        ("predictions.csv", metrics),
        ("predictions_leave-species-out.csv", metrics["splits"]["leave-species-out"]),
    ):
        table = pd.read_csv(out / "classify" / file)
        assert list(table) == ["file", "rank", "model", "truth", "predicted", "probability"]
        right = (table["truth"] == table["predicted"]).groupby([table["model"], table["rank"]])
        for (model, rank), accuracy in right.mean().items():
            assert found["models"][model][rank]["accuracy"] == pytest.approx(accuracy)
    held = set(metrics["splits"]["leave-species-out"]["held_out"])
    tested = pd.read_csv(out / "classify/predictions_leave-species-out.csv")["file"].str[:4]
    assert set(tested) == held
    near = metrics["near_duplicates"]
    assert near["n_near"] == 0
    main = metrics["models"]["default"]
    assert near["accuracy_without"] == pytest.approx({r: main[r]["accuracy"] for r in RANKS})
    assert not (out / "classify/parts").exists()


def test_the_stored_model_answers(whole, world):
    from phylolens.classification.model_file import load_model
    from phylolens.embedding.feature_file import read_features

    out, metrics = whole
    model = load_model(out / "classify/model")
    features = read_features(world / "features.csv")
    answers = model.answer(features)
    names = model.tree.labels(answers.path[:, 1])
    assert (names == np.array([f"F{name[1:3]}" for name in features.ids])).mean() > 0.9
    assert model.card.head == metrics["model"]["chosen"]["head"]
    assert model.card.n_taxa == {"order": 4, "family": 12, "species": 24}
    line = model.card.performance["family, random"]
    assert f"accuracy {metrics['models']['default']['family']['accuracy']:.3f}" in line


def test_rows_in_another_order_give_the_same_bytes(whole, world, tmp_path):
    """Two runs, then, that differ in the order of both tables only."""
    out, _ = whole
    classified(world, tmp_path / "mixed", "mixed")
    one, two = written(out), written(tmp_path / "mixed")
    assert set(one) == set(two)
    for name in one:  # the name of the features' file is told
        other = two[name].replace(b"mixed_features.csv", b"features.csv")
        assert one[name] == other, name


def test_an_interrupted_stage_goes_on_where_it_stopped(whole, world, tmp_path, monkeypatch):
    out, _ = whole
    made, keep = [], Checkpoints.keep

    def spy(stop: str) -> Callable:
        def keeping(self: Checkpoints, name: str, make: Callable[[], dict]) -> dict:
            def counted() -> dict:
                if name == stop:
                    raise KeyboardInterrupt
                made.append(name)
                return make()

            return keep(self, name, counted)

        return keeping

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "keep", spy("few_shot"))
        with pytest.raises(KeyboardInterrupt):
            classified(world, tmp_path / "out")
        assert made, "some parts were finished"
        assert not (tmp_path / "out/classify/metrics.json").exists()
        patch.setattr(Checkpoints, "keep", spy("none"))
        classified(world, tmp_path / "out")
    assert len(made) == len(set(made)), "no part was made twice"
    assert written(tmp_path / "out") == written(out)


# Parts by themselves


def test_parts_of_other_settings_are_made_again(tmp_path):
    folder = tmp_path / "parts"
    for mark, value in (("one", 1), ("one", 2), ("two", 3)):
        part = Checkpoints(folder, mark).keep("a", lambda value=value: {"value": value / 3})
        assert part == {"value": float(f"{(3 if mark == 'two' else 1) / 3:.12g}")}
    assert len(list(folder.iterdir())) == 1
    (folder / ".b.json.123.part").write_text("{")  # of a run that was killed
    Checkpoints(folder, "two").clear()
    assert not folder.exists()
    Checkpoints(folder, "two").clear()


def test_a_part_that_fails_leaves_nothing(tmp_path):
    parts = Checkpoints(tmp_path / "parts", "mark")
    with pytest.raises(ZeroDivisionError):
        parts.keep("a", lambda: {"value": 1 / 0})
    assert parts.keep("a", lambda: {"value": 1}) == {"value": 1}


# Ranks a model answers at


def labelled(species: list[str | None], **more: list) -> pd.DataFrame:
    names = [str(place) for place in range(len(species))]
    table = pd.DataFrame({"specimen_id": names, "species": species} | more)
    return table.assign(family=["F1", "F2"] * (len(species) // 2)).astype(object)


def test_the_finest_rank_that_can_be_learnt():
    ranks = ("family", "species")
    assert classify_split.answer_ranks(labelled(["a", "b"] * 4), ranks) == ranks
    singles = labelled(list("abcdefgh"))
    assert classify_split.answer_ranks(singles, ranks) == ("family",), (
        "no species has two specimens"
    )
    half = labelled(["a", "a", "b", "b", "c", "d", "e", "f"])
    assert classify_split.answer_ranks(half, ranks) == ranks, "half of the specimens share theirs"
    torn = labelled(["a", "b"] * 4, specimen_id=["1", "2"] * 4)
    with pytest.raises(TooFew):
        classify_split.answer_ranks(torn, ranks)


def test_a_rank_of_very_many_taxa_is_not_answered_at(monkeypatch):
    monkeypatch.setattr(classify_split, "MOST_TAXA", 3)
    assert classify_split.answer_ranks(labelled(list("abcdabcd")), ("family", "species")) == (
        "family",
    )


# What a stage leaves out


def test_what_data_are_too_few_for_is_named(world, tmp_path):
    """Species of one specimen each: confidence is calibrated at the family."""
    meta = pd.read_csv(world / "meta.csv")
    single = meta.assign(species=meta["file"].str.replace("/", "-")).drop(columns="source")
    single.to_csv(tmp_path / "meta.csv", index=False)
    values = {"features": world / "features.csv", "meta": tmp_path / "meta.csv",
              "out": tmp_path / "out", "classify": {"models": ("prototype",)}}  # fmt: skip
    run(make_settings(values), ("check", "classify"))
    metrics = json.loads((tmp_path / "out/classify/metrics.json").read_text())
    assert metrics["model"]["ranks"] == ["order", "family"]
    assert metrics["sources"] is None
    assert metrics["consistency"]["ranks"] == ["order", "family"]


def test_a_later_run_removes_what_it_does_not_make(world, tmp_path):
    """Neither the model nor the answers of an earlier run are taken for its own."""
    classified(world, tmp_path, models=("prototype",), repeats=1, ablation=False)
    folder = tmp_path / "classify"
    assert (folder / "model/model.json").is_file()
    assert (folder / "predictions_leave-species-out.csv").is_file()
    more = {"models": ("prototype",), "repeats": 1, "ablation": False}
    classified(world, tmp_path, **more, splits=("random",), trust=False)
    assert sorted(path.name for path in folder.iterdir()) == [
        "metrics.json",
        "per_class_prototype.csv",
        "predictions.csv",
    ]


def test_left_out_species_keep_a_relative_in_their_family(world):
    table = pd.read_csv(world / "meta.csv").assign(genus=lambda rows: rows["species"])
    table = table.assign(specimen_id=table["file"])[["file", "specimen_id", "order", "family",
                                                     "genus", "species"]]  # fmt: skip
    settings = make_settings({"classify": {"test_share": 0.2}})
    whole = SimpleNamespace(table=table, ranks=tuple(table)[2:])
    context = SimpleNamespace(settings=settings, dataset=whole)
    split = split_by(context, RANKS, "leave-species-out", 0)
    rows = table.set_index("file")
    assert set(rows.loc[list(split.test), "family"]) <= set(rows.loc[list(split.train), "family"])
    fewer = SimpleNamespace(table=table, ranks=("order", "genus", "species"))
    without = SimpleNamespace(settings=settings, dataset=fewer)
    with pytest.raises(TooFew, match="every genus has a single one"):
        split_by(without, RANKS, "leave-species-out", 0)


def test_an_unknown_augmentation_stops_before_any_work(world, tmp_path):
    with pytest.raises(InputError, match="--augmentation"):
        classified(world, tmp_path, augmentation="blur")
    assert not (tmp_path / "classify").exists()


@pytest.mark.vision
def test_ablation_of_pictures(tmp_path):
    """Layers, backbones and flips come one after the other, each wider or as wide."""
    rng = np.random.default_rng(0)
    rows = []
    for place, family in enumerate(("Arcidae", "Mytilidae", "Veneridae", "Mactridae")):
        colour = rng.integers(40, 200, 3)
        for number in range(6):
            file = f"{family}-{number}.png"
            noise = rng.normal(0, 30, (32, 32, 3)) + colour
            Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).save(tmp_path / file)
            rows.append({"file": file, "order": "AABB"[place], "family": family})
    pd.DataFrame(rows).to_csv(tmp_path / "meta.csv", index=False)
    values = {"meta": tmp_path / "meta.csv", "out": tmp_path / "out", "flips": True,
              "backbone": "efficientnet-lite0,efficientnet-lite2", "layers": ("blocks.4", "final"),
              "classify": {"models": ("prototype",), "ablation": True}}  # fmt: skip
    run(make_settings(values), ("check", "classify"))
    found = json.loads((tmp_path / "out/classify/metrics.json").read_text())["ablation"]
    widths = {row["step"]: row["n_features"] for row in found}
    assert list(widths) == ["base", "root", "unit", "layers", "backbones", "flips", "select", "pca",
                            "summed", "blended"]  # fmt: skip
    assert widths["base"] == widths["unit"] == 1280
    assert widths["layers"] == 1280 + 112
    assert widths["backbones"] == widths["flips"] == widths["pca"] == 112 + 1280 + 120 + 1280
