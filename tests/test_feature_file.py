"""Features of other tools keep their ids; what could mislead is named."""

import numpy as np
import pandas as pd
import pytest

from phylolens.embedding.feature_file import read_features
from phylolens.errors import InputError
from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings
from phylolens.pipeline.stages.circular import circularity


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
    (problem,) = run(make_settings(values), ("check",))["check"]["problems"]
    assert (problem["kind"], problem["ids"]) == ("repeated-features", ["r", "s"])
    pd.DataFrame({"id": list("rst"), "a": [1, 2, 3]}).to_csv(tmp_path / "f.csv", index=False)
    assert run(make_settings(values), ("check",))["check"]["problems"] == []


def test_names_a_phylogeny_could_not_tell_apart_are_named(write, tmp_path):
    write("f.csv", "id,a\nr,1\ns,2\nt,3\n")
    write("m.csv", "file,family\nr,Ficus alba\ns,ficus_alba\nt,Ficus albida\n")
    values = {"features": tmp_path / "f.csv", "meta": tmp_path / "m.csv", "out": tmp_path / "out"}
    (problem,) = run(make_settings(values), ("check",))["check"]["problems"]
    assert problem["kind"] == "merged-names"
    assert problem["ids"] == ["Ficus alba (written 'Ficus alba', 'ficus_alba')"]


GUIDED = "guided_taxon,held_out,a,b\nP,true,1,2\nQ,false,3,4\nR,yes,5,6\n"


def test_the_mark_of_guided_embeddings_travels(write):
    found = read_features(write("f.csv", GUIDED))
    assert found.spec["guided"]
    assert found.spec["held_out"] == ["P", "R"]
    assert found.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert not read_features(write("g.csv", "taxon,a\nP,1\n")).spec["guided"]


def test_the_mark_is_read_from_every_kind_of_file(write, tmp_path):
    table = pd.read_csv(write("f.csv", GUIDED)).assign(held_out=[True, False, True])
    table.to_parquet(tmp_path / "f.parquet")
    table[["guided_taxon"]].assign(v=[[1.0, 2.0]] * 3).to_parquet(tmp_path / "lists.parquet")
    ids, numbers = table["guided_taxon"].to_numpy(str), table[["a", "b"]].to_numpy(float)
    np.savez(tmp_path / "f.npz", guided_taxon=ids, values=numbers, held_out=table["held_out"])
    for name, held_out in (("f.parquet", ["P", "R"]), ("lists.parquet", []), ("f.npz", ["P", "R"])):
        spec = read_features(tmp_path / name).spec
        assert (spec["guided"], spec["held_out"]) == (True, held_out)


def test_a_file_beside_guide_json_is_guided_whatever_its_header(write):
    write("guide.json", "{}")
    assert read_features(write("f.csv", "taxon,a\nP,1\n")).spec["guided"]


def test_held_out_must_be_true_or_false(write):
    with pytest.raises(InputError, match="must be true or false"):
        read_features(write("f.csv", "guided_taxon,held_out,a\nP,maybe,1\n"))


def test_circular_unless_all_taxa_compared_were_held_out(write):
    features = read_features(write("f.csv", GUIDED))
    taxon_of = pd.Series({"P": "P", "Q": "Q", "R": "R"})
    assert circularity(features, ["P", "R"], taxon_of)[0] is False
    circular, why = circularity(features, ["P", "Q", "R"], taxon_of)
    assert circular
    assert "1 of the 3 taxa" in why
    assert "'Q'" in why
    assert circularity(features, ["Q"], taxon_of) == (
        True,
        "The embedding was fitted to a phylogeny of these very taxa.",
    )


def test_a_taxon_counts_as_held_out_only_with_all_its_specimens(write):
    features = read_features(write("f.csv", GUIDED))
    together = pd.Series({"P": "X", "Q": "X", "R": "Y"})
    assert circularity(features, ["X", "Y"], together)[0]
    assert not circularity(features, ["Y"], together)[0]
