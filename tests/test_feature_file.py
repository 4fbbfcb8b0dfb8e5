"""Features of other tools keep their ids; what could mislead is named."""

import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.feature_file import read_features
from phylolens.study import make_study, run


def test_ids_are_kept_as_written(write):
    found = read_features(write("f.csv", "id,a,b\n001,1,2\nNA,3,4\n 1e3 ,5,6\n"))
    assert found.ids == ("001", "NA", "1e3")
    assert found.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_blank_numbers_are_refused(write):
    with pytest.raises(InputError, match=r"NaN.*'y'"):
        read_features(write("f.csv", "id,a\nx,1\ny,\nz,2\n"))


def test_equal_rows_are_named(write, tmp_path):
    write("f.csv", "id,a,b\nr,1,2\ns,1,2\nt,2,1\n")
    write("m.csv", "file,family\nr,F\ns,F\nt,G\n")
    values = {"features": tmp_path / "f.csv", "meta": tmp_path / "m.csv", "out": tmp_path / "out"}
    (problem,) = run(make_study(values), ("check",))["check"]["problems"]
    assert (problem["kind"], problem["ids"]) == ("repeated-features", ["r", "s"])
    pd.DataFrame({"id": list("rst"), "a": [1, 2, 3]}).to_csv(tmp_path / "f.csv", index=False)
    assert run(make_study(values), ("check",))["check"]["problems"] == []


def test_names_a_phylogeny_could_not_tell_apart_are_named(write, tmp_path):
    write("f.csv", "id,a\nr,1\ns,2\nt,3\n")
    write("m.csv", "file,family\nr,Ficus alba\ns,ficus_alba\nt,Ficus albida\n")
    values = {"features": tmp_path / "f.csv", "meta": tmp_path / "m.csv", "out": tmp_path / "out"}
    (problem,) = run(make_study(values), ("check",))["check"]["problems"]
    assert (problem["kind"], problem["ids"]) == ("similar-names", ["Ficus alba", "ficus_alba"])
