"""``audit.html``: one page that needs nothing else."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.report.audit.words import MEANT, NOISE_WORDS, printed
from phylolens.report.plots.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    WIDTH,
    Drawing,
    canvas,
    house_style,
    to_bytes,
)
from phylolens.report.text import count, number, p_value
from phylolens.report.thumbnails import data_address
from phylolens.results.audit import AuditResult, HonestTest, PublishedTest, Spread, Unshared
from phylolens.results.base import Number
from phylolens.results.permutation import Histogram
from phylolens.writing import write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


NARROW = 3.5  # inches
ROW, EDGE = 0.7, 0.95  # inches a statistic, and for axis and legend
NULL = "#a9bccd"
OBSERVED: dict[str, Any] = {"marker": "o", "color": ORANGE, "markersize": 5, "linestyle": ""}
PERFECT: dict[str, Any] = {"marker": "D", "markeredgecolor": BLUE, "markerfacecolor": "none",
                           "markersize": 8, "linestyle": ""}  # fmt: skip


@dataclass(frozen=True)
class AuditLine:
    """One line of the figure: a statistic beside its null, noise and perfect agreement."""

    title: str
    statistic: Number
    null: Histogram
    noise: Spread | None
    perfect: Number | None
    honest: bool


def draw_audit(rows: list[AuditLine], *, narrow: bool = False) -> "Canvas":
    """Draw one line a statistic: histogram of its null, noise below it, observed and perfect.

    Parameters
    ----------
    rows : list of AuditLine
    narrow : bool
        For phones.
    """
    figure = canvas(NARROW if narrow else WIDTH, EDGE + ROW * len(rows) + (0.3 if narrow else 0))
    axes = figure.subplots()
    for place, row in enumerate(rows):
        _row(axes, len(rows) - 1 - place, row)
    axes.set_ylim(-0.55, len(rows) - 0.05)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=PALE, linewidth=0.8, zorder=0)
    axes.set_xlabel("correlation")
    _legend(axes, columns=1 if narrow else 2)
    return figure


def _row(axes: "Axes", base: float, row: AuditLine) -> None:
    edges = np.array(row.null.edges)
    counts = np.array(row.null.counts, dtype=float)
    heights = base + 0.5 * counts / counts.max()
    axes.stairs(heights, edges, baseline=base, fill=True, color=NULL)
    axes.axhline(base, color=PALE, linewidth=0.7, zorder=0)
    if row.noise:
        ends = [row.noise.low, row.noise.high]
        axes.plot(ends, [base - 0.1] * 2, color=GREY, linewidth=2.2, solid_capstyle="butt")
    if row.perfect is not None:
        axes.plot(row.perfect, base, **PERFECT, clip_on=False, zorder=4)
    axes.plot(row.statistic, base, **OBSERVED, clip_on=False, zorder=5)
    weight = "bold" if row.honest else "normal"
    axes.annotate(row.title, (0.0, base + 0.66), xycoords=("axes fraction", "data"), fontsize=8,
                  va="center", color=INK, fontweight=weight).set_in_layout(False)  # fmt: skip


def _legend(axes: "Axes", columns: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], **OBSERVED, label="these matrices"),
        Line2D([], [], **PERFECT, label="perfect agreement"),
        Patch(color=NULL, label="taxa permuted"),
        Line2D([], [], color=GREY, linewidth=2.2, label="random centroids (95%)"),
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.07), ncols=columns,
                fontsize=8, columnspacing=1.5)  # fmt: skip


REPORT = Path(__file__).parent.parent
PIXELS_AN_INCH = 110


@dataclass(frozen=True)
class AuditRow:
    """One row of a table, its figures as text."""

    title: str
    value: str = "–"
    note: str = ""
    p: str = "–"
    printed: str = "–"
    null: str = "–"
    noise: str = "–"
    perfect: str = "–"


def write_page(path: Path, result: AuditResult, version: str) -> None:
    """Write the page of an audit.

    Parameters
    ----------
    path : Path
    result : AuditResult
    version : str
        Of PhyloLens.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(REPORT),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawings = _draw(result)
    text = environment.get_template("audit/audit.html.j2").render(
        s=result,
        version=version,
        rows=[_page_row(test, test.title or "", test.fault) for test in result.published.values()],
        honest=[_page_row(test, MEANT[name]) for name, test in result.honest.items()],
        noise=_noise(result),
        dropped=_dropped(result.dropped),
        taxa=count(result.n_taxa, "taxon"),
        figures={name: data_address(each.svg, "image/svg+xml") for name, each in drawings.items()},
        width=round(PIXELS_AN_INCH * drawings["wide"].width) if drawings else 0,
    )
    # No break within a figure, and a true minus in its exponent.
    text = re.sub(r"\b([rpn]) (=|&lt;) (?=[−\d])", "\\1\u00a0\\2\u00a0", text)
    text = re.sub(r"(\b\de)-(\d+\b)", "\\1−\\2", text)
    write_text(path, text)


