"""Mirror images averaged in: by hand, on symmetrical images, and what the store keeps."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from phylolens.embedding import BACKBONES, FeatureStore, View, embed
from phylolens.embedding.augment import augment
from phylolens.embedding.preprocess import fit_square
from phylolens.embedding.weights import get_weights
from phylolens.images import decode
from phylolens.provenance import file_hash

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytestmark = [pytest.mark.vision, pytest.mark.usefixtures("one_thread")]
SPEC = BACKBONES["efficientnet-lite0"]


@pytest.fixture(scope="module")
def on_torch():
    from phylolens.embedding.inference import TorchInference

    return TorchInference(SPEC, get_weights(SPEC))


def views_of(paths, augmentation="", copy=0):
    return [View(f"{path.name}#{copy}", path, augmentation, copy) for path in paths]


@pytest.mark.parametrize(
    ("augmentation", "copy"), [("", 0), ("gaussian-noise", 3), ("flip-rotate-jitter-affine", 1)]
)
def test_features_are_the_mean_of_picture_and_mirror_image(
    tmp_path, shells, on_torch, augmentation, copy
):
    result = embed(views_of(shells, augmentation, copy), store=tmp_path, flips=True, seed=5)
    for path, row in zip(shells, result.features.matrix, strict=True):
        square = fit_square(decode(path.read_bytes(), 224), SPEC, "pad")
        seen = augment(square, augmentation, content=file_hash(path), copy=copy, seed=5)
        both = on_torch(np.stack([np.asarray(seen), np.asarray(ImageOps.mirror(seen))]))
        np.testing.assert_allclose(row, both.mean(axis=0), atol=1e-3)
        assert np.abs(both[0] - both[1]).max() > 0.05  # the mirror image is another image
    assert result.features.spec["flips"] is True


def test_a_symmetrical_picture_keeps_its_features(tmp_path, draw):
    pixels = np.asarray(draw(4)).copy()
    pixels[:, 112:] = pixels[:, :112][:, ::-1]
    Image.fromarray(pixels).save(tmp_path / "two-sided.png")
    views = views_of([tmp_path / "two-sided.png"])
    plain = embed(views, store=tmp_path / "plain")
    both = embed(views, store=tmp_path / "both", flips=True)
    np.testing.assert_array_equal(both.features.matrix, plain.features.matrix)


def test_picture_and_mirrored_file_have_equal_features(tmp_path, draw):
    image = draw(5)
    image.save(tmp_path / "left.png")
    ImageOps.mirror(image).save(tmp_path / "right.png")
    views = views_of([tmp_path / "left.png", tmp_path / "right.png"])
    left, right = embed(views, store=tmp_path / "plain").features.matrix
    assert np.abs(left - right).max() > 0.05
    left, right = embed(views, store=tmp_path / "both", flips=True).features.matrix
    np.testing.assert_allclose(left, right, atol=1e-6)


def test_with_and_without_flips_share_a_store(tmp_path, shells):
    store, views = tmp_path / "store", views_of(shells)
    plain = embed(views, store=store)
    both = embed(views, store=store, flips=True)
    assert (both.n_computed, both.n_reused) == (6, 6)  # the mirror images alone were missing
    again = embed(views, store=store, flips=True)
    assert (again.n_computed, again.n_reused) == (0, 12)
    np.testing.assert_array_equal(again.features.matrix, both.features.matrix)
    back = embed(views, store=store)
    assert back.n_computed == 0
    np.testing.assert_array_equal(back.features.matrix, plain.features.matrix)
    assert len(FeatureStore(store, plain.features.spec)) == 12


def test_flips_in_batches_are_the_same(tmp_path, shells, monkeypatch, on_torch):
    from phylolens.embedding import one_backbone
    from phylolens.embedding.inference import Opened

    views = views_of(shells)
    one_by_one = embed(views, store=tmp_path / "cpu", flips=True)
    monkeypatch.setattr(one_backbone, "open_inference", lambda *_: Opened(on_torch))
    batched = embed(views, store=tmp_path / "batched", flips=True, batch_size=5)
    assert batched.n_computed == 12
    np.testing.assert_allclose(
        batched.features.matrix, one_by_one.features.matrix, rtol=0, atol=2e-3
    )


def test_an_unreadable_picture_is_listed_once(tmp_path, shells):
    broken = tmp_path / "broken.png"
    broken.write_bytes(shells[0].read_bytes()[:300])
    result = embed(views_of([broken, shells[1]]), store=tmp_path / "store", flips=True)
    assert list(result.failed) == ["broken.png#0"]
    assert result.features.ids == (f"{shells[1].name}#0",)
