"""A model knows the images of its fit again, whatever they are called."""

import hashlib

import numpy as np

from phylolens.guided.training_record import (
    CONTENT,
    ID,
    hashes_of_ids,
    read_record,
    record_of_fit,
    write_record,
)
from phylolens.provenance import file_hash


def test_pictures_are_known_by_content(tmp_path):
    for name, content in (("a", b"one"), ("b", b"two"), ("moved", b"one")):
        (tmp_path / name).write_bytes(content)
    digests = {name: file_hash(tmp_path / name) for name in ("a", "b", "moved")}
    assert digests["a"] == hashlib.sha256(b"one").hexdigest()
    write_record(record_of_fit("family", ["P", "Q"], CONTENT, [digests["a"]]), tmp_path)
    seen = read_record(tmp_path)
    assert (seen.rank, seen.taxa, seen.by) == ("family", ("P", "Q"), CONTENT)
    assert seen.has([digests[name] for name in ("moved", "b")]) == [True, False]


def test_rows_of_features_are_known_by_id_and_order_is_no_matter(tmp_path):
    ids = [f"row {k}" for k in range(200)]
    for folder, order in (("one", ids), ("other", ids[::-1] + ids[:3])):
        (tmp_path / folder).mkdir()
        write_record(record_of_fit("family", ["P"], ID, hashes_of_ids(order)), tmp_path / folder)
    one, other = ((tmp_path / name / "seen.safetensors").read_bytes() for name in ("one", "other"))
    assert one == other
    seen = read_record(tmp_path / "one")
    asked = ["row 7", "row 200", "", "Row 7"]
    np.testing.assert_array_equal(seen.has(hashes_of_ids(asked)), [True, False, False, False])


def test_without_a_record_nothing_is_known(tmp_path):
    assert read_record(tmp_path) is None
    (tmp_path / "seen.safetensors").write_bytes(b"damaged")
    assert read_record(tmp_path) is None
