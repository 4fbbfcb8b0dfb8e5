"""Scores against the number of images a taxon was learnt from."""

from typing import TYPE_CHECKING, Any

from phylolens.report.figures.style import GREY, WIDE, canvas, distinct

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

KEYS = (("accuracy", "accuracy"), ("macro_f1", "macro-F1"))
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")


def draw_few_shot(found: dict[str, Any], *, narrow: bool = False) -> "Canvas":
    """Draw accuracy and macro-F1 side by side, on a logarithmic axis; error bars are one sd.

    "all" stands apart at the right, as taxa then have different numbers.
    """
    figure = canvas(3.5, 5.2) if narrow else canvas(0.78 * WIDE, 3.1)
    panels = figure.subplots(*((2, 1) if narrow else (1, 2)), sharey=True, sharex=True)
    for axes, (key, words) in zip(panels, KEYS, strict=True):
        _panel(axes, found, key, words)
    for axes in panels[-1:] if narrow else panels:
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
