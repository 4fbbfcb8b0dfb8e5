"""What the columns of a table mean, whoever wrote it.

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

from phylolens.errors import Problem
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
