"""One colour and one shape for each coarser group of taxa; the small groups share theirs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from phylolens.report.figures.style import BLUE, INK, ORANGE, shorten
from phylolens.report.wording import is_italic

if TYPE_CHECKING:
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

MOST_GROUPS = 8
OTHER, ROOT = "other", "root"
# Okabe & Ito (2008) without yellow, which is lost on white, and a brown; shapes differ as well.
COLOURS = (BLUE, ORANGE, "#009e73", "#cc79a7", "#56b4e9", "#e69f00", INK, "#7a4a12")
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "p")


@dataclass(frozen=True)
class Mark:
    """How the taxa of one group are drawn."""

    label: str
    colour: str
    shape: str


PLAIN = Mark("", BLUE, "o")
REST = Mark(OTHER, "#9a9a9a", "o")


@dataclass(frozen=True)
class Groups:
    """The marks of all taxa.

    Parameters
    ----------
    rank : str
        Rank of the groups; empty where there are none, and all taxa are alike.
    of : mapping of str to Mark
        Taxon to mark.
    legend : sequence of Mark
        Largest group first, the rest last; empty without groups.
    """

    rank: str
    of: Mapping[str, Mark]
    legend: Sequence[Mark]


def mark_groups(taxa: Sequence[str], groups: Mapping[str, str], rank: str) -> Groups:
    """Give the largest groups a mark of their own, all others one together.

    Parameters
    ----------
    taxa : sequence of str
        All that are drawn.
    groups : mapping of str to str
        Group of each taxon; taxa of unknown group count as "other".
    rank : str
        Of the groups.
    """
    sizes = Counter(groups[taxon] for taxon in taxa if taxon in groups)
    if len(sizes) < 2:
        return Groups("", dict.fromkeys(taxa, PLAIN), [])
    named = sorted(sizes, key=lambda name: (-sizes[name], name))[:MOST_GROUPS]
    marks = {
        name: Mark(name, colour, shape)
        for name, colour, shape in zip(named, COLOURS, SHAPES, strict=False)
    }
    of = {taxon: marks.get(groups.get(taxon, ""), REST) for taxon in taxa}
    rest = [REST] if REST in of.values() else []
    return Groups(rank, of, [*marks.values(), *rest])


def handles(groups: Groups, *, lines: bool = False) -> "list[Line2D]":
    """Make the entries of a legend: points, or lines."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=mark.colour, label=shorten(mark.label, 22),
               **({"linewidth": 1.8} if lines else {"marker": mark.shape, "linestyle": "none",
                                                    "markersize": 5.5}))
        for mark in groups.legend
    ]  # fmt: skip


def set_italic(legend: "Legend", rank: str) -> None:
    """Set the names of genera and species in italics."""
    for text in legend.get_texts():
        if is_italic(rank) and text.get_text() not in (OTHER, ROOT):
            text.set_fontstyle("italic")
