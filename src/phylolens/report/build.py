"""Put summary, figures and thumbnails into one page that needs nothing else."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phylolens.errors import InputError
from phylolens.report.plots.style import Drawing, house_style, slug, to_bytes
from phylolens.report.results import Results
from phylolens.report.sections.classification.figures import classify_figures
from phylolens.report.sections.guided.figures import guide_figures
from phylolens.report.sections.labels.figures import draw_counts
from phylolens.report.sections.overview.figures import overview_figures
from phylolens.report.sections.paradigms.figures import bench_figures
from phylolens.report.sections.placement.figures import place_figures
from phylolens.report.sections.signal.figures import signal_figures
from phylolens.report.summary import summarize_results
from phylolens.report.text import count, is_italic, plural
from phylolens.report.thumbnails import Album, light_address
from phylolens.writing import replacing, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure as Canvas


PAGE = "report.html"
PIXELS_AN_INCH = 110  # on a large screen; smaller screens shrink figures


# What reading a file with another content than ours raises, wherever it is noticed.
FOREIGN = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)


def write_report(results: str | Path, *, images: Sequence[str | Path] = ()) -> Path:
    r"""Write ``figures/*.svg``, ``figures/*.png`` and ``report.html`` into a results directory.

    Reads the directory and the images its ``specimens.parquet`` points to; the same inputs give
    the same bytes. Sections whose results are absent are replaced by one line that says which
    command makes them.

    Parameters
    ----------
    results : str or Path
        Directory with at least ``check.json``.
    images : sequence of str or Path
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

    Examples
    --------
    >>> from pathlib import Path
    >>> import phylolens as pl
    >>> _ = Path("features.csv").write_text("id,f1\ni1,0.1\ni2,0.2\ni3,1\ni4,2\n")
    >>> _ = Path("meta.csv").write_text("file,genus\ni1,Arca\ni2,Arca\ni3,Venus\ni4,Mya\n")
    >>> settings = pl.Settings(features="features.csv", meta="meta.csv", out="results")
    >>> _ = pl.run(settings, stages=["check"])
    >>> pl.write_report("results").name
    'report.html'
    """
    found = Results(Path(results), tuple(Path(folder) for folder in images))
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
        loader=FileSystemLoader(Path(__file__).parent),
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
            "src": light_address(drawing.png),
            "width": round(PIXELS_AN_INCH * drawing.width),
            "facts": dict(drawing.facts),
        }
        for drawing in drawings
    }
    page = environment.get_template("page/report.html.j2")
    text = page.render(s=summary, figures=figures, thumbnail=album.get)
    figure = r"(\b[rpqztnλ]|dCor|K_mult|K<sub>mult</sub>) ([=≤]) (?=[−\d])"
    return re.sub(figure, "\\1\u00a0\\2\u00a0", text)  # no break within a figure


def draw_all(results: Results, summary: dict[str, Any]) -> list[Drawing]:
    """Draw all figures of a summary.

    Parameters
    ----------
    results : Results
        For curves and matrices.
    summary : dict
        As :func:`phylolens.report.summarize` gives it.
    """
    drawings = []
    with house_style():
        for name, figure, *facts in _figures(results, summary):
            drawings.append(Drawing(name, *to_bytes(figure), figure.get_figwidth(), *facts))
    return drawings


def _figures(
    results: Results, summary: dict[str, Any]
) -> "Iterator[tuple[str, Canvas] | tuple[str, Canvas, dict[str, Any]]]":

    yield from overview_figures(summary)
    for rank in (summary["specimens"] or {}).get("ranks", []):
        if rank["n_taxa"] > 1 and not rank["even"]:
            name = f"counts-{slug(rank['rank'])}"
            yield name, draw_counts(rank)
    if summary["classify"]:
        yield from classify_figures(results, summary["classify"])
    if summary["guide"]:
        yield from guide_figures(results, summary["guide"])
    if summary["signal"]:
        yield from signal_figures(results, summary["order"])
    if summary["place"]:
        yield from place_figures(summary["place"])
    if summary["bench"]:
        yield from bench_figures(summary["bench"])
