"""Write the keys of every JSON into docs/formats.md, and their JSON Schema into docs/schema/.

Both come from the models in :mod:`phylolens.results`; run by ``make docs``.
"""

import json
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from phylolens.results import RESULTS
from phylolens.results.base import Part, StageResult
from phylolens.writing import write_text

HERE = Path(__file__).parent
PAGE, SCHEMAS = HERE / "formats.md", HERE / "schema"
START, END = "<!-- keys: {} -->", "<!-- end of keys -->"
PLAIN = {str: "text", bool: "true or false", int: "number", float: "number", type(None): ""}


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
        words = dict.fromkeys(words_of(one) for one in inner)
        return " or ".join(word for word in words if word)
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
        return kind.__name__
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


def keys_of(result: type[StageResult]) -> str:
    """Describe all keys of a JSON."""
    lines: list[str] = []
    for model in models_of(result):
        if model is not result:
            lines += [f"**{model.__name__}**: {first_line(model)}", ""]
        lines += [*rows_of(model), ""]
    return "\n".join(lines)


def first_line(model: type[Part]) -> str:
    """Return the first sentence of a docstring."""
    return (model.__doc__ or "").strip().partition("\n")[0]


def page(text: str) -> str:
    """Return the page with the keys between its marks made anew."""
    for result in RESULTS:
        start = START.format(result.FILE)
        pattern = re.compile(f"{re.escape(start)}.*?{re.escape(END)}", re.DOTALL)
        if not pattern.search(text):
            sys.exit(f"{PAGE.name} has no place for {result.FILE}: add {start} and {END}")
        made = f"{start}\n\n{keys_of(result)}\n{END}"
        text = pattern.sub(lambda _, made=made: made, text)
    return text


def schema(result: type[StageResult]) -> str:
    """Return the JSON Schema of a result."""
    found = result.model_json_schema(by_alias=True, mode="serialization")
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the page and the schemas."""
    write_text(PAGE, page(PAGE.read_text(encoding="utf-8")))
    for result in RESULTS:
        write_text(SCHEMAS / Path(result.FILE).name, schema(result))


if __name__ == "__main__":
    main()
