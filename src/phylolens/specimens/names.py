"""Names of taxa: one canonical form for classes, for matching and for checks.

Two names are equal when their :func:`key` is: after Unicode normalisation, without invisible
characters, with blanks for underscores, one sign for hybrids, and authorship, subgenus and case set
apart. Nothing else is guessed: ``Isoetes`` and ``Isoëtes`` stay two names, and so do
``novae-angliae`` and ``novae angliae``.
"""

import re
import unicodedata
from functools import lru_cache

HYBRID = "×"
_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u02b9\u2032\u00b4\u0060\uff07"), "'")
_QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u2033\uff02"), '"')
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-")
_CROSSES = dict.fromkeys(map(ord, "\u2715\u2716\u2a2f\u2a09\u2573"), HYBRID)
_UNIFIED = {**_APOSTROPHES, **_QUOTES, **_HYPHENS, **_CROSSES, ord("_"): " "}
_DROPPED = ("Cf", "Cc")  # Unicode categories of characters that nobody sees
_VARIATION = range(0xFE00, 0xFE10)

_LOWER = r"[^\W\d_A-ZÀ-ÖØ-Þ]"
_GENUS = re.compile(rf"[A-ZÀ-ÖØ-Þ]{_LOWER}+(?:-{_LOWER}+)?")
_EPITHET = re.compile(rf"{_LOWER}{_LOWER}+(?:-{_LOWER}+)*")
_SUBGENUS = re.compile(rf"\([A-ZÀ-ÖØ-Þ]{_LOWER}+\)")
_PARTICLE = r"(?:de|da|di|du|dos|des|del|della|van|von|der|den|ter|zu|zur|la|le|el|af|y|e|i)"
_LINKS = rf"{_PARTICLE}|ex|et|and|in"
_AUTHOR = re.compile(
    rf"(?:(?:d'|l'|O'|Mc|Mac|D')?[A-ZÀ-ÖØ-Þ]{_LOWER}+(?:['-][A-ZÀ-ÖØ-Þ]?{_LOWER}+)*\.?"  # Linnaeus
    rf"|[A-ZÀ-ÖØ-Þ]{{1,3}}\."  # J.E., DC.
    r"|L|f\.|fil\.|bis|al\.|[Ss]ensu|auct\.?|non|nom\.|nud\.|emend\.|s\.(?:l|str)\."
    rf"|{_PARTICLE}|ex|et|and|in|&)"
)
_YEAR = re.compile(r"(?:1[6-9]|20)\d\d[a-z]?")
_RANK_MARKS = {
    "subsp.": "subsp.", "ssp.": "subsp.", "subsp": "subsp.", "ssp": "subsp.", "var.": "var.",
    "var": "var.", "f.": "f.", "fo.": "f.", "forma": "f.", "form": "f.", "subvar.": "subvar.",
    "cv.": "cv.", "nothosubsp.": "subsp.", "nothovar.": "var.",
}  # fmt: skip


def canonical(name: object) -> str:
    """Write a name in its canonical form; its case and authorship stay.

    Unicode NFC; characters without a shape are removed; white space of any kind and underscores
    become single blanks; typographic apostrophes and hyphens become plain ones; quotes around the
    whole name are removed; the sign of hybrids is ``×`` between blanks.

    Examples
    --------
    >>> canonical("Quercus_xhispanica")
    'Quercus xhispanica'
    >>> canonical(" Quercus  x_hispanica ")
    'Quercus × hispanica'
    """
    return _canonical(str(name))


@lru_cache(maxsize=1 << 16)
def _canonical(name: str) -> str:
    if name.isascii() and name.replace(" ", "").isalnum() and "  " not in name:
        plain = name.strip()
        return _hybrid(plain) if " x " in f" {plain.lower()} " else plain
    text = "".join(map(_seen, unicodedata.normalize("NFC", name))).translate(_UNIFIED)
    # A separate accent or a compatibility form may have hidden behind an invisible character.
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    while len(text) > 2 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    return _hybrid(text)


def _seen(character: str) -> str:
    if character.isspace():
        return " "
    hidden = unicodedata.category(character) in _DROPPED or ord(character) in _VARIATION
    return "" if hidden else character


def _hybrid(text: str) -> str:
    """Unify the sign of hybrids; ``x`` counts where it stands alone before a name."""
    words = text.replace(HYBRID, f" {HYBRID} ").split()
    for place, word in enumerate(words[:-1]):
        after = words[place + 1]
        first = place == 0
        alone = word == "x" or (word == "X" and not first and after[0].islower())
        # At the start it marks a hybrid genus: "x Cupressocyparis".
        if alone and (after[0].isupper() if first else after[0].isalpha()):
            words[place] = HYBRID
    return " ".join(words)


