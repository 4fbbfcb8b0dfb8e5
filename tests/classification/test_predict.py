"""Answers to new images: in parts as in one go, and only from features like the model's."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from phylolens.classification.calibrated import fit_calibrated
from phylolens.classification.heads.prototype import Prototype
from phylolens.classification.model_file import load_model, save_model
from phylolens.classification.predict import long_table, predict_new, wide_table
from phylolens.embedding import files as embedding_files
from phylolens.errors import InputError
from phylolens.values import Features

RANKS = ("order", "family")
TABLES = ("answers.csv", "answers_by_rank.csv")
COLOURS = {("A", "a1"): (220, 60, 60), ("A", "a2"): (220, 160, 60),
           ("B", "b1"): (60, 60, 220), ("B", "b2"): (60, 200, 160)}  # fmt: skip


@pytest.fixture(scope="module")
def stored(nested_world, tmp_path_factory) -> tuple[Path, Features]:
    """A model made from features of another program, and new features."""
    features, table = nested_world(families=2, species=2, specimens=8, noise=1.5)
    features = replace(features, spec={"file": "features.csv", "blocks": [20]})
    new = (table["specimen_id"].str[-1] >= "6").to_numpy()
    model, _ = fit_calibrated(features, table[~new], ("order", "family", "species"), Prototype())
    folder = tmp_path_factory.mktemp("stored") / "model"
    save_model(model, folder)
    return folder, features.take(list(table["file"][new]))


def tables(out: Path) -> list[bytes]:
    return [(out / "classify/new" / name).read_bytes() for name in TABLES]


def test_tables_are_those_of_the_model(stored, tmp_path):
    folder, new = stored
    summary = predict_new(folder, features=new, out=tmp_path).to_dict()
    model = load_model(folder)
    answers = model.answer(new)
    for name, expected in zip(
        TABLES, (wide_table(model, answers), long_table(model, answers)), strict=True
    ):
        found = pd.read_csv(tmp_path / "classify/new" / name)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-8)
    wide = pd.read_csv(tmp_path / "classify/new/answers.csv")
    assert summary["n_answered"] == len(wide) == len(new)
    counts = wide["accepted_rank"].value_counts()
    assert {k: v for k, v in summary["accepted_at"].items() if v} == counts.to_dict()
    assert summary["n_unlike_known"] == (wide["novelty_p_value"] < 0.05).sum()


@pytest.mark.parametrize("chunk", [1, 7])
def test_in_parts_as_in_one_go(stored, tmp_path, monkeypatch, chunk):
    folder, new = stored
    predict_new(folder, features=new, out=tmp_path / "whole")
    predict_new(folder, features=new, out=tmp_path / "again")
    assert tables(tmp_path / "whole") == tables(tmp_path / "again")
    monkeypatch.setattr(embedding_files, "CHUNK", chunk)
    told = []
    predict_new(folder, features=new, out=tmp_path / "parts", progress=lambda *a: told.append(a[1]))
    for name in TABLES:  # sums of other sizes of matrix may differ in the last digit
        one, two = (pd.read_csv(tmp_path / out / "classify/new" / name) for out in
                    ("whole", "parts"))  # fmt: skip
        pd.testing.assert_frame_equal(one, two, rtol=1e-5, atol=1e-6)
    assert told == [0, *range(chunk, len(new), chunk), len(new)]


def test_the_stricter_guarantee_answers_less_deep(stored, tmp_path):
    folder, new = stored
    depth = {"none of these": 0, "order": 1, "family": 2, "species": 3}
    found = {}
    for guarantee in ("mixed", "known_only"):
        predict_new(folder, features=new, out=tmp_path / guarantee, guarantee=guarantee)
        table = pd.read_csv(tmp_path / guarantee / "classify/new/answers.csv")
        found[guarantee] = table["accepted_rank"].map(depth)
    assert (found["mixed"] <= found["known_only"]).all()
    assert found["mixed"].sum() < found["known_only"].sum()


def refused(tmp_path: Path, match: str, *arguments: object, **more: object) -> None:
    out = tmp_path / "refused"
    with pytest.raises(InputError, match=match):
        predict_new(*arguments, out=out, **more)
    assert not [path for path in out.rglob("*") if path.is_file() and "classify" in path.parts]


def test_what_cannot_be_used(stored, tmp_path):
    folder, new = stored
    wide = Features(new.ids, np.hstack([new.matrix, new.matrix]))
    refused(tmp_path, "wants 20 features an image; got 40", folder, features=wide)
    refused(tmp_path, "unknown guarantee", folder, features=new, guarantee="all")
    refused(tmp_path, "exclude each other", folder, features=new, images=tmp_path)
    refused(tmp_path, "nothing to classify", folder)
    refused(tmp_path, "no such file or folder", folder, images=tmp_path / "absent")
    (tmp_path / "a.txt").write_text("")
    refused(tmp_path, "not an image", folder, images=tmp_path / "a.txt")
    (tmp_path / "empty").mkdir()
    refused(tmp_path, "no images", folder, images=tmp_path / "empty")


def test_an_interrupted_run_leaves_the_answers_before(stored, tmp_path, monkeypatch):
    folder, new = stored
    predict_new(folder, features=new, out=tmp_path)
    before = tables(tmp_path)
    monkeypatch.setattr(embedding_files, "CHUNK", 5)
    calls = []

    def stop(task: str, done: int, total: int) -> None:
        calls.append(done)
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_new(folder, features=new.take(new.ids[:20]), out=tmp_path, progress=stop)
    assert calls == [0, 5, 10]
    assert tables(tmp_path) == before
    assert not list(tmp_path.rglob("*.part"))


# Images


@pytest.fixture(scope="module")
def paint() -> Callable[..., Path]:
    def paint(path: Path, colour: tuple[int, int, int], seed: int) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(seed).normal(0, 25, (40, 40, 3))
        Image.fromarray(np.clip(noise + colour, 0, 255).astype(np.uint8)).save(path)
        return path

    return paint


@pytest.fixture(scope="module")
def of_pictures(tmp_path_factory, paint) -> Path:
    """A model of four families of six coloured images each."""
    from phylolens.embedding import View, embed

    folder = tmp_path_factory.mktemp("pictures")
    rows, views = [], []
    for place, ((order, family), colour) in enumerate(COLOURS.items()):
        for number in range(6):
            name = f"{family}-{number}.png"
            views.append(View(name, paint(folder / name, colour, 10 * place + number)))
            rows.append({"file": name, "specimen_id": name, "order": order, "family": family})
    found = embed(views, "efficientnet-lite0", store=folder / "store")
    table = pd.DataFrame(rows).astype(object)
    save_model(fit_calibrated(found.features, table, RANKS, Prototype())[0], folder / "model")
    return folder / "model"


@pytest.fixture
def unseen(tmp_path, paint) -> Path:
    for place, ((_, family), colour) in enumerate(COLOURS.items()):
        for number in range(2):
            paint(tmp_path / f"new/{family}/{number}.png", colour, 100 + 10 * place + number)
    return tmp_path / "new"


@pytest.mark.vision
def test_pictures_are_named_and_embedded_once(of_pictures, unseen, tmp_path, monkeypatch):
    first = predict_new(of_pictures, images=unseen, out=tmp_path / "out").to_dict()
    assert (first["n_files"], first["n_answered"], first["not_readable"]) == (8, 8, [])
    found = pd.read_csv(tmp_path / "out/classify/new/answers.csv")
    assert found["file"].tolist() == sorted(found["file"])
    assert (found["family"] == found["file"].str[:2]).mean() > 0.7, "colours are told apart"
    before = tables(tmp_path / "out")

    def refuse(*_: object) -> None:
        raise AssertionError("a network was opened")

    monkeypatch.setattr("phylolens.embedding.work.Worker.network", refuse)
    assert predict_new(of_pictures, images=unseen, out=tmp_path / "out").to_dict() == first
    assert tables(tmp_path / "out") == before
    with pytest.raises(AssertionError, match="was opened"):
        predict_new(of_pictures, images=unseen, out=tmp_path / "elsewhere")


@pytest.mark.vision
def test_a_single_picture_has_the_answer_it_has_among_others(of_pictures, unseen, tmp_path):
    predict_new(of_pictures, images=unseen, out=tmp_path / "all")
    predict_new(of_pictures, images=unseen / "b1/1.png", out=tmp_path / "one")
    whole, one = (pd.read_csv(tmp_path / out / "classify/new/answers.csv") for out in
                  ("all", "one"))  # fmt: skip
    assert one["file"].tolist() == ["1.png"]
    expected = whole[whole["file"] == "b1/1.png"].reset_index(drop=True).assign(file="1.png")
    pd.testing.assert_frame_equal(one, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.vision
@pytest.mark.parametrize("chunk", [500, 3])
def test_unreadable_pictures_are_listed_and_the_rest_answered(
    of_pictures, unseen, tmp_path, monkeypatch, chunk
):
    monkeypatch.setattr(embedding_files, "CHUNK", chunk)
    for name in ("a1/0.png", "a1/1.png", "a2/0.png", "b2/1.png"):  # the first three are a chunk
        (unseen / name).write_text("not an image")
    summary = predict_new(of_pictures, images=unseen, out=tmp_path / "out").to_dict()
    folder = tmp_path / "out/classify/new"
    listed = pd.read_csv(folder / "not_readable.csv")
    assert listed["file"].tolist() == summary["not_readable"]
    assert set(listed["file"]) == {"a1/0.png", "a1/1.png", "a2/0.png", "b2/1.png"}
    assert listed["reason"].str.len().min() > 5
    assert pd.read_csv(folder / "answers.csv")["file"].tolist() == [
        "a2/1.png", "b1/0.png", "b1/1.png", "b2/0.png"
    ]  # fmt: skip
    for name in summary["not_readable"]:
        (unseen / name).unlink()
    predict_new(of_pictures, images=unseen, out=tmp_path / "out")
    assert not (folder / "not_readable.csv").exists(), "of the run before"


@pytest.mark.vision
def test_no_readable_picture_at_all(of_pictures, unseen, tmp_path):
    for path in unseen.rglob("*.png"):
        path.write_bytes(b"")
    refused(tmp_path, "no image could be read", of_pictures, images=unseen)


@pytest.mark.vision
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"backbone": "efficientnet-lite2"}, "made with backbone efficientnet-lite0"),
        ({"backbone": "efficientnet-lite0,efficientnet-lite2"}, "efficientnet-lite0"),
        ({"layers": ("blocks.4",)}, "layers final"),
        ({"fit": "crop"}, "fit pad"),
        ({"flips": True}, "no mirror images"),
    ],
)
def test_features_of_another_kind_are_refused(of_pictures, unseen, tmp_path, asked, words):
    refused(tmp_path, words, of_pictures, images=unseen, wanted=asked)


@pytest.mark.vision
def test_a_model_of_other_features_reads_no_pictures(stored, unseen, tmp_path):
    refused(tmp_path, "not made from images", stored[0], images=unseen)
    refused(tmp_path, "made elsewhere", stored[0], images=unseen, wanted={"fit": "crop"})
