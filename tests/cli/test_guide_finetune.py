"""Fine-tuning from the command line: what it needs, what it costs, what is refused."""

import builtins
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytestmark = pytest.mark.vision

TINY = "timm:test_resnet"
FITS = 1 + 4 * (1 + 3)  # on all taxa; and each of four families out, and each of three others


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """Weights of a network never trained."""
    from safetensors.torch import save_file

    from phylolens.embedding import find_backbone
    from phylolens.embedding.torch_model import build_network

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network(find_backbone(TINY))
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file(network.state_dict(), path)
    return path


@pytest.fixture(autouse=True)
def short(monkeypatch, tmp_path) -> None:
    """Few epochs, and a cache of its own."""
    from phylolens.guided.learners.finetune import FineTune

    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(FineTune.__init__, "__kwdefaults__", _brief(FineTune))


def _brief(made) -> dict:
    head = {"epochs": 2, "components": 8, "dimensions": 3, "bag": 1}
    return {**made.__init__.__kwdefaults__, "epochs": 1, "rate": 0.01, "blocks": 1, "head": head}


@pytest.fixture
def settings(good_study, checkpoint, tmp_path) -> dict:
    return {
        "meta": good_study / "meta.csv",
        "tree": good_study / "tree.nwk",
        "rank": "family",
        "backbone": TINY,
        "weights": checkpoint,
        "out": tmp_path / "out",
        "guide": {"learner": ("finetune", "unguided"), "held_out": "family"},
    }


def guide_json(out: Path) -> dict:
    return dict(json.loads((out / "guide/guide.json").read_text()))


def test_network_is_trained_and_its_refits_left_out(settings, phylolens):
    told = []
    summary = run(
        make_settings(settings), ("check", "guide"), progress=lambda *said: told.append(said)
    )
    found = guide_json(settings["out"])
    assert found["learner"] == "finetune"
    assert found["settings"]["finetune"]["blocks"] == 1
    assert "network_epochs" in found["chosen"]
    assert "null" not in found["learners"]["finetune"], "99 refits of a network are no default"
    assert found["learners"]["unguided"]["null"]["n_refits"] == 24, "all orders of four taxa"
    assert "no refits were made" in summary["guide"]["no_p_value"]
    fits = [said for said in told if said[0] == "fits of the network"]
    assert [done for _, done, _ in fits][: FITS + 1] == list(range(FITS + 1))
    assert {total for *_, total in fits} == {FITS}, "the cost is told from the start"
    read = Counter(total for task, done, total in told if "images to train on" in task and done)
    assert read == {20: 2}, "each image once, whatever the number of fits"
    answer = phylolens("report", settings["out"])
    assert answer.code == 0, answer.err
    page = (settings["out"] / "report.html").read_text()
    assert "no p-value: no refits were made" in page
    assert "so there is no p-value" in page


def test_refits_are_made_where_asked_for(settings):
    guide = settings["guide"] | {"refits": 1, "learner": ("finetune",)}
    told = []
    run(
        make_settings(settings | {"guide": guide}),
        ("check", "guide"),
        progress=lambda *said: told.append(said),
    )
    assert guide_json(settings["out"])["null"]["n_refits"] == 1
    fits = [said for said in told if said[0] == "fits of the network"]
    assert fits[-1][1:] == (FITS + 16, FITS + 16), "16 fits a refit"


def test_a_stopped_run_goes_on_with_the_same_result(settings, monkeypatch):
    from phylolens.guided.learners.finetune import FineTune

    fit, fits = FineTune.fit, []

    def stopping(self, *given):
        fits.append(1)
        if len(fits) == 12:
            raise KeyboardInterrupt
        return fit(self, *given)

    monkeypatch.setattr(FineTune, "fit", stopping)
    with pytest.raises(KeyboardInterrupt):
        run(make_settings(settings), ("check", "guide"))
    fits.clear()
    fits += [1] * 20
    run(make_settings(settings), ("check", "guide"))
    assert len(fits) - 20 == FITS - 2 * 3, "two families were done"
    whole = settings | {"out": settings["out"].with_name("whole")}
    run(make_settings(whole), ("check", "guide"))
    one, other = guide_json(settings["out"]), guide_json(whole["out"])
    assert one == other
    assert not (settings["out"] / "guide/parts").exists()


