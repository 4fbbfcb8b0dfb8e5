"""What the columns of a table mean, whoever wrote it, and which one names the files.

Understood are plain rank words (``Family``, ``family_name``, ``taxon_family_name``, ``Family1``),
Darwin Core with or without a prefix (GBIF, iDigBio), BOLD, iNaturalist, AVONET and Hugging Face. A
column counts as a rank only if nothing else stands in its header: ``familyKey``, ``order_taxID``
and ``taxonRank`` are none.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.rank_names import STANDARD_RANKS

FILLERS = frozenset(
    ("name", "names", "taxon", "taxa", "tax", "latin", "scientific", "accepted", "valid", "current")
)
# Rank words of other languages; one alone may be a common word, so two of a language are needed.
LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "German": {"reich": "kingdom", "stamm": "phylum", "klasse": "class", "ordnung": "order",
               "familie": "family", "gattung": "genus", "art": "species"},
    "French": {"regne": "kingdom", "embranchement": "phylum", "classe": "class", "ordre": "order",
               "famille": "family", "genre": "genus", "espece": "species"},
    "Spanish": {"reino": "kingdom", "filo": "phylum", "clase": "class", "orden": "order",
                "familia": "family", "genero": "genus", "especie": "species"},
    "Portuguese": {"reino": "kingdom", "filo": "phylum", "classe": "class", "ordem": "order",
                   "familia": "family", "genero": "genus", "especie": "species"},
    "Italian": {"regno": "kingdom", "phylum": "phylum", "classe": "class", "ordine": "order",
                "famiglia": "family", "genere": "genus", "specie": "species"},
}  # fmt: skip
FILE_WORDS = (
    "file", "file name", "filename", "file path", "filepath", "image file", "image filename",
    "imagefile", "image path", "imagepath", "image name", "image", "photo file", "photo filename",
    "photo path", "photo name", "photo", "image file", "picture", "img file", "img path",
    "img name", "img", "local path", "path",
)  # fmt: skip
OWN = {
    "specimen id": "specimen_id",
    "specimenid": "specimen_id",
    "view": "view",
    "source": "source",
    "split": "split",
}
SCIENTIFIC = (
    "accepted scientific name",
    "scientific name",
    "scientificname",
    "verbatim scientific name",
    "binomial",
    "binomial name",
    "latin name",
    "taxon name",
    "taxon",
)
EPITHET = ("specific epithet", "specificepithet", "species epithet", "epithet")
TAXON_RANK = ("taxon rank", "taxonrank")
BINOMIAL_RANKS = (
    "species",
    "subspecies",
    "variety",
    "form",
    "infraspecific",
    "infraspecies",
    "forma",
)
IMAGE_NAME = re.compile(
    r"\.(?:jpe?g|jpe|jfif|png|tiff?|bmp|webp|gif|jp2|j2k|avif|hei[cf]|nef|cr[23]|arw|dng)$",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"(?:https?|ftp|s3|gs)://", re.IGNORECASE)
MOSTLY = 0.5


@dataclass(frozen=True)
class Headers:
    """What columns mean.

    Parameters
    ----------
    ranks : mapping of str to str
        Rank word to column; standard ranks only.
    files : tuple of str
        Columns that may name image files, most likely first.
    own : mapping of str to str
        ``specimen_id``, ``view``, ``source`` and ``split`` to their column.
    scientific, epithet, taxon_rank : str
        Columns of full names, of epithets and of the rank of each name; blank where there is none.
    problems : tuple of Problem
        Which of several columns was taken.
    """

    ranks: Mapping[str, str]
    files: tuple[str, ...]
    own: Mapping[str, str] = field(default_factory=dict)
    scientific: str = ""
    epithet: str = ""
    taxon_rank: str = ""
    problems: tuple[Problem, ...] = ()


def understand(columns: Sequence[str]) -> Headers:
    """Say what the columns of a table mean.

    Examples
    --------
    >>> understand(["dwc:family", "Species1", "familyKey", "sex", "File name"]).ranks
    {'family': 'dwc:family', 'species': 'Species1'}
    """
    words = {name: header_words(name) for name in columns}
    joined = {name: " ".join(parts) for name, parts in words.items()}
    candidates: dict[str, list[str]] = {}
    foreign = _language(words)
    for name, parts in words.items():
        if rank := (_rank_of(parts) or _foreign_rank(parts, foreign)):
            candidates.setdefault(rank, []).append(name)
    ranks, problems = {}, []
    for rank, names in candidates.items():
        best = min(
            names, key=lambda name: (_directness(name, words[name], rank), names.index(name))
        )
        ranks[rank] = best
        if len(names) > 1:
            others = ", ".join(f"'{name}'" for name in names if name != best)
            said = f"the column '{best}' is read as {rank}, not {others} (--ranks to choose)"
            problems.append(Problem("several-rank-columns", "note", said))
    return Headers(
        ranks=ranks,
        files=tuple(name for wanted in FILE_WORDS for name in columns if joined[name] == wanted),
        own=_own(columns, joined),
        scientific=_first(columns, joined, SCIENTIFIC),
        epithet=_first(columns, joined, EPITHET),
        taxon_rank=_first(columns, joined, TAXON_RANK),
        problems=tuple(problems),
    )


def _own(columns: Sequence[str], joined: Mapping[str, str]) -> dict[str, str]:
    """Find columns with a meaning of their own; of several, that of its very name or the first."""
    found: dict[str, str] = {}
    for name in columns:
        own = OWN.get(joined[name])
        if own and (own not in found or name == own):
            found[own] = name
    return found


def header_words(name: str) -> list[str]:
    """Divide a header into lower-case words, without the prefix of a vocabulary.

    Examples
    --------
    >>> header_words("http://rs.tdwg.org/dwc/terms/scientificName")
    ['scientific', 'name']
    """
    bare = unicodedata.normalize("NFD", name.strip())
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    if "://" in bare:
        bare = re.split(r"[/#]", bare)[-1]
    bare = bare.rsplit(":", 1)[-1]
    bare = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)", " ", bare)
    return [word for word in re.split(r"[^A-Za-z0-9]+", bare.lower()) if word]


def _rank_of(words: Sequence[str]) -> str | None:
    """Return the rank of a header in which nothing but fillers and numbers stands beside it."""
    found = [word for word in words if word in STANDARD_RANKS]
    rest = [word for word in words if word not in found]
    if len(found) != 1 or not all(word in FILLERS or word.isdigit() for word in rest):
        return None
    return found[0]


def _language(words: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """Return the rank words of the language in which two or more headers are ranks."""
    every = set(chain.from_iterable(words.values()))
    best = max(LANGUAGES.values(), key=lambda known: len(every & known.keys()))
    return best if len((every & best.keys()) - set(STANDARD_RANKS)) > 1 else {}


def _foreign_rank(words: Sequence[str], foreign: Mapping[str, str]) -> str | None:
    return foreign.get(words[0]) if len(words) == 1 else None


def _directness(name: str, words: Sequence[str], rank: str) -> tuple[int, int, int]:
    """Sort plain rank words first, then those with fewer words, then lower numbers."""
    numbers = [int(word) for word in words if word.isdigit()]
    return (name.strip().lower() != rank, len(words) - len(numbers), numbers[0] if numbers else 0)


def _first(columns: Sequence[str], joined: Mapping[str, str], wanted: Sequence[str]) -> str:
    return next((name for word in wanted for name in columns if joined[name] == word), "")


def file_column(
    frame: pd.DataFrame, rows: Sequence[str], named: Sequence[str], where: Path, *, needed: bool
) -> tuple[pd.DataFrame, list[Problem]]:
    """Give the table a column ``file``; number the rows where none is needed and there.

    Parameters
    ----------
    frame : DataFrame
        Text.
    rows : sequence of str
        Names of the rows, for messages.
    named : sequence of str
        Columns whose headers speak of files, most likely first.
    where : Path
        The table.
    needed : bool
        Whether images are to be opened.

    Raises
    ------
    InputError
        If there is no such column, it holds web addresses, a cell is blank, or a file is named
        twice.
    """
    chosen, problems = _choose(frame, named, where, needed=needed)
    if chosen is None:
        return frame.assign(file=list(rows)), problems
    frame = frame.drop(columns="file").rename(columns={chosen: "file"}) if (
        chosen != "file" and "file" in frame
    ) else frame.rename(columns={chosen: "file"})  # fmt: skip
    blank = [rows[place] for place, value in enumerate(frame["file"]) if value is None]
    if blank:
        raise InputError("rows without a file name.", where=where, ids=blank)
    # Windows paths name the same files.
    frame = frame.assign(file=[str(value).replace("\\", "/") for value in frame["file"]])
    repeated = frame["file"][frame["file"].duplicated()].unique()
    if len(repeated):
        raise InputError("files named in more than one row.", where=where, ids=list(repeated))
    return frame, problems


def _choose(
    frame: pd.DataFrame, named: Sequence[str], where: Path, *, needed: bool
) -> tuple[str | None, list[Problem]]:
    addresses = [name for name in named if _share(frame[name], ADDRESS) > MOSTLY]
    usable = [name for name in named if name not in addresses and frame[name].notna().any()]
    likely = [name for name in usable if _share(frame[name], IMAGE_NAME) > MOSTLY]
    if not usable:
        if not needed:
            return None, []
        raise _without_files(frame, addresses, where)
    chosen = (likely or usable)[0]
    others = [name for name in named if name != chosen]
    if not others:
        return chosen, []
    said = f"the column '{chosen}' names the image files, not {', '.join(others)}"
    return chosen, [Problem("file-column", "note", said)]


def _share(column: pd.Series, expression: re.Pattern[str]) -> float:
    known = [value for value in column if value is not None]
    return sum(expression.search(value) is not None for value in known) / max(1, len(known))


def _without_files(frame: pd.DataFrame, addresses: Sequence[str], where: Path) -> InputError:
    columns = ", ".join(map(str, frame.columns))
    if addresses:
        return InputError(
            f"the column '{addresses[0]}' holds web addresses, not files; columns: {columns}.",
            where=where,
            hint="Download the images and name each row's file in a column 'file'.",
        )
    hint = f"Name that column 'file' (also understood: {', '.join(FILE_WORDS[1:6])}, ...)."
    seeming = [name for name in frame.columns if _share(frame[name], IMAGE_NAME) > MOSTLY]
    if seeming:
        hint = f"If '{seeming[0]}' names the files, call it 'file'."
    return InputError(f"no column of image files; columns: {columns}.", where=where, hint=hint)
