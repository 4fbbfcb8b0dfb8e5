"""A statistic beside what random permutations give."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.plots.style import GREY, INK, ORANGE, WIDE, WIDTH, canvas
from phylolens.report.text import number, p_value
from phylolens.results.base import Number
from phylolens.results.guided_parts import Refits
from phylolens.results.permutation import Histogram, PermutationTest
from phylolens.results.signal_parts import SignalTest, WithinClades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


# The centred Pearson correlation and the bias-corrected distance correlation are one number: the
# second is shown.
TITLES = {
    "lambda_score": ("Score test of λ", "studentised score"),
    "kmult": ("K_mult", "K_mult (1 = Brownian motion)"),
    "mantel_pearson": ("Mantel test", "correlation r"),
    "mantel_spearman": ("Mantel test by ranks", "rank correlation ρ"),
    "protest": ("PROTEST", "Procrustes correlation"),
    "dcor": ("distance correlation", "bias-corrected distance correlation"),
    "mantel_spearman_centred": ("Mantel by ranks, centred", "ρ, row and column means removed"),
}
ALL, WITHIN = "#a9bccd", "#009e73"


def null_tests(tests: Mapping[str, SignalTest]) -> list[str]:
    """Names of the tests with a null distribution, in the order drawn."""
    return [key for key in TITLES if _has_null(tests.get(key))]


def _has_null(test: PermutationTest | None) -> bool:
    return test is not None and test.null_histogram is not None and bool(test.null_histogram.counts)


def draw_null(tests: Mapping[str, SignalTest], within: WithinClades | None = None) -> "Canvas":
    """Draw one panel a test: the null distribution, the observed value marked.

    Parameters
    ----------
    tests : mapping
        ``tests`` of ``signal.json``.
    within : WithinClades, optional
        ``within_clades`` of ``signal.json``: the same with taxa permuted within clades only.
    """
    shown = null_tests(tests)
    columns = min(len(shown), 4 if len(shown) == 4 else 3)
    if columns == 4:
        columns = 2
    rows = -(-len(shown) // columns)
    figure = canvas(WIDE, 0.35 + (2.1) * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(shown) :]:
        axes.remove()
    for axes, key in zip(panels, shown, strict=False):
        inner = None
        if within is not None:
            inner = {"mantel_pearson": within.pearson, "mantel_spearman": within.spearman}.get(key)
        _panel(axes, tests[key], key, inner if _has_null(inner) else None)
    _legend(figure, within if any(axes.get_gid() == "within" for axes in panels) else None)
    return figure


def _panel(axes: "Axes", test: SignalTest, key: str, inner: PermutationTest | None) -> None:
    """Draw one test."""
    edges, height = _heights(test)
    axes.stairs(height, edges, fill=True, color=ALL, linewidth=0)
    ends = [edges[0], edges[-1], _tested(test)]
    if inner:
        more, steps = _heights(inner)
        axes.stairs(steps, more, color=WITHIN, linewidth=1.2)
        axes.set_gid("within")
        ends += [more[0], more[-1]]
    axes.set_ylim(0, 1.32)
    margin = 0.05 * (max(ends) - min(ends)) or 0.05
    axes.set_xlim(min(ends) - margin, max(ends) + margin)
    q95 = (test.null_quantiles or {}).get("0.95")
    if q95 is not None:
        axes.plot([q95] * 2, [0, 1.02], color=GREY, linewidth=1.0, linestyle=(0, (3, 2)))
    mark_observed(axes, _tested(test), test.p_value, test.p_holm)
    title, label = TITLES[key]
    axes.set_title(title)
    axes.set_xlabel(label, fontsize=8)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=6)
    axes.tick_params(axis="x", labelsize=8)


def _tested(test: SignalTest) -> float:
    """Return the value that the null is of: of directions, where the statistic is of distances."""
    value = test.statistic if test.tested is None else test.tested
    assert value is not None
    return float(value)


def _heights(test: PermutationTest) -> tuple[np.ndarray, np.ndarray]:
    assert test.null_histogram is not None
    return heights(test.null_histogram.edges, test.null_histogram.counts)


def heights(edges: Sequence[Number], counts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Edges and heights, the highest 1: a narrow null would dwarf a wide one beside it."""
    tall = np.array(counts, dtype=float)
    return np.array(edges), tall / tall.max()


