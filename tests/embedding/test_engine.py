import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from phylolens.embedding import BACKBONES, Embedding, View, embed
from phylolens.embedding.inference import TorchInference, open_inference
from phylolens.embedding.preprocess import fit_square
from phylolens.embedding.weights import get_weights
from phylolens.errors import InputError
from phylolens.images import decode
from phylolens.provenance import file_hash

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytestmark = [pytest.mark.vision, pytest.mark.usefixtures("one_thread")]
SPEC = BACKBONES["efficientnet-lite0"]


def views_of(paths, augmentation="", copies=1):
    return [
        View(f"{path.name}#{copy}", path, augmentation, copy)
        for path in paths
        for copy in range(copies)
    ]


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.fixture(scope="module")
def on_torch():
    return TorchInference(SPEC, get_weights(SPEC))


@pytest.mark.parametrize(("number", "side"), [(0, 224), (1, 240), (2, 260)])
def test_features_are_those_of_torch_on_the_same_pixels(tmp_path, shells, number, side):
    spec = BACKBONES[f"efficientnet-lite{number}"]
    result = embed(views_of(shells), spec.name, store=tmp_path / "store", device="cpu")
    squares = [fit_square(decode(p.read_bytes(), side), spec, "pad") for p in shells]
    on_torch = TorchInference(spec, get_weights(spec))
    expected = on_torch(np.stack([np.asarray(square) for square in squares]))
    assert result.features.spec["input_size"] == side
    assert result.features.matrix.shape == (6, 1280)
    assert cosines(result.features.matrix, expected).min() > 0.9999
    np.testing.assert_allclose(result.features.matrix, expected, atol=1e-3)
    assert result.problems == ()


def test_rerunning_computes_only_what_is_missing(tmp_path, shells, draw):
    store = tmp_path / "store"
    first = embed(views_of(shells), store=store)
    assert (first.n_computed, first.n_reused) == (6, 0)
    second = embed(views_of(shells[::-1]), store=store)
    assert (second.n_computed, second.n_reused) == (0, 6)
    np.testing.assert_array_equal(second.features.matrix, first.features.matrix[::-1])
    assert second.features.spec == first.features.spec
    draw(77).save(tmp_path / "new.png")
    third = embed(views_of([*shells, tmp_path / "new.png"]), store=store)
    assert (third.n_computed, third.n_reused) == (1, 6)
    np.testing.assert_array_equal(third.features.matrix[:6], first.features.matrix)
    other = embed(views_of(shells), store=store, fit="squash")
    assert other.n_computed == 6  # another spec shares nothing
    assert other.features.spec["fit"] == "squash"


def test_a_damaged_shard_is_computed_again(tmp_path, shells):
    store = tmp_path / "store"
    first = embed(views_of(shells), store=store)
    (shard,) = store.glob("*/*.arrow")
    shard.write_bytes(shard.read_bytes()[:1000])
    again = embed(views_of(shells), store=store)
    assert again.n_computed == 6
    assert [problem.kind for problem in again.problems] == ["broken-shard"]
    np.testing.assert_array_equal(again.features.matrix, first.features.matrix)


def test_identical_files_are_computed_once(tmp_path, shells):
    twin = tmp_path / "twin.png"
    shutil.copy(shells[0], twin)
    result = embed(views_of([shells[0], shells[1], twin]), store=tmp_path / "store")
    assert (result.n_computed, result.n_reused) == (2, 1)
    np.testing.assert_array_equal(result.features.matrix[0], result.features.matrix[2])


def test_bad_pictures_are_listed_and_the_others_unaffected(tmp_path, shells):
    good = embed(views_of(shells), store=tmp_path / "good")
    broken, empty = tmp_path / "broken.png", tmp_path / "empty.png"
    broken.write_bytes(shells[0].read_bytes()[:500])
    empty.write_bytes(b"")
    bad = [broken, empty, tmp_path / "absent.png", tmp_path]
    twin = View("again", broken)
    mixed = [*views_of([shells[0], *bad, *shells[1:]]), twin]
    result = embed(mixed, store=tmp_path / "store")
    assert list(result.failed) == [f"{path.name}#0" for path in bad] + ["again"]
    reasons = list(result.failed.values())
    for reason, words in zip(
        reasons, ["damaged", "empty", "no such file", "folder", "damaged"], strict=True
    ):
        assert words in reason
    assert result.features.ids == good.features.ids
    np.testing.assert_array_equal(result.features.matrix, good.features.matrix)


