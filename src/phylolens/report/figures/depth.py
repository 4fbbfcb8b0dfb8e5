"""How deep names are safe: the share of each rank, with how often the name is right."""

from typing import TYPE_CHECKING, Any

from phylolens.report.figures.mistakes import FEWEST_SHOWN, ink_on, legend
from phylolens.report.figures.style import GREY, INK, ORANGE, WIDE, canvas, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

NONE, NO_NAME = "none", "#d4d4d4"
NARROW = 3.5


def draw_depth(found: dict[str, Any], *, narrow: bool = False) -> "Canvas":
    """Draw a stacked bar a row: no name, then coarse to fine ranks.

    Beside each bar (above it where ``narrow``): how often the name given is right, and of how many.
    """
    keys = [NONE, *found["ranks"]]
    colours = [NO_NAME, *shades(len(found["ranks"]))]
    rows, headings = _places(found, narrow)
    step = 0.5 if narrow else 0.36
    lowest = max(place for place, _ in rows) + 0.8
    figure = canvas(NARROW if narrow else 0.75 * WIDE, 0.75 + step * lowest)
    axes = figure.subplots()
    for place, row in rows:
        left = 0.0
        for key, colour in zip(keys, colours, strict=True):
            share = row["shares"][key]
            axes.barh(place, share, left=left, height=0.52 if narrow else 0.74, color=colour,
                      edgecolor="white", linewidth=0.6)  # fmt: skip
            if share >= FEWEST_SHOWN * (1.5 if narrow else 1):
                axes.text(left + share / 2, place, f"{100 * share:.0f}%", ha="center",
                          va="center", fontsize=7.5, color=ink_on(colour))  # fmt: skip
            left += share
        _beside(axes, place, row, row["promised"], narrow)
    for place, title in headings:
        axes.text(0, place, title, fontsize=8.5, fontweight="bold", va="center")
        if not narrow:
            axes.annotate("name is right", (1, place), (6, 0), textcoords="offset points",
                          va="center", fontsize=7.5, color=GREY)  # fmt: skip
    _bare(axes, lowest)
    legend(figure, ["no name", *found["ranks"]], colours, 3 if narrow else 0)
    return figure


def _places(found: dict[str, Any], narrow: bool) -> tuple[list, list]:
    """Give rows and headings their heights, from the top."""
    rows, headings, place = [], [], 0.0
    for group in found["groups"]:
        title = group["title"][0].upper() + group["title"][1:]
        headings.append((place, title))
        place += 1.25 if narrow else 1.0
        for row in group["rows"]:
            rows.append((place, row))
            place += 1.0
        place += 0.3
    return rows, headings


def _beside(axes: "Axes", place: float, row: dict[str, Any], promised: str, narrow: bool) -> None:
    n = f"n = {row['n']:,}" if row["n"] else ""
    colour = ORANGE if row["short"] else INK
    right = f"{row['words']} right" + (f", below {promised}" if row["short"] else "")
    if narrow:
        axes.annotate(f"{row['name']} ({n}): {right}", (0, place - 0.28), (0, 1),
                      textcoords="offset points", fontsize=6.8, color=colour,
                      va="bottom")  # fmt: skip
        return
    axes.annotate(row["name"], (0, place), (-6, 0), textcoords="offset points", ha="right",
                  va="center", fontsize=8)  # fmt: skip
    axes.annotate(f"{row['words']}", (1, place), (6, 0), textcoords="offset points",
                  va="center", fontsize=8, color=colour,
                  fontweight="bold" if row["short"] else "normal")  # fmt: skip
    axes.annotate(n, (1, place), (88, 0), textcoords="offset points", va="center", fontsize=7.5,
                  color=GREY)  # fmt: skip


def _bare(axes: "Axes", lowest: float) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(lowest - 0.2, -0.6)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
