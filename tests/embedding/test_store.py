import numpy as np
import pytest

from phylolens.embedding.store import FeatureStore, row_key, spec_id

SPEC = {"backbone": "b", "weights": "w.pth", "weights_sha256": "0", "fit": "pad", "feature_size": 4}


def rows(n, start=0):
    return np.arange(start, start + n * 4, dtype=np.float32).reshape(n, 4)


def test_rows_come_back_in_any_order_from_several_shards(tmp_path):
    store = FeatureStore(tmp_path, SPEC)
    store.add(["a", "b", "c"], rows(3))
    store.add(["d"], rows(1, 100))
    again = FeatureStore(tmp_path, SPEC)
    np.testing.assert_array_equal(
        again.gather(["d", "b", "b"]), np.vstack([rows(1, 100), rows(3)[[1, 1]]])
    )
    assert "a" in again
    assert "x" not in again
    assert len(again) == 4


def test_spec_id_depends_on_what_features_depend_on():
    assert spec_id(SPEC) == spec_id(dict(reversed(SPEC.items())))
    assert spec_id(SPEC | {"feature_size": 0, "weights": "renamed.pth"}) == spec_id(SPEC)
    assert spec_id(SPEC | {"flips": True, "blocks": [4], "preprocessing": 1}) == spec_id(SPEC)
    for change in ({"fit": "crop"}, {"weights_sha256": "1"}, {"backbone": "c"}):
        assert spec_id(SPEC | change) != spec_id(SPEC)
    assert spec_id(SPEC | {"backbone": "timm:a/b"}).startswith("timm-a-b-")


def test_keys_of_originals_ignore_the_seed():
    assert row_key("ab", seed=0) == row_key("ab", seed=5) == "ab"
    assert len({row_key("ab", "noise", copy, seed) for copy in (0, 1) for seed in (0, 1)}) == 4


def cut(content):
    return content[: len(content) // 2]


def flip_one_byte(content):
    at = content.find(np.float32(5).tobytes())
    return content[:at] + b"\xff" + content[at + 1 :]


@pytest.mark.parametrize("damage", [cut, flip_one_byte, lambda content: b""])
def test_a_damaged_shard_is_set_aside_and_the_others_serve(tmp_path, damage):
    store = FeatureStore(tmp_path, SPEC)
    store.add(["a", "b"], rows(2))
    (shard,) = store.folder.glob("*.arrow")
    store.add(["c"], rows(1, 50))
    shard.write_bytes(damage(shard.read_bytes()))
    again = FeatureStore(tmp_path, SPEC)
    assert "a" not in again
    assert "c" in again
    (problem,) = again.problems
    assert (problem.kind, problem.severity, problem.ids) == (
        "broken-shard",
        "warning",
        (shard.name,),
    )
    assert shard.with_suffix(".broken").is_file()
    again.add(["a"], rows(1))
    np.testing.assert_array_equal(again.gather(["a", "c"]), np.vstack([rows(1), rows(1, 50)]))


def test_a_key_in_a_good_and_a_damaged_shard_is_kept(tmp_path):
    store = FeatureStore(tmp_path, SPEC)
    for names in (["a", "x"], ["a", "y"]):
        store.add(names, rows(2))
    first, second = sorted(store.folder.glob("*.arrow"))
    second.write_bytes(flip_one_byte(second.read_bytes()))
    again = FeatureStore(tmp_path, SPEC)
    assert "a" not in again or again.gather(["a"]).tolist() == rows(1).tolist()
    assert again.problems
    assert first.is_file()


def test_two_writers_share_a_store(tmp_path):
    one, two = FeatureStore(tmp_path, SPEC), FeatureStore(tmp_path, SPEC)
    one.add(["a"], rows(1))
    two.add(["a"], rows(1))  # the same bytes, the same name
    two.add(["b"], rows(1, 8))
    both = FeatureStore(tmp_path, SPEC)
    assert len(list(both.folder.glob("*.arrow"))) == 2
    np.testing.assert_array_equal(both.gather(["a", "b"]), np.vstack([rows(1), rows(1, 8)]))
    assert not list(both.folder.glob("*.part"))


def test_a_shard_of_another_width_is_set_aside(tmp_path):
    store = FeatureStore(tmp_path, SPEC)
    store.add(["a"], rows(1))
    store.feature_size = 0
    store.add(["b"], np.ones((1, 3), np.float32))
    again = FeatureStore(tmp_path, SPEC)
    assert "a" in again
    assert "b" not in again
    assert "3 values, not 4" in again.problems[0].message
