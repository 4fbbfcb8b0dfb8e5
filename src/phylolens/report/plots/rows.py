"""Values in rows or classes: a correlogram, clades, and distances between trees."""

from typing import TYPE_CHECKING, Any

from phylolens.report.plots.style import BLUE, GREY, INK, ORANGE, WIDTH, canvas, shorten
from phylolens.report.text import is_italic, p_value
from phylolens.results.base import Number
from phylolens.results.signal_parts import (
    CladeTests,
    DistanceClass,
    TreeComparison,
    TreeMeasure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from matplotlib.lines import Line2D


LEVEL = 0.05


def is_significant(row: DistanceClass) -> bool:
    """Whether a class was tested and is significant after Holm's correction."""
    return bool(row.tested) and row.p_holm is not None and row.p_holm <= LEVEL


def draw_correlogram(classes: list[DistanceClass]) -> "Canvas":
    """Draw r of each distance class over the span of the class, and its number of pairs below.

    Parameters
    ----------
    classes : list of DistanceClass
    """
    figure = canvas(WIDTH, 4.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    upper.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    known = [(row, row.r) for row in classes if row.r is not None]
    middles = [(row.low + row.high) / 2 for row, _ in known]
    upper.plot(middles, [r for _, r in known], color="#a9bccd", linewidth=1.0, zorder=1)
    for (row, r), middle in zip(known, middles, strict=True):
        _class(upper, row, r, middle)
    upper.set_ylabel("Mantel r of the class")
    upper.margins(y=0.12)
    _legend(upper, [row for row, _ in known])
    widths = [row.high - row.low for row in classes]
    lower.bar([row.low for row in classes], [row.n_pairs for row in classes], widths,
              align="edge", color="#a9bccd", edgecolor="white", linewidth=0.8)  # fmt: skip
    lower.set_ylabel("pairs")
    lower.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    lower.locator_params(axis="y", nbins=3, integer=True)
    lower.set_xlabel("genetic distance (unit of the phylogeny)")
    return figure


def _class(axes: "Axes", row: DistanceClass, r: Number, middle: float) -> None:
    """Draw one class: its span as a bar, its r as a dot that is full where significant."""
    tested = bool(row.tested)
    axes.plot([row.low, row.high], [r] * 2, color=BLUE if tested else GREY,
              linewidth=1.6, alpha=0.55, solid_capstyle="butt", zorder=2)  # fmt: skip
    if tested:
        face = BLUE if is_significant(row) else "white"
        axes.plot([middle], [r], "o", color=BLUE, markerfacecolor=face, markersize=6.5,
                  markeredgewidth=1.3, zorder=3)  # fmt: skip
    else:
        axes.plot([middle], [r], "x", color=GREY, markersize=5.5, zorder=3)


def _legend(axes: "Axes", classes: list[DistanceClass]) -> None:
    """Explain those marks that are drawn."""
    from matplotlib.lines import Line2D

    def entry(mark: str, face: str, colour: str, words: str) -> Line2D:
        return Line2D([], [], marker=mark, linestyle="none", color=colour, markerfacecolor=face,
                      markersize=6, label=words)  # fmt: skip

    tested = [row for row in classes if row.tested]
    entries = []
    if any(is_significant(row) for row in tested):
        entries.append(entry("o", BLUE, BLUE, "p (Holm) ≤ 0.05"))
    if any(not is_significant(row) for row in tested):
        entries.append(entry("o", "white", BLUE, "not significant"))
    if len(tested) < len(classes):
        entries.append(entry("x", GREY, GREY, "not tested"))
    axes.legend(handles=entries, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, fontsize=8,
                borderpad=0, handletextpad=0.3, columnspacing=1.2, labelcolor=INK)  # fmt: skip


MOST_ROWS, BY_CLADE_LEVEL = 30, 0.05
TEST = "mantel_pearson"
COLUMNS = (22, 70)  # points right of the axes where n and p end


def clades_shown(rows: list[CladeTests]) -> list[CladeTests]:
    """Return the largest clades that have an r, ranks in the order given, largest first."""
    known = [row for row in rows if row.pearson is not None]
    ranks = list(dict.fromkeys(row.rank for row in known))
    largest = sorted(known, key=lambda row: (-(row.n_taxa or 0), row.rank, row.clade))
    return sorted(
        largest[:MOST_ROWS],
        key=lambda row: (ranks.index(row.rank), -(row.n_taxa or 0), row.clade),
    )


def p_holm(row: CladeTests) -> Number | None:
    """Read p of the clade's Mantel test after Holm's correction; None where it was not tested."""
    found = (row.tests or {}).get(TEST)
    return found.p_holm if found else None


def draw_by_clade(rows: list[CladeTests], overall: float | None) -> "Canvas":
    """Draw one dot a clade, full where significant after Holm's correction.

    Parameters
    ----------
    rows : list of CladeTests
        ``by_clade`` of ``signal.json``.
    overall : float or None
        r among all taxa.
    """
    shown = clades_shown(rows)
    heads = [row.rank for row in shown]
    first = [place for place, rank in enumerate(heads) if rank not in heads[:place]]
    several = len(first) > 1
    # A rank's name takes a line of its own where there are several ranks.
    places = [
        place + (sum(start <= place for start in first) if several else 0)
        for place in range(len(shown))
    ]
    lines = places[-1] + 1
    figure = canvas(WIDTH, 1.0 + 0.19 * lines)
    axes = figure.subplots()
    axes.axvline(0, color=GREY, linewidth=0.8)
    if overall is not None:
        axes.axvline(overall, color=INK, linewidth=1.0, linestyle=(0, (1.5, 2)))
        axes.annotate("all taxa", (overall, 1.0), (0, 2), xycoords=("data", "axes fraction"),
                      textcoords="offset points", ha="center", fontsize=8)  # fmt: skip
    for place, row in zip(places, shown, strict=True):
        _row(axes, row, place)
    for shift, head in zip(COLUMNS, ("n", "p (Holm)"), strict=True):
        axes.annotate(head, (1.0, 1.0), (shift, 2), xycoords="axes fraction", ha="right",
                      textcoords="offset points", fontsize=8, fontweight="bold")  # fmt: skip
    if several:
        for start in first:
            axes.text(-0.02, places[start] - 1, heads[start], fontsize=8, fontweight="bold",
                      ha="right", va="center", transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_yticks(places, [shorten(row.clade, 24) for row in shown], fontsize=8)
    for label, row in zip(axes.get_yticklabels(), shown, strict=True):
        label.set_fontstyle("italic" if is_italic(row.rank) else "normal")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(lines - 0.4, -0.6)
    axes.margins(x=0.08)
    axes.set_xlabel("Mantel r within the clade" if several else f"Mantel r within the {heads[0]}")
    return figure


def _row(axes: "Axes", row: CladeTests, place: int) -> None:
    """Draw one clade, with the number of its taxa and p at the right."""
    p = p_holm(row)
    face = BLUE if p is not None and p <= BY_CLADE_LEVEL else "white"
    axes.plot([0, row.pearson or 0.0], [place] * 2, color="#a9bccd", linewidth=1.4, zorder=1)
    axes.plot([row.pearson or 0.0], [place], "o", color=BLUE, markerfacecolor=face, markersize=5.5,
              markeredgewidth=1.2, zorder=3)  # fmt: skip
    words = (f"{row.n_taxa}", "–" if p is None else p_value(p))
    for shift, text in zip(COLUMNS, words, strict=True):
        axes.annotate(text, (1.0, place), (shift, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", fontsize=8, va="center", ha="right")  # fmt: skip


NAMES = {
    "nrf": "Robinson–Foulds,\nnormalised",
    "cid": "clustering\ninformation distance",
    "quartet": "quartet distance",
    "align": "align score",
    "coherency": "coherency index",
}
CHANCE = (
    ("random trees", GREY, -0.2),
    ("trees of permuted taxa", BLUE, 0.2),
)


def measured(tree: TreeComparison) -> list[str]:
    """Measures with a value; those that are higher for better trees last."""
    known = tree.measures
    return sorted(
        (key for key in NAMES if key in known), key=lambda key: bool(known[key].higher_is_better)
    )


def draw_tree_measures(tree: TreeComparison) -> "Canvas":
    """Draw one row a measure: dot as observed, bars for mean ± 1 sd of the two kinds of chance.

    Measures that are higher for better trees have no common scale with distances and stand in a
    panel of their own, with the value of the reference tree where it is known.

    Parameters
    ----------
    tree : TreeComparison
        ``tree`` of ``signal.json``.
    """
    keys, own = measured(tree), tree.measures
    panels = [[key for key in keys if bool(own[key].higher_is_better) is higher]
              for higher in (False, True)]  # fmt: skip
    shown = [panel for panel in panels if panel]
    figure = canvas(WIDTH, 0.6 + 0.55 * len(shown) + 0.5 * len(keys))
    sizes = [len(panel) + 0.1 for panel in shown]
    drawn = figure.subplots(len(shown), 1, squeeze=False, height_ratios=sizes).ravel()
    for axes, panel in zip(drawn, shown, strict=True):
        _panel(axes, {key: own[key] for key in panel})
    figure.legend(handles=_tree_measures_legend(list(own.values())), loc="outside upper right",
                  ncols=2, fontsize=8,
                  borderpad=0, columnspacing=1.4, handlelength=1.2)  # fmt: skip
    return figure


def _panel(axes: "Axes", measures: dict[str, TreeMeasure]) -> None:
    """Draw measures of one scale."""
    keys = list(measures)
    higher = bool(measures[keys[0]].higher_is_better)
    for row, own in enumerate(measures.values()):
        _tree_measures_row(axes, row, own)
    axes.set_yticks(range(len(keys)), [NAMES[key] for key in keys], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(keys) - 0.45, -0.55)
    axes.hlines([row + 0.5 for row in range(len(keys) - 1)], 0, 1, color="#e6e6e6", linewidth=0.7,
                transform=axes.get_yaxis_transform())  # fmt: skip
    low, high = axes.get_xlim()
    axes.set_xlim(min(0.0, low), high if higher else max(1.0, high))
    axes.set_xlabel("higher = clades purer and larger" if higher else
                    "distance between the trees (0 = the same tree)")  # fmt: skip


def _tree_measures_row(axes: "Axes", row: int, found: TreeMeasure) -> None:
    """Draw one measure."""
    chances = (
        (found.random_mean, found.random_sd),
        (found.tip_permuted_mean, found.tip_permuted_sd),
    )
    for (_, colour, shift), (mean, sd) in zip(CHANCE, chances, strict=True):
        if mean is not None:
            low, high = mean - (sd or 0.0), mean + (sd or 0.0)
            axes.plot([low, high], [row + shift] * 2, color=colour, linewidth=6,
                      alpha=0.35, solid_capstyle="butt")  # fmt: skip
            axes.plot([mean], [row + shift], "|", color=colour, markersize=9, markeredgewidth=1.6)
    if found.reference_value is not None:
        axes.plot([found.reference_value], [row], "D", color=INK, markersize=5)
    assert found.value is not None
    ends = [end for end in found.interval or () if end is not None]
    if ends:
        axes.plot(ends, [row] * 2, color=ORANGE, linewidth=1.4)
    axes.plot([found.value], [row], "o", color=ORANGE, markersize=7, zorder=4,
              markeredgecolor="white", markeredgewidth=0.6)  # fmt: skip
    axes.annotate(f"{found.value:.2f}", (min([found.value, *ends]), row), (-7, 0), fontsize=8,
                  color=INK, textcoords="offset points", ha="right", va="center")  # fmt: skip


def _tree_measures_legend(measures: list[TreeMeasure]) -> "list[Line2D]":
    """Explain those marks that are drawn."""
    from matplotlib.lines import Line2D

    style: dict[str, Any] = {"linestyle": "none"}
    entries = [Line2D([], [], marker="o", color=ORANGE, label="visual tree", **style)]
    if any(own.reference_value is not None for own in measures):
        entries.append(
            Line2D([], [], marker="D", markersize=5, color=INK, label="reference tree", **style)
        )
    drawn = (
        any(own.random_mean is not None for own in measures),
        any(own.tip_permuted_mean is not None for own in measures),
    )
    entries += [
        Line2D([], [], marker="|", markersize=9, markeredgewidth=1.6, color=colour,
               label=f"{words}, mean ± sd", **style)
        for (words, colour, _), shown in zip(CHANCE, drawn, strict=True) if shown
    ]  # fmt: skip
    return entries
