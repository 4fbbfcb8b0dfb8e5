"""Splits by name: ``random``, ``leave-species-out``, ``leave-source-out``."""

from collections.abc import Sequence

import pandas as pd

from phylolens.errors import InputError, TooFew
from phylolens.rank_names import STANDARD_RANKS
from phylolens.specimens.leave_out import SOURCE, leave_out
from phylolens.specimens.split import Split, split_specimens

RANDOM = "random"


def split_names(table: pd.DataFrame, ranks: Sequence[str]) -> tuple[str, ...]:
    """Name the splits that can be asked for with this table; ``random`` first, then fine to coarse.

    A rank can be left out where a coarser one has two taxa or more; sources can where the table
    has two. Whether enough taxa can be spared is found out by :func:`make_split`.
    """
    told = [place for place, rank in enumerate(ranks) if table[rank].nunique() > 1]
    names = [RANDOM]
    if told:
        names += [f"leave-{rank}-out" for rank in reversed(ranks[told[0] + 1 :])]
    if SOURCE in table.columns and table[SOURCE].nunique() > 1:
        names.append(f"leave-{SOURCE}-out")
    return tuple(names)


def make_split(
    name: str,
    table: pd.DataFrame,
    ranks: Sequence[str],
    *,
    test_share: float = 0.2,
    seed: int = 0,
    parent: str | None = None,
) -> Split:
    """Divide a table by the named rule.

    Parameters
    ----------
    name : str
        ``random``, ``leave-RANK-out`` or ``leave-source-out``.
    table, ranks, test_share, seed, parent
        See :func:`phylolens.specimens.split_specimens` and
        :func:`phylolens.specimens.leave_out`.

    Raises
    ------
    InputError
        If there is no such split.
    TooFew
        If there is, but the data are too few for it or lack the rank or the sources.
    """
    if name == RANDOM:
        return split_specimens(table, ranks, test_share=test_share, seed=seed)
    unit = name.removeprefix("leave-").removesuffix("-out")
    if name == f"leave-{unit}-out" and unit in (*ranks, SOURCE):
        parent = None if unit == SOURCE else parent
        return leave_out(table, ranks, unit, test_share=test_share, seed=seed, parent=parent)
    hint = f"Choose from {', '.join(split_names(table, ranks))}."
    if name == f"leave-{unit}-out" and unit in STANDARD_RANKS:
        raise TooFew(f"no {unit} can be left out: the data name no rank {unit}.", hint=hint)
    raise InputError(f"unknown split '{name}'.", where="--splits", hint=hint)