def split_authorship(name: object) -> tuple[str, str]:
    """Divide a scientific name into the name proper and its authorship.

    Only what has the form of a scientific name is divided: a capitalised genus, lower-case
    epithets, then authors. Of a name of one word, an authorship is told by a year, an abbreviation
    or brackets, so that ``American Robin`` stays whole.

    Returns
    -------
    name, authorship : str
        Canonical; the authorship is blank where there is none.

    Examples
    --------
    >>> split_authorship("Cornus controversa (Hemsl.) Koidz.")
    ('Cornus controversa', '(Hemsl.) Koidz.')
    >>> split_authorship("Steller's jay")
    ("Steller's jay", '')
    """
    return _split(canonical(name))


@lru_cache(maxsize=1 << 16)
def _split(text: str) -> tuple[str, str]:
    words = text.split(" ")
    end = _end_of_genus(words)
    if not end or end == len(words):
        return text, ""
    epithets = 0
    while end < len(words):
        step = _epithet_at(words, end)
        if not step:
            break
        end, epithets = end + step, epithets + 1
    kept, rest = words[:end], words[end:]
    if not rest or not _are_authors(rest, strict=not epithets):
        return text, ""
    return " ".join(kept), " ".join(rest)


def _end_of_genus(words: list[str]) -> int:
    start = int(words[0] == HYBRID)
    if start >= len(words) or not _GENUS.fullmatch(words[start]):
        return 0
    after = start + 1
    if after + 1 < len(words) and _SUBGENUS.fullmatch(words[after]):
        return after + 1 if _EPITHET.fullmatch(words[after + 1]) else after
    return after


def _epithet_at(words: list[str], place: int) -> int:
    """How many words an epithet at ``place`` takes, with its mark of rank or of hybrids."""
    word = words[place]
    following = words[place + 1] if place + 1 < len(words) else ""
    if (word in _RANK_MARKS or word == HYBRID) and _EPITHET.fullmatch(following):
        return 2
    if word.startswith("'") and word.endswith("'"):
        return 1  # a cultivar
    if not _EPITHET.fullmatch(word):
        return 0
    if re.fullmatch(_LINKS, word):  # "de Vries" and "van der Hoeven" are authors
        after = next((one for one in words[place:] if not re.fullmatch(_LINKS, one)), "")
        return int(not after[:1].isupper())
    return 1


def _are_authors(words: list[str], *, strict: bool) -> bool:
    """Whether words read as an authorship; ``strict`` wants more than a capitalised word."""
    text = " ".join(words)
    if text.count("(") != text.count(")") or not re.match(rf"[(\[A-ZÀ-ÖØ-Þ]|d'|{_PARTICLE} ", text):
        return False
    parts = re.findall(r"[^\s,()\[\].-]+\.?", text)  # "A.DC." is "A." and "DC."
    if not all(_AUTHOR.fullmatch(part) or _YEAR.fullmatch(part) for part in parts):
        return False
    if not any(part[0].isupper() or part.startswith("d'") for part in parts):
        return False
    if strict:
        told = parts == ["L"] or "&" in parts or any(map(_YEAR.fullmatch, parts))
        return told or any(part[0].isupper() and part[-1] == "." for part in parts)
    return True


def key(name: object) -> str:
    """Return what two spellings of one name have in common; equal keys are equal names.

    Beyond :func:`canonical`: without authorship and subgenus, ``subsp.`` left out, case ignored.

    Examples
    --------
    >>> key("Acer palmatum Thunb.") == key("acer_palmatum")
    True
    """
    return _key(str(name))


@lru_cache(maxsize=1 << 16)
def _key(name: str) -> str:
    proper, _ = _split(_canonical(name))
    words = proper.split(" ")
    if len(words) > 2 and _SUBGENUS.fullmatch(words[1]) and _EPITHET.fullmatch(words[2]):
        del words[1]
    words = [word for word in words if _RANK_MARKS.get(word) != "subsp." or len(words) < 4]
    bare = " ".join(words).strip("'\" ")
    return bare.casefold() or proper.casefold()


def well_formed(name: str) -> bool:
    """Whether a name has the usual case: a capital first letter and no other."""
    letters = [c for c in name if c.isalpha()]
    return bool(letters) and letters[0].isupper() and not any(c.isupper() for c in letters[1:])
