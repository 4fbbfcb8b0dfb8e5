"""Read specimens from a metadata table, nested folders, or the names of the image files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.specimens import _names, _table
from phylolens.specimens._table import read_table
from phylolens.taxonomy import find_ranks, require_coarse_to_fine

RESERVED = ("file", "specimen_id", "view", "source", "split", "path")
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif")


@dataclass(frozen=True)
class Specimens:
    """A validated table of images: one row an image.

    Parameters
    ----------
    table : DataFrame
        Columns ``file`` (unique id, as given), ``path``, ``specimen_id``, the rank columns
        (missing = unknown), and where given ``view``, ``source``, ``split``.
    ranks : tuple of str
        Rank columns, coarse to fine.
    problems : tuple of Problem
        What was found wrong.
    has_specimen_ids : bool
        Whether the input named specimens; otherwise every image is its own specimen.
    """

    table: pd.DataFrame
    ranks: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    has_specimen_ids: bool = False

    def __len__(self) -> int:
        return len(self.table)


def read_specimens(
    *,
    meta: Path | None = None,
    images: Path | None = None,
    pattern: str | None = None,
    ranks: Sequence[str] | None = None,
    need_files: bool = True,
    results: Path | None = None,
) -> Specimens:
    """Read specimens; give a table, or a folder with labels in folder or file names.

    Parameters
    ----------
    meta : Path, optional
        CSV, TSV or parquet with a ``file`` column and rank columns.
    images : Path, optional
        Folder that relative file names refer to; without ``meta`` it is searched for images.
    pattern : str, optional
        File-name pattern such as ``{order}_{family}_{genus}_{species}_{n}``.
    ranks : sequence of str, optional
        Rank columns, coarse to fine; by default the standard rank names present.
    need_files : bool
        Whether the table must name image files; a plain taxonomy does not.
    results : Path, optional
        Results directory; pictures below it are figures, not specimens.

    Raises
    ------
    InputError
        If nothing can be read; single bad rows become problems instead.
    """
    if meta is None and images is None:
        raise InputError(
            "no specimens given.", hint="Give a table with --meta, a folder with --images, or both."
        )
    if images is not None and not images.is_dir():
        raise InputError(
            "no such folder.", where=images, hint="Give an existing folder to --images."
        )
    if meta is not None:
        problems: list[Problem] = []
        table = read_table(meta)
        table = _locate(
            _table.name_file_column(table, meta, needed=need_files), meta.parent, images
        )
    else:
        assert images is not None
        table, ranks, problems = _from_folder(images, pattern, ranks, results)
    return _finish(table, ranks, problems, where=meta or images)


def _locate(table: pd.DataFrame, folder: Path, images: Path | None) -> pd.DataFrame:
    """Add ``path``: relative to --images first, then to the table's own folder."""
    roots = [root for root in (images, folder) if root is not None]

    def path(name: str) -> Path:
        found = (root / name for root in roots if (root / name).is_file())
        return next(found, roots[0] / name)

    return table.assign(path=[path(name) for name in table["file"]])


def _from_folder(
    images: Path, pattern: str | None, ranks: Sequence[str] | None, results: Path | None
) -> tuple[pd.DataFrame, Sequence[str] | None, list[Problem]]:
    files = picture_files(images, results)
    names = [path.relative_to(images).as_posix() for path in files]
    read = _names.from_pattern if pattern else _names.from_folders
    labels, ranks, problems = read(names, pattern, ranks, images)
    return labels.assign(file=names, path=files), ranks, problems


def picture_files(images: Path, results: Path | None = None) -> list[Path]:
    """List the pictures below a folder, sorted; those of a results directory are left out.

    Raises
    ------
    InputError
        If there are none.
    """
    files = sorted(path for path in images.rglob("*") if _is_specimen(path, images, results))
    if not files:
        raise InputError(
            f"no images ({', '.join(IMAGE_ENDINGS)}) in this folder.",
            where=images,
            hint="Give the folder that holds the pictures.",
        )
    return files


def _is_specimen(path: Path, images: Path, results: Path | None) -> bool:
    """Whether a file is a picture, not hidden, no archiver's copy, and no figure of a report."""
    parts = path.relative_to(images).parts
    if path.suffix.lower() not in IMAGE_ENDINGS or any(map(_is_hidden, parts)):
        return False
    return results is None or not path.resolve().is_relative_to(results.resolve())


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


def _finish(
    table: pd.DataFrame, ranks: Sequence[str] | None, problems: list[Problem], where: object
) -> Specimens:
    """Settle ranks, ids and blanks; keep only columns with a meaning."""
    candidates = [name for name in table.columns if name not in RESERVED]
    if ranks is not None:
        _require_columns(ranks, candidates, where)
        require_coarse_to_fine(table, ranks, where)
    found = tuple(ranks) if ranks is not None else find_ranks(table, candidates)
    blank = [name for name in found if table[name].isna().all()]
    found = tuple(name for name in found if name not in blank)
    if blank:
        problems.append(
            Problem("blank-rank", "warning", "rank columns without a value", tuple(blank))
        )
    if not found:
        raise InputError(
            f"no rank columns found; columns: {', '.join(candidates) or 'none besides the file'}.",
            where=where,
            hint="Name them with --ranks, coarse to fine, such as --ranks order,family,species.",
        )
    unused = [name for name in candidates if name not in found and name not in blank]
    if unused:
        message = (
            "columns that are no standard rank are not used (name them with --ranks to use them)"
        )
        problems.append(Problem("unknown-columns", "note", message, tuple(unused)))
    has_ids = "specimen_id" in table.columns and bool(table["specimen_id"].notna().any())
    table = _names.full_species_names(table, found, problems)
    table["specimen_id"] = table["specimen_id"].fillna(table["file"]) if has_ids else table["file"]
    kept = [name for name in (*RESERVED[:2], *found, *RESERVED[2:]) if name in table.columns]
    return Specimens(table[kept].reset_index(drop=True), found, tuple(problems), has_ids)


def _require_columns(ranks: Sequence[str], candidates: Sequence[str], where: object) -> None:
    missing = [name for name in ranks if name not in candidates]
    if missing:
        raise InputError(
            f"no such rank columns; found: {', '.join(candidates)}.",
            where=where,
            ids=missing,
            hint="Give --ranks names among those found, coarse to fine.",
        )
    repeated = [name for place, name in enumerate(ranks) if name in ranks[:place]]
    if repeated:
        raise InputError("a rank is named twice.", where="--ranks", ids=repeated)