def mark_observed(
    axes: "Axes", observed: float, p: Number | None, corrected: Number | None = None
) -> None:
    """Mark a test's observed value, its figures on the side with more room."""
    axes.axvline(observed, color=ORANGE, linewidth=1.8)
    low, high = axes.get_xlim()
    side = "right" if observed > (low + high) / 2 else "left"
    words = "" if p is None else f", p = {p_value(p)}"
    if corrected is not None:
        words = f", p (Holm) = {p_value(corrected)}"
    axes.annotate(f"{number(observed)}{words}", (observed, axes.get_ylim()[1]),
                  (-4 if side == "right" else 4, -1), textcoords="offset points", ha=side, va="top",
                  color=ORANGE, fontweight="bold", fontsize=8)  # fmt: skip


def _legend(figure: "Canvas", within: WithinClades | None) -> None:
    """Explain the histograms once."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = [
        Patch(color=ALL, label="taxa permuted"),
        Line2D([], [], color=GREY, linewidth=1.0, linestyle=(0, (3, 2)), label="95% of them"),
        Line2D([], [], color=ORANGE, linewidth=1.8, label="observed"),
    ]
    if within is not None:
        words = f"permuted within each {within.rank} only"
        entries.insert(1, Line2D([], [], color=WITHIN, linewidth=1.2, label=words))
    figure.legend(handles=entries, loc="outside upper right", ncols=4, fontsize=8,
                  borderpad=0, columnspacing=1.4, labelcolor=INK)  # fmt: skip


FEWEST_BINS = 8


def draw_refits(null: Refits, skill: float) -> "Canvas":
    """Draw the histogram of skill under permuted refits and the observed skill.

    Parameters
    ----------
    null : Refits
        With a histogram and a p-value.
    skill : float
        As observed.
    """
    assert null.histogram is not None
    joined = coarser(null.histogram)
    edges, height = heights(joined.edges, joined.counts)
    figure = canvas(WIDTH, 2.5)
    axes = figure.subplots()
    axes.stairs(height, edges, fill=True, color=ALL, linewidth=0)
    axes.axvline(0.0, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.set_ylim(0, 1.32)
    ends = [float(edges[0]), float(edges[-1]), skill, 0.0]
    margin = 0.05 * (max(ends) - min(ends)) or 0.05
    axes.set_xlim(min(ends) - margin, max(ends) + margin)
    if null.skill_q95 is not None:
        axes.plot([null.skill_q95] * 2, [0, 1.02], color=GREY, linewidth=1.0,
                  linestyle=(0, (3, 2)))  # fmt: skip
    mark_observed(axes, skill, null.p_value)
    axes.set_xlabel("skill on clades held out")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _refits_legend(figure, limit=null.skill_q95 is not None)
    return figure


def coarser(histogram: Histogram) -> Histogram:
    """Join bins until there are about twice the root of the count: few refits make a comb else."""
    counts, edges = np.asarray(histogram.counts), np.asarray(histogram.edges)
    wanted = max(FEWEST_BINS, int(2 * np.sqrt(counts.sum())))
    joined = max(1, len(counts) // wanted)
    starts = np.arange(0, len(counts), joined)
    return Histogram(
        edges=[*edges[starts].tolist(), float(edges[-1])],
        counts=np.add.reduceat(counts, starts).tolist(),
    )


def _refits_legend(figure: "Canvas", *, limit: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = [Patch(color=ALL, label="images permuted")]
    if limit:
        entries.append(
            Line2D([], [], color=GREY, linewidth=1.0, linestyle=(0, (3, 2)), label="95% of them")
        )
    entries.append(Line2D([], [], color=ORANGE, linewidth=1.8, label="observed"))
    figure.legend(handles=entries, loc="outside upper right", ncols=3, fontsize=8, borderpad=0,
                  columnspacing=1.4, labelcolor=INK)  # fmt: skip
