"""Bring a phylogeny to the rank of comparison and say what does not match on either side."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import SHOWN_IDS, InputError, Problem
from phylolens.phylogeny import names
from phylolens.phylogeny.check import check_matrix, check_tree
from phylolens.phylogeny.placing import Placing, place_tips
from phylolens.phylogeny.rank_tree import (
    TaxonTree,
    group_means,
    same_pairs,
    taxa_of_matrix,
    taxa_of_tree,
)
from phylolens.phylogeny.read import Phylogeny
from phylolens.phylogeny.root import GIVEN, MIDPOINT, is_rooted, rooted_at_midpoint
from phylolens.taxonomy import require_rank


@dataclass(frozen=True)
class RankedDistances:
    """Genetic distances between the taxa of one rank, with their tree and covariance.

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
    tree : TreeNode
        One tip a taxon. The given tree, reduced, where all taxa are clades: paths are the
        ``distances`` then. Else the neighbour-joining tree of ``distances``, midpoint-rooted.
    covariance : DataFrame
        Taxa by taxa, in the order of ``distances.ids``: under Brownian motion of unit rate, of the
        means of each taxon's tips where a tree was given, else of the tips of ``tree``.
    covariance_source : str
        Which of the two, as ``signal.json`` says it.
    not_monophyletic : dict
        Taxa that are no clade of the given tree, with the taxa (sorted) within them. Tips that
        match no taxon do not count.
    zero_length_pairs : tuple of pairs of str
        Taxa whose difference has no variance; ``covariance`` is singular if there are any.
    root : str
        ``given``, or ``midpoint`` where the given tree is unrooted: what depends on the root
        (covariance, K, lambda, disagreeing pairs) is uncertain then; distances are not.
    matched_by : dict of str to int
        Tips placed, by kind of match.
    not_placed : dict of str to str
        Why each other tip stands for no taxon.
    notes : tuple of Problem
        What was decided in matching beyond equal names.
    """

    distances: DistanceMatrix
    rank: str
    tip_rank: str
    n_tips: dict[str, int]
    no_phylogeny: tuple[str, ...]
    no_taxon: tuple[str, ...]
    tree: TreeNode
    covariance: pd.DataFrame
    covariance_source: str
    not_monophyletic: dict[str, tuple[str, ...]]
    zero_length_pairs: tuple[tuple[str, str], ...]
    root: str = GIVEN
    matched_by: dict[str, int] = field(default_factory=dict)
    not_placed: dict[str, str] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()

    @property
    def rooted(self) -> bool:
        """Whether the phylogeny has a root of its own; if not, ``tree`` is midpoint-rooted."""
        return self.root == GIVEN

    def to_dict(self) -> dict[str, Any]:
        """Return what matched and what did not, as ``check.json`` holds it."""
        return {
            "rank": self.rank,
            "tip_rank": self.tip_rank,
            "n_taxa": len(self.distances.ids),
            "n_tips_used": sum(self.n_tips.values()),
            "rule": names.RULE,
            "matched_by": dict(sorted(self.matched_by.items())),
            "not_placed": dict(Counter(self.not_placed.values())),
            "no_phylogeny": list(self.no_phylogeny),
            "no_taxon": list(self.no_taxon),
            "not_monophyletic": {
                taxon: list(others[:SHOWN_IDS]) for taxon, others in self.not_monophyletic.items()
            },
            "zero_length_pairs": [list(pair) for pair in self.zero_length_pairs[:SHOWN_IDS]],
            "n_zero_length_pairs": len(self.zero_length_pairs),
            "rooted": self.rooted,
            "root": self.root,
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
    phylogeny: Phylogeny,
    table: pd.DataFrame,
    ranks: tuple[str, ...],
    rank: str,
    *,
    matches: Mapping[str, str] | None = None,
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
    matches : mapping of str to str, optional
        Names of the phylogeny that the user says are taxa of the table.

    Raises
    ------
    InputError
        If the phylogeny is unsound (names that repeat; lengths or distances that are missing,
        negative or all zero), names share nothing, tips are coarser than ``rank``, fewer than three
        taxa match, or those that do are all at distance zero.
    """
    require_rank(ranks, rank)
    _require_sound(phylogeny)
    placing = place_tips(tip_names(phylogeny), table, ranks, rank, matches)
    return placed_at_rank(phylogeny, placing, table, rank)


