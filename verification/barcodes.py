"""How well do distances between barcodes tell the tree they evolved on? A table.

658 sites evolve along the tree of 74 bivalve families (neighbour joining of the published matrix,
which is exactly additive), in expected substitutions a site. For each model of evolution and each
distance: the Pearson correlation with the tree's path lengths, mean and range over seeds, and how
often a run would be refused for pairs without a value (the correlation is over the others then).

    python verification/barcodes.py [--data ../shared/data] [--seeds 20]
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from skbio import DNA, DistanceMatrix, TabularMSA, TreeNode
from skbio.alignment import align_dists
from skbio.tree import nj

from phylolens.errors import InputError
from phylolens.phylogeny import read_distances, sequence_distances
from phylolens.phylogeny.rank import patristic
from phylolens.phylogeny.sequence_pairs import MODELS
from phylolens.phylogeny.sequence_pairs import NAMES as WORDS
from phylolens.simulation import simulate_barcodes

LENGTH = 658
# Rich in T, as much animal COI is; transitions six times as frequent; sites very unequal.
WORLDS: Mapping[str, Mapping[str, Any]] = {
    "JC69, rate of the tree": {},
    "JC69, a tenth of the rate": {"rate": 0.1},
    "HKY, uneven bases": {"kappa": 6.0, "frequencies": (0.25, 0.16, 0.18, 0.41)},
    "HKY, uneven bases and rates of sites": {
        "kappa": 6.0,
        "frequencies": (0.25, 0.16, 0.18, 0.41),
        "shape": 0.5,
    },
}


@dataclass(frozen=True)
class Cell:
    """Agreement of one distance in one world, a value a seed, and pairs without a value."""

    pearson: np.ndarray
    undefined: np.ndarray

    def __str__(self) -> str:
        own = self.pearson
        text = f"{own.mean():.3f} ({own.min():.3f} to {own.max():.3f})"
        if not self.undefined.any():
            return text
        refused, lost = int((self.undefined > 0).sum()), self.undefined[self.undefined > 0].mean()
        return f"{text}; {refused} of {len(own)} refused, {lost:.0f} pairs saturated"


def bivalve_tree(data: Path) -> TreeNode:
    """Tree of the 74 families of the study."""
    families = (data / "bivalvia/families.txt").read_text(encoding="utf-8").split()
    distances = read_distances(data / "bivalvia/edge_lengths.csv").filter(families)
    tree = nj(DistanceMatrix(np.array(distances.data), distances.ids))
    for node in tree.traverse(include_self=False):
        node.length = max(float(node.length), 0.0)  # rounding, below 1e-12
    return tree


def agreement(sequences: Mapping[str, DNA], model: str, truth: DistanceMatrix) -> tuple[float, int]:
    """Pearson correlation with the tree over the pairs with a value, and the pairs without.

    PhyloLens refuses to go on where there are such pairs; scikit-bio gives NaN for them.
    """
    try:
        own = sequence_distances(sequences, model).distances
    except InputError:
        msa = TabularMSA(list(sequences.values()), index=list(sequences))
        own = align_dists(msa, model, shared_by_all=False)
    x, y = own.condensed_form(), truth.filter(own.ids).condensed_form()
    known = np.isfinite(x)
    return float(np.corrcoef(x[known], y[known])[0, 1]), int((~known).sum())


def table(tree: TreeNode, seeds: int) -> dict[str, dict[str, Cell]]:
    """Every world and distance."""
    truth = patristic(tree)
    found: dict[str, dict[str, Cell]] = {}
    for world, settings in WORLDS.items():
        drawn = [simulate_barcodes(tree, LENGTH, seed=seed, **settings) for seed in range(seeds)]
        found[world] = {}
        for model in MODELS:
            pairs = [agreement(sequences, model, truth) for sequences in drawn]
            found[world][model] = Cell(*map(np.array, zip(*pairs, strict=True)))
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data")
    options.add_argument("--seeds", type=int, default=20)
    given = options.parse_args()
    found = table(bivalve_tree(given.data), given.seeds)
    print(f"| distance | {' | '.join(found)} |")
    print(f"|---|{'---|' * len(found)}")
    for model in MODELS:
        print(f"| {WORDS[model]} | {' | '.join(str(found[world][model]) for world in found)} |")


if __name__ == "__main__":
    main()
