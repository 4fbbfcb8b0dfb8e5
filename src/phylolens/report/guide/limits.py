"""What the guided embedding cannot tell, given how it was judged."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.glossary import CANNOT_TELL
from phylolens.report.guide.verdict import clades


def cannot_tell(summary: Mapping[str, Any]) -> tuple[str, ...]:
    """List what stays open."""
    if not summary["held_out"]:
        return CANNOT_TELL["guide"]
    groups = clades(summary["held_out"])
    uneven = (
        (
            "Whether numbers of images play a part: means of few images lie far out, and where the "
            "numbers follow the tree, p is too small. --per-taxon makes them alike.",
        )
        if summary.get("uneven")
        else ()
    )
    return (
        f"How it fares beyond these data: the {groups} held out come from the same collection of "
        "pictures as those it learnt from.",
        "Why images tell what they tell: shared descent, shared habitat and shared photographer "
        "leave the same trace.",
        "Where in the tree an unknown taxon belongs: a predicted distance is no placement.",
        "How much of the tree looks could tell at best: another learner or other features may "
        "find more.",
        *uneven,
    )
