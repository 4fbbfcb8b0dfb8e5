"""Phylogenies: read trees and distance matrices, bring them to a rank, turn them into numbers."""

from phylolens.phylogeny.barcodes import read_barcodes
from phylolens.phylogeny.gates import as_covariance, as_distances, as_genetic, as_phylogeny, as_tree
from phylolens.phylogeny.geometry import coordinates, covariance, similarity
from phylolens.phylogeny.rank import RankedDistances, to_rank
from phylolens.phylogeny.read import Phylogeny, read_distances, read_phylogeny
from phylolens.phylogeny.read_trees import read_tree, read_trees
from phylolens.phylogeny.sequence_pairs import sequence_distances

__all__ = [
    "Phylogeny",
    "RankedDistances",
    "as_covariance",
    "as_distances",
    "as_genetic",
    "as_phylogeny",
    "as_tree",
    "coordinates",
    "covariance",
    "read_barcodes",
    "read_distances",
    "read_phylogeny",
    "read_tree",
    "read_trees",
    "sequence_distances",
    "similarity",
    "to_rank",
]
