"""Files of placements, for people and for other programs."""

from pathlib import Path

import numpy as np
import pandas as pd

from phylolens.placement import Placed, TreePlacer
from phylolens.placement.characters import write_nexus_characters, write_trait_table
from phylolens.placement.grafted import Attachment, grafted_tree, write_newick, write_nexus
from phylolens.placement.jplace import BranchShare, write_jplace
from phylolens.provenance import command_line
from phylolens.results.placement import PlacementResult
from phylolens.writing import write_csv

MOST_AXES = 24  # of the characters: the rest is small


def write_placements(
    folder: Path, placer: TreePlacer, placed: Placed | None, result: PlacementResult
) -> None:
    """Write tables, trees, ``placements.jplace`` and the characters of the taxa.

    Parameters
    ----------
    folder : Path
        ``place`` of the results.
    placer : TreePlacer
    placed : Placed or None
        Without unknowns the tables have no rows, and nothing is grafted.
    result : PlacementResult
        The same in words.
    """
    tree = placer.observer_.reference.branches
    write_csv(folder / "placements.csv", result.table())
    if hasattr(placer, "assessed_"):  # not of a stored placer, which lies beside its own
        write_csv(folder / "left_out.csv", _left_out(placer))
    write_jplace(
        folder / "placements.jplace",
        tree,
        _shares(placed),
        invocation=" ".join(command_line()),
    )
    grafted = grafted_tree(tree, _attachments(placed))
    write_newick(folder / "grafted.nwk", grafted)
    write_nexus(folder / "grafted.nex", grafted)
    _write_characters(folder, placer)


def _left_out(placer: TreePlacer) -> pd.DataFrame:
    """Every taxon left out as every method placed it."""
    rows = placer.assessed_.rows
    taxa = np.array(placer.taxa_, dtype=object)
    return rows.assign(taxon=taxa[rows["taxon"].to_numpy()]).drop(columns="clade")


def _shares(placed: Placed | None) -> dict[str, list[BranchShare]]:
    """All branches of every unknown, likeliest first."""
    if placed is None:
        return {}
    posterior = placed.posterior
    tree = posterior.reference.branches
    heights, pendants = posterior.best_points()
    distal = np.clip(tree.heights[:-1] - heights, 0, tree.lengths[:-1])
    found = {}
    for row, name in enumerate(placed.names):
        shares = posterior.shares[row]
        logs = np.log(np.maximum(shares, 1e-300))
        found[name] = [
            BranchShare(
                int(branch),
                float(logs[branch]),
                float(shares[branch]),
                float(distal[row, branch]),
                float(pendants[row, branch]),
            )
            for branch in np.argsort(-shares, kind="stable")
        ]
    return found


def _attachments(placed: Placed | None) -> list[Attachment]:
    """Take the likeliest branch of every unknown."""
    return [
        Attachment(name, shares[0].branch, shares[0].distal, shares[0].pendant, shares[0].share)
        for name, shares in _shares(placed).items()
    ]


def _write_characters(folder: Path, placer: TreePlacer) -> None:
    """Axes of the features as continuous characters of the reference taxa."""
    observer = placer.observer_
    sample = observer.reference.sample
    means = observer.motion.means[:, :MOST_AXES]
    names = [f"axis{number + 1}" for number in range(means.shape[1])]
    table = pd.DataFrame(means, index=list(sample.taxa), columns=names)
    within = np.broadcast_to(observer.traits.within[: len(names)], means.shape)
    variances = pd.DataFrame(within, index=table.index, columns=names)
    counts = pd.Series(sample.sizes, index=table.index)
    write_nexus_characters(folder / "characters.nex", table)
    write_trait_table(folder / "characters.tsv", table, variances, counts)
