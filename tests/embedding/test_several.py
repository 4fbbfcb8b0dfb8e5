"""Several backbones and several layers: what is joined, and where each part begins."""

import json

import numpy as np
import pytest

from phylolens.embedding import View, block_sizes, embed, spec_id
from phylolens.errors import InputError
from phylolens.values import Features

TWO = "efficientnet-lite0, efficientnet-lite2"
LAYERS = ("blocks.2", "blocks.4", "final")
WIDTHS = {"efficientnet-lite0": [40, 112, 1280], "efficientnet-lite2": [48, 120, 1280]}

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytestmark = [pytest.mark.vision, pytest.mark.usefixtures("one_thread")]


def views_of(paths):
    return [View(path.name, path) for path in paths]


def unit(rows):
    return rows / np.sqrt((rows.astype(float) ** 2).sum(axis=1))[:, None]


def test_two_backbones_are_two_single_runs_joined(tmp_path, shells):
    store, views = tmp_path / "store", views_of(shells)
    single = [
        embed(views, name, store=tmp_path / name, layers=LAYERS, flips=True).features
        for name in WIDTHS
    ]
    result = embed(views, TWO, store=store, layers=LAYERS, flips=True)
    assert (result.n_computed, result.n_reused) == (24, 0)
    expected = np.hstack([unit(features.matrix) for features in single])
    np.testing.assert_allclose(result.features.matrix, expected, atol=1e-6)
    spec = result.features.spec
    assert [part["backbone"] for part in spec["fused"]] == list(WIDTHS)
    assert spec["fused"] == [dict(features.spec) for features in single]
    assert spec["blocks"] == [40, 112, 1280, 48, 120, 1280]
    assert sorted(path.name for path in store.iterdir()) == sorted(map(spec_id, spec["fused"]))
    again = embed(views[::-1], TWO, store=store, layers=LAYERS, flips=True)
    assert (again.n_computed, again.n_reused) == (0, 24)
    assert again.features.spec == spec
    np.testing.assert_array_equal(again.features.matrix[::-1], result.features.matrix)


def test_a_picture_that_fails_is_left_out_of_every_part(tmp_path, shells):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    views = views_of([shells[0], broken, shells[1]])
    result = embed(views, TWO, store=tmp_path / "store")
    assert result.features.ids == (shells[0].name, shells[1].name)
    assert list(result.failed) == ["broken.png"]
    assert result.features.matrix.shape == (2, 2560)
    nothing = embed(views[1:2], TWO, store=tmp_path / "store")
    assert (len(nothing.features), list(nothing.failed)) == (0, ["broken.png"])


def test_one_bar_for_all_backbones(tmp_path, shells):
    seen = []
    embed(views_of(shells), TWO, store=tmp_path, progress=lambda *call: seen.append(call))
    assert seen[0] == ("embed", 0, 12)
    assert seen[-1] == ("embed", 12, 12)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backbone": TWO, "weights": "own.pth"}, "one checkpoint cannot serve 2 backbones"),
        ({"backbone": "efficientnet-lite0,vgg"}, "no backbone 'vgg'"),
        ({"backbone": "efficientnet-lite0,efficientnet-lite0"}, "given twice"),
        ({"backbone": " , "}, "no backbone is named"),
        ({"layers": ("final", "final")}, "layers: a name is given twice"),
    ],
)
def test_what_cannot_be_joined_is_refused_before_any_work(tmp_path, shells, change, message):
    with pytest.raises(InputError, match=message):
        embed(views_of(shells), **{"store": tmp_path / "store"} | change)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("layers", "blocks"), [((), [1280]), (("blocks.4",), [112]), (LAYERS, [40, 112, 1280])]
)
def test_blocks_are_known_from_the_store_alone(tmp_path, shells, monkeypatch, layers, blocks):
    from phylolens.embedding import one_backbone

    views = views_of(shells[:2])
    result = embed(views, store=tmp_path, layers=layers)
    assert result.features.spec["blocks"] == blocks
    assert block_sizes(result.features) == tuple(blocks)

    def never(*_):
        raise AssertionError("the network was opened")

    monkeypatch.setattr(one_backbone, "open_inference", never)
    again = embed(views, store=tmp_path, layers=layers)
    assert again.features.spec == result.features.spec


@pytest.mark.parametrize("state", ["without blocks", "wrong blocks", "not JSON", "absent"])
def test_a_store_that_lacks_blocks_is_completed(tmp_path, shells, state):
    views = views_of(shells[:2])
    result = embed(views, store=tmp_path, layers=LAYERS)
    (path,) = tmp_path.glob("*/spec.json")
    recorded = json.loads(path.read_text())
    assert recorded.pop("blocks") == [40, 112, 1280]
    recorded |= {"blocks": [3, 4]} if state == "wrong blocks" else {}
    path.write_text("{" if state == "not JSON" else json.dumps(recorded))
    if state == "absent":
        path.unlink()
    again = embed(views, store=tmp_path, layers=LAYERS)
    assert again.n_computed == 0
    assert again.features.spec == result.features.spec
    assert json.loads(path.read_text())["blocks"] == [40, 112, 1280]


def test_features_that_name_no_blocks_are_one():
    rows = np.zeros((1, 3), np.float32)
    assert block_sizes(Features(("a",), rows)) == (3,)
    assert block_sizes(Features(("a",), rows, {"blocks": [1, 2]})) == (1, 2)
    assert block_sizes(Features(("a",), rows, {"blocks": [1, 1]})) == (3,)
