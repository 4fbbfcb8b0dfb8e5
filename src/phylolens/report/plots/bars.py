"""Bars of accuracy at each rank, and of what features are worth to a forest."""

from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.plots.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    WIDE,
    canvas,
    distinct,
    shorten,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


MOST_FEATURES = 20
LINE = 0.2  # inches a bar takes
WORTH = (
    ("impurity", "impurity_se", "share of the decrease of impurity", BLUE),
    ("permutation", "permutation_sd", "loss of macro-F1 when permuted", ORANGE),
)


def draw_accuracy(ranks: list[dict[str, Any]], series: list[dict[str, str]]) -> "Canvas":
    """Draw a group of bars a rank, one bar a series, with intervals where there are some.

    Parameters
    ----------
    ranks : list of dict
        ``rank`` and ``bars``: by key of the series, ``value`` and ``interval`` (or None).
    series : list of dict
        ``key``, ``name`` and ``kind`` (``model`` or ``baseline``), the first drawn on top.
    """
    n = len(series)
    figure = canvas(0.75 * WIDE, 0.75 + LINE * len(ranks) * (n + 0.8) + 0.18 * n)
    axes = figure.subplots()
    for number, (one, colour) in enumerate(zip(series, _colours(series), strict=True)):
        places = [row * (n + 0.8) + number for row in range(len(ranks))]
        values = [rank["bars"][one["key"]]["value"] for rank in ranks]
        axes.barh(places, values, height=0.86, color=colour, label=one["name"])
        for place, rank in zip(places, ranks, strict=True):
            _write(axes, place, rank["bars"][one["key"]])
    middles = [row * (n + 0.8) + (n - 1) / 2 for row in range(len(ranks))]
    axes.set_yticks(middles, [rank["rank"] for rank in ranks], fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.08)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    axes.set_xlabel("test images named correctly")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=8, ncols=1 if n > 4 else 2,
                borderpad=0, handlelength=1.2)  # fmt: skip
    return figure


def _colours(series: list[dict[str, str]]) -> list[str]:
    """Models in colours that colour-blind readers tell apart, baselines in greys."""
    greys = iter([GREY, "#c9c9c9"])
    models = iter(colour for colour, _ in distinct(len(series)))
    return [next(greys) if one["kind"] == "baseline" else next(models) for one in series]


def _write(axes: "Axes", place: float, bar: dict[str, Any]) -> None:
    """Write the value behind the bar, or behind its interval."""
    value, ends = bar["value"], bar["interval"]
    if ends:
        axes.plot(ends, [place, place], color=INK, linewidth=1.1, solid_capstyle="butt")
    axes.annotate(f"{100 * value:.0f}%" if value >= 0.1 else f"{100 * value:.1f}%",
                  (max([value, *(ends or ())]), place), (4, 0), textcoords="offset points",
                  va="center", fontsize=7.5)  # fmt: skip


def draw_importance(found: dict[str, Any]) -> "Canvas":
    """Draw both measures of the highest ranking features, and the mean of those drawn at random.

    Parameters
    ----------
    found : dict
        ``rows``: features, highest impurity first, and ``others``: means of those drawn from the
        rest, or None.
    """
    rows = found["rows"][:MOST_FEATURES]
    names = [f"feature {row['feature']}" for row in rows]
    others = found["others"]
    if others:
        rows, names = [*rows, others], [*names, shorten(f"mean of {others['n']} others")]
    figure = canvas(0.8 * WIDE, 0.9 + LINE * len(rows))
    panels = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(rows)) + np.array([0.5 if "n" in row else 0.0 for row in rows])
    for axes, (key, spread, words, colour) in zip(panels, WORTH, strict=True):
        values = [row[key] for row in rows]
        colours = ["#a9a9a9" if "n" in row else colour for row in rows]
        axes.barh(places, values, height=0.72, color=colours)
        for place, row in zip(places, rows, strict=True):
            half = row[spread]
            axes.plot([row[key] - half, row[key] + half], [place] * 2, color=INK, linewidth=0.9)
        axes.axvline(0, color=INK, linewidth=0.7)
        axes.set_xlabel(words)
        axes.locator_params(axis="x", nbins=5)
        axes.grid(axis="x", color=PALE, linewidth=0.7)
        axes.set_axisbelow(True)
    panels[0].set_title("impurity, training images")
    panels[1].set_title("permutation, tested images")
    panels[0].set_yticks(places, names, fontsize=8)
    panels[0].set_ylim(places[-1] + 0.7, -0.7)
    for axes in panels:
        axes.tick_params(axis="y", length=0)
    return figure
