"""Match names of a phylogeny to names of a taxonomy: exactly, after one stated normalisation."""

from collections.abc import Iterable, Sequence

from phylolens.errors import InputError
from phylolens.specimens.names import key

RULE = (
    "Names match when they are equal after underscores become blanks and Unicode forms, invisible "
    "characters, quotes and signs of hybrids are unified, and authorship, subgenus and case are "
    "set apart. Nothing is guessed."
)
normalise = key


def require_unique(names: Sequence[str], where: object, what: str) -> None:
    """Raise :class:`InputError` when two names are equal after normalisation."""
    seen: dict[str, str] = {}
    repeated = []
    for name in names:
        if normalise(name) in seen:
            repeated.append(name)
        seen[normalise(name)] = name
    if repeated:
        raise InputError(
            f"{what} must have different names.",
            where=where,
            ids=repeated,
            hint="Rename or remove repeats; underscores, quotes and case make no difference.",
        )


def match(names: Iterable[str], taxa: Iterable[str]) -> dict[str, str]:
    """Map each of ``names`` to the taxon it equals after normalisation; others are left out."""
    known = {normalise(taxon): taxon for taxon in taxa}
    return {name: known[normalise(name)] for name in names if normalise(name) in known}
