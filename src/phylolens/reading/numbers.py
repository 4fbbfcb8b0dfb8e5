"""Numbers as people write them: with a decimal point, or with a decimal comma."""

import re
from collections.abc import Iterable

from phylolens.errors import InputError

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")
_THOUSANDS = re.compile(r"\s*[+-]?\d{1,3}(?:,\d{3})+\s*")
_DECIMAL_POINT = re.compile(r"\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*")


def has_decimal_commas(cells: Iterable[str], separator: str, where: object) -> bool:
    """Say whether the numbers among ``cells`` are written with a decimal comma.

    Raises
    ------
    InputError
        If points and commas are mixed, or commas may just as well divide thousands.
    """
    if separator == ",":
        return False
    commas: list[str] = []
    point = ""
    for cell in cells:
        if "," in cell and _DECIMAL_COMMA.fullmatch(cell):
            commas.append(cell)
        elif not point and "." in cell and _DECIMAL_POINT.fullmatch(cell):
            point = cell
    if not commas:
        return False
    if point:
        raise InputError(
            f"numbers with a decimal comma ('{commas[0]}') and with a decimal point ('{point}').",
            where=where,
            hint="Write all numbers alike, with a decimal point and nothing between thousands.",
        )
    if separator == "\t" and all(map(_THOUSANDS.fullmatch, commas)):
        raise InputError(
            f"'{commas[0]}' may have a decimal comma or a comma between thousands.",
            where=where,
            hint="Write numbers with a decimal point and nothing between thousands.",
        )
    return True


def to_number(cell: str, *, decimal_comma: bool = False) -> float:
    """Turn a cell into a number; a blank one is NaN.

    Raises
    ------
    ValueError
        If it is no number.
    """
    bare = cell.strip()
    if not bare:
        return float("nan")
    if "_" in bare:  # Python would read 1_000
        raise ValueError(f"'{cell}' is no number")
    return float(bare.replace(",", ".") if decimal_comma else bare)
