"""Which new specimens are to be expected: the shares of known and of unknown taxa."""

from collections.abc import Mapping, Sequence

import numpy as np

from phylolens.classification.conformal import default_mix
from phylolens.errors import InputError
from phylolens.taxonomy import require_rank

Shares = float | Mapping[str, float]
WHERE = "--unknown-share"


def expected_mix(strata: np.ndarray, unknown: Shares) -> dict[str, float]:
    """Share of each stratum among new specimens.

    Parameters
    ----------
    strata : array of str, shape (n,)
        Of calibration rows, from :func:`phylolens.classification.conformal.strata`.
    unknown : float or mapping of str to float
        Share of specimens of unknown taxa. A number is shared evenly by the unknown strata that
        are there. A mapping names the rank that is the coarsest unknown one, such as
        ``{"species": 0.05, "genus": 0.02}``; other ranks have none, and strata that there are no
        calibration rows for are left out, the others making up the whole.

    Returns
    -------
    dict of str to float
        They sum to one.
    """
    if not isinstance(unknown, Mapping):
        return default_mix(strata, 1 - unknown)
    found = sorted({str(name) for name in strata} - {"no label"})
    known = [name for name in found if name.startswith("known ")]
    left = 1 - sum(unknown.values())
    shares = {name: left / len(known) for name in known}
    shares |= {f"unknown {rank}": share for rank, share in unknown.items()}
    here = {name: share for name, share in shares.items() if name in found}
    total = sum(here.values())
    return {name: share / total for name, share in here.items()} if total > 0 else {}


def require_shares(unknown: Shares, ranks: Sequence[str] | None = None) -> None:
    """Refuse shares that cannot be, or of ranks that are not among ``ranks``.

    Raises
    ------
    InputError
    """
    values = list(unknown.values()) if isinstance(unknown, Mapping) else [unknown]
    if min(values, default=0.0) < 0 or not sum(values) < 1:
        raise InputError(
            "shares of unknown taxa must be 0 or more and add up to less than 1.", where=WHERE
        )
    if ranks is not None and isinstance(unknown, Mapping):
        for rank in unknown:
            require_rank(ranks, rank, where=WHERE)
