"""The same heads, the same bytes, and the heads come back."""

import io
import json
import zipfile

import numpy as np
import pytest
import skops.io
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier

from phylolens.classification import skops_file


def drawn_forest() -> RandomForestClassifier:
    rng = np.random.default_rng(0)
    return RandomForestClassifier(4, random_state=0).fit(
        rng.normal(size=(60, 3)), np.repeat(["a", "b", "c"], 20)
    )


def test_equal_objects_in_other_places_give_equal_bytes():
    kept = [object() for _ in range(1000)]  # moves what comes next in memory
    one = skops_file.dumps({"head": drawn_forest()})
    del kept
    assert one == skops_file.dumps({"head": drawn_forest()})
    assert one != skops_file.dumps({"head": drawn_forest().set_params(random_state=1)})


def test_what_was_written_comes_back():
    forest = drawn_forest()
    shared = np.arange(3.0)
    found = {"head": forest, "file": "7.npy", "one": shared, "two": shared, "raw": b"abc",
             "sparse": sparse.eye_array(3, format="csr")}  # fmt: skip
    data = skops_file.dumps(found)
    again = skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    rows = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_array_equal(again["head"].predict_proba(rows), forest.predict_proba(rows))
    assert again["file"] == "7.npy"
    assert again["raw"] == b"abc"
    np.testing.assert_array_equal(again["one"], shared)
    np.testing.assert_array_equal(again["sparse"].toarray(), np.eye(3))
    assert again["one"] is again["two"]


def test_nothing_tells_when_or_where_it_was_written():
    data = skops_file.dumps({"x": np.arange(3), "y": [1, 2]})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        schema = json.loads(archive.read("schema.json"))
        names = archive.namelist()
    numbers = []

    def collect(node: object) -> None:
        if isinstance(node, dict):
            numbers.extend([node["__id__"]] if "__id__" in node else [])
            for item in node.values():
                collect(item)
        elif isinstance(node, list):
            for item in node:
                collect(item)

    collect(schema)
    assert list(dict.fromkeys(numbers)) == list(range(1, len(set(numbers)) + 1))
    assert names == [f"{schema['content']['x']['__id__']}.npy", "schema.json"]


@pytest.mark.parametrize("shared", [True, False])
def test_equal_constants_count_by_value(shared):
    """Whether two equal texts are one object depends on the interpreter, not on the heads."""
    text = "".join(["ab", "cd"])
    other = text if shared else "".join(["ab", "cd"])
    assert skops_file.dumps([text, other]) == skops_file.dumps(["abcd", "abcd"])
