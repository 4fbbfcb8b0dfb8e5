"""Which values name no taxon: one rule for tables, folders and file names.

``blank`` values say nothing (``NA``, ``#N/A``, ``-``); ``placeholder`` values say that the taxon is
not known (``Incertae sedis``, ``unidentified``). Names in open nomenclature name a coarser taxon:
``Quercus sp.`` is no species, and ``Castanea cf. sativa`` is surely a Castanea only.
"""

import re
from dataclasses import dataclass

from phylolens.specimens.names import canonical

_BLANKS = frozenset(
    (
        *("", "na", "n/a", "n.a.", "n/d", "n.d.", "#n/a", "#na", "#ref!", "#value!", "#name?"),
        *("<na>", "nan", "null", "none", "nil", "?", "??", "???", "-", "--", "---", "\\n"),
        *(".", "..", "...", "missing", "blank", "empty", "void", "tbd", "tba", "unspecified"),
        *("not applicable", "not available", "not known", "not recorded", "not given"),
        *("not specified", "no data", "no name", "no value", "to be determined"),
    )
)
_UN = (
    r"(?:un|not[ -])(?:identified|identifiable|classified|classifiable|assigned|known|placed|"
    r"determined|determinable|described|resolved|named|ranked|sorted|labell?ed|categori[sz]ed|"
    r"verified|certain)"
)
_WORDS = rf"(?:{_UN}|unk\.?|unid\.?|undet\.?|indet\.?|indeterminate|indeterminata|indeterminatus)"
_SEDIS = r"(?:incertae ?sedis|incert\. sed\.|inc\. ?sed\.|inc\. sedis|incerta sedis)"
_RANK_WORD = (
    r"(?:kingdom|phylum|division|class|order|family|subfamily|tribe|genus|species|taxon|taxa|group|"
    r"ord\.|fam\.|gen\.|sp\.|spp\.|sp)"
)
# A placeholder stands alone, with a rank or number, or beside the name of a coarser taxon.
_PLACEHOLDER = re.compile(
    rf"{_WORDS}(?: {_RANK_WORD})*(?: [\w.]+)?(?: {_WORDS})?(?: ?#?\d+)?"
    rf"|(?:{_RANK_WORD} )+(?:{_WORDS}|{_SEDIS}|nov\.?)?(?: ?#?\d+)?"
    rf"|[^\W\d][\w.-]* (?:{_RANK_WORD} )*{_WORDS}"
    rf"|(?:.* )?{_SEDIS}(?: {_RANK_WORD})?(?: ?#?\d+)?"
)
_BRACKETS = re.compile(r"^[\[({<](.*)[\])}>]$")
_NO_SPECIES = re.compile(
    r"(?:[^\W\d][\w-]* )?(?:n\. |gen\. |gen\. et )?"
    r"(?:sp|spp|spec|species|ssp|subsp|sspp|indet|undet)\.?"
    r"(?: (?:n|nov|indet|undet)\.?| non det\.?| \(?indet\.?\)?)*",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:[^\W\d][\w-]* )?(?:cf\.? |aff\.? )?(?:n\. )?(?:sp|spp|spec|species|morphosp|morphospecies|"
    r"msp|otu)\.?(?: ?nov\.?| ?n\.?)? ?[\"'#]?(?:[A-Z]|\d+[a-z]?|[A-Z]+[:\d]\S*)[\"']?",
)
_UNSURE = re.compile(r"(?:^| |\()(?:cf|aff|nr)\b\.?|^\?|\?$| \? ", re.IGNORECASE)
MISSING, PLACEHOLDER, NO_SPECIES, UNSURE, NUMBERED = (
    "blank",
    "placeholder",
    "no species",
    "uncertain",
    "numbered",
)
_NO_SUBSPECIES = re.compile(r"(.+ .+) (?:ssp|subsp|sspp|var|f)\.?( indet\.?)?", re.IGNORECASE)
SPECIES_RANKS = ("species", "subspecies", "infraspecies", "variety", "form")


@dataclass(frozen=True)
class Reading:
    """What a cell says of a taxon.

    Parameters
    ----------
    name : str or None
        The canonical name; None where no taxon of the rank is named.
    why : str
        Why it is unknown, or what is worth a note; blank for a plain name.
    genus : str
        Of a species that is not (surely) known: the genus it still names, if any.
    """

    name: str | None
    why: str = ""
    genus: str = ""


def is_blank(value: object) -> bool:
    """Whether a cell of any column holds nothing but a sign for nothing.

    Examples
    --------
    >>> is_blank("#N/A"), is_blank("Nana")
    (True, False)
    """
    return canonical(value).casefold() in _BLANKS


def is_placeholder(value: object) -> bool:
    """Whether a name says that the taxon is not known.

    Examples
    --------
    >>> is_placeholder("(unclassified)"), is_placeholder("Unio")
    (True, False)
    """
    return _is_placeholder(canonical(value))


def _is_placeholder(text: str) -> bool:
    inner = _BRACKETS.match(text)
    bare = (inner.group(1) if inner else text).replace("-", " ").strip().casefold()
    return bare in _BLANKS or _PLACEHOLDER.fullmatch(bare) is not None


def read_label(value: object, rank: str) -> Reading:
    """Read one label of a rank.

    Parameters
    ----------
    value : str
        As written; None is unknown.
    rank : str
        In species and finer ranks, open nomenclature (``sp.``, ``cf.``, ``aff.``) counts.

    Examples
    --------
    >>> read_label("Quercus sp.", "species")
    Reading(name=None, why='no species', genus='Quercus')
    """
    if value is None:
        return Reading(None)
    text = canonical(value)
    if text.casefold() in _BLANKS:
        return Reading(None, MISSING if text else "")
    open_name = rank in SPECIES_RANKS and _NO_SPECIES.fullmatch(text)
    if _is_placeholder(text) and not (open_name and _genus(text)):
        return Reading(None, PLACEHOLDER)
    if open_name:
        return Reading(None, NO_SPECIES, _genus(text))
    if rank == "species" and (above := _NO_SUBSPECIES.fullmatch(text)):
        return Reading(above.group(1))
    if rank in SPECIES_RANKS and _NUMBERED.fullmatch(text):
        return Reading(text, NUMBERED)
    if _UNSURE.search(text):
        return Reading(None, UNSURE, _genus(text) if rank in SPECIES_RANKS else "")
    return Reading(text)


def _genus(text: str) -> str:
    """Return the genus that a name in open nomenclature begins with, if it is sure."""
    first = text.split(" ")[0]
    if _is_placeholder(first):
        return ""
    return (
        first if re.fullmatch(r"[^\W\d_]{2,}(?:-[^\W\d_]+)?", first) and first[0].isupper() else ""
    )
