"""Ranks side by side: one head each on a shared layer, no flow between them."""

from sklearn.base import ClassifierMixin

from phylolens.classification.heads.ranks import RankHeads
from phylolens.classification.transform import behind_steps


class Parallel(RankHeads):
    """A shared layer and an independent softmax a rank.

    After the parallel heads of Hofmann et al. (2024) Syst. Biol. 73:920, on frozen features.
    """


def parallel(seed: int) -> ClassifierMixin:
    """Put the usual transforms ahead; ``make_head`` tells it the lineages and distances."""
    return behind_steps(Parallel(seed=seed), seed)
