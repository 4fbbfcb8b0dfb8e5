"""Ranks in a row: each coarser one reads what the finer one found."""

from typing import ClassVar

from sklearn.base import ClassifierMixin

from phylolens.classification.heads.ranks import RankHeads
from phylolens.classification.transform import behind_steps


class Sequential(RankHeads):
    """A shared layer, then species, genus and so on up, each reading the finer rank's scores.

    After the sequential heads of Hofmann et al. (2024) Syst. Biol. 73:920, on frozen features. In
    theirs a coarser rank reads the finer rank's scores alone; here the shared layer as well.
    """

    flows: ClassVar[bool] = True


def sequential(seed: int) -> ClassifierMixin:
    """Put the usual transforms ahead; ``make_head`` tells it the lineages and distances."""
    return behind_steps(Sequential(seed=seed), seed)
