"""The small figure of the first screen: what was found beside what chance gives."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.plots.style import GREY, INK, ORANGE, canvas
from phylolens.report.sections.signal.facts import SignalFacts
from phylolens.report.sections.signal.tests import TestRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

SIZE = (4.4, 1.15)  # inches


def overview_figures(summary: Mapping[str, Any]) -> "Iterator[tuple[str, Canvas]]":
    """Draw the test that decides, where the first screen speaks of it."""
    for card in summary["cards"]:
        if card["figure"] == "answer" and (test := deciding(summary["signal"])):
            yield "answer", draw_beside_chance(test, summary["signal"].plural)


def deciding(signal: SignalFacts) -> TestRow | None:
    """Return the first test, if how it came out under permutation was kept."""
    first = signal.tests[0]
    return first if first.histogram and first.histogram.counts else None


def draw_beside_chance(test: TestRow, what: str) -> "Canvas":
    """Draw the values under permutation as a hill, and the one found as a line."""
    assert test.histogram is not None
    edges = np.asarray(test.histogram.edges, dtype=float)
    counts = np.asarray(test.histogram.counts, dtype=float)
    figure = canvas(*SIZE)
    axes = figure.subplots()
    axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=GREY, alpha=0.55)
    value, top = float(test.statistic), float(counts.max() or 1.0)
    axes.vlines(value, 0, top, color=ORANGE, linewidth=2)
    span = max(edges[-1], value) - min(edges[0], value)
    axes.set_xlim(min(edges[0], value) - 0.04 * span, max(edges[-1], value) + 0.04 * span)
    right = value > edges.mean()
    axes.text(value, 1.08 * top, "found", color=ORANGE, ha="right" if right else "left")
    middle = float(np.average((edges[:-1] + edges[1:]) / 2, weights=counts))
    low, high = axes.get_xlim()
    place = min(max(middle, low + 0.26 * (high - low)), high - 0.26 * (high - low))
    inside = abs(place - value) < 0.3 * (high - low)  # then its label would lie upon the other
    axes.text(place, (1.5 if inside else 1.08) * top, f"by chance ({what} permuted)",
              color=INK, ha="center")  # fmt: skip
    axes.set_ylim(0, (1.85 if inside else 1.35) * top)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("the more relatives look alike, the further right", color=INK, fontsize=8)
    return figure
