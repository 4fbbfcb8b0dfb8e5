"""Columns of a table that are no rank: what else may make images of one taxon alike.

Institution, photographer, camera, file format, country and date say where images come from. None of
them is a label; each may be a confound (:mod:`phylolens.stats.confounds`).
"""

from collections.abc import Sequence

import pandas as pd

from phylolens.rank_names import STANDARD_RANKS
from phylolens.specimens.headers import header_words
from phylolens.specimens.unknown import is_blank

NEVER = ("file", "specimen_id", "split", "path", "sha256")
# Headers with one of these words say what a taxon is or is called, not where its images are from.
OF_TAXA = frozenset(
    (
        *("taxon", "taxa", "taxonomy", "taxonomic", "clade", "lineage", "scientific", "vernacular"),
        *("common", "epithet", "binomial", "authorship", "synonym", "otu"),
    )
)
FEW = 20  # values that a column may have in any table
MOSTLY = 0.5  # of the cells of a column of file names or addresses have an ending
OF_IMAGES = (
    *("jpg", "png", "tif", "gif", "bmp", "webp", "jp2", "j2k", "avif", "heic", "heif", "jfif"),
    *("nef", "cr2", "cr3", "arw", "dng"),
)
ENDING = "file ending"
FORMAT, SIZE, SHAPE = "image format", "image size", "image shape"
FILE_FACTS = (ENDING, FORMAT, SIZE, SHAPE)  # known of files, whatever the table says
OWN = ("view", "source")  # columns with a meaning of their own that may be confounds, too


def other_columns(frame: pd.DataFrame, ranks: Sequence[str]) -> tuple[str, ...]:
    """Name the columns that may be confounds.

    Parameters
    ----------
    frame : DataFrame
        Text, one row an image.
    ranks : sequence of str
        Columns that are ranks.

    Returns
    -------
    tuple of str
        Columns of two values or more, numbers or words that repeat: with more than 20 values, half
        as many values as rows at most. Names of taxa are none, whatever their language.
    """
    return tuple(
        str(name)
        for name in frame.columns
        if name not in NEVER
        and name not in ranks
        and not _of_taxa(str(name))
        and _repeats(frame[name])
    )


def _of_taxa(header: str) -> bool:
    words = header_words(header)
    return any(word in OF_TAXA or word in STANDARD_RANKS for word in words)


def _repeats(column: pd.Series) -> bool:
    values = {value for value in column.unique() if isinstance(value, str) and not is_blank(value)}
    if len(values) < 2:
        return False
    return len(values) <= max(FEW, len(column) // 2) or _are_numbers(values)


def _are_numbers(values: set[str]) -> bool:
    numbers = pd.to_numeric(pd.Series(sorted(values)), errors="coerce")
    return bool(numbers.notna().all())


def without_blanks(column: pd.Series) -> pd.Series:
    """Return a column in which cells that say nothing (``NA``, ``-``) are missing."""
    cells = [None if not isinstance(v, str) or is_blank(v) else v for v in column]
    return pd.Series(cells, index=column.index, dtype=object)


def with_endings(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the endings of file names and of addresses of images: formats go with their makers.

    Returns
    -------
    DataFrame
        With ``file ending``, and ``COLUMN ending`` for every other column of which half of the
        cells that are filled have the ending of an image.
    """
    added = {ENDING: file_endings(frame["file"])}
    for name in frame.columns:
        cells = frame[name].dropna()
        if name in NEVER or not len(cells) or not isinstance(cells.iloc[0], str):
            continue
        found = file_endings(frame[name]).where(lambda endings: endings.isin(OF_IMAGES))
        if found.notna().sum() >= MOSTLY * len(cells):
            added[f"{name} ending"] = found
    return frame.assign(**{name: new for name, new in added.items() if name not in frame})


def file_endings(names: pd.Series) -> pd.Series:
    """Return endings of file names and addresses: ``jpg`` for ``JPG`` and ``jpeg``, too.

    Examples
    --------
    >>> list(file_endings(pd.Series(["a/b.JPG", "c.d.png", "https://e.org/f.jpeg?size=2", "g"])))
    ['jpg', 'png', 'jpg', None]
    """
    bare = names.astype(str).str.split(r"[?#]", n=1, regex=True).str[0].str.rsplit("/", n=1).str[-1]
    found = bare.str.extract(r"\.([A-Za-z][A-Za-z0-9]{1,4})$", expand=False).str.lower()
    found = found.replace({"jpeg": "jpg", "jpe": "jpg", "tiff": "tif"})
    return found.astype(object).where(names.notna() & found.notna(), None)
