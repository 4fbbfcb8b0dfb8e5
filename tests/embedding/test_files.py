"""New images are embedded as a stored spec says, or not at all."""

import json

import numpy as np
import pytest

from phylolens.embedding import BACKBONES, View, embed, embed_files
from phylolens.embedding.weights import get_weights
from phylolens.errors import InputError

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytestmark = [pytest.mark.vision, pytest.mark.usefixtures("one_thread")]


def views_of(paths):
    return [View(path.name, path) for path in paths]


def by_id(paths):
    return {path.name: path for path in paths}


def stored(features):
    """Send a spec through JSON, as a model's folder does."""
    return json.loads(json.dumps(dict(features.spec)))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"flips": True, "layers": ("blocks.4", "final"), "fit": "squash"},
        {"backbone": "efficientnet-lite0,efficientnet-lite2", "flips": True},
    ],
)
def test_features_are_those_the_spec_came_from(tmp_path, shells, settings):
    first = embed(views_of(shells), store=tmp_path / "a", **settings)
    spec = stored(first.features)
    parts = [
        embed_files(by_id(chunk), spec, store=tmp_path / "b") for chunk in (shells[:4], shells[4:])
    ]
    assert [part.features.spec for part in parts] == [first.features.spec] * 2
    rows = np.vstack([part.features.matrix for part in parts])
    np.testing.assert_array_equal(rows, first.features.matrix)
    assert embed_files(by_id(shells), spec, store=tmp_path / "b").n_computed == 0


def test_without_a_readable_picture_there_are_no_rows_but_all_columns(tmp_path, shells):
    first = embed(views_of(shells[:1]), store=tmp_path / "a", layers=("blocks.4", "final"))
    (tmp_path / "bad.png").write_bytes(b"x")
    for paths in ({}, {"bad": tmp_path / "bad.png"}, {"gone": tmp_path / "gone.png"}):
        found = embed_files(paths, stored(first.features), store=tmp_path / "b")
        assert found.features.matrix.shape == (0, 1392)
        assert list(found.failed) == list(paths)


def test_other_weights_are_refused_and_the_right_ones_taken(tmp_path, shells):
    published = get_weights(BACKBONES["efficientnet-lite0"])
    tensors = torch.load(published, weights_only=True)
    tensors["_bn1.bias"] = tensors["_bn1.bias"] + 1
    own = tmp_path / "own.pth"
    torch.save(tensors, own)
    first = embed(views_of(shells[:2]), store=tmp_path / "a", weights=own)
    spec = stored(first.features)
    with pytest.raises(InputError, match=r"made with weights own.pth .*, here weights effic"):
        embed_files(by_id(shells), spec, store=tmp_path / "b")
    assert not (tmp_path / "b").exists()
    again = embed_files(by_id(shells[:2]), spec, store=tmp_path / "b", weights=own)
    np.testing.assert_array_equal(again.features.matrix, first.features.matrix)


def test_specs_that_cannot_be_followed_are_refused(tmp_path, shells):
    spec = stored(embed(views_of(shells[:1]), store=tmp_path / "a").features)
    for change, message in (
        ({"backbone": "gone-net"}, "no backbone 'gone-net'"),
        ({"input_size": 300}, "images of 300 pixels, here images of 224"),
        ({"preprocessing": 0}, "version 0 of reading images"),
        ({"fit": "stretch"}, "no fit 'stretch'"),
    ):
        with pytest.raises(InputError, match=message):
            embed_files(by_id(shells), spec | change, store=tmp_path / "b")
    with pytest.raises(InputError, match="not made from images here"):
        embed_files(by_id(shells), {"file": "x.npz"}, store=tmp_path / "b")
    two = {"fused": [spec, spec | {"backbone": "efficientnet-lite2"}], "normalised": True}
    with pytest.raises(InputError, match="one checkpoint cannot serve 2"):
        embed_files(by_id(shells), two, store=tmp_path / "b", weights=tmp_path / "w.pth")
