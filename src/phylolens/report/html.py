"""Put summary, figures and pictures into one page that needs nothing else."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phylolens.errors import InputError
from phylolens.report.figures import Drawing, draw_all, slug
from phylolens.report.pictures import Album, data_address
from phylolens.report.results import Results
from phylolens.report.summarize import summarize_results
from phylolens.report.wording import count, is_italic, plural
from phylolens.writing import replacing, write_text

PAGE = "report.html"
PIXELS_AN_INCH = 110  # on a large screen; smaller screens shrink figures
HEAVY_SVG = 250_000  # bytes; heavier figures go into the page as PNG where that is lighter


# What reading a file with another content than ours raises, wherever it is noticed.
FOREIGN = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)


def write_report(results: Path, *, images: Sequence[Path] = ()) -> Path:
    """Write ``figures/*.svg``, ``figures/*.png`` and ``report.html`` into a results directory.

    Reads the directory and the pictures its ``specimens.parquet`` points to; the same inputs give
    the same bytes. Sections whose results are absent are replaced by one line that says which
    command makes them.

    Parameters
    ----------
    results : Path
        Directory with at least ``check.json``.
    images : sequence of Path
        Folders whose images may be shown. Of results made by another user, only images below these
        or below ``results`` are.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If there is no ``check.json``, or a file cannot be read, was cut short, edited, or made by
        another version.
    """
    found = Results(Path(results), tuple(images))
    if changed := found.changed():
        raise InputError(
            "these results are gone, cut short or edited since they were made.",
            where=found.folder,
            ids=changed,
            hint="Run the command that made them again.",
        )
    try:
        return _write(found)
    except InputError:
        raise
    except FOREIGN as error:
        reason = f"{type(error).__name__}: {str(error)[:100]}"
        raise InputError(
            f"a file of these results is damaged, edited, or of another version ({reason}).",
            where=found.folder,
            hint="Run the command that made them again.",
        ) from error


def _write(found: Results) -> Path:
    summary = summarize_results(found)
    drawings = draw_all(found, summary)
    folder = found.folder / "figures"
    for drawing in drawings:
        for ending, data in (("svg", drawing.svg), ("png", drawing.png)):
            with replacing(folder / f"{drawing.name}.{ending}") as temporary:
                temporary.write_bytes(data)
    page = found.folder / PAGE
    write_text(page, render(summary, drawings, Album(found)))
    return page


def render(summary: dict[str, Any], drawings: list[Drawing], album: Album) -> str:
    """Return the page's text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "plural": plural,
        "slug": slug,
        "style": lambda rank: "taxon" if is_italic(rank) else "",
        "thousands": lambda n: f"{n:,}",
        "indexed": lambda text: Markup(str(escape(text)).replace("K_mult", "K<sub>mult</sub>")),
    }
    environment.globals["count"] = count
    figures = {
        drawing.name: {
            "src": _address(drawing),
            "width": round(PIXELS_AN_INCH * drawing.width),
            "facts": dict(drawing.facts),
        }
        for drawing in drawings
    }
    page = environment.get_template("report.html.j2")
    text = page.render(s=summary, figures=figures, thumbnail=album.get)
    figure = r"(\b[rpqztnλ]|dCor|K_mult|K<sub>mult</sub>) ([=≤]) (?=[−\d])"
    return re.sub(figure, "\\1\u00a0\\2\u00a0", text)  # no break within a figure


def _address(drawing: Drawing) -> str:
    if len(drawing.svg) > HEAVY_SVG and len(drawing.png) < len(drawing.svg):
        return data_address(drawing.png, "image/png")
    return data_address(drawing.svg, "image/svg+xml")
