"""The Mantel correlogram: at which genetic distances looks are more alike than elsewhere."""

from typing import TYPE_CHECKING, Any

from phylolens.report.figures.style import BLUE, GREY, INK, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

LEVEL = 0.05


def is_significant(row: dict[str, Any]) -> bool:
    """Whether a class was tested and is significant after Holm's correction."""
    p = row.get("p_holm")
    return bool(row.get("tested")) and p is not None and p <= LEVEL


def draw_correlogram(classes: list[dict[str, Any]]) -> "Canvas":
    """Draw r of each distance class over the span of the class, and its number of pairs below.

    Parameters
    ----------
    classes : list of dict
        ``low``, ``high``, ``n_pairs``, ``r`` (None where it cannot be had), ``p_holm``,
        ``tested``.
    """
    figure = canvas(WIDTH, 4.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    upper.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    known = [row for row in classes if row["r"] is not None]
    middles = [(row["low"] + row["high"]) / 2 for row in known]
    upper.plot(middles, [row["r"] for row in known], color="#a9bccd", linewidth=1.0, zorder=1)
    for row, middle in zip(known, middles, strict=True):
        _class(upper, row, middle)
    upper.set_ylabel("Mantel r of the class")
    upper.margins(y=0.12)
    _legend(upper, known)
    widths = [row["high"] - row["low"] for row in classes]
    lower.bar([row["low"] for row in classes], [row["n_pairs"] for row in classes], widths,
              align="edge", color="#a9bccd", edgecolor="white", linewidth=0.8)  # fmt: skip
    lower.set_ylabel("pairs")
    lower.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    lower.locator_params(axis="y", nbins=3, integer=True)
    lower.set_xlabel("genetic distance (unit of the phylogeny)")
    return figure


def _class(axes: "Axes", row: dict[str, Any], middle: float) -> None:
    """Draw one class: its span as a bar, its r as a dot that is full where significant."""
    tested = bool(row.get("tested"))
    axes.plot([row["low"], row["high"]], [row["r"]] * 2, color=BLUE if tested else GREY,
              linewidth=1.6, alpha=0.55, solid_capstyle="butt", zorder=2)  # fmt: skip
    if tested:
        face = BLUE if is_significant(row) else "white"
        axes.plot([middle], [row["r"]], "o", color=BLUE, markerfacecolor=face, markersize=6.5,
                  markeredgewidth=1.3, zorder=3)  # fmt: skip
    else:
        axes.plot([middle], [row["r"]], "x", color=GREY, markersize=5.5, zorder=3)


def _legend(axes: "Axes", classes: list[dict[str, Any]]) -> None:
    """Explain those marks that are drawn."""
    from matplotlib.lines import Line2D

    def entry(mark: str, face: str, colour: str, words: str) -> Line2D:
        return Line2D([], [], marker=mark, linestyle="none", color=colour, markerfacecolor=face,
                      markersize=6, label=words)  # fmt: skip

    tested = [row for row in classes if row.get("tested")]
    entries = []
    if any(is_significant(row) for row in tested):
        entries.append(entry("o", BLUE, BLUE, "p (Holm) ≤ 0.05"))
    if any(not is_significant(row) for row in tested):
        entries.append(entry("o", "white", BLUE, "not significant"))
    if len(tested) < len(classes):
        entries.append(entry("x", GREY, GREY, "not tested"))
    axes.legend(handles=entries, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, fontsize=8,
                borderpad=0, handletextpad=0.3, columnspacing=1.2, labelcolor=INK)  # fmt: skip
