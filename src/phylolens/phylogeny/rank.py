"""Bring a phylogeny to the rank of comparison and say what does not match on either side."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import names
from phylolens.phylogeny.read import Phylogeny
from phylolens.taxonomy import require_rank


@dataclass(frozen=True)
class RankedDistances:
    """Genetic distances between the taxa of one rank.

    Parameters
    ----------
    distances : DistanceMatrix
        Mean over the pairs of tips of two taxa, in the phylogeny's unit; ids are the names of the
        taxonomy, sorted.
    rank, tip_rank : str
        The rank of comparison, and the rank the phylogeny's tips were recognised at.
    n_tips : dict
        Tips averaged for each taxon.
    no_phylogeny : tuple of str
        Taxa of the taxonomy without a tip.
    no_taxon : tuple of str
        Tips that match no taxon.
    """

    distances: DistanceMatrix
    rank: str
    tip_rank: str
    n_tips: dict[str, int]
    no_phylogeny: tuple[str, ...]
    no_taxon: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what matched and what did not, as ``check.json`` holds it."""
        return {
            "rank": self.rank,
            "tip_rank": self.tip_rank,
            "n_taxa": len(self.distances.ids),
            "n_tips_used": sum(self.n_tips.values()),
            "rule": names.RULE,
            "no_phylogeny": list(self.no_phylogeny),
            "no_taxon": list(self.no_taxon),
        }


def tip_names(phylogeny: Phylogeny) -> list[str]:
    """Return the names at the tips of a tree, or of the rows of a matrix."""
    if isinstance(phylogeny, TreeNode):
        return [str(tip.name) for tip in phylogeny.tips()]
    return list(phylogeny.ids)


def patristic(tree: TreeNode) -> DistanceMatrix:
    """Return the sums of branch lengths between all pairs of tips (unit of the tree)."""
    return tree.cophenet()


def to_rank(
    phylogeny: Phylogeny, table: pd.DataFrame, ranks: tuple[str, ...], rank: str
) -> RankedDistances:
    """Average distances between tips up to ``rank``.

    Parameters
    ----------
    phylogeny : TreeNode or DistanceMatrix
        Tips may stand at ``rank`` or at any finer rank of ``ranks``; the rank that most of them
        match is taken.
    table : DataFrame
        One row a specimen or taxon, with the rank columns.
    ranks : tuple of str
        Rank columns, coarse to fine.
    rank : str
        The rank of comparison.

    Raises
    ------
    InputError
        If names share nothing, tips are coarser than ``rank``, or fewer than three taxa match.
    """
    require_rank(ranks, rank)
    tips = tip_names(phylogeny)
    matches = {column: names.match(tips, table[column].dropna().unique()) for column in ranks}
    tip_rank = max(reversed(ranks), key=lambda column: len(matches[column]))
    found = matches[tip_rank]
    if not found:
        taxa = table[rank].dropna().unique()
        raise InputError(
            f"no name of the phylogeny is a taxon of the images; its tips: {_some(tips)}; "
            f"the images' {rank}: {_some(taxa)}.",
            hint=names.RULE,
        )
    if ranks.index(tip_rank) < ranks.index(rank):
        raise InputError(
            f"the tips of the phylogeny are taxa of rank {tip_rank}, coarser than {rank}.",
            where="--rank",
            hint=f"Compare at --rank {tip_rank}.",
        )
    parent = _parents(table, tip_rank, rank)
    group = {tip: parent[taxon] for tip, taxon in found.items() if taxon in parent}
    taxa = sorted(set(group.values()))
    if len(taxa) < 3:
        raise InputError(
            f"only {len(taxa)} taxa of rank {rank} have both images and a place in the phylogeny; "
            "at least three are needed.",
            ids=taxa,
        )
    used = [tip for tip in tips if tip in group]
    codes = np.array([taxa.index(group[tip]) for tip in used])
    return RankedDistances(
        distances=DistanceMatrix(_means(_between(phylogeny, used), codes, len(taxa)), taxa),
        rank=rank,
        tip_rank=tip_rank,
        n_tips=dict(zip(taxa, np.bincount(codes, minlength=len(taxa)).tolist(), strict=True)),
        no_phylogeny=tuple(sorted(set(table[rank].dropna().unique()) - set(taxa))),
        no_taxon=tuple(sorted(tip for tip in tips if tip not in group)),
    )


def _some(values: object) -> str:
    from phylolens.errors import some

    return some(list(values), 3)  # type: ignore[call-overload]


def _parents(table: pd.DataFrame, fine: str, coarse: str) -> dict[str, str]:
    """Map taxa of ``fine`` to their most frequent parent at ``coarse``."""
    if fine == coarse:
        return {taxon: taxon for taxon in table[fine].dropna().unique()}
    from phylolens.taxonomy import lineages

    lineage = lineages(table, (coarse, fine), fine)
    return dict(lineage[coarse].dropna())


def _between(phylogeny: Phylogeny, used: list[str]) -> np.ndarray:
    if isinstance(phylogeny, DistanceMatrix):
        return phylogeny.filter(used).data
    tips = set(used)
    kept = phylogeny if len(used) == phylogeny.count(tips=True) else phylogeny.shear(tips)
    return patristic(kept).filter(used).data


def _means(distances: np.ndarray, codes: np.ndarray, n: int) -> np.ndarray:
    """Mean over the pairs of tips between groups; zero within a group, by definition."""
    member = np.zeros((n, len(codes)))
    member[codes, np.arange(len(codes))] = 1.0
    member /= member.sum(axis=1, keepdims=True)
    means = member @ distances @ member.T
    means = (means + means.T) / 2
    np.fill_diagonal(means, 0.0)
    return means
