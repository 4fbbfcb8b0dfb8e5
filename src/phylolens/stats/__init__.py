"""Do looks follow lineage? Distances between taxa and permutation tests on them.

The unit of every test is the taxon, never the pair and never the specimen; no parametric p-value
on pairs is ever a result.
"""

from phylolens.stats.debiased import VisualDistances, debiased_distances, plain_distances
from phylolens.stats.every_test import main_tests
from phylolens.stats.mantel import mantel
from phylolens.stats.means import portraits, taxon_means
from phylolens.stats.signal import Comparison, Findings, signal
from phylolens.stats.specimen_bootstrap import specimen_replicates
from phylolens.stats.visual import DISTANCE_NAMES, taxon_distances, visual_distances

__all__ = [
    "DISTANCE_NAMES",
    "Comparison",
    "Findings",
    "VisualDistances",
    "debiased_distances",
    "main_tests",
    "mantel",
    "plain_distances",
    "portraits",
    "signal",
    "specimen_replicates",
    "taxon_distances",
    "taxon_means",
    "visual_distances",
]
