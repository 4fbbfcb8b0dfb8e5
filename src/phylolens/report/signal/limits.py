"""What the comparison of looks and lineage cannot tell, given what was tried."""

from collections.abc import Mapping
from typing import Any

WHY = (
    "Why relatives look alike: shared descent, shared habitat, and shared photographer or "
    "background leave the same trace."
)
CERTAIN = {
    False: "How certain the phylogeny is: it is taken as given.",
    True: (
        "How certain the phylogeny is beyond the trees given: they may all share wrong names, a "
        "wrong alignment or a wrong clock."
    ),
}
TOPOLOGY = {
    False: (
        "Whether a tree could be built from the pictures: a correlation of distances is far from "
        "a topology."
    ),
    True: (
        "Where the tree of looks and the reference differ, which of them is right: looks "
        "converge, and support says only that other specimens would give the same."
    ),
}
MORE = {
    False: (
        "Whether pictures say more than the taxonomy. If looks and another tree-structured thing "
        "(such as habitat) are compared, this test rejects too often."
    ),
    True: (
        "Whether looks go with another tree-structured thing (such as habitat): compared with "
        "that, these tests would reject too often."
    ),
}
PAIRS = (
    "Whether a listed pair converged: it looks more alike than drift along the tree predicts, for "
    "whatever reason. Pairs share taxa, so one odd taxon may stand in many."
)


def cannot_tell(summary: Mapping[str, Any]) -> list[str]:
    """List what stays open."""
    within = bool(summary["within"] and summary["within"]["rows"])
    lines = [WHY, CERTAIN[bool(summary["sample"])], TOPOLOGY[bool(summary["trees"])], MORE[within]]
    return [*lines, PAIRS] if summary["pairs"] else lines
