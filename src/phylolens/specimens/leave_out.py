"""Splits by name; whole taxa or whole sources held out, so that training never saw them.

A random split asks how well known species are recognised; here a model meets species, genera or
collections that are new to it (block cross-validation: Roberts et al. 2017, Ecography 40:913).
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from phylolens.errors import InputError, TooFew
from phylolens.random import stream
from phylolens.rank_names import STANDARD_RANKS
from phylolens.specimens.split import (
    SMALLEST_STRATUM,
    Split,
    lost_taxa,
    require_share,
    rounded,
    split_specimens,
    strata,
)
from phylolens.taxonomy import lineages, require_rank

SOURCE = "source"
RANDOM = "random"


def leave_out(
    table: pd.DataFrame,
    ranks: Sequence[str],
    unit: str,
    *,
    test_share: float = 0.2,
    seed: int = 0,
    parent: str | None = None,
) -> Split:
    """Divide a table so that whole taxa, or whole sources, are tested and never trained on.

    A given ``split`` column plays no part. Images without a label at ``unit`` are trained on;
    the images of a specimen stay together.

    Parameters
    ----------
    table : DataFrame
        Columns ``file``, ``specimen_id``, ``ranks`` and, where it is the unit, ``source``.
    ranks : sequence of str
        Ranks, coarse to fine.
    unit : str
        The rank whose taxa are held out, or ``"source"``.
    test_share : float
        Share of the taxa, or for sources of the images, to hold out; between 0 and 1.
    seed : int
        Decides which.
    parent : str, optional
        The finest rank at which every taxon keeps a training taxon of ``unit``; by default the
        one next above ``unit``, so that an unknown species is always one of a known genus. A
        coarser one spares more taxa, and leaves taxa of the ranks between untrained; they are
        named in ``Split.untested`` and cannot be scored.

    Returns
    -------
    Split
        ``held_out`` names the taxa or sources. For taxa, every file is in one of the parts. For
        sources, images of held-out sources are in neither part if a taxon of theirs has no
        training image left (``untested``), and so are the images from other sources of a
        specimen that has been held out.

    Raises
    ------
    InputError
        If the share is out of range or there is no such rank.
    TooFew
        If nothing can be held out.
    """
    require_share(test_share)
    rng = stream(seed, "specimens.split")
    if unit == SOURCE:
        return _leave_sources(table, ranks, test_share, rng)
    require_rank(ranks, unit, where="leave-out")
    coarser = list(ranks[: list(ranks).index(unit)])
    if not any(table[rank].nunique() > 1 for rank in coarser):
        raise TooFew(
            f"no {unit} can be left out: no rank above it has two taxa to tell apart.",
            hint=f"Give a coarser rank than {unit} with several taxa.",
        )
    if parent is not None:
        require_rank(coarser, parent, where="leave-out")
        coarser = coarser[: coarser.index(parent) + 1]
    lineage = lineages(table, ranks, unit)
    held = _spared(lineage, coarser, test_share, rng)
    if not held:
        raise TooFew(
            f"no {unit} can be left out: every {coarser[-1]} has a single one.",
            hint=f"A {coarser[-1]} needs two or more {unit} taxa, one of them to train on.",
        )
    specimens = set(table["specimen_id"][table[unit].isin(held)])
    tested = table["specimen_id"].isin(specimens)
    above = ranks[: list(ranks).index(unit)]
    return Split(
        tuple(table["file"][~tested]),
        tuple(table["file"][tested]),
        _taxon_rule(unit, coarser[-1], test_share),
        tuple(sorted(held)),
        lost_taxa(table, above, tested),
    )


def _taxon_rule(unit: str, parent: str, share: float) -> str:
    return (
        f"Whole taxa of rank {unit} are held out: {share:.0%} of those with another {unit} in "
        f"their {parent}, stratified by the ranks above; a stratum of fewer than "
        f"{SMALLEST_STRATUM} is pooled with the other small ones of the same parent taxon, rank by "
        f"rank. Every {parent} tested keeps a {unit} to train on. Images of unknown {unit} are "
        "trained on."
    )


def _spared(
    lineage: pd.DataFrame, kept: Sequence[str], share: float, rng: np.random.Generator
) -> set[str]:
    """Taxa to hold out; each taxon of the ranks ``kept`` retains one of its own."""
    above = [
        [(rank, name) for rank, name in zip(kept, row, strict=True) if pd.notna(name)]
        for row in lineage[list(kept)].astype(object).to_numpy()
    ]
    left = Counter(taxon for row in above for taxon in row)

    def can_go(row: int) -> bool:
        return bool(above[row]) and all(left[taxon] > 1 for taxon in above[row])

    candidates = np.array([row for row in range(len(lineage)) if can_go(row)], dtype=int)
    pools = [candidates[rows] for rows in strata(lineage.iloc[candidates], kept)]
    quotas = [rounded(share * len(pool)) for pool in pools]
    if pools and not any(quotas):  # too small to round up anywhere; one can go all the same
        quotas[int(np.argmax([len(pool) for pool in pools]))] = 1
    held = []
    for pool, quota in zip(pools, quotas, strict=True):
        gone = 0
        for row in rng.permutation(pool):
            if gone < quota and can_go(row):
                left.subtract(above[row])
                held.append(str(lineage.index[row]))
                gone += 1
    return set(held)


def _leave_sources(
    table: pd.DataFrame, ranks: Sequence[str], share: float, rng: np.random.Generator
) -> Split:
    """Hold sources out, those first whose taxa are all known from elsewhere."""
    if SOURCE not in table.columns or table[SOURCE].nunique() < 2:
        found = "no column 'source'" if SOURCE not in table.columns else "a single source"
        raise TooFew(
            f"no source can be left out: the table has {found}.",
            hint="A column 'source' says where each image comes from.",
        )
    sources = _Sources(table, ranks)
    order = rng.permutation(len(sources.names))
    order = order[np.argsort([sources.n_lost([one]) for one in order], kind="stable")]
    held: list[int] = []
    reached, n_tested = 0.0, 0
    for one in order:
        out, tested = sources.shares([*held, one])
        if abs(out - share) < abs(reached - share) and tested > n_tested:
            held, reached, n_tested = [*held, one], out, tested
    if not held:  # every source is more than twice the share: the smallest one that can be tested
        possible = [one for one in order if sources.shares([one])[1]]
        if not possible:
            raise TooFew(
                "no source can be left out: every taxon comes from one source alone.",
                hint="Taxa need images from two or more sources.",
            )
        held = [min(possible, key=lambda one: sources.shares([one])[0])]
    away, tested_rows = sources.parts(held)
    return Split(
        tuple(table["file"][~away]),
        tuple(table["file"][tested_rows]),
        _SOURCE_RULE.format(share),
        tuple(sorted(sources.names[one] for one in held)),
        lost_taxa(table, ranks, pd.Series(away, index=table.index)),
    )


_SOURCE_RULE = (
    "Whole sources are held out, about {:.0%} of the images, those first whose taxa are all known "
    "from other sources too. Images of a taxon without a training image are left out, as are the "
    "other images of specimens held out. Images of unknown source are trained on."
)


class _Sources:
    """Which rows go where when some sources are held out; whole numbers for speed."""

    def __init__(self, table: pd.DataFrame, ranks: Sequence[str]) -> None:
        self.source, names = pd.factorize(table[SOURCE], sort=True)
        self.names = [str(name) for name in names]
        self.specimen = pd.factorize(table["specimen_id"])[0]
        self.labels = [pd.factorize(table[rank])[0] for rank in ranks]

    def parts(self, held: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Rows not trained on, and those of them that are tested."""
        out = np.isin(self.source, held)
        away = np.isin(self.specimen, np.unique(self.specimen[out]))
        tested, labelled = out.copy(), np.zeros(len(out), dtype=bool)
        for codes in self.labels:
            tested &= (codes < 0) | np.isin(codes, np.unique(codes[~away]))
            labelled |= codes >= 0
        return away, tested & labelled

    def shares(self, held: Sequence[int]) -> tuple[float, int]:
        """Share of the images held out, and the number of those tested."""
        away, tested = self.parts(held)
        return float(away.mean()), int(tested.sum())

    def n_lost(self, held: Sequence[int]) -> int:
        """Taxa left without a training row."""
        away = self.parts(held)[0]
        known = [(np.unique(codes[codes >= 0]), codes[~away]) for codes in self.labels]
        return sum(int((~np.isin(taxa, trained)).sum()) for taxa, trained in known)


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
