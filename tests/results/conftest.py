"""What tests of results share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel


def _undeclared(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{where}.{key}" for key in value.model_extra or {})
        for name in type(value).model_fields:
            yield from _undeclared(getattr(value, name), f"{where}.{name}")
    elif isinstance(value, dict):
        for name, own in value.items():
            yield from _undeclared(own, f"{where}.{name}")
    elif isinstance(value, list | tuple):
        for own in value:
            yield from _undeclared(own, f"{where}[]")


@pytest.fixture(scope="session")
def undeclared() -> Callable[[Any], list[str]]:
    """Name the keys of a result, parts included, that its model does not declare."""
    return lambda result: sorted(set(_undeclared(result, "")))
