"""The standard ranks, coarse to fine."""

_MAIN = (
    "kingdom",
    "phylum",
    "division",
    "class",
    "cohort",
    "order",
    "family",
    "tribe",
    "genus",
    "section",
    "series",
    "species",
)
_BEFORE = ("magn", "super", "grand")
_AFTER = ("sub", "infra", "parv")


def _all_ranks() -> tuple[str, ...]:
    """List the standard ranks with their prefixed forms, coarse to fine."""
    ranks = ["domain", "realm"]
    for rank in _MAIN:
        ranks += [prefix + rank for prefix in _BEFORE] + [rank]
        ranks += [prefix + rank for prefix in _AFTER]
    return (*ranks, "variety", "form")


STANDARD_RANKS = _all_ranks()


def standard_name(name: str) -> str:
    """Write a standard rank in lower case (``FAMILY`` is ``family``); leave other names alone."""
    return name.strip().lower() if name.strip().lower() in STANDARD_RANKS else name
