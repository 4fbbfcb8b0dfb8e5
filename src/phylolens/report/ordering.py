"""The order in which figures show taxa: as in the tree, relatives side by side."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from phylolens.phylogeny.names import normalise
from phylolens.report.results import Results
from phylolens.taxonomy import lineages


def tree_order(results: Results) -> list[str]:
    """Taxa of the rank of comparison in tree order; empty without genetic distances."""
    distances = results.matrix("signal/genetic_distances.csv")
    return guide_order(results) if distances is None else _order(results, distances)


def guide_order(results: Results) -> list[str]:
    """Taxa of the guided embedding in tree order; they may stand at a rank of their own."""
    similarity = results.matrix("guide/similarity_genetic.csv")
    return [] if similarity is None else _order(results, (1 - similarity) / 2)


def _order(results: Results, distances: pd.DataFrame) -> list[str]:
    return _tips(results, list(distances.index)) or clustered(distances)


def _tips(results: Results, taxa: list[str]) -> list[str]:
    """Return the taxa in the order of ``tree.nwk``; empty unless all of them stand there."""
    tree = results.tree("tree.nwk")
    if tree is None:
        return []
    known = {normalise(taxon): taxon for taxon in taxa}
    tips = [known.get(normalise(tip.name)) for tip in tree.tips()]
    found = [taxon for taxon in tips if taxon is not None]
    return found if sorted(found) == sorted(taxa) else []


def clustered(distances: pd.DataFrame) -> list[str]:
    """Order taxa by average linkage, neighbours in the list as near as the tree allows.

    Bar-Joseph et al. (2001) Bioinformatics 17:S22.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    values = np.maximum(distances.to_numpy(copy=True), 0.0)
    np.fill_diagonal(values, 0.0)
    condensed = squareform((values + values.T) / 2, checks=False)
    leaves = leaves_list(linkage(condensed, "average", optimal_ordering=True))
    return [str(distances.index[leaf]) for leaf in leaves]


def parents(results: Results, rank: str | None) -> tuple[str, dict[str, str]]:
    """Name the next coarser rank with several groups, and each taxon's group in it.

    Returns
    -------
    rank : str
        Empty where there is none.
    groups : dict
        Taxon to group; taxa of unknown group are left out.
    """
    lineage = lineage_table(results, rank)
    if lineage is None:
        return "", {}
    for column in reversed(lineage.columns[:-1]):
        groups = lineage[column].dropna()
        if 1 < groups.nunique() < len(lineage):
            return str(column), dict(groups)
    return "", {}


def lineage_table(results: Results, rank: str | None) -> pd.DataFrame | None:
    """Taxa of ``rank`` with their coarser ranks, coarse to fine; None where unknown."""
    if rank is None:
        return None
    if results.specimens is not None and rank in results.ranks:
        known = results.specimens[list(results.ranks)]
        return lineages(known, results.ranks, rank) if known[rank].notna().any() else None
    for folder in ("signal", "guide"):
        table = results.table(f"{folder}/lineage.csv")
        if table is not None and rank == results.rank:
            table = table.set_index(table.columns[0])
            return table if rank in table.columns else table.assign(**{rank: table.index})
    return None


def taxonomy_order(results: Results, rank: str | None, taxa: Sequence[str]) -> list[str]:
    """Order taxa by their coarser ranks, coarse to fine, then by name: as a taxonomist lists them.

    Taxa of unknown place come last. Empty where no coarser rank has several groups.
    """
    lineage = lineage_table(results, rank)
    if lineage is None or not parents(results, rank)[0]:
        return []
    above = lineage.drop(columns=[rank], errors="ignore")

    def key(taxon: str) -> tuple[bool, tuple[str, ...], str]:
        known = taxon in above.index
        names = tuple(above.loc[taxon].fillna("").astype(str)) if known else ()
        return not known, names, taxon

    return sorted(taxa, key=key)


def in_order(results: Results, rank: str, labels: Sequence[str]) -> list[str]:
    """Order labels of any rank by the tree, then by the taxonomy, then by name."""
    place = {taxon: row for row, taxon in enumerate(tree_order(results))}
    lineage = lineage_table(results, rank)
    anchor = _anchors(results, rank)

    def key(label: str) -> tuple[int, tuple[str, ...], str]:
        known = lineage is not None and label in lineage.index
        above = tuple(lineage.loc[label].fillna("").astype(str)) if known else ()  # type: ignore[union-attr]
        return place.get(anchor.get(label, label), len(place)), above, label

    return sorted(labels, key=key)


def _anchors(results: Results, rank: str) -> dict[str, str]:
    """Map labels of ``rank`` to the taxon at the rank of comparison that most images have."""
    table, other = results.specimens, results.rank
    if table is None or other is None or not {rank, other} <= set(table.columns) or rank == other:
        return {}
    counted = table.groupby([rank, other], sort=True).size().rename("n").reset_index()
    first = counted.sort_values(["n", other], ascending=[False, True]).drop_duplicates(rank)
    return dict(zip(first[rank], first[other], strict=True))


def runs(groups: Sequence[str | None]) -> list[tuple[str, int, int]]:
    """Stretches of equal neighbours: name, first place, place after the last; unknown left out."""
    found, place = [], 0
    for name, members in groupby(groups):
        size = len(list(members))
        if name is not None:
            found.append((name, place, place + size))
        place += size
    return found


def coarse_to_fine(results: Results, names: Mapping[str, Any]) -> list[str]:
    """Order ranks as the table has them; unknown ones keep their place at the end."""
    known = [rank for rank in results.ranks if rank in names]
    return known + [name for name in names if name not in known]
