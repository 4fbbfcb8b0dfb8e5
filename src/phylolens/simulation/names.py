"""Invented Latin-looking names with the endings of the zoological code."""

import numpy as np


def _words(text: str) -> list[str]:
    return text.split()


_ONSETS = _words("b br c ch d dr f fl g gl h l m n p ph pl pr qu r s sc st t th tr v z")
_VOWELS = _words("a a a e e i i o o u ae au")
_CODAS = _words("l l n n r r s t d m c v nd rt lt st x")
_GENUS_ENDINGS = _words("a ia us ella ina is ium aria onia")
_EPITHET_ENDINGS = _words("us ensis atus inus osus iana escens alis icola oides")
_SUBCLASS_ENDINGS = _words("odonta omorpha obranchia odesma")
# Genera that readers know: an invented name must not be one of them.
REAL_GENERA = frozenset(
    _words(
        """abra anadara anodonta anomia arca arctica astarte atrina barbatia cardita cardium chama
    chione corbicula corbula crassostrea cucullaea donax dosinia dreissena ensis galeomma gari
    glycymeris isognomon lima limopsis lithophaga lucina lutraria lyonsia macoma mactra malleus
    margaritifera mercenaria meretrix modiolus mya mytilus neotrigonia nucula nuculana ostrea
    pandora panopea paphia pecten perna petricola pholas pinctada pinna pitar placopecten pteria
    saxidomus scrobicularia semele siliqua solemya solen spisula spondylus tapes tellina teredo
    thracia thyasira tivela tridacna trigonia unio vasticardium venus venerupis yoldia"""
    )
)


def _pick(options: list[str], rng: np.random.Generator) -> str:
    return options[rng.integers(len(options))]


def _stem(syllables: int, rng: np.random.Generator) -> str:
    """Return a stem ending in consonants, such as ``Tavel`` or ``Prolind``."""
    parts = [_pick(_ONSETS, rng) + _pick(_VOWELS, rng) for _ in range(syllables)]
    return "".join(parts) + _pick(_CODAS, rng)


def genus_names(number: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Return ``number`` pairs of genus name and stem, all stems different.

    Parameters
    ----------
    number : int
        How many genera.
    rng : numpy.random.Generator
        Source of the draws.
    """
    found: dict[str, str] = {}
    while len(found) < number:
        stem = _stem(int(rng.choice([1, 2, 2])) if number < 200 else 2, rng).capitalize()
        genus = stem + _pick(_GENUS_ENDINGS, rng)
        if len(genus) >= 5 and genus.lower() not in REAL_GENERA:
            found.setdefault(stem, genus)
    return [(genus, stem) for stem, genus in found.items()]


def epithets(number: int, rng: np.random.Generator) -> list[str]:
    """Return ``number`` different species epithets."""
    found: dict[str, None] = {}
    while len(found) < number:
        stem = _stem(int(rng.choice([1, 2])) if number < 200 else 2, rng)
        found[stem + _pick(_EPITHET_ENDINGS, rng)] = None
    return list(found)


def subclass_name(stem: str, place: int) -> str:
    """Return a subclass name made from one of its genera's stem."""
    return stem + _SUBCLASS_ENDINGS[place % len(_SUBCLASS_ENDINGS)]


def order_name(stem: str) -> str:
    """Return an order name made from one of its genera's stem."""
    return f"{stem}ida"


def family_name(stem: str) -> str:
    """Return a family name made from its type genus's stem."""
    return f"{stem}idae"
