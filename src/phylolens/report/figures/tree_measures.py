"""How unlike the tree of looks is to the reference tree, beside what chance gives."""

from typing import TYPE_CHECKING, Any

from phylolens.report.figures.style import BLUE, GREY, INK, ORANGE, WIDTH, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

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

    Parameters
    ----------
    tree : dict
        ``tree`` of ``signal.json``.
    """
    keys = measured(tree)
    figure = canvas(WIDTH, 1.2 + 0.5 * len(keys))
    axes = figure.subplots()
    for row, key in enumerate(keys):
        _row(axes, row, tree[key])
    axes.set_yticks(range(len(keys)), [_name(key, tree[key]) for key in keys], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(keys) - 0.45, -0.55)
    axes.hlines([row + 0.5 for row in range(len(keys) - 1)], 0, 1, color="#e6e6e6", linewidth=0.7,
                transform=axes.get_yaxis_transform())  # fmt: skip
    low = min(0.0, axes.get_xlim()[0])
    axes.set_xlim(low, max(1.0, axes.get_xlim()[1]))
    axes.set_xlabel("distance between the trees (0 = the same tree)")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, fontsize=8, borderpad=0,
                columnspacing=1.2, handlelength=1.2, handletextpad=0.5)  # fmt: skip
    return figure


def _name(key: str, found: dict[str, Any]) -> str:
    return NAMES[key] + (" *\n(* 1 = the same tree)" if found.get("higher_is_better") else "")


def _row(axes: "Axes", row: int, found: dict[str, Any]) -> None:
    """Draw one measure."""
    for prefix, words, colour, shift in CHANCE:
        mean, sd = found.get(f"{prefix}_mean"), found.get(f"{prefix}_sd") or 0.0
        if mean is not None:
            label = f"{words}, mean ± sd" if row == 0 else None
            axes.plot([mean - sd, mean + sd], [row + shift] * 2, color=colour, linewidth=6,
                      alpha=0.35, solid_capstyle="butt")  # fmt: skip
            axes.plot([mean], [row + shift], "|", color=colour, markersize=9, markeredgewidth=1.6,
                      label=label)  # fmt: skip
    interval = found.get("interval")
    if interval:
        axes.plot(interval, [row] * 2, color=ORANGE, linewidth=1.4)
    axes.plot([found["value"]], [row], "o", color=ORANGE, markersize=7, zorder=4,
              markeredgecolor="white", markeredgewidth=0.6,
              label="tree of looks" if row == 0 else None)  # fmt: skip
    axes.annotate(f"{found['value']:.2f}", (found["value"], row), (0, 7), fontsize=7.5, color=INK,
                  textcoords="offset points", ha="center", va="bottom")  # fmt: skip
