"""Numbers and names as a reader expects them: rounded, with true minus signs, with plurals."""

import math
from collections.abc import Sequence

_PLURALS = {
    "genus": "genera",
    "subgenus": "subgenera",
    "phylum": "phyla",
    "subphylum": "subphyla",
    "species": "species",
    "subspecies": "subspecies",
    "series": "series",
    "taxon": "taxa",
}
ITALIC = {"genus", "subgenus", "section", "species", "subspecies", "variety", "form"}
UNDEFINED = "not defined"


def plural(noun: str) -> str:
    """Return the plural of a rank or another noun."""
    if noun.lower() in _PLURALS:
        return _PLURALS[noun.lower()]
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def is_italic(rank: str) -> bool:
    """Whether names of this rank are set in italics, as the codes of nomenclature advise."""
    return rank.lower() in ITALIC


def count(n: int, noun: str) -> str:
    """Say how many: ``1 image``, ``2,605 images``."""
    return f"{n:,} {noun if n == 1 else plural(noun)}"


def number(value: float | None, digits: int = 2) -> str:
    """Round to ``digits`` decimals, with a true minus sign; small numbers keep one figure."""
    if value is None:
        return UNDEFINED
    text = f"{value + 0.0:.{digits}f}"  # adding zero takes the sign off minus zero
    if float(text) == 0 and value != 0:
        text = f"{value:.1g}"
    return text.replace("-", "−")


def percent(share: float | None) -> str:
    """Write a share as a percentage."""
    if share is None:
        return UNDEFINED
    return f"{100 * share:.1f}%" if 0 < share < 0.1 or 0.995 < share < 1 else f"{100 * share:.0f}%"


def p_value(p: float) -> str:
    """Round a p-value to three decimals, smaller ones to one figure."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1g}"


def listed(names: Sequence[str]) -> str:
    """Join with commas and a final 'and'."""
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", ".)")) or not text else text + "."


def distance(value: float | None) -> str:
    """Round a distance of any unit to three figures."""
    if value is None:
        return UNDEFINED
    if not value:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:,.{min(max(digits, 0), 8)}f}".replace("-", "−")


def span(interval: Sequence[float | None] | None, digits: int = 2) -> str:
    """Write an interval as ``0.10 to 0.40``; empty where there is none."""
    if not interval or any(end is None for end in interval):
        return ""
    return f"{number(interval[0], digits)} to {number(interval[1], digits)}"
