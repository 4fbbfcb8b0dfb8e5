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
