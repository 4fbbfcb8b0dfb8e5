"""How a result is read and written: attributes in Python, the same keys in JSON."""

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, ClassVar, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phylolens.errors import InputError, require_file
from phylolens.reading.text import clear_errors
from phylolens.writing import plain, to_json, write_text

SCHEMA_VERSION = 2

Number = int | float  # in this order, so that a whole number is written as it was read
Limits = tuple[Number | None, Number | None]


class Part(BaseModel):
    """A part of a result.

    Fields are declared in the order in which they are written. One that is absent from a file is
    None here, and is not written; keys of a newer version are kept as they are.
    """

    model_config = ConfigDict(
        extra="allow", frozen=True, populate_by_name=True, protected_namespaces=()
    )

    def to_dict(self) -> dict[str, Any]:
        """Return what is written: only the keys that were given."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class StageResult(Part):
    """What a stage found, as it is written to its JSON.

    Parameters
    ----------
    schema_version : int or None
        Of the keys; None in files that were written before there was one.
    """

    FILE: ClassVar[str]

    schema_version: int | None = Field(
        default=None, description="Of the keys; absent in files older than this number."
    )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Make a result of plain values, numbers rounded as they are written.

        Parameters
        ----------
        values : mapping
            By key of the JSON; arrays and NumPy numbers are taken.
        """
        return cls.model_validate({"schema_version": SCHEMA_VERSION} | plain(values))

    @classmethod
    def from_json(cls, path: str | Path) -> Self:
        """Read a result.

        Parameters
        ----------
        path : str or Path
            The JSON file.

        Raises
        ------
        InputError
            If the file is absent, is no JSON object, or holds another content.
        """
        path = Path(path)
        require_file(path, "Give the file that the command wrote.")
        with clear_errors("a JSON file", path, "Run the command again."):
            found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise InputError("expected a JSON object.", where=path)
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            raise InputError(
                f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}.",
                where=path,
                hint="Run the command again.",
            ) from error

    def to_json(self) -> str:
        """Return the JSON as it is written."""
        return to_json(self.to_dict())

    def write(self, folder: Path) -> None:
        """Write the JSON into a results directory, numbers to 12 significant digits."""
        write_text(folder / self.FILE, self.to_json())

    def table(self) -> pd.DataFrame:
        """Return the main figures, a row each."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"
