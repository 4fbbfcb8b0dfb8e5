"""The figure of the bench: skill of every method, with intervals, in the order of the map."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from phylolens.report.plots.style import BLUE, GREY, WIDE, canvas, distinct
from phylolens.report.sections.paradigms.facts import BenchFacts

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


def bench_figures(facts: BenchFacts) -> Iterator[tuple[str, "Canvas"]]:
    """Draw skills where there are any."""
    if facts.bars:
        yield "bench", draw_skills(facts)


def draw_skills(facts: BenchFacts) -> "Canvas":
    """Draw a dot a method, its interval as a line; zero is the best prediction without images."""
    n = len(facts.bars)
    figure = canvas(WIDE, 1.0 + 0.19 * n)
    axes = figure.subplots()
    categories = list(dict.fromkeys(category for _, category, _, _ in facts.bars))
    colours = dict(zip(categories, (one for one, _ in distinct(len(categories))), strict=True))
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    for row, (_, category, skill, ends) in enumerate(facts.bars):
        colour = colours.get(category, BLUE)
        known = [float(end) for end in ends or () if end is not None]
        if len(known) == 2:
            axes.plot(known, [row, row], color=colour, linewidth=1.4, alpha=0.6, zorder=2)
        axes.plot([skill], [row], "o", color=colour, markersize=4.5, zorder=3)
    axes.set_yticks(range(n), [name for name, _, _, _ in facts.bars])
    axes.set_ylim(n - 0.4, -0.6)
    low = min(min(skill for _, _, skill, _ in facts.bars), 0.0)
    axes.set_xlim(max(low - 0.05, -0.6), None)  # a few methods may be far below zero
    axes.set_xlabel("skill on clades never seen (0: the best prediction without images)")
    _name_categories(axes, facts, colours)
    return figure


def _name_categories(axes: object, facts: BenchFacts, colours: dict[str, str]) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], marker="o", linestyle="none", color=colour, markersize=4.5, label=category)
        for category, colour in colours.items()
    ]
    axes.legend(handles=marks, loc="lower right", fontsize=8)  # type: ignore[attr-defined]
