"""Which taxa are called which, how far off mistakes are, and how scores grow with images."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.ordering import runs
from phylolens.report.plots.labels import bracket_rows
from phylolens.report.plots.style import (
    GREY,
    ORANGE,
    WIDE,
    WIDTH,
    canvas,
    distinct,
    shades,
    shorten,
)
from phylolens.report.text import is_italic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


MOST_NAMES, MOST_NUMBERS = 40, 12


def draw_confusion(found: dict[str, Any], groups: Mapping[str, str], coarser: str) -> "Canvas":
    """Draw shares of each row; names up to 40 classes, brackets of the coarser rank beyond.

    Squares outline the taxa of the coarser rank: mistakes inside stay within the right one.

    Parameters
    ----------
    found : dict
        One rank of the summary.
    groups : mapping
        Coarser group of each label; empty where there is none.
    coarser : str
        Name of that coarser rank.
    """
    labels, matrix = found["confusion"]["labels"], np.array(found["confusion"]["matrix"])
    n = len(labels)
    sums = matrix.sum(axis=1, keepdims=True)
    shares = np.where(sums > 0, matrix / np.maximum(sums, 1), np.nan)
    side = 4.2 if n <= 12 else min(7.0, 3.2 + 0.13 * n)
    figure = canvas(side + 1.0, side)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
    axes.set_facecolor("#eeeeee")
    for spine in axes.spines.values():
        spine.set_visible(False)
    if n <= MOST_NAMES:
        size = 8.0 if n <= 20 else 6.5
        names = [shorten(label, 22) for label in labels]
        axes.set_yticks(range(n), names, fontsize=size)
        axes.set_xticks(range(n), names, fontsize=size, rotation=90)
        axes.tick_params(length=0)
        for label in (*axes.get_yticklabels(), *axes.get_xticklabels()):
            label.set_fontstyle("italic" if is_italic(found["rank"]) else "normal")
        if n <= MOST_NUMBERS:
            _write_counts(axes, matrix, shares)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        rows = [groups.get(label) for label in labels]
        bracket_rows(axes, rows, 0.8 * side, italic=is_italic(coarser))
    _outline(axes, [groups.get(label) for label in labels])
    axes.set_xlabel(f"named {found['rank']}")
    if n > MOST_NAMES:
        brackets = f" (brackets: {coarser})" if groups else ""
        axes.set_title(f"rows: true {found['rank']}{brackets}", fontweight="normal", fontsize=9)
    else:
        axes.set_ylabel(f"true {found['rank']}")
    bar = figure.colorbar(
        image, ax=axes, shrink=0.9 if n <= MOST_NUMBERS else 0.6, pad=0.02, aspect=25
    )
    bar.set_label("share of the true taxon's test images")
    bar.outline.set_visible(False)
    return figure


def _outline(axes: "Axes", groups: list[str | None]) -> None:
    """Draw a square around neighbours of one coarser taxon; single ones need none."""
    from matplotlib.patches import Rectangle

    for _, first, after in runs(groups):
        side = after - first
        if side > 1:
            corner = (first - 0.5, first - 0.5)
            axes.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=ORANGE,
                                     linewidth=0.9))  # fmt: skip


def _write_counts(axes: "Axes", matrix: np.ndarray, shares: np.ndarray) -> None:
    for (row, column), value in np.ndenumerate(matrix):
        if value:
            colour = "black" if shares[row, column] > 0.6 else "white"
            axes.text(column, row, f"{value}", ha="center", va="center", fontsize=7, color=colour)


FEWEST_SHOWN = 0.07  # shares too small for their number


def draw_mistakes(height: dict[str, Any]) -> "Canvas":
    """Draw two bars of all mistakes, split by the finest taxon that truth and answer share."""
    steps = height["steps"]
    names = [f"same {step['rank']}" for step in steps] + [f"other {steps[-1]['rank']}"]
    colours = shades(len(names))[::-1]  # nearest relatives darkest
    figure = canvas(WIDTH, 1.45)
    axes = figure.subplots()
    for row, key in enumerate(("within", "by_chance")):
        parts, before = [], 0.0
        for step in steps:
            parts.append(step[key] - before)
            before = step[key]
        parts.append(1 - before)
        left = 0.0
        for part, colour in zip(parts, colours, strict=True):
            axes.barh(row, part, left=left, height=0.7, color=colour, edgecolor="white",
                      linewidth=0.6)  # fmt: skip
            if part >= FEWEST_SHOWN:
                axes.text(left + part / 2, row, f"{100 * part:.0f}%", ha="center", va="center",
                          fontsize=7.5, color=ink_on(colour))  # fmt: skip
            left += part
    axes.set_yticks([0, 1], [f"{height['n']:,} mistakes", "if random"], fontsize=8)
    axes.set_ylim(1.5, -0.5)
    axes.set_xlim(0, 1)
    axes.axis("on")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks([])
    legend(figure, names, colours)
    return figure


def ink_on(colour: str) -> str:
    """Black on light, white on dark."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"


