"""How unlike the tree of looks is to the reference tree, beside what chance gives."""

from typing import TYPE_CHECKING, Any

from phylolens.report.figures.style import BLUE, GREY, INK, ORANGE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from matplotlib.lines import Line2D

NAMES = {
    "nrf": "Robinson–Foulds,\nnormalised",
    "cid": "clustering\ninformation distance",
    "quartet": "quartet distance",
    "align": "align score",
    "coherency": "coherency index",
}
CHANCE = (
    ("random", "random trees", GREY, -0.2),
    ("tip_permuted", "trees of shuffled taxa", BLUE, 0.2),
)


def measured(tree: dict[str, Any]) -> list[str]:
    """Measures with a value; those that are higher for better trees last."""
    known = [
        key
        for key in NAMES
        if isinstance(tree.get(key), dict) and tree[key].get("value") is not None
    ]
    return sorted(known, key=lambda key: bool(tree[key].get("higher_is_better")))


def draw_tree_measures(tree: dict[str, Any]) -> "Canvas":
    """Draw one row a measure: dot as observed, bars for mean ± 1 sd of the two kinds of chance.

    Measures that are higher for better trees have no common scale with distances and stand in a
    panel of their own, with the value of the reference tree where it is known.

    Parameters
    ----------
    tree : dict
        ``tree`` of ``signal.json``.
    """
    keys = measured(tree)
    panels = [[key for key in keys if bool(tree[key].get("higher_is_better")) is higher]
              for higher in (False, True)]  # fmt: skip
    shown = [panel for panel in panels if panel]
    figure = canvas(WIDTH, 0.6 + 0.55 * len(shown) + 0.5 * len(keys))
    sizes = [len(panel) + 0.1 for panel in shown]
    drawn = figure.subplots(len(shown), 1, squeeze=False, height_ratios=sizes).ravel()
    for axes, panel in zip(drawn, shown, strict=True):
        _panel(axes, tree, panel)
    figure.legend(handles=_legend(tree, keys), loc="outside upper right", ncols=2, fontsize=8,
                  borderpad=0, columnspacing=1.4, handlelength=1.2)  # fmt: skip
    return figure


def _panel(axes: "Axes", tree: dict[str, Any], keys: list[str]) -> None:
    """Draw measures of one scale."""
    higher = bool(tree[keys[0]].get("higher_is_better"))
    for row, key in enumerate(keys):
        _row(axes, row, tree[key])
    axes.set_yticks(range(len(keys)), [NAMES[key] for key in keys], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(keys) - 0.45, -0.55)
    axes.hlines([row + 0.5 for row in range(len(keys) - 1)], 0, 1, color="#e6e6e6", linewidth=0.7,
                transform=axes.get_yaxis_transform())  # fmt: skip
    low, high = axes.get_xlim()
    axes.set_xlim(min(0.0, low), high if higher else max(1.0, high))
    axes.set_xlabel("higher = clades purer and larger" if higher else
                    "distance between the trees (0 = the same tree)")  # fmt: skip


def _row(axes: "Axes", row: int, found: dict[str, Any]) -> None:
    """Draw one measure."""
    for prefix, _, colour, shift in CHANCE:
        mean, sd = found.get(f"{prefix}_mean"), found.get(f"{prefix}_sd") or 0.0
        if mean is not None:
            axes.plot([mean - sd, mean + sd], [row + shift] * 2, color=colour, linewidth=6,
                      alpha=0.35, solid_capstyle="butt")  # fmt: skip
            axes.plot([mean], [row + shift], "|", color=colour, markersize=9, markeredgewidth=1.6)
    if found.get("reference_value") is not None:
        axes.plot([found["reference_value"]], [row], "D", color=INK, markersize=5)
    interval = found.get("interval")
    if interval:
        axes.plot(interval, [row] * 2, color=ORANGE, linewidth=1.4)
    axes.plot([found["value"]], [row], "o", color=ORANGE, markersize=7, zorder=4,
              markeredgecolor="white", markeredgewidth=0.6)  # fmt: skip
    left = min([found["value"], *(interval or [])])
    axes.annotate(f"{found['value']:.2f}", (left, row), (-7, 0), fontsize=8, color=INK,
                  textcoords="offset points", ha="right", va="center")  # fmt: skip


def _legend(tree: dict[str, Any], keys: list[str]) -> "list[Line2D]":
    """Explain those marks that are drawn."""
    from matplotlib.lines import Line2D

    def has(name: str) -> bool:
        return any(tree[key].get(name) is not None for key in keys)

    style: dict[str, Any] = {"linestyle": "none"}
    entries = [Line2D([], [], marker="o", color=ORANGE, label="tree of looks", **style)]
    if has("reference_value"):
        entries.append(
            Line2D([], [], marker="D", markersize=5, color=INK, label="reference tree", **style)
        )
    entries += [
        Line2D([], [], marker="|", markersize=9, markeredgewidth=1.6, color=colour,
               label=f"{words}, mean ± sd", **style)
        for prefix, words, colour, _ in CHANCE if has(f"{prefix}_mean")
    ]  # fmt: skip
    return entries
