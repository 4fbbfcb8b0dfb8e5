"""``classify --models finetune``: a network beside classifiers on frozen features."""

from pathlib import Path

import pandas as pd
import pytest

from phylolens.results.classification import ClassificationResult

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytestmark = pytest.mark.vision

TINY = "timm:test_resnet"


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


@pytest.fixture
def arguments(good_study, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path / "cache"))
    return (
        *("classify", "--meta", good_study / "meta.csv", "--out", tmp_path / "out"),
        *("--backbone", TINY, "--weights", checkpoint),
    )


def test_networks_stand_in_the_table_beside_heads(arguments, phylolens, tmp_path):
    models = "lda,finetune:blocks=0,finetune:blocks=1,epochs=1"
    answer = phylolens(*arguments, "--models", models, "--no-trust", "--test-share", 0.4)
    assert answer.code == 0, answer.err
    found = ClassificationResult.from_json(tmp_path / "out/classify/metrics.json")
    names = ["lda", "finetune:blocks=0", "finetune:blocks=1,epochs=1"]
    assert list(found.models) == names
    ranks = list(found.models["lda"])
    assert all(list(found.models[name]) == ranks for name in names)
    chosen = found.chosen["finetune:blocks=1,epochs=1"][ranks[0]]
    assert chosen.how == "one network for all ranks"
    said = pd.read_csv(tmp_path / "out/classify/predictions.csv")
    tested = said[said["model"] == "lda"]
    for name in names[1:]:
        own = said[said["model"] == name]
        assert own["file"].tolist() == tested["file"].tolist()
        assert own["probability"].between(0, 1).all()


def test_named_first_it_is_tested_and_not_stored(arguments, phylolens, tmp_path):
    answer = phylolens(*arguments, "--models", "finetune:epochs=0", "--test-share", 0.4)
    assert answer.code == 0, answer.err
    found = ClassificationResult.from_json(tmp_path / "out/classify/metrics.json")
    assert "not calibrated or stored" in found.not_possible["model"]
    assert not (tmp_path / "out/classify/model").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--models", "finetun"), ("unknown model 'finetun'", "finetune")),
        (("--models", "finetune:depth=3"), ("no setting 'depth'", "blocks, epochs, rate, batch")),
        (("--models", "finetune:blocks=some"), ("'some' is no value of 'blocks'", "all")),
        (("--models", "finetune:blocks=-2"), ("blocks must be 0 or more",)),
        (("--models", "finetune", "--imbalance", "logit-adjustment"), ("--imbalance", "weights")),
        (("--models", "finetune", "--steps", "root"), ("--steps", "trains its own")),
        (("--models", "finetune", "--flips"), ("takes one network", "--flips")),
    ],
)
def test_faults_stop_before_any_work(arguments, phylolens, tmp_path, more, words):
    answer = phylolens(*arguments, *more)
    assert answer.code == 2
    told = " ".join(answer.err.split())
    for word in words:
        assert word in told
    assert "Traceback" not in answer.err
    assert not (tmp_path / "out/classify/metrics.json").exists()


def test_features_alone_cannot_be_trained_on(guide_world, phylolens, tmp_path):
    answer = phylolens(
        *("classify", "--features", guide_world / "features.csv"),
        *("--meta", guide_world / "meta.csv", "--out", tmp_path, "--models", "finetune"),
    )
    assert answer.code == 2
    assert "needs the images" in answer.err
    assert "--images instead of --features" in " ".join(answer.err.split())
