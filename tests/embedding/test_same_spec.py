"""Differences between features are named in words; what changes nothing is no difference."""

import json
import re

import numpy as np
import pytest

from phylolens.embedding import BACKBONES, differences, fuse_features, require_same
from phylolens.embedding.same_spec import options
from phylolens.errors import InputError
from phylolens.values import Features

MADE = {
    "backbone": "efficientnet-lite0",
    "architecture": "tf_efficientnet_lite0",
    "weights": "lite0.pth",
    "weights_sha256": "57934424" + "0" * 56,
    "preprocessing": 1,
    "input_size": 224,
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "interpolation": "bicubic",
    "fit": "pad",
    "layers": [],
    "feature_size": 1280,
    "blocks": [1280],
    "flips": False,
}


def fused(*specs, **how):
    parts = [Features(("a",), np.ones((1, spec["feature_size"])), spec) for spec in specs]
    return dict(fuse_features(parts, **how).spec)


def test_what_changes_no_feature_is_no_difference():
    assert differences(MADE, dict(reversed(MADE.items()))) == []
    assert differences(MADE, json.loads(json.dumps(MADE))) == []
    for same in ({"weights": "renamed.pth"}, {"layers": ["final"]}, {"mean": (0.5, 0.5, 0.5)}):
        assert differences(MADE, MADE | same) == []
    older = {name: value for name, value in MADE.items() if name not in ("flips", "preprocessing")}
    assert differences(older, MADE) == []
    clip = MADE | {"mean": list(BACKBONES["bioclip"].mean)}
    assert differences(clip, clip | {"mean": [x + 1e-13 for x in clip["mean"]]}) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fit": "crop"}, "fit pad, here fit crop"),
        ({"flips": True}, "no mirror images, here mirror images"),
        ({"layers": ["blocks.2", "final"]}, "layers final, here layers blocks.2, final"),
        ({"input_size": 320}, "images of 224 pixels, here images of 320 pixels"),
        ({"std": [0.5, 0.5, 0.4]}, "std 0.5, 0.5, 0.5, here std 0.5, 0.5, 0.4"),
        ({"interpolation": "bilinear"}, "bicubic interpolation, here bilinear interpolation"),
        ({"preprocessing": 2}, "version 1 of reading images, here version 2 of reading images"),
        (
            {"weights": "b.pth", "weights_sha256": "abcdef01" + "0" * 56},
            "weights lite0.pth (SHA-256 57934424...), here weights b.pth (SHA-256 abcdef01...)",
        ),
        (
            # what follows from another backbone is not told as well
            {
                "backbone": "bioclip",
                "architecture": "vit",
                "weights_sha256": "1",
                "mean": [0, 0, 0],
            },
            "backbone efficientnet-lite0, here backbone bioclip",
        ),
        ({"feature_size": 4, "blocks": [4]}, "1280 features a row, here 4"),
    ],
)
def test_each_difference_is_named_once(change, words):
    assert differences(MADE, MADE | change) == [words]
    with pytest.raises(InputError, match=re.escape(f"made with {words}.")):
        require_same(MADE, MADE | change)


def test_joined_features_are_compared_part_by_part():
    other = MADE | {"backbone": "efficientnet-lite2"}
    two = fused(MADE, other)
    assert differences(two, fused(MADE, other)) == []
    assert differences(two, MADE) == [
        "backbones efficientnet-lite0, efficientnet-lite2, here backbone efficientnet-lite0"
    ]
    assert differences(two, fused(other, MADE)) == [
        "backbones efficientnet-lite0, efficientnet-lite2, "
        "here backbones efficientnet-lite2, efficientnet-lite0"
    ]
    assert differences(two, fused(MADE, other | {"fit": "crop"})) == [
        "fit pad of efficientnet-lite2, here fit crop"
    ]
    (words,) = differences(two, fused(MADE, other, normalise=False))
    assert words.endswith("efficientnet-lite2, not scaled")


def test_features_of_a_file_differ_from_those_of_pictures():
    file = {"file": "x.npz", "guided": False, "feature_size": 1280, "blocks": [1280]}
    assert differences(MADE, file) == ["backbone efficientnet-lite0, here features made elsewhere"]
    assert differences(file, file | {"file": "new.npz"}) == []
    assert differences(file, file | {"feature_size": 3}) == ["1280 features a row, here 3"]


def test_the_options_given_lead_back_to_the_features():
    assert options(MADE) == "--backbone efficientnet-lite0 --fit pad"
    other = MADE | {"backbone": "b", "layers": ["x", "final"], "flips": True}
    assert options(other) == "--backbone b --layers x,final --fit pad --flips"
    assert options(fused(MADE, MADE | {"backbone": "b"})).startswith(
        "--backbone efficientnet-lite0,b --fit"
    )
    assert "--features" in options({"file": "x.npz"})
