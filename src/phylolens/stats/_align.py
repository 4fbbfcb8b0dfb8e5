"""Bring two matrices to the same taxa in the same order, by id."""

from skbio import DistanceMatrix

from phylolens.errors import InputError

FEWEST_TAXA = 3


def same_taxa(x: DistanceMatrix, y: DistanceMatrix) -> DistanceMatrix:
    """Return ``y`` in the order of ``x``.

    Raises
    ------
    InputError
        If ids differ or there are fewer than three.
    """
    differ = sorted(set(x.ids) ^ set(y.ids))
    if differ:
        raise InputError("the two matrices hold different taxa.", ids=differ)
    if len(x.ids) < FEWEST_TAXA:
        raise InputError(f"a matrix test needs at least three taxa; got {len(x.ids)}.", ids=x.ids)
    return y.filter(x.ids)


def aligned(x: DistanceMatrix, y: DistanceMatrix) -> tuple[DistanceMatrix, DistanceMatrix]:
    """Return both matrices sorted by id, so that no result depends on the order of the rows.

    Raises
    ------
    InputError
        As :func:`same_taxa` does.
    """
    y = same_taxa(x, y)
    names = sorted(x.ids)
    return x.filter(names), y.filter(names)
