"""Names that differ by a slip of the pen: a letter, two letters exchanged, an accent, a hyphen."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

SHORTEST = 6  # letters: of shorter names, one letter makes another name
MOST_ALIKE = 50  # names that share one variant; more are a system of names, not slips


def near_names(names: Sequence[str]) -> list[tuple[str, str]]:
    """Find the pairs that differ by one edit, or by accents, hyphens and blanks alone.

    Names with digits, or that differ in a last word of one or two letters, are a numbering: of
    these, only accents, hyphens and blanks count. The cost grows with the number of names, not of
    pairs: two names one edit apart share a variant with one letter left out.

    Parameters
    ----------
    names : sequence of str
        Different names of one rank.

    Returns
    -------
    list of pairs of str
        Sorted.

    Examples
    --------
    >>> near_names(["Mus musculus", "Mus musculuss", "Rattus rattus"])
    [('Mus musculus', 'Mus musculuss')]
    """
    plain = {name: _plain(name) for name in names}
    sharing: defaultdict[str, list[str]] = defaultdict(list)
    for name, text in plain.items():
        # A name with a digit is a code: one edit makes another code.
        shorter = () if any(map(str.isdigit, text)) else (
            text[:i] + text[i + 1 :] for i in range(len(text))
        )  # fmt: skip
        for variant in {text, *shorter}:
            sharing[variant].append(name)
    found = set()
    for group in sharing.values():
        if 1 < len(group) <= MOST_ALIKE:
            pairs = combinations(sorted(group), 2)
            found |= {(one, two) for one, two in pairs if _slip(one, two, plain[one], plain[two])}
    return sorted(found)


def _plain(name: str) -> str:
    """Lower case, without accents, hyphens and blanks."""
    bare = unicodedata.normalize("NFD", name.casefold())
    return "".join(c for c in bare if c.isalnum())


def _slip(one: str, other: str, a: str, b: str) -> bool:
    if a == b:
        return True
    if min(len(a), len(b)) < SHORTEST:
        return False
    if one.rsplit(" ", 1)[0] == other.rsplit(" ", 1)[0] and len(one.rsplit(" ", 1)[-1]) < 3:
        return False
    return _edits(a, b) <= 1


def _edits(a: str, b: str) -> int:
    """Edits from ``a`` to ``b`` if at most one (exchanged neighbours are one), else 2."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    rest_a, rest_b = a[start : len(a) - end], b[start : len(b) - end]
    if len(rest_a) <= 1 and len(rest_b) <= 1:
        return 1
    return 1 if len(rest_a) == 2 and rest_a == rest_b[::-1] else 2
