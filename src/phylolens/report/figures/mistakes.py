"""How far off mistakes are in the taxonomy, beside random wrong answers."""

from typing import TYPE_CHECKING, Any

from phylolens.report.figures.style import WIDTH, canvas, shades

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

FEWEST_SHOWN = 0.07  # shares too small for their number


def draw_mistakes(height: dict[str, Any]) -> "Canvas":
    """Draw two bars of all mistakes, split by the finest taxon that truth and answer share."""
    steps = height["steps"]
    names = [f"same {step['rank']}" for step in steps] + [f"other {steps[-1]['rank']}"]
    colours = shades(len(names))[::-1]  # nearest relatives darkest
    figure = canvas(WIDTH, 1.45)
    axes = figure.subplots()
    for row, key in enumerate(("within", "by_chance")):
        parts, before = [], 0.0
        for step in steps:
            parts.append(step[key] - before)
            before = step[key]
        parts.append(1 - before)
        left = 0.0
        for part, colour in zip(parts, colours, strict=True):
            axes.barh(row, part, left=left, height=0.7, color=colour, edgecolor="white",
                      linewidth=0.6)  # fmt: skip
            if part >= FEWEST_SHOWN:
                axes.text(left + part / 2, row, f"{100 * part:.0f}%", ha="center", va="center",
                          fontsize=7.5, color=ink_on(colour))  # fmt: skip
            left += part
    axes.set_yticks([0, 1], [f"{height['n']:,} mistakes", "if random"], fontsize=8)
    axes.set_ylim(1.5, -0.5)
    axes.set_xlim(0, 1)
    axes.axis("on")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks([])
    legend(figure, names, colours)
    return figure


def ink_on(colour: str) -> str:
    """Black on light, white on dark."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"


def legend(figure: "Canvas", names: list[str], colours: list[str], columns: int = 0) -> None:
    """Name the colours above the bars."""
    from matplotlib.patches import Patch

    patches = [Patch(color=colour, label=name) for name, colour in zip(names, colours, strict=True)]
    figure.legend(handles=patches, loc="outside upper left", ncols=columns or len(names),
                  fontsize=7.5, handlelength=1.0, handletextpad=0.4, columnspacing=1.0,
                  borderaxespad=0.2)  # fmt: skip
