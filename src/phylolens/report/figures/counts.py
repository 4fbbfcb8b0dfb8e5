"""How many images each taxon has."""

from typing import TYPE_CHECKING, Any

from phylolens.report.figures.style import BLUE, GREY, WIDTH, canvas, shorten
from phylolens.report.wording import is_italic

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

MOST_BARS = 30


def draw_counts(rank: dict[str, Any]) -> "Canvas":
    """Draw a line of dots, largest taxon on top; on a logarithmic axis where counts are uneven.

    Dots, not bars: on a logarithmic axis the length of a bar means nothing.
    """
    counts = rank["counts"]
    shown, rest = counts[:MOST_BARS], counts[MOST_BARS:]
    if len(rest) == 1:
        shown, rest = counts, []
    figure = canvas(WIDTH, 1.0 + 0.17 * (len(shown) + bool(rest)))
    axes = figure.subplots()
    places = list(range(len(shown)))
    values = [n for _, n in shown]
    start = 0.8 if rank["skewed"] else 0.0
    axes.hlines(places, start, values, color="#c8d6e2", linewidth=1.6)
    axes.plot(values, places, "o", color=BLUE, markersize=4.5)
    for place, value in zip(places, values, strict=True):
        axes.annotate(f"{value:,}", (value, place), (5, 0), textcoords="offset points",
                      va="center", fontsize=7.5, color=GREY)  # fmt: skip
    names = [shorten(name) for name, _ in shown]
    if rest:
        places.append(len(shown))
        sizes = [n for _, n in rest]
        low, high = min(sizes), max(sizes)
        axes.hlines([len(shown)], low, high, color="#c8d6e2", linewidth=4)
        span = f"{low:,}" if low == high else f"{low:,}–{high:,}"
        axes.annotate(f"{span} each", (high, len(shown)), (5, 0), textcoords="offset points",
                      va="center", fontsize=7.5, color=GREY)  # fmt: skip
        names.append(f"{len(rest)} other {rank['plural']}")
    axes.set_yticks(places, names, fontsize=8)
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
    scale = " (logarithmic scale)" if rank["skewed"] else ""
    axes.set_xlabel(f"images of each {rank['rank']}{scale}")
    return figure
