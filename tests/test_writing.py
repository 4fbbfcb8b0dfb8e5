"""Files appear whole or not at all; the same values give the same bytes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.writing import replacing, to_json, write_csv, write_json, write_text


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.json"
    write_text(path, "old")

    def write_half():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_success_leaves_one_file_in_new_folders(tmp_path):
    path = tmp_path / "new" / "deeper" / "a.txt"
    write_text(path, "line\nß\n")
    assert path.read_bytes() == "line\nß\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_json_knows_numpy_pandas_and_paths():
    value = {
        1: np.float32(0.5),
        "many": np.arange(3),
        "flag": np.bool_(True),
        "none": [np.nan, np.inf, None, pd.NA, pd.NaT],
        "set": {"b", "a"},
        "path": Path("x/y"),
    }
    assert json.loads(to_json(value)) == {
        "1": 0.5,
        "many": [0, 1, 2],
        "flag": True,
        "none": [None] * 5,
        "set": ["a", "b"],
        "path": "x/y",
    }


def test_true_stays_a_truth_value():
    assert '"a": true' in to_json({"a": True})
    assert '"a": 1\n' in to_json({"a": 1})


def test_noise_beyond_twelve_digits_gives_the_same_bytes():
    assert to_json(0.1 + 0.2) == to_json(0.3)
    assert to_json(0.3) != to_json(0.3 + 1e-11)


def test_written_twice_is_the_same(tmp_path):
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"x": rng.normal(size=5), "name": list("abcde")})
    for name in ("one", "two"):
        write_csv(tmp_path / f"{name}.csv", table)
        write_json(tmp_path / f"{name}.json", table.to_dict("list"))
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_csv_reads_back_to_nine_digits(tmp_path):
    table = pd.DataFrame({"x": [1 / 3, 2e-9, 12345.6789]})
    write_csv(tmp_path / "a.csv", table)
    assert b"\r" not in (tmp_path / "a.csv").read_bytes()
    np.testing.assert_allclose(pd.read_csv(tmp_path / "a.csv")["x"], table["x"], rtol=1e-8)