@pytest.mark.parametrize("augmentation", ["gaussian-noise", "flip-rotate-jitter-affine"])
def test_augmented_copies_do_not_depend_on_order_threads_or_store(tmp_path, shells, augmentation):
    views = views_of(shells[:2], augmentation, copies=18)  # more than one piece an image
    one = embed(views, store=tmp_path / "one", workers=1)
    rng = np.random.default_rng(0)
    mixed = [views[i] for i in rng.permutation(len(views))]
    embed(views[5:9], store=tmp_path / "many")
    many = embed(mixed, store=tmp_path / "many", workers=5)
    assert many.n_computed == len(views) - 4
    np.testing.assert_array_equal(many.features.take(one.features.ids).matrix, one.features.matrix)
    assert len(np.unique(one.features.matrix, axis=0)) == len(views)
    other = embed(views, store=tmp_path / "one", seed=1)
    assert other.n_computed == len(views)
    assert (other.features.matrix != one.features.matrix).any(1).all()


def test_layers_are_averaged_over_space_and_joined(tmp_path, shells):
    import torch

    layers = ("blocks.2", "final")
    result = embed(views_of(shells), store=tmp_path / "store", layers=layers)
    plain = embed(views_of(shells), store=tmp_path / "store")
    np.testing.assert_allclose(result.features.matrix[:, 40:], plain.features.matrix, atol=1e-4)
    network = TorchInference(SPEC, get_weights(SPEC))._network
    square = fit_square(decode(shells[0].read_bytes(), 224), SPEC, "pad")
    x = (torch.from_numpy(np.asarray(square).astype(np.float32)) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.inference_mode():
        x = network.backbone.bn1(network.backbone.conv_stem(x))
        for stage in list(network.backbone.blocks)[:3]:
            x = stage(x)
    expected = x.numpy().mean(axis=(2, 3))[0]
    np.testing.assert_allclose(result.features.matrix[0, :40], expected, atol=1e-4)
    assert result.features.spec["feature_size"] == 1320
    assert embed(views_of(shells), store=tmp_path / "store", layers=layers).n_computed == 0
    with pytest.raises(InputError, match="no such layers"):
        embed(views_of(shells), store=tmp_path / "store", layers=["blocks.99"])


def test_batches_on_torch_give_the_same_rows(tmp_path, shells, monkeypatch, on_torch):
    from phylolens.embedding import one_backbone
    from phylolens.embedding.inference import Opened

    cpu = embed(views_of(shells), store=tmp_path / "cpu", device="cpu")
    monkeypatch.setattr(one_backbone, "open_inference", lambda *_: Opened(on_torch))
    for batch_size in (1, 4, 32):
        batched = embed(views_of(shells), store=tmp_path / f"b{batch_size}", batch_size=batch_size)
        assert batched.n_computed == 6
        assert cosines(batched.features.matrix, cpu.features.matrix).min() > 0.9999


def test_stopping_keeps_what_is_finished(tmp_path, shells):
    def stop(task, done, total):
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed(views_of(shells), store=tmp_path / "store", workers=1, progress=stop)
    rest = embed(views_of(shells), store=tmp_path / "store")
    assert rest.n_reused >= 3
    assert rest.n_computed + rest.n_reused == 6


def test_progress_counts_every_view(tmp_path, shells):
    seen = []
    embed(views_of(shells), store=tmp_path, progress=lambda *call: seen.append(call))
    assert seen[0] == ("embed", 0, 6)
    assert seen[-1] == ("embed", 6, 6)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_nothing_to_do_is_no_error(tmp_path):
    result = embed([], store=tmp_path)
    assert isinstance(result, Embedding)
    assert result.features.matrix.shape == (0, 1280)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backbone": "vgg"}, "no backbone 'vgg'"),
        ({"fit": "stretch"}, "no fit"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"workers": 0}, "at least 1 worker"),
        ({"batch_size": 0}, "at least 1 image"),
        ({"seed": -1}, "negative"),
    ],
)
def test_unusable_arguments_are_refused(tmp_path, shells, change, message):
    with pytest.raises(InputError, match=message):
        embed(views_of(shells), store=tmp_path / "store", **change)


