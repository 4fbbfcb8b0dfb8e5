"""The correlation of looks and lineage within every clade."""

from typing import TYPE_CHECKING, Any

from phylolens.report.figures.style import BLUE, GREY, INK, WIDTH, canvas, shorten
from phylolens.report.wording import is_italic, p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MOST_ROWS, LEVEL = 30, 0.05
TEST = "mantel_pearson"
COLUMNS = (22, 70)  # points right of the axes where n and p end


def clades_shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the largest clades that have an r, ranks in the order given, largest first."""
    known = [row for row in rows if row.get("pearson") is not None]
    ranks = list(dict.fromkeys(row["rank"] for row in known))
    largest = sorted(known, key=lambda row: (-row["n_taxa"], row["rank"], row["clade"]))
    return sorted(
        largest[:MOST_ROWS],
        key=lambda row: (ranks.index(row["rank"]), -row["n_taxa"], row["clade"]),
    )


def p_holm(row: dict[str, Any]) -> float | None:
    """Read p of the clade's Mantel test after Holm's correction; None where it was not tested."""
    found = (row.get("tests") or {}).get(TEST) or {}
    value = found.get("p_holm")
    return None if value is None else float(value)


def draw_by_clade(rows: list[dict[str, Any]], overall: float | None) -> "Canvas":
    """Draw one dot a clade, full where significant after Holm's correction.

    Parameters
    ----------
    rows : list of dict
        ``by_clade`` of ``signal.json``.
    overall : float or None
        r among all taxa.
    """
    shown = clades_shown(rows)
    heads = [row["rank"] for row in shown]
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
    axes.set_yticks(places, [shorten(row["clade"], 24) for row in shown], fontsize=8)
    for label, row in zip(axes.get_yticklabels(), shown, strict=True):
        label.set_fontstyle("italic" if is_italic(row["rank"]) else "normal")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(lines - 0.4, -0.6)
    axes.margins(x=0.08)
    axes.set_xlabel("Mantel r within the clade" if several else f"Mantel r within the {heads[0]}")
    return figure


def _row(axes: "Axes", row: dict[str, Any], place: int) -> None:
    """Draw one clade, with the number of its taxa and p at the right."""
    p = p_holm(row)
    face = BLUE if p is not None and p <= LEVEL else "white"
    axes.plot([0, row["pearson"]], [place] * 2, color="#a9bccd", linewidth=1.4, zorder=1)
    axes.plot([row["pearson"]], [place], "o", color=BLUE, markerfacecolor=face, markersize=5.5,
              markeredgewidth=1.2, zorder=3)  # fmt: skip
    words = (f"{row['n_taxa']}", "–" if p is None else p_value(p))
    for shift, text in zip(COLUMNS, words, strict=True):
        axes.annotate(text, (1.0, place), (shift, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", fontsize=8, va="center", ha="right")  # fmt: skip
