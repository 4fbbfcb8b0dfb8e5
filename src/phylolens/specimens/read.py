"""Read specimens from a metadata table, nested folders, or the names of the image files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.specimens.headers import Headers, file_column, understand
from phylolens.specimens.image_files import find_images
from phylolens.specimens.labels import clean_labels
from phylolens.specimens.locate import FileFinder
from phylolens.specimens.near_names import qualify_homonyms
from phylolens.specimens.other_columns import (
    other_columns,
    with_endings,
    without_blanks,
)
from phylolens.specimens.patterns import from_folders, from_pattern
from phylolens.specimens.rank_columns import RankColumns, label_ranks, rank_columns
from phylolens.specimens.split import are_splits, given_split, split_word
from phylolens.specimens.table import load_table
from phylolens.specimens.unknown import is_blank

RESERVED = ("file", "specimen_id", "view", "source", "split", "path")
BESIDE_IMAGES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")  # as Hugging Face has it
SHOWN_EXAMPLES = 3


@dataclass(frozen=True)
class Specimens:
    """A validated table of images: one row an image.

    Parameters
    ----------
    table : DataFrame
        Columns ``file`` (unique id, as given), ``path``, ``specimen_id``, the rank columns
        (missing = unknown), where given ``view``, ``source``, ``split``, and ``others``.
    ranks : tuple of str
        Rank columns, coarse to fine.
    problems : tuple of Problem
        What was found wrong.
    has_specimen_ids : bool
        Whether the input named specimens; otherwise every image is its own specimen.
    columns : mapping of str to str
        Which column of the input each rank was read from.
    others : tuple of str
        Columns that are no rank and may be confounds; the ending of file names is one.

    Examples
    --------
    >>> import pandas as pd
    >>> from phylolens import as_specimens
    >>> table = pd.DataFrame({"file": ["1.jpg", "2.jpg"], "Family": ["Arcidae", "Veneridae"]})
    >>> specimens = as_specimens(table)
    >>> len(specimens), specimens.ranks, specimens.examples
    (2, ('family',), ['1.jpg: family Arcidae', '2.jpg: family Veneridae'])
    """

    table: pd.DataFrame
    ranks: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    has_specimen_ids: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ranks_read(self) -> str:
        """The ranks, and the columns they come from where these have other names."""
        named = [(rank, self.columns.get(rank, rank)) for rank in self.ranks]
        return ", ".join(
            rank if column == rank else f"{rank} (from {column})" for rank, column in named
        )

    @property
    def examples(self) -> list[str]:
        """Three images with the labels that were read: the first, the middle and the last one."""
        n = len(self.table)
        places = sorted({0, n // 2, n - 1}) if n else []
        found = []
        for row in self.table.iloc[places[:SHOWN_EXAMPLES]].to_dict("records"):
            labels = [f"{rank} {row[rank] or '?'}" for rank in self.ranks]
            found.append(f"{row['file']}: {', '.join(labels)}")
        return found


def read_specimens(
    meta: str | Path | None = None,
    *,
    images: str | Path | None = None,
    pattern: str | None = None,
    ranks: Sequence[str] | None = None,
    need_files: bool = True,
    results: str | Path | None = None,
) -> Specimens:
    r"""Read specimens; give a table, or a folder with labels in folder or file names.

    Parameters
    ----------
    meta : str or Path, optional
        CSV, TSV, XLSX, parquet or JSON lines with a column of files and rank columns.
    images : str or Path, optional
        Folder that relative file names refer to; without ``meta`` it is searched for images. A
        ``metadata.csv``, ``.jsonl`` or ``.parquet`` directly in it is read as ``meta``.
    pattern : str, optional
        File-name pattern such as ``{order}_{family}_{genus}_{species}_{n}``.
    ranks : sequence of str, optional
        Rank columns, coarse to fine; by default those with standard rank names.
    need_files : bool
        Whether the table must name image files; a plain taxonomy does not.
    results : str or Path, optional
        Results directory; images below it are figures, not specimens.

    Returns
    -------
    Specimens
        One row an image, and the list of problems.

    Raises
    ------
    InputError
        If nothing can be read; single bad rows become problems instead.

    Examples
    --------
    >>> from pathlib import Path
    >>> from phylolens import read_specimens
    >>> _ = Path("taxa.csv").write_text("taxon,family,genus\nx,Arcidae,Arca\ny,Arcidae,\n")
    >>> specimens = read_specimens("taxa.csv", need_files=False)
    >>> specimens.ranks, len(specimens)
    (('family', 'genus'), 2)
    """
    meta, images, results = (None if one is None else Path(one) for one in (meta, images, results))
    if meta is None and images is None:
        raise InputError(
            "no specimens given.", hint="Give a table with --meta, a folder with --images, or both."
        )
    if images is not None and not images.is_dir():
        raise InputError(
            "no such folder.", where=images, hint="Give an existing folder to --images."
        )
    problems: list[Problem] = []
    if meta is None and pattern is None and images is not None:
        beside = [images / name for name in BESIDE_IMAGES if (images / name).is_file()]
        if len(beside) == 1:
            meta = beside[0]
            said = f"the table '{meta.name}' in the folder of images is read (--meta to choose)"
            problems.append(Problem("table", "note", said))
    if meta is not None:
        return _from_table(meta, images, ranks, problems, need_files=need_files)
    assert images is not None
    table, found, more = _from_folder(images, pattern, ranks, results)
    columns = label_ranks(table, found, images)
    return _finish(table, columns, [*problems, *more], where=images)


def _from_table(
    meta: Path,
    images: Path | None,
    ranks: Sequence[str] | None,
    problems: list[Problem],
    *,
    need_files: bool,
) -> Specimens:
    loaded = load_table(meta)
    headers = understand(list(loaded.frame.columns))
    frame, found = file_column(loaded.frame, loaded.rows, headers.files, meta, needed=need_files)
    columns, frame = rank_columns(_own_names(frame, headers), headers, ranks, meta)
    roots = [root for root in (images, meta.parent) if root is not None]
    finder = FileFinder(roots)
    frame["path"] = [finder.find(name) for name in frame["file"]]
    problems = [*problems, *loaded.notes, *found, *columns.problems]
    return _finish(frame, columns, problems, where=meta)


def as_specimens(value: Any, *, ranks: Sequence[str] | None = None) -> Specimens:
    """Take labelled specimens: read before, a table in memory, or a file.

    Parameters
    ----------
    value : Specimens, DataFrame, str or Path
        Tables have a column ``file`` (or another name of it) and one column a rank; without a file
        column the index names the rows.
    ranks : sequence of str, optional
        Rank columns, coarse to fine, where headers do not tell.

    Returns
    -------
    Specimens
        One row a row of the table.

    Raises
    ------
    InputError
        If there are no ranks.

    Examples
    --------
    >>> import pandas as pd
    >>> from phylolens import as_specimens
    >>> table = pd.DataFrame({"species": ["Arca noae", "Arca sp."]}, index=["1.jpg", "2.jpg"])
    >>> as_specimens(table).table["species"].tolist()
    ['Arca noae', None]
    """
    if isinstance(value, Specimens):
        return value
    if isinstance(value, str | Path):
        return read_specimens(meta=Path(value), ranks=ranks, need_files=False)
    if not isinstance(value, pd.DataFrame):
        raise InputError(
            f"expected Specimens, a DataFrame or a file; got {type(value).__name__}.",
            where="specimens",
        )
    frame = value.astype(object).where(value.notna(), None)
    frame.columns = [str(name) for name in frame.columns]
    ids = [str(name) for name in frame.get("file", frame.index)]
    found = specimens_of_labels(frame.reset_index(drop=True), ids, ranks, "specimens")
    if found is None:
        raise InputError(
            "no column is a rank.",
            where="specimens",
            ids=list(frame.columns),
            hint="Name the rank columns, coarse to fine, with ranks=.",
        )
    return found


def specimens_of_labels(
    frame: pd.DataFrame, ids: Sequence[str], ranks: Sequence[str] | None, where: object
) -> Specimens | None:
    """Take the labels that a file of features brings; None where it names no rank.

    Parameters
    ----------
    frame : DataFrame
        Columns of text, one row a feature.
    ids : sequence of str
        What the rows are called.
    ranks : sequence of str, optional
        Rank columns the user names.
    where : path or str
        For messages.
    """
    headers = understand(list(frame.columns))
    if ranks is None and not headers.ranks and not headers.scientific:
        return None
    if ranks is not None and not {rank.lower() for rank in ranks} <= {
        *(name.lower() for name in frame.columns),
        *headers.ranks,
    }:
        return None
    named = _own_names(frame.drop(columns="file", errors="ignore"), headers).assign(file=list(ids))
    columns, table = rank_columns(named, headers, ranks, where)
    return _finish(table, columns, list(columns.problems), where=where)


def _own_names(frame: pd.DataFrame, headers: Headers) -> pd.DataFrame:
    """Call ``specimen_id``, ``view``, ``source`` and ``split`` by these names; blank blanks."""
    frame = frame.rename(columns={name: own for own, name in headers.own.items() if name in frame})
    for own in headers.own:
        if own in frame:
            cells = [None if v is None or is_blank(v) else v for v in frame[own]]
            frame[own] = pd.Series(cells, index=frame.index, dtype=object)
    return frame


def _from_folder(
    images: Path, pattern: str | None, ranks: Sequence[str] | None, results: Path | None
) -> tuple[pd.DataFrame, Sequence[str], list[Problem]]:
    below = find_images(images, results)
    names = list(below.paths)
    if pattern is not None:
        labels, found, problems = from_pattern(names, pattern, ranks, images)
    else:
        labels, found, problems = from_folders(names, ranks, images)
    table = labels.assign(file=names, path=list(below.paths.values()))
    return table, found, [*below.problems, *problems]


def _finish(
    table: pd.DataFrame, columns: RankColumns, problems: list[Problem], where: object
) -> Specimens:
    """Clean the labels, settle ids and split; keep columns with a meaning or a possible one."""
    table, cleaned = clean_labels(table, columns.ranks)
    table, homonyms = qualify_homonyms(table, columns.ranks)
    problems = [*problems, *cleaned, *homonyms]
    blank = [name for name in columns.ranks if table[name].isna().all()]
    found = tuple(name for name in columns.ranks if name not in blank)
    if blank:
        problems.append(
            Problem("blank-rank", "warning", "rank columns without a value", tuple(blank))
        )
    if not found:
        raise InputError(
            "no rank has a value.",
            where=where,
            ids=blank,
            hint="Unknown labels are no classes; give at least one rank with names.",
        )
    parts = {value for value in table["split"] if value is not None} if "split" in table else set()
    if are_splits(parts) and len({split_word(part) for part in parts}) > 1:
        split, said = given_split(table["split"])
        problems += said
        table = table.drop(columns="split") if split is None else table.assign(split=split)
    has_ids = "specimen_id" in table.columns and bool(table["specimen_id"].notna().any())
    table["specimen_id"] = table["specimen_id"].fillna(table["file"]) if has_ids else table["file"]
    table = with_endings(table)
    others = other_columns(table, (*found, *blank))
    for name in others:
        table[name] = without_blanks(table[name])
    kept = [name for name in (*RESERVED[:2], *found, *RESERVED[2:]) if name in table.columns]
    kept += [name for name in others if name not in kept]
    return Specimens(
        table[kept].reset_index(drop=True), found, tuple(problems), has_ids, columns.names, others
    )
