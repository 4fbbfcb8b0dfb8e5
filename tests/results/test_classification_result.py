"""Results of a classification are read and written without losing or changing a byte."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from phylolens.errors import InputError
from phylolens.results.base import SCHEMA_VERSION, Part
from phylolens.results.classification import ClassificationResult

STORED = sorted((Path(__file__).parent / "classification").glob("metrics_*.json"))


def undeclared(value: object, at: str = "") -> Iterator[str]:
    """Name the keys below a part that its model does not declare."""
    if isinstance(value, Part):
        yield from (f"{at}.{key}" for key in value.model_extra or {})
        for key in type(value).model_fields:
            yield from undeclared(getattr(value, key), f"{at}.{key}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from undeclared(item, f"{at}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from undeclared(item, f"{at}[]")


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_results_of_before_are_kept_to_the_byte(path):
    found = ClassificationResult.from_json(path)
    assert found.to_json() == path.read_text(encoding="utf-8")
    assert list(undeclared(found)) == []
    assert found.schema_version is None


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_new_ones_name_their_version_first(path, tmp_path):
    found = ClassificationResult.of(json.loads(path.read_text(encoding="utf-8")))
    found.write(tmp_path)
    written = json.loads((tmp_path / "classify/metrics.json").read_text(encoding="utf-8"))
    assert next(iter(written.items())) == ("schema_version", SCHEMA_VERSION)
    assert ClassificationResult.from_json(tmp_path / "classify/metrics.json") == found


def test_the_main_figures_are_a_table_and_a_readable_block():
    found = ClassificationResult.from_json(STORED[-1])
    table = found.table()
    assert set(table["split"]) == {"first", *found.splits}
    assert set(table["model"]) == {*found.models, "majority"}
    first = table.iloc[0]
    assert first["accuracy"] == found.models[found.primary][first["rank"]].accuracy
    assert found.primary in repr(found)
    assert "&" not in found._repr_html_().replace("&#x27;", "").replace("&gt;", "")


def test_another_content_is_refused_by_its_place(tmp_path):
    content = json.loads(STORED[0].read_text(encoding="utf-8")) | {"n_train": "many"}
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=r"n_train: .*integer"):
        ClassificationResult.from_json(path)


def test_every_field_says_what_it_is():
    seen: set[type[Part]] = set()

    def parts(model: type[Part]) -> None:
        seen.add(model)
        for name, field in model.model_fields.items():
            assert field.description or name == "schema_version", (model, name)
            for part in Part.__subclasses__():
                if part not in seen and part.__name__ in str(field.annotation):
                    parts(part)

    parts(ClassificationResult)
    assert len(seen) > 20
