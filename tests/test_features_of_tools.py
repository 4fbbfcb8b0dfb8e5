"""Features as other tools write them: each fixture is made in the tool's own format."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phylolens.embedding.feature_file import read_feature_file, read_features
from phylolens.errors import InputError
from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings

FILES = [f"im{k}.jpg" for k in range(6)]
X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
NAMED = pd.DataFrame(X, FILES, [f"f{k}" for k in range(4)])


def same(path, ids=None, wanted=FILES):
    found = read_features(path, ids=ids)
    assert list(found.ids) == list(wanted)
    np.testing.assert_allclose(found.matrix, X, rtol=1e-5)


def emb_explorer(path):
    table = pd.DataFrame(
        {
            "uuid": [f"u-{k}" for k in range(6)],
            "emb": list(X),
            "kingdom": "Animalia",
            "family": ["Felidae", "Felidae", "Canidae", "Canidae", None, "Muridae"],
            "genus": ["Felis", "Puma", "Canis", "Vulpes", "Mus", "Mus"],
            "species": ["catus", "concolor", "lupus", "vulpes", "musculus", "musculus"],
            "scientific_name": "x",
            "img_type": "Specimen",
        }
    )
    table.to_parquet(path, index=False)


def test_emb_explorer_parquet_brings_its_own_taxonomy(tmp_path):
    emb_explorer(tmp_path / "emb.parquet")
    same(tmp_path / "emb.parquet", wanted=[f"u-{k}" for k in range(6)])
    values = {"features": tmp_path / "emb.parquet", "out": tmp_path / "out", "rank": "genus"}
    found = run(make_settings(values), ("check",))["check"]
    assert found["ranks_read"] == "kingdom, family, genus, species"
    assert found["n_taxa"] == {"kingdom": 1, "family": 3, "genus": 5, "species": 5}


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.float16()), pa.large_list(pa.float64()), pa.list_(pa.float32(), 4)]
)
def test_lists_of_any_width_in_parquet(tmp_path, kind):
    values = X.astype(np.float16) if kind == pa.list_(pa.float16()) else X
    table = pa.table({"id": FILES, "emb": pa.array([list(row) for row in values], kind)})
    pq.write_table(table, tmp_path / "e.parquet")
    found = read_features(tmp_path / "e.parquet")
    np.testing.assert_allclose(found.matrix, X, atol=2e-3)


def test_pandas_keeps_ids_in_the_index(tmp_path):
    NAMED.to_parquet(tmp_path / "plain.parquet")
    same(tmp_path / "plain.parquet")
    NAMED.rename_axis("file").to_parquet(tmp_path / "named.parquet")
    same(tmp_path / "named.parquet")
    NAMED.reset_index(names="file").to_feather(tmp_path / "e.feather")
    same(tmp_path / "e.feather")


def test_pybioclip_json(tmp_path):
    inner = {f"/home/me/photos/{name}": row.tolist() for name, row in zip(FILES, X, strict=True)}
    path = tmp_path / "embeddings.json"
    path.write_text(
        json.dumps({"model": "hf-hub:imageomics/bioclip-2", "embeddings": inner}, indent=4)
    )
    same(path, wanted=list(inner))
    meta = tmp_path / "meta.csv"
    meta.write_text(
        "file,family\n" + "".join(f"{name},F{k // 2}\n" for k, name in enumerate(FILES))
    )
    values = {"features": path, "meta": meta, "out": tmp_path / "out"}
    found = run(make_settings(values), ("check",))["check"]
    assert found["n_usable"] == 6
    assert any("without folders" in problem["message"] for problem in found["problems"])


def test_arrays_with_ids(tmp_path):
    np.savez(tmp_path / "e.npz", filenames=np.array(FILES), embeddings=X, other=np.arange(3))
    same(tmp_path / "e.npz")
    np.save(tmp_path / "e.npy", X)
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join(FILES))
    same(tmp_path / "e.npy", ids=ids)
    with pytest.raises(InputError, match="--ids"):
        read_features(tmp_path / "e.npy")
    ids.write_text("\n".join(FILES[:5]))
    with pytest.raises(InputError, match="5 names, but there are 6"):
        read_features(tmp_path / "e.npy", ids=ids)


def test_python_objects_are_refused_with_the_cure(tmp_path):
    np.savez(tmp_path / "e.npz", ids=np.array(FILES, dtype=object), X=X)
    with pytest.raises(InputError, match="dtype=str"):
        read_features(tmp_path / "e.npz")


def test_tables_of_r(tmp_path):
    rows = [
        ",".join([f'"{name}"', *map(repr, row.tolist())])
        for name, row in zip(FILES, X, strict=True)
    ]
    (tmp_path / "table.csv").write_text("\n".join(['"f0","f1","f2","f3"', *rows]))
    same(tmp_path / "table.csv")
    (tmp_path / "write.csv").write_text("\n".join(['"","f0","f1","f2","f3"', *rows]))
    same(tmp_path / "write.csv")
    NAMED.to_csv(tmp_path / "csv2.csv", sep=";", decimal=",")
    same(tmp_path / "csv2.csv")


def test_whole_floats_are_ids(tmp_path):
    ids = [770300.0 + k for k in range(6)]
    NAMED.assign(key=ids)[["key", *NAMED.columns]].to_parquet(tmp_path / "e.parquet", index=False)
    same(tmp_path / "e.parquet", wanted=[str(int(one)) for one in ids])
    lines = ["key,f0,f1,f2,f3"] + [
        ",".join([str(k + 1), *map(repr, row.tolist())]) for k, row in enumerate(X)
    ]
    (tmp_path / "e.csv").write_text("\n".join(lines))
    same(tmp_path / "e.csv", wanted=[str(k + 1) for k in range(6)])


def test_numbers_beside_features_are_never_features(tmp_path):
    table = NAMED.reset_index(names="file")
    table.insert(1, "country", "Utopia")
    table.insert(2, "year", range(1990, 1996))
    for name in ("e.csv", "e.parquet"):
        getattr(table, "to_csv" if name.endswith("csv") else "to_parquet")(
            tmp_path / name, index=False
        )
        same(tmp_path / name)
        notes = read_feature_file(tmp_path / name).notes
        assert any("year" in note.message for note in notes)
    table.columns = ["file", "country", "year", *"abcd"]
    table.to_csv(tmp_path / "e.csv", index=False)
    with pytest.raises(InputError, match="uncertain"):
        read_features(tmp_path / "e.csv")


def test_the_numbering_of_pandas_is_no_id(tmp_path):
    NAMED.reset_index(names="file").to_csv(tmp_path / "e.csv")
    same(tmp_path / "e.csv")
    NAMED.reset_index(names="what").to_csv(tmp_path / "e.csv")
    found = read_features(tmp_path / "e.csv")
    assert list(found.ids) == [str(k) for k in range(6)], "nothing else is called an id"


@pytest.mark.parametrize("ending", [".pt", ".pkl", ".h5", ".rds", ".mat"])
def test_other_kinds_are_refused_with_a_cure(tmp_path, ending):
    path = tmp_path / f"e{ending}"
    path.write_bytes(b"x")
    with pytest.raises(InputError, match="features come as"):
        read_features(path)


def damaged():
    import io
    import zipfile

    stored = io.BytesIO()
    np.savez_compressed(stored, ids=np.array(FILES), X=X)
    whole = stored.getvalue()
    yield ".npz", whole[: len(whole) // 2]
    yield ".npz", b""
    yield ".npz", b"PK\x05\x06" + b"\0" * 18
    broken = bytearray(whole)
    broken[60:90] = b"\xff" * 30
    yield ".npz", bytes(broken)
    huge = io.BytesIO()
    with zipfile.ZipFile(huge, "w") as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"shape": (10**9, 10**6), "fortran_order": False, "descr": "<f8"}
        )
        archive.writestr("X.npy", header.getvalue())
    yield ".npz", huge.getvalue()
    parquet = io.BytesIO()
    pq.write_table(pa.table({"id": FILES, "f0": [1.0] * 6}), parquet)
    yield ".parquet", parquet.getvalue()[:-9]
    nested = io.BytesIO()
    pq.write_table(pa.table({"id": FILES, "e": [[[1.0]]] * 6}), nested)
    yield ".parquet", nested.getvalue()
    ragged = io.BytesIO()
    pq.write_table(pa.table({"id": FILES, "e": [[1.0]] * 5 + [[1.0, 2.0]]}), ragged)
    yield ".parquet", ragged.getvalue()
    yield ".json", b'{"a": [1, 2], "b": [1]}'
    yield ".json", b"[" * 100_000
    yield ".csv", b"id,f0\na,1\nb,x\nc,2\nd,3\n"
    yield ".csv", b"id,f0\na,1\nb\n"
    yield ".npy", b"\x93NUMPY\x01\x00"


@pytest.mark.parametrize(("ending", "content"), list(damaged()))
def test_damaged_files_are_one_clear_message(tmp_path, ending, content):
    path = tmp_path / f"e{ending}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)):
        read_features(path)
