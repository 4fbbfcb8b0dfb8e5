"""Which images test a classification, and at which ranks a model can answer."""

from collections.abc import Sequence

import pandas as pd

from phylolens.errors import TooFew
from phylolens.pipeline.context import RunContext
from phylolens.specimens import Split, make_split

MOST_TAXA = 2000  # of the finest rank


def held_out_rank(name: str) -> str:
    """Return what ``leave-species-out`` leaves out: ``species``; empty for a random split."""
    return "" if name == "random" else name.removeprefix("leave-").removesuffix("-out")


def split_by(context: RunContext, ranks: Sequence[str], name: str, seed: int) -> Split:
    """Split the images by a named rule.

    Left-out taxa keep a relative in their family, the rank most studies compare at, so that most
    taxa can be spared; without families, in the taxon right above.
    """
    table, every = context.dataset.table, context.dataset.ranks
    share = context.settings.classify.test_share
    if name == "random":
        return make_split(name, table, ranks, test_share=share, seed=seed)
    unit = held_out_rank(name)
    above = every[: every.index(unit)] if unit in every else ()
    parent = "family" if "family" in above else None
    return make_split(name, table, every, test_share=share, seed=seed, parent=parent)


def answer_ranks(table: pd.DataFrame, ranks: Sequence[str]) -> tuple[str, ...]:
    """Ranks a model answers at: down to the finest that can be learnt.

    That is the finest rank with at most 2,000 taxa where at least half of the named specimens
    share their taxon with another specimen.

    Raises
    ------
    TooFew
        If no rank has two taxa.
    """
    for place in range(len(ranks), 0, -1):
        named = table.dropna(subset=[ranks[place - 1]])
        sizes = named.groupby(ranks[place - 1])["specimen_id"].nunique()
        shared = sizes[sizes > 1].sum() / max(1, sizes.sum())
        if 2 <= len(sizes) <= MOST_TAXA and shared >= 0.5:
            return tuple(ranks[:place])
    raise TooFew("no rank has two taxa of several specimens: no model can be calibrated.")