def placed_at_rank(
    phylogeny: Phylogeny, placing: Placing, table: pd.DataFrame, rank: str
) -> RankedDistances:
    """Average distances between tips whose taxon is known.

    Parameters
    ----------
    phylogeny : TreeNode or DistanceMatrix
        Sound already.
    placing : Placing
        The taxon of each tip.
    table : DataFrame
        One row a specimen or taxon, with the column ``rank``.
    rank : str
        The rank of comparison.

    Raises
    ------
    InputError
        If fewer than three taxa have a tip, or those that do are all at distance zero.
    """
    tips, group = tip_names(phylogeny), placing.taxon_of
    taxa = sorted(set(group.values()))
    if len(taxa) < 3:
        raise InputError(
            f"only {len(taxa)} taxa of rank {rank} have both images and a place in the phylogeny; "
            "at least three are needed.",
            ids=taxa,
        )
    place = {taxon: code for code, taxon in enumerate(taxa)}
    codes = {tip: place[group[tip]] for tip in tips if tip in group}
    unrooted = isinstance(phylogeny, TreeNode) and not is_rooted(phylogeny)
    distances, placed = _reduce(phylogeny, codes, taxa, unrooted=unrooted)
    counts = np.bincount(list(codes.values())).tolist()
    return RankedDistances(
        distances=distances,
        rank=rank,
        tip_rank=placing.tip_rank,
        n_tips=dict(zip(taxa, counts, strict=True)),
        no_phylogeny=tuple(sorted(set(table[rank].dropna().unique()) - set(taxa))),
        no_taxon=tuple(sorted(tip for tip in tips if tip not in group)),
        tree=placed.tree,
        covariance=placed.covariance,
        covariance_source=placed.source,
        not_monophyletic=placed.not_monophyletic,
        zero_length_pairs=same_pairs(placed.covariance),
        root=MIDPOINT if unrooted else GIVEN,
        matched_by=placing.matched_by,
        not_placed=placing.reasons,
        notes=placing.notes,
    )


def _require_sound(phylogeny: Phylogeny) -> None:
    """Check what was not read from a file, as reading it would have."""
    if isinstance(phylogeny, TreeNode):
        check_tree(phylogeny, "phylogeny")
    else:
        names.require_unique(phylogeny.ids, "phylogeny", "rows")
        check_matrix(phylogeny.data, phylogeny.ids, "phylogeny")


def _reduce(
    phylogeny: Phylogeny, codes: dict[str, int], taxa: list[str], *, unrooted: bool
) -> tuple[DistanceMatrix, TaxonTree]:
    """Average over the tips of each taxon; ``codes`` maps tips to places in ``taxa``."""
    used = list(codes)
    if isinstance(phylogeny, DistanceMatrix):
        distances = _means(phylogeny.filter(used).data, codes, taxa)
        return distances, taxa_of_matrix(distances)
    whole = len(used) == phylogeny.count(tips=True)
    kept = phylogeny if whole else phylogeny.shear(set(used))
    if unrooted:
        kept = rooted_at_midpoint(kept)
    distances = _means(patristic(kept).filter(used).data, codes, taxa)
    return distances, taxa_of_tree(kept, codes, distances)


def _means(distances: np.ndarray, codes: dict[str, int], taxa: list[str]) -> DistanceMatrix:
    """Mean over the pairs of tips between taxa; zero within a taxon, by definition."""
    means = group_means(distances, np.array(list(codes.values())), len(taxa))
    if not means[~np.eye(len(taxa), dtype=bool)].any():
        raise InputError("all genetic distances between the taxa with images are zero.", ids=taxa)
    np.fill_diagonal(means, 0.0)
    return DistanceMatrix(means, taxa)
