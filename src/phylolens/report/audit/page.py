"""``audit.html``: one page that needs nothing else."""

import re
from collections.abc import Mapping
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


def draw_audit(rows: list[dict[str, Any]], *, narrow: bool = False) -> "Canvas":
    """Draw one line a statistic: histogram of its null, noise below it, observed and perfect.

    Parameters
    ----------
    rows : list of dict
        ``title``, ``statistic``, ``null_histogram``, ``noise`` (mean, low, high), ``perfect``,
        ``honest``.
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


def _row(axes: "Axes", base: float, row: dict[str, Any]) -> None:
    edges = np.array(row["null_histogram"]["edges"])
    counts = np.array(row["null_histogram"]["counts"], dtype=float)
    heights = base + 0.5 * counts / counts.max()
    axes.stairs(heights, edges, baseline=base, fill=True, color=NULL)
    axes.axhline(base, color=PALE, linewidth=0.7, zorder=0)
    noise = row["noise"]
    if noise:
        low, high = noise["low"], noise["high"]
        axes.plot([low, high], [base - 0.1] * 2, color=GREY, linewidth=2.2, solid_capstyle="butt")
    if row["perfect"] is not None:
        axes.plot(row["perfect"], base, **PERFECT, clip_on=False, zorder=4)
    axes.plot(row["statistic"], base, **OBSERVED, clip_on=False, zorder=5)
    weight = "bold" if row["honest"] else "normal"
    axes.annotate(row["title"], (0.0, base + 0.66), xycoords=("axes fraction", "data"), fontsize=8,
                  va="center", color=INK, fontweight=weight).set_in_layout(False)  # fmt: skip


def _legend(axes: "Axes", columns: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], **OBSERVED, label="these matrices"),
        Line2D([], [], **PERFECT, label="perfect agreement"),
        Patch(color=NULL, label="taxa shuffled"),
        Line2D([], [], color=GREY, linewidth=2.2, label="random centroids (95%)"),
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.07), ncols=columns,
                fontsize=8, columnspacing=1.5)  # fmt: skip


REPORT = Path(__file__).parent.parent
PIXELS_AN_INCH = 110


def write_page(path: Path, summary: Mapping[str, Any]) -> None:
    """Write the page of an audit.

    Parameters
    ----------
    path : Path
    summary : mapping
        As :func:`phylolens.pipeline.audit.audit_files` makes it.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(REPORT),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawings = _draw(summary)
    text = environment.get_template("audit/audit.html.j2").render(
        s=summary,
        rows=[_page_row(entry, entry["title"]) for entry in summary["published"].values()],
        honest=[_page_row(entry, MEANT[name]) for name, entry in summary["honest"].items()],
        noise=_noise(summary),
        dropped=_dropped(summary["dropped"]),
        taxa=count(summary["n_taxa"], "taxon"),
        figures={name: data_address(each.svg, "image/svg+xml") for name, each in drawings.items()},
        width=round(PIXELS_AN_INCH * drawings["wide"].width) if drawings else 0,
    )
    # No break within a figure, and a true minus in its exponent.
    text = re.sub(r"\b([rpn]) (=|&lt;) (?=[−\d])", "\\1\u00a0\\2\u00a0", text)
    text = re.sub(r"(\b\de)-(\d+\b)", "\\1−\\2", text)
    write_text(path, text)


def _page_row(entry: Mapping[str, Any], title: str) -> dict[str, Any]:
    if entry["statistic"] is None:
        return {"title": title, "value": "–", "note": entry["why_absent"], "p": "–",
                "printed": "–", "null": "–", "noise": "–", "perfect": "–"}  # fmt: skip
    noise, almost = entry["noise"]["gaussian"], entry["nearly_perfect"]
    exact = entry["perfect"]
    null = entry["null_quantiles"]
    as_printed = ""
    if entry.get("n_as_printed"):
        as_printed = f"{printed(entry)}, n = {entry['n_as_printed']:,}"
    return {
        "title": title,
        "value": number(entry["statistic"], 3),
        "note": entry.get("fault", ""),
        "p": p_value(entry["p_value"]),
        "printed": as_printed or "–",
        "null": f"{number(null['0.025'], 2)} to {number(null['0.975'], 2)}",
        "noise": f"{number(noise['mean'], 2)} ± {number(noise['sd'], 2)}" if noise else "–",
        "perfect": number(exact, 2) if exact is not None else _about(almost),
    }


def _about(spread: Mapping[str, Any] | None) -> str:
    return f"{number(spread['mean'], 2)} ± {number(spread['sd'], 2)}" if spread else "–"


def _noise(summary: Mapping[str, Any]) -> list[dict[str, str]]:
    """Noise of every kind in the formula that noise can drive anywhere, beside an honest test."""
    shown = summary["published"]["weighted_error"]["noise"]
    beside = summary["honest"]["mantel_pearson"]["noise"]
    return [
        {"kind": words, "weighted": _about(shown[kind]), "honest": _about(beside[kind])}
        for kind, words in NOISE_WORDS.items()
    ]


def _dropped(dropped: Mapping[str, list[str]]) -> list[str]:
    words = {"only_in_a": "the first matrix", "only_in_b": "the second matrix"}
    return [
        f"{count(len(ids), 'taxon')} in {words[side]} only: {', '.join(ids[:12])}"
        f"{' and more' if len(ids) > 12 else ''}."
        for side, ids in dropped.items()
        if ids
    ]


def _draw(summary: Mapping[str, Any]) -> dict[str, Drawing]:

    entries = [(entry["title"], entry, False) for entry in summary["published"].values()]
    entries += [(MEANT[name], entry, True) for name, entry in summary["honest"].items()]
    rows = [
        {
            "title": title,
            "statistic": entry["statistic"],
            "null_histogram": entry["null_histogram"],
            "noise": entry["noise"]["gaussian"],
            "perfect": _perfect(entry),
            "honest": honest,
        }
        for title, entry, honest in entries
        if entry["statistic"] is not None and not entry.get("is_error")
    ]
    if not rows:
        return {}
    with house_style():
        canvases = {"wide": draw_audit(rows), "narrow": draw_audit(rows, narrow=True)}
        return {
            name: Drawing(f"audit-{name}", *to_bytes(figure), figure.get_figwidth())
            for name, figure in canvases.items()
        }


def _perfect(entry: Mapping[str, Any]) -> float | None:
    if entry["perfect"] is not None:
        return float(entry["perfect"])
    almost = entry["nearly_perfect"]
    return float(almost["mean"]) if almost else None
