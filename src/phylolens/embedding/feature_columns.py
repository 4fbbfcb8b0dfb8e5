"""From a table with numbers to features: which column holds ids, which hold features.

A number beside the features (year, latitude) is never read as one in silence: where the table has
columns of text, too, features are a column of lists or columns numbered as features are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from phylolens.errors import some

ID_WORDS = (
    "id", "ids", "file", "file_name", "filename", "filepath", "file_path", "path", "image",
    "image_path", "image_id", "uuid", "specimen_id", "specimen", "name", "taxon", "label",
)  # fmt: skip
INDEX = "__index_level_0__"
_NUMBERED = re.compile(
    r"(?:f|feat|feature|features|e|emb|embedding|embeddings|dim|dims|d|pc|pca|v|x|z|h|latent|var|"
    r"component|comp|column|col|umap|tsne|logit|unit|neuron|axis)?[_\-. ]*\d+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Columns:
    """A table as columns of three kinds.

    Parameters
    ----------
    text : dict of str to list
        Columns of text; None where empty.
    numbers : dict of str to array
        Columns of numbers; NaN where empty.
    vectors : dict of str to array
        Columns of lists, shape (n, d).
    order : list of str
        Names in the order of the file; the index of pandas comes last.
    index : str
        The column that is the index of pandas; blank if there is none.
    """

    text: dict[str, list[str | None]]
    numbers: dict[str, np.ndarray]
    vectors: dict[str, np.ndarray]
    order: list[str]
    index: str = ""


@dataclass(frozen=True)
class Chosen:
    """Ids, features and labels of a table.

    Parameters
    ----------
    mark : str
        Header of the ids.
    ids : list of str
    matrix : array, shape (n, d)
    labels : DataFrame
        The other columns of text.
    notes : list of str
    """

    mark: str
    ids: list[str]
    matrix: np.ndarray
    labels: pd.DataFrame
    notes: list[str] = field(default_factory=list)


def choose(columns: Columns) -> Chosen:
    """Choose ids and features.

    Raises
    ------
    ValueError
        If there are no ids or no features, or it is uncertain which numbers are features.
    """
    mark = _id_column(columns)
    ids = _ids(columns, mark)
    text = {name: cells for name, cells in columns.text.items() if name != mark}
    numbers = {name: cells for name, cells in columns.numbers.items() if name != mark}
    notes: list[str] = []
    if columns.vectors:
        matrix = _vectors(columns.vectors)
        unused = list(numbers)
    else:
        taken = _feature_columns(numbers, text)
        unused = [name for name in numbers if name not in taken]
        matrix = np.column_stack([numbers[name] for name in taken]).astype(np.float64)
    if unused:
        notes.append(f"columns of numbers that are no features are not used: {some(unused)}")
    labels = pd.DataFrame(text, index=range(len(ids)), dtype=object)
    return Chosen(mark, ids, matrix, labels, notes)


def _id_column(columns: Columns) -> str:
    names = columns.order
    if not names or len(names) + bool(columns.vectors) < 2:
        raise ValueError("a column of ids and at least one of numbers are needed")
    if columns.index and columns.index in (*columns.text, *columns.numbers):
        return columns.index
    first = names[0]
    if first in columns.text and not _is_numbering(first, columns.text[first]):
        return first
    lower = {name.lower().replace(" ", "_"): name for name in columns.text}
    named = next((lower[word] for word in ID_WORDS if word in lower), None)
    if named is not None:
        return named
    if len(columns.text) == 1 or first in columns.text:
        return next(iter(columns.text))
    if first in columns.numbers and _are_whole(columns.numbers[first]):
        return first
    raise ValueError("no column of ids: the first column should hold them")


def _is_numbering(name: str, cells: list[str | None]) -> bool:
    """Whether a column without a name but numbers the rows, as the index that pandas writes."""
    n = len(cells)
    return (not name or name.startswith("Unnamed: ")) and cells in (
        [str(k) for k in range(n)],
        [str(k) for k in range(1, n + 1)],
    )


def _ids(columns: Columns, mark: str) -> list[str]:
    if mark in columns.text:
        cells = columns.text[mark]
        blank = [number + 1 for number, cell in enumerate(cells) if not cell]
        if blank:
            raise ValueError(f"rows without an id: {some(blank)}")
        return [str(cell) for cell in cells]
    return [str(int(value)) for value in columns.numbers[mark]]


def _are_whole(values: np.ndarray) -> bool:
    """Whether numbers may be ids: whole, and none twice."""
    if not len(values) or not np.isfinite(values).all() or (values != np.floor(values)).any():
        return False
    return len(np.unique(values)) == len(values)


def _feature_columns(
    numbers: dict[str, np.ndarray], text: dict[str, list[str | None]]
) -> Sequence[str]:
    if not numbers:
        raise ValueError("a column of ids and at least one of numbers are needed")
    numbered = [name for name in numbers if _NUMBERED.fullmatch(name)]
    if len(numbered) > 1 or (numbered and text):
        return numbered
    if text:
        raise ValueError(
            f"columns of text ({some(text)}) stand beside columns of numbers ({some(numbers)}), "
            "and which are features is uncertain; leave only the ids and the features, or name "
            "the features f0, f1, ..."
        )
    return list(numbers)


def _vectors(vectors: dict[str, np.ndarray]) -> np.ndarray:
    if len(vectors) > 1:
        raise ValueError(f"several columns hold lists of numbers ({some(vectors)}); leave one")
    return next(iter(vectors.values()))
