"""What a figure is good for: shares that readers of it recovered in simulated worlds.

Measured by ``verification/visualisations.py``; the whole table stands in ``docs/results.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from phylolens.report.text import percent


@dataclass(frozen=True)
class Recovered:
    """Shares recovered from one figure in worlds of one size.

    Parameters
    ----------
    alike : float
        Of the five most alike of each taxon, those found.
    relatives : float
        Of the five nearest relatives of each taxon, those found.
    convergent : float
        Of the planted convergent pairs, those found among as many named.
    """

    alike: float
    relatives: float
    convergent: float


MEASURED: Mapping[int, Mapping[str, Recovered]] = {
    20: {
        "tanglegram": Recovered(0.75, 0.99, 0.97),
        "signal-heatmaps": Recovered(0.78, 0.96, 0.79),
        "pcoa": Recovered(0.70, 0.51, 0.19),
        "phylomorphospace": Recovered(0.70, 0.86, 0.28),
    },
    75: {
        "tanglegram": Recovered(0.61, 0.98, 0.93),
        "signal-heatmaps": Recovered(0.59, 0.92, 0.86),
        "pcoa": Recovered(0.38, 0.25, 0.06),
        "phylomorphospace": Recovered(0.38, 0.66, 0.10),
    },
    200: {
        "tanglegram": Recovered(0.54, 0.98, 0.92),
        "signal-heatmaps": Recovered(0.25, 0.86, 0.02),
        "pcoa": Recovered(0.22, 0.14, 0.01),
        "phylomorphospace": Recovered(0.22, 0.40, 0.01),
    },
}
# Pairs of lines that cross, nodes turned, where looks do not follow the tree.
CROSSING: Mapping[int, float] = {20: 0.32, 75: 0.40, 200: 0.43}


def good_for(n_taxa: int) -> dict[str, str]:
    """Say what each figure is good for, from the measured size nearest to this one.

    Parameters
    ----------
    n_taxa : int
        Taxa compared; sizes are near by their ratio.

    Returns
    -------
    dict of str to str
        A sentence or two by name of the figure.
    """
    size = min(MEASURED, key=lambda known: max(known / n_taxa, n_taxa / known))
    worlds = f"in simulated worlds of {size} taxa"
    found = MEASURED[size]
    return {
        "tanglegram": (
            f"Good for finding distant relatives that look alike, and what is near on either "
            f"side: {worlds} readers found {percent(found['tanglegram'].convergent)} of the "
            f"convergent pairs here, more than in any other figure. Do not judge the agreement by "
            f"the crossings alone: where looks do not follow the tree, "
            f"{percent(CROSSING[size])} of the pairs of lines cross."
        ),
        "signal-heatmaps": (
            f"Good for clades that look alike as a whole; {worlds} readers found "
            f"{percent(found['signal-heatmaps'].alike)} of the taxa most alike here."
        ),
        "pcoa": (
            f"Good for an overview, not for neighbours: {worlds} two axes showed "
            f"{percent(found['pcoa'].alike)} of the taxa most alike (tanglegram: "
            f"{percent(found['tanglegram'].alike)})."
        ),
        "phylomorphospace": (
            f"Good for following single lineages; {worlds} readers found "
            f"{percent(found['phylomorphospace'].relatives)} of the nearest relatives here "
            f"(tanglegram: {percent(found['tanglegram'].relatives)})."
        ),
    }