def legend(figure: "Canvas", names: list[str], colours: list[str], columns: int = 0) -> None:
    """Name the colours above the bars."""
    from matplotlib.patches import Patch

    patches = [Patch(color=colour, label=name) for name, colour in zip(names, colours, strict=True)]
    figure.legend(handles=patches, loc="outside upper left", ncols=columns or len(names),
                  fontsize=7.5, handlelength=1.0, handletextpad=0.4, columnspacing=1.0,
                  borderaxespad=0.2)  # fmt: skip


KEYS = (("accuracy", "accuracy"), ("macro_f1", "macro-F1"))
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")


def draw_few_shot(found: dict[str, Any]) -> "Canvas":
    """Draw accuracy and macro-F1 side by side, on a logarithmic axis; error bars are one sd.

    "all" stands apart at the right, as taxa then have different numbers.
    """
    figure = canvas(0.78 * WIDE, 3.1)
    panels = figure.subplots(*((1, 2)), sharey=True, sharex=True)
    for axes, (key, words) in zip(panels, KEYS, strict=True):
        _panel(axes, found, key, words)
    for axes in panels:
        axes.set_xlabel(f"training specimens of each {found['rank']}")
    panels[0].legend(fontsize=8, loc="lower right", handlelength=2.4)
    return figure


def _panel(axes: "Axes", found: dict[str, Any], key: str, words: str) -> None:
    numbers = sorted({p["n"] for c in found["curves"] for p in c["points"] if p["n"] != "all"})
    last = numbers[-1] * 2.5 if numbers else 1
    base = found["baseline"].get(key)
    if base is not None:
        axes.axhline(base, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)),
                     label="always the most frequent")  # fmt: skip
    styles = distinct(len(found["curves"]))
    for place, (curve, (colour, dashes)) in enumerate(zip(found["curves"], styles, strict=True)):
        points = [p for p in curve["points"] if p["n"] != "all"]
        rest = [p for p in curve["points"] if p["n"] == "all"]
        mark = MARKS[place % len(MARKS)]
        sds = [p.get(f"{key}_sd") or 0.0 for p in points]
        axes.errorbar([p["n"] for p in points], [p[key] for p in points], yerr=sds, color=colour,
                      linestyle=dashes, label=curve["name"], marker=mark, markersize=4.5,
                      linewidth=1.5, elinewidth=1.0, capsize=2)  # fmt: skip
        for point in rest:
            if points:
                axes.plot([points[-1]["n"], last], [points[-1][key], point[key]], color=colour,
                          linewidth=0.9, linestyle=(0, (1, 2)))  # fmt: skip
            axes.plot([last], [point[key]], color=colour, marker=mark, markersize=4.5)
    axes.set_xscale("log")
    axes.set_xticks([*numbers, last], [*(f"{n:g}" for n in numbers), "all"])
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.set_title(words)
