"""``phylolens place``."""

from typing import Any

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


@o.takes(*o.SPECIMENS, *o.PHYLOGENY, "features", "unknowns", "rank", *o.EXTRACTION, section="place")
def command(settings: dict[str, Any], *, json: o.Json = False) -> None:
    """Place unknown specimens on the tree, with the probability of every branch.

    Reference specimens come as for classify, the unknowns from --unknowns; specimens without a
    taxon at the rank of comparison are unknowns, too. Taxa left out of the reference at every rank
    show how far answers can be trusted; without unknowns that is all there is.
    """
    run_and_show(settings, ("check", "place"), json=json)
