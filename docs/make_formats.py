"""Write the keys of every JSON into docs/keys/, and their JSON Schema into docs/schema/.

Both come from the models in :mod:`phylolens.results`; run by ``make docs``.
"""

import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from phylolens.results.audit import AuditResult
from phylolens.results.base import Part, StageResult
from phylolens.results.bench import BenchResult
from phylolens.results.check import CheckResult
from phylolens.results.classification import ClassificationResult
from phylolens.results.guided import GuidedResult
from phylolens.results.placement import PlacementResult
from phylolens.results.pretrain import PretrainResult
from phylolens.results.run import RunResult
from phylolens.results.signal import SignalResult
from phylolens.writing import write_text

RESULTS: tuple[type[StageResult], ...] = (
    RunResult,
    CheckResult,
    ClassificationResult,
    SignalResult,
    AuditResult,
    GuidedResult,
    PlacementResult,
    BenchResult,
    PretrainResult,
)
HERE = Path(__file__).parent
PAGES, SCHEMAS = HERE / "keys", HERE / "schema"
PLAIN = {str: "text", bool: "true or false", int: "whole number", float: "number"}


def parts_in(kind: Any) -> Iterator[type[Part]]:
    """Yield the models that a type names."""
    if isinstance(kind, type) and issubclass(kind, Part):
        yield kind
    for inner in get_args(kind):
        yield from parts_in(inner)


def words_of(kind: Any) -> str:
    """Say in words what a field holds."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return words_of(inner[0])
    if origin in (Union, types.UnionType):
        words = dict.fromkeys(words_of(one) for one in inner if one is not type(None))
        if {"whole number", "number"} <= set(words):
            del words["whole number"]
        return " or ".join(words)
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in inner)
    if origin is dict:
        return f"by name: {words_of(inner[1])}"
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return f"list of {words_of(inner[0])}"
        return f"[{', '.join(words_of(one) for one in inner)}]"
    if origin is list:
        return f"list of {words_of(inner[0])}"
    if isinstance(kind, type) and issubclass(kind, Part):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    return PLAIN.get(kind, "anything")


def key_of(name: str, field: FieldInfo) -> str:
    """Return the key as it stands in the JSON."""
    return field.alias or name


def rows_of(model: type[Part]) -> Iterator[str]:
    """Yield a Markdown table of one model."""
    yield "| key | holds | what |"
    yield "|---|---|---|"
    for name, field in model.model_fields.items():
        what = " ".join((field.description or "").split()).replace("|", r"\|")
        yield f"| `{key_of(name, field)}` | {words_of(field.annotation)} | {what} |"


def models_of(result: type[StageResult]) -> list[type[Part]]:
    """List the models of a JSON, each after the first that names it."""
    found: dict[type[Part], None] = {result: None}
    waiting: list[type[Part]] = [result]
    while waiting:
        for field in waiting.pop(0).model_fields.values():
            new = [one for one in parts_in(field.annotation) if one not in found]
            found |= dict.fromkeys(new)
            waiting += new
    return list(found)


def page(result: type[StageResult]) -> str:
    """Describe all keys of a JSON."""
    schema_file = f"../schema/{Path(result.FILE).name}"
    lines = [f"# `{result.FILE}`", "", first_line(result), ""]
    lines += [f"Keys that have no value for a run are absent. [JSON Schema]({schema_file}).", ""]
    for model in models_of(result):
        if model is not result:
            lines += [f"## {model.__name__}", "", first_line(model), ""]
        lines += [*rows_of(model), ""]
    return "\n".join(lines)


def first_line(model: type[Part]) -> str:
    """Return the first sentence of a docstring."""
    return (model.__doc__ or "").strip().partition("\n")[0]


def schema(result: type[StageResult]) -> str:
    """Return the JSON Schema of a result."""
    found = result.model_json_schema(by_alias=True, mode="serialization")
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def files() -> Iterator[tuple[Path, str]]:
    """Yield every page and schema with what belongs into it."""
    for result in RESULTS:
        name = Path(result.FILE)
        yield PAGES / f"{name.stem}.md", page(result)
        yield SCHEMAS / name.name, schema(result)


if __name__ == "__main__":
    for path, text in files():
        write_text(path, text)