def _page_row(test: HonestTest, title: str, fault: str | None = None) -> AuditRow:
    if test.statistic is None or test.p_value is None:
        return AuditRow(title, note=test.why_absent or "")
    null = test.null_quantiles or {}
    as_printed = "–"
    if isinstance(test, PublishedTest) and test.n_as_printed:
        as_printed = f"{printed(test)}, n = {test.n_as_printed:,}"
    return AuditRow(
        title,
        value=number(test.statistic, 3),
        note=fault or "",
        p=p_value(test.p_value),
        printed=as_printed,
        null=f"{number(null['0.025'], 2)} to {number(null['0.975'], 2)}",
        noise=_about(test.noise.gaussian),
        perfect=number(test.perfect, 2)
        if test.perfect is not None
        else _about(test.nearly_perfect),
    )


def _about(spread: Spread | None) -> str:
    return f"{number(spread.mean, 2)} ± {number(spread.sd, 2)}" if spread else "–"


def _noise(result: AuditResult) -> list[dict[str, str]]:
    """Noise of every kind in the formula that noise can drive anywhere, beside an honest test."""
    shown = result.published["weighted_error"].noise.by_kind
    beside = result.honest["mantel_pearson"].noise.by_kind
    return [
        {"kind": words, "weighted": _about(shown[kind]), "honest": _about(beside[kind])}
        for kind, words in NOISE_WORDS.items()
    ]


def _dropped(dropped: Unshared) -> list[str]:
    sides = ("the first matrix", dropped.only_in_a), ("the second matrix", dropped.only_in_b)
    return [
        f"{count(len(ids), 'taxon')} in {side} only: {', '.join(ids[:12])}"
        f"{' and more' if len(ids) > 12 else ''}."
        for side, ids in sides
        if ids
    ]


def _draw(result: AuditResult) -> dict[str, Drawing]:
    published = [
        _line(test, test.title or "", honest=False)
        for test in result.published.values()
        if not test.is_error
    ]
    honest = [_line(test, MEANT[name], honest=True) for name, test in result.honest.items()]
    rows = [row for row in (*published, *honest) if row is not None]
    if not rows:
        return {}
    with house_style():
        canvases = {"wide": draw_audit(rows), "narrow": draw_audit(rows, narrow=True)}
        return {
            name: Drawing(f"audit-{name}", *to_bytes(figure), figure.get_figwidth())
            for name, figure in canvases.items()
        }


def _line(test: HonestTest, title: str, *, honest: bool) -> AuditLine | None:
    if test.statistic is None or test.null_histogram is None:
        return None
    almost = test.nearly_perfect
    perfect = test.perfect
    if perfect is None and almost:
        perfect = almost.mean
    return AuditLine(
        title, test.statistic, test.null_histogram, test.noise.gaussian, perfect, honest
    )
