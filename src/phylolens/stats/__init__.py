"""Do looks follow lineage? Distances between taxa and permutation tests on them.

The unit of every test is the taxon, never the pair and never the specimen; no parametric p-value
on pairs is ever computed.
"""

from phylolens.stats.mantel import mantel
from phylolens.stats.signal import signal
from phylolens.stats.visual import VISUAL_DISTANCES, taxon_means, visual_distances

__all__ = ["VISUAL_DISTANCES", "mantel", "signal", "taxon_means", "visual_distances"]
