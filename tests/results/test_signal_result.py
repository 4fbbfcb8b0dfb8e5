"""What signal and audit find is written and read without loss, and every key is declared."""

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from skbio import DistanceMatrix

import phylolens as pl
from phylolens.errors import InputError
from phylolens.pipeline.audit import audit_files
from phylolens.results.audit import AuditResult
from phylolens.results.base import SCHEMA_VERSION, Part
from phylolens.results.signal import SignalResult

NEWICK = "((((a:1,b:1):1,c:2):1,(d:1.5,e:1.5):1.5):1,((f:1,g:1):1,(h:1.5,i:1.5):0.5):2);"
FEW = {"permutations": 19, "simulations": 40, "replicates": 5}


def undeclared(value: object, where: str = "") -> Iterator[str]:
    """Keys that no model declares."""
    if isinstance(value, Part):
        yield from (f"{where}.{key}" for key in value.model_extra or {})
        for key in type(value).model_fields:
            yield from undeclared(getattr(value, key), f"{where}.{key}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from undeclared(item, f"{where}[{key}]")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from undeclared(item, f"{where}[]")


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(4)
    families = np.repeat(list("abcdefghi"), 4)
    table = pd.DataFrame({"file": [f"{k}.png" for k in range(36)], "family": families})
    table["order"] = np.repeat(list("ABC"), 12)
    table["museum"] = np.repeat(["x", "y", "x"], 12)
    places = rng.normal(size=(9, 6)) + 2 * np.repeat(rng.normal(size=(2, 6)), [5, 4], axis=0)
    matrix = np.repeat(places, 4, axis=0) + 0.3 * rng.normal(size=(36, 6))
    features = pd.DataFrame(matrix, index=table["file"])
    return pl.signal(features, NEWICK, table, rank="family", confound="museum", **FEW)


def test_a_signal_result_is_read_as_it_was_written(found, tmp_path):
    found.write(tmp_path)
    path = tmp_path / SignalResult.FILE
    again = SignalResult.from_json(path)
    assert again.to_json() == path.read_text(encoding="utf-8")
    assert next(iter(json.loads(again.to_json()))) == "schema_version"
    assert again.schema_version == SCHEMA_VERSION
    assert list(undeclared(again)) == []
    assert repr(again) == repr(found)
    assert again.table().equals(found.table())


def test_what_is_only_in_memory_is_not_written(found, tmp_path):
    found.write(tmp_path)
    again = SignalResult.from_json(tmp_path / SignalResult.FILE)
    assert isinstance(found.visual, DistanceMatrix)
    assert found.genetic.ids == found.visual.ids
    assert len(found.residuals) == 9
    assert set(found.to_dict()).isdisjoint({"visual", "genetic", "pairs", "residuals"})
    parts = (again.visual, again.genetic, again.pairs, again.residuals, again.visual_tree)
    assert parts == (None,) * 5


def test_figures_are_attributes(found):
    assert found.tests["lambda_score"].role == "primary"
    assert found.lambda_.n == found.n_taxa == 9
    assert found.most_influential.taxon in found.visual.ids
    (column,) = found.confounds.used
    assert column.column == "museum"
    assert column.conclusion == found.confounds.conclusion


def test_older_and_newer_files_are_read(tmp_path):
    path = tmp_path / "signal.json"
    older = {"rank": "family", "n_taxa": 3, "tests": {"kmult": None}, "lambda": 0.4}
    path.write_text(json.dumps(older | {"of_tomorrow": 1}))
    read = SignalResult.from_json(path)
    assert (read.lambda_, read.baselines, read.schema_version) == (0.4, None, None)
    assert read.to_dict() == older | {"of_tomorrow": 1}
    path.write_text(json.dumps({"rank": "family", "n_taxa": "many", "tests": {}}))
    with pytest.raises(InputError, match="n_taxa"):
        SignalResult.from_json(path)


@pytest.mark.parametrize("n", [3, 7])
def test_an_audit_is_read_as_it_was_written(tmp_path, n):
    names = [f"t{k}" for k in range(n)]
    for file, seed in (("a.csv", 1), ("b.csv", 2)):
        places = np.random.default_rng(seed).normal(size=(n, 3))
        pd.DataFrame(squareform(pdist(places)), names, names).to_csv(tmp_path / file)
    found = audit_files(tmp_path / "a.csv", tmp_path / "b.csv", tmp_path, permutations=9)
    path = tmp_path / AuditResult.FILE
    again = AuditResult.from_json(path)
    assert again == found
    assert again.to_json() == path.read_text(encoding="utf-8")
    assert list(undeclared(again)) == []
    assert len(again.table()) == len(again.published) + len(again.honest)
    assert "mantel_pearson" in repr(again)