def test_repeated_ids_and_unknown_augmentations_are_refused(tmp_path, shells):
    twice = [View("a", shells[0]), View("b", shells[1]), View("a", shells[2])]
    with pytest.raises(InputError, match=r"unique.*\(1\): 'a'"):
        embed(twice, store=tmp_path / "store")
    with pytest.raises(InputError, match=r"no such augmentation.*'blur'"):
        embed([View("a", shells[0], "blur", 1)], store=tmp_path / "store")


def test_the_exported_network_is_used_without_torch_and_mended_when_damaged(shells, tmp_path):
    first = embed(views_of(shells[:1]), store=tmp_path / "a")  # makes sure it is exported
    code = (
        "import sys; from pathlib import Path; from phylolens.embedding import View, embed\n"
        f"r = embed([View('a', Path({str(shells[0])!r}))], store=Path({str(tmp_path / 'b')!r}))\n"
        "assert r.n_computed == 1 and 'torch' not in sys.modules and 'timm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
    from phylolens.embedding.onnx_export import onnx_path

    weights = get_weights(SPEC)
    exported = onnx_path(SPEC, file_hash(weights), ())
    exported.write_bytes(exported.read_bytes()[:5000])
    again = embed(views_of(shells[:1]), store=tmp_path / "c")
    np.testing.assert_array_equal(again.features.matrix, first.features.matrix)


def test_torch_takes_over_when_export_fails_and_says_so(tmp_path, monkeypatch):
    from phylolens.embedding import inference

    def fail(*_):
        raise RuntimeError("no exporter")

    monkeypatch.setattr(inference, "export", fail)
    monkeypatch.setattr(inference, "onnx_path", lambda *_: tmp_path / "absent.onnx")
    opened = open_inference(SPEC, get_weights(SPEC), "0", ("conv_stem",), "cpu")
    assert isinstance(opened.run, TorchInference)
    assert "no exporter" in opened.problems[0].message


def test_without_torch_the_message_says_what_to_install(tmp_path, monkeypatch):
    from phylolens.embedding import inference

    monkeypatch.setattr(inference, "_has", lambda module: module == "onnxruntime")
    with pytest.raises(InputError, match=r"pip install 'phylolens\[vision\]'"):
        open_inference(replace(SPEC, name="x"), tmp_path / "w.pth", "f" * 64)


@pytest.mark.data
@pytest.mark.parametrize("number", [0, 1, 2])
def test_bundled_weights_see_birds_as_birds(birds, number):
    """ImageNet's birds are classes 7–24, 80–100 and 127–146."""
    import timm
    import torch

    from phylolens.embedding.key_formats import fit_to_model
    from phylolens.embedding.torch_model import ImageNetwork, read_checkpoint

    spec = BACKBONES[f"efficientnet-lite{number}"]
    side = spec.input_size
    classifier = timm.create_model(spec.architecture, num_classes=1000).eval()
    fit_to_model(read_checkpoint(get_weights(spec)), classifier, spec.key_format, "weights")
    network = ImageNetwork(classifier, spec.mean, spec.std)
    known = {"BALD_EAGLE": 22, "PEACOCK": 84, "OSTRICH": 9, "HOUSE_FINCH": 12}
    files = [path for name in known for path in sorted((birds / name).glob("*.jpg"))]
    pixels = [np.asarray(fit_square(decode(p.read_bytes(), side), spec, "pad")) for p in files]
    with torch.inference_mode():
        answers = network(torch.from_numpy(np.stack(pixels)))[0].argmax(1).numpy()
    is_bird = [a in {*range(7, 25), *range(80, 101), *range(127, 147)} for a in answers]
    assert np.mean(is_bird) >= 0.95
    truth = np.array([known[path.parent.name] for path in files])
    assert np.mean(answers == truth) >= 0.9


def test_the_example_runs_and_resumes(tmp_path, shells):
    script = Path(__file__).parents[2] / "examples" / "embed_folder.py"
    command = [sys.executable, str(script), str(shells[0].parent), str(tmp_path / "store")]
    for expected in ("6 computed, 0 reused, 0 failed", "0 computed, 6 reused, 0 failed"):
        done = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
        assert expected in done.stdout


def test_without_anything_that_runs_networks(tmp_path, monkeypatch):
    monkeypatch.setattr("phylolens.embedding.inference._has", lambda module: False)
    with pytest.raises(InputError, match=r"pip install 'phylolens\[vision\]'"):
        embed([View("a", tmp_path / "a.jpg")], store=tmp_path)