def test_altered_copies_are_trained_on_too(settings):
    guide = settings["guide"] | {"per_taxon": 6, "learner": ("finetune",)}
    run(make_settings(settings | {"guide": guide}), ("check", "guide"))
    assert guide_json(settings["out"])["images_per_taxon"] == {"min": 6, "max": 6}


def arguments(settings: dict, *more: object) -> list[object]:
    names = ("meta", "tree", "rank", "backbone", "weights", "out")
    given = [part for name in names for part in (f"--{name}", settings[name])]
    return ["guide", *given, "--learner", "finetune", "--held-out", "family", *more]


@pytest.mark.parametrize(
    ("changed", "more", "words"),
    [
        ({}, ("--flips",), "'--flips'"),
        ({}, ("--layers", "final"), "'--layers'"),
        ({"backbone": f"{TINY},timm:test_efficientnet"}, (), "'--backbone'"),
        ({}, ("--sampling-table",), "--sampling-table"),
        ({}, ("--device", "mars"), "device"),
    ],
)
def test_what_it_cannot_do_is_said_before_any_work(settings, phylolens, changed, more, words):
    answer = phylolens(*arguments(settings | changed, *more))
    assert answer.code == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1, "one message, on one line"
    assert not (settings["out"] / "features").exists()


def test_features_alone_are_not_enough(settings, phylolens, tmp_path):
    table = pd.read_csv(settings["meta"])
    features = pd.DataFrame({"file": table["file"], "0": range(len(table)), "1": 1.0})
    features.to_csv(tmp_path / "features.csv", index=False)
    answer = phylolens(
        *("guide", "--features", tmp_path / "features.csv", "--learner", "finetune"),
        *("--meta", settings["meta"], "--tree", settings["tree"], "--out", settings["out"]),
        *("--rank", "family", "--held-out", "family"),
    )
    assert answer.code == 2
    assert "fine-tuning needs the images" in answer.err
    assert "--images" in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize("lacking", ["torch", "timm"])
def test_what_to_install(settings, phylolens, monkeypatch, lacking):
    real = builtins.__import__

    def absent(name, *rest, **options):
        if name == lacking:
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    answer = phylolens(*arguments(settings))
    assert answer.code == 2
    assert "pip install 'phylolens[torch]'" in answer.err
    assert answer.err.count("\n") == 1


def test_stored_model_embeds_images_as_the_fit_did_and_takes_no_features(
    settings, phylolens, tmp_path
):
    run(make_settings(settings | {"guide": settings["guide"] | {"refits": 0}}), ("check", "guide"))
    folder, images = settings["out"] / "guide", settings["meta"].parent / "images"
    text = (folder / "model/model.json").read_text()
    assert str(images.parent) not in text, "no path of this machine goes into a model"
    assert str(settings["weights"]) not in text
    model = ("guide", "--model", folder / "model", "--out", tmp_path / "new")
    answer = phylolens(*model, "--images", images, "--weights", settings["weights"])
    assert answer.code == 0, answer.err
    new = pd.read_parquet(tmp_path / "new/guide/new/embeddings.parquet").set_index("guided_file")
    assert new.pop("fitted").all()
    means = new.groupby(new.index.str.split("_").str[1]).mean()
    known = pd.read_csv(folder / "embeddings.csv", index_col=0)
    np.testing.assert_allclose(means.loc[known.index].to_numpy(), known.to_numpy(), atol=1e-4)
    width = json.loads(text)["card"]["n_features"]
    table = pd.DataFrame(np.random.default_rng(0).random((3, width)), index=["a", "b", "c"])
    table.to_csv(tmp_path / "features.csv", index_label="file")
    answer = phylolens(*model, "--features", tmp_path / "features.csv")
    assert answer.code == 2
    assert "embeds images" in answer.err or "look like none" in answer.err
    assert answer.err.count("\n") == 1
