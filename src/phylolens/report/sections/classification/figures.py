"""The figures of the section on classification, each where its facts are there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.ordering import parents
from phylolens.report.plots.bars import draw_accuracy, draw_importance
from phylolens.report.plots.mistakes import (
    FEWEST_SHOWN,
    draw_confusion,
    draw_few_shot,
    draw_mistakes,
    ink_on,
    legend,
)
from phylolens.report.plots.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    WIDE,
    WIDTH,
    canvas,
    distinct,
    shades,
    slug,
)
from phylolens.report.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


LARGEST_DOT = 70.0  # square points
NONE, NO_NAME = "none", "#d4d4d4"


def classify_figures(results: Results, found: dict[str, Any]) -> "Iterator[tuple[str, Canvas]]":
    """Draw confusions, mistakes, accuracy, features, certainty, depth and few-shot curves.

    Each as far as it was made.
    """
    for rank in found["ranks"]:
        if rank["confusion"]["drawn"]:
            coarser, groups = parents(results, rank["rank"])
            yield f"confusion-{slug(rank['rank'])}", draw_confusion(rank, groups, coarser)
        if rank["heights"]:
            yield f"mistakes-{slug(rank['rank'])}", draw_mistakes(rank["heights"])
    for name, key in (("accuracy-guessing", "guess"), ("accuracy-models", "models")):
        if chart := found["accuracy"][key]:
            yield name, draw_accuracy(chart["ranks"], chart["series"])
    if found["importance"]:
        yield "importance", draw_importance(found["importance"])
    if found["confidence"] and found["confidence"]["drawn"]:
        ranks = found["confidence"]["ranks"]
        yield "reliability", draw_reliability(ranks)
    if found["depth"]:
        yield "depth", draw_depth(found["depth"])
    if found["few_shot"] and found["few_shot"]["drawn"]:
        yield "few-shot", draw_few_shot(found["few_shot"])
    if found["confidence"] and found["confidence"]["curves"]:
        yield "risk", draw_risk(found["confidence"]["ranks"])


def draw_reliability(ranks: list[dict[str, Any]]) -> "Canvas":
    """Draw a small diagram a rank; the area of a dot is the number of images in its bin."""
    shown = [rank for rank in ranks if rank["bins"]]
    across = min(len(shown), 3 if len(shown) > 4 else 4)
    down = -(-len(shown) // across)
    wide = min(WIDE, 0.6 + 2.15 * across)
    figure = canvas(wide, 0.35 + down * (wide / across + 0.15))
    panels = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for place, axes in enumerate(panels.ravel()):
        axes.set_visible(place < len(shown))
        if place + across >= len(shown):  # the lowest one drawn of its column
            axes.tick_params(labelbottom=True)
    for axes, rank in zip(panels.ravel(), shown, strict=False):
        _panel(axes, rank)
    figure.supxlabel("stated certainty", fontsize=9)
    figure.supylabel("share of right answers", fontsize=9)
    return figure


def _panel(axes: "Axes", rank: dict[str, Any]) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    if rank["bins_before"]:
        before = np.array([(row["confidence"], row["accuracy"]) for row in rank["bins_before"]])
        axes.plot(*before.T, "o", color=GREY, markersize=3.0, markerfacecolor="white")
    rows = np.array([(row["confidence"], row["accuracy"], row["n"]) for row in rank["bins"]])
    axes.plot(rows[:, 0], rows[:, 1], color=BLUE, linewidth=0.9, alpha=0.6)
    axes.scatter(rows[:, 0], rows[:, 1], s=LARGEST_DOT * rows[:, 2] / rows[:, 2].max(),
                 color=BLUE, linewidths=0.5, edgecolors="white", zorder=3, alpha=0.85)  # fmt: skip
    axes.set_title(rank["rank"])
    axes.set_aspect("equal")
    axes.set_xlim(-0.03, 1.05)
    axes.set_ylim(-0.03, 1.05)
    axes.set_xticks([0, 0.5, 1], ["0", "50%", "100%"], fontsize=7.5)
    axes.set_yticks([0, 0.5, 1], ["0", "50%", "100%"], fontsize=7.5)


def draw_risk(ranks: list[dict[str, Any]]) -> "Canvas":
    """Draw the share of wrong answers among the surest images, a line a rank."""
    figure = canvas(WIDTH, 3.1)
    axes = figure.subplots()
    shown = [rank for rank in ranks if rank["risk"]]
    for rank, (colour, dashes) in zip(shown, distinct(len(shown)), strict=True):
        coverage, risk = np.array(rank["risk"]).T
        axes.plot(coverage, risk, color=colour, linewidth=1.6, linestyle=dashes,
                  label=rank["rank"])  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(0, None)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
    axes.set_xlabel("images answered, the surest first")
    axes.set_ylabel("wrong among them")
    axes.legend(loc="upper left", fontsize=8, handlelength=2.6)
    return figure


def draw_depth(found: dict[str, Any]) -> "Canvas":
    """Draw a stacked bar a row: no name, then coarse to fine ranks.

    Beside each bar: how often the name given is right, and of how many.
    """
    keys = [NONE, *found["ranks"]]
    colours = [NO_NAME, *shades(len(found["ranks"]))]
    rows, headings = _places(found)
    step = 0.36
    lowest = max(place for place, _ in rows) + 0.8
    figure = canvas(0.75 * WIDE, 0.75 + step * lowest)
    axes = figure.subplots()
    for place, row in rows:
        left = 0.0
        for key, colour in zip(keys, colours, strict=True):
            share = row["shares"][key]
            axes.barh(place, share, left=left, height=0.74, color=colour,
                      edgecolor="white", linewidth=0.6)  # fmt: skip
            if share >= FEWEST_SHOWN:
                axes.text(left + share / 2, place, f"{100 * share:.0f}%", ha="center",
                          va="center", fontsize=7.5, color=ink_on(colour))  # fmt: skip
            left += share
        _beside(axes, place, row, row["promised"])
    for place, title in headings:
        axes.text(0, place, title, fontsize=8.5, fontweight="bold", va="center")
        axes.annotate("name is right", (1, place), (6, 0), textcoords="offset points",
                      va="center", fontsize=7.5, color=GREY)  # fmt: skip
    _bare(axes, lowest)
    legend(figure, ["no name", *found["ranks"]], colours, 0)
    return figure


def _places(found: dict[str, Any]) -> tuple[list, list]:
    """Give rows and headings their heights, from the top."""
    rows, headings, place = [], [], 0.0
    for group in found["groups"]:
        title = group["title"][0].upper() + group["title"][1:]
        headings.append((place, title))
        place += 1.0
        for row in group["rows"]:
            rows.append((place, row))
            place += 1.0
        place += 0.3
    return rows, headings


def _beside(axes: "Axes", place: float, row: dict[str, Any], promised: str) -> None:
    n = f"n = {row['n']:,}" if row["n"] else ""
    colour = ORANGE if row["short"] else INK
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
