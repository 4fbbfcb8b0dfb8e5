"""One look for all figures."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


# Colours told apart by colour-blind readers and in grey (Okabe & Ito 2008).
INK, GREY, BLUE, ORANGE, PALE = "#1a1a1a", "#767676", "#0072b2", "#d55e00", "#dfe7ee"
WIDTH, WIDE = 5.2, 9.2  # inches; text of 9 points stays readable when shrunk to a phone's width
PNG_DPI = 200

_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same glyphs everywhere
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,  # taxon names may hold dollar signs
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "phylolens",
    "svg.fonttype": "path",
    "figure.constrained_layout.use": True,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with the report's settings and leave the user's untouched."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)  # type: ignore[arg-type]
        yield


def canvas(width: float, height: float) -> "Canvas":
    """Open an empty figure of that size, inches; no window system is touched."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width, height), dpi=PNG_DPI)
    FigureCanvasAgg(figure)
    return figure


def settle(figure: "Canvas") -> None:
    """Fix where everything stands.

    Positions are rounded: the solver's last digits change from call to call, and the names of
    clipping areas in SVG files with them.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if not isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        return
    for _ in range(3):  # labels move in the first pass, panels of fixed shape shrink in the second
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        bounds = axes.get_position(original=True).bounds
        axes.set_position([round(float(edge), 6) for edge in bounds])  # type: ignore[arg-type]


def to_bytes(figure: "Canvas") -> tuple[bytes, bytes]:
    """Render as SVG and PNG, without dates."""
    settle(figure)
    svg, png = io.BytesIO(), io.BytesIO()
    figure.savefig(svg, format="svg", dpi=PNG_DPI, metadata={"Date": None, "Creator": "PhyloLens"})
    figure.savefig(png, format="png", dpi=PNG_DPI, metadata={"Software": "PhyloLens"})
    return svg.getvalue(), png.getvalue()


def shorten(name: str, longest: int = 28) -> str:
    """Cut a long name so that it leaves room for the figure."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


def shades(n: int) -> list[str]:
    """Shades of one blue, light to dark, told apart also in grey."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    places = [0.25 + 0.65 * k / max(n - 1, 1) for k in range(n)]
    return [to_hex(colormaps["Blues"](place)) for place in (places if n > 1 else [0.7])]


def distinct(n: int) -> list[tuple[str, Any]]:
    """Colours with line styles, so that lines differ without colour as well."""
    dashes: list[Any] = ["solid", (0, (5, 1.5)), (0, (1.5, 1)), (0, (5, 1, 1.5, 1))]
    colours = (BLUE, ORANGE, "#009e73", INK, "#cc79a7", "#56b4e9", "#e69f00")
    return [(colours[k % len(colours)], dashes[k % len(dashes)]) for k in range(n)]


@dataclass(frozen=True)
class Drawing:
    """One finished figure.

    Parameters
    ----------
    name : str
        File name without ending.
    svg, png : bytes
        The files.
    width : float
        Inches.
    facts : mapping
        Numbers that drawing brought forth, for the caption.
    """

    name: str
    svg: bytes
    png: bytes
    width: float
    facts: Mapping[str, Any] = field(default_factory=dict)


def slug(name: str) -> str:
    """Make a rank's name fit for a file name."""
    kept = "".join(sign if sign.isalnum() else "-" for sign in name.lower())
    return kept.strip("-") or "rank"
