"""How many images each taxon has."""

from typing import TYPE_CHECKING, Any

from phylolens.report.plots.style import BLUE, GREY, WIDTH, canvas, shorten
from phylolens.report.text import is_italic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


MOST_BARS = 30
LINE = "#c8d6e2"


def draw_counts(rank: dict[str, Any]) -> "Canvas":
    """Draw a line of dots, largest taxon on top; on a logarithmic axis where counts are uneven.

    Dots, not bars: on a logarithmic axis the length of a bar means nothing.
    """
    counts = rank["counts"]
    shown, rest = counts[:MOST_BARS], counts[MOST_BARS:]
    if len(rest) == 1:
        shown, rest = counts, []
    rows = len(shown) + bool(rest)
    figure = canvas(WIDTH, 1.0 + 0.17 * rows)
    axes = figure.subplots()
    values = [n for _, n in shown]
    start = 0.8 if rank["skewed"] else 0.0
    axes.hlines(range(len(shown)), start, values, color=LINE, linewidth=1.6)
    axes.plot(values, range(len(shown)), "o", color=BLUE, markersize=4.5)
    for place, value in enumerate(values):
        _beside(axes, f"{value:,}", (value, place))
    names = [shorten(name, 28) for name, _ in shown]
    if rest:
        names.append(_rest(axes, [n for _, n in rest], len(shown), rank["plural"]))
    axes.set_yticks(range(len(names)), names, fontsize=8)
    for label in axes.get_yticklabels()[: len(shown)]:
        label.set_fontstyle("italic" if is_italic(rank["rank"]) else "normal")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    if rank["skewed"]:
        axes.set_xscale("log")
        axes.set_xlim(start, max(values) * 2.2)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else "")
    else:
        axes.set_xlim(0, max(values) * 1.12)
    scale = f"{' '}(logarithmic scale)" if rank["skewed"] else ""
    axes.set_xlabel(f"images of each {rank['rank']}{scale}")
    return figure


def _rest(axes: "Axes", sizes: list[int], place: int, plural: str) -> str:
    """Draw the taxa too small to show as one span and return its label."""
    low, high = min(sizes), max(sizes)
    axes.hlines([place], low, high, color=LINE, linewidth=4)
    span = f"{low:,}" if low == high else f"{low:,}–{high:,}"
    _beside(axes, f"{span} each", (high, place))
    return f"{len(sizes)} other {plural}"


def _beside(axes: "Axes", text: str, point: tuple[float, float]) -> None:
    axes.annotate(text, point, (5, 0), textcoords="offset points", va="center", fontsize=7.5,
                  color=GREY)  # fmt: skip
