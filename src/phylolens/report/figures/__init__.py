"""Draw every figure that the results allow, as SVG and PNG."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from phylolens.report.ordering import parents
from phylolens.report.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure as Canvas


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


def draw_all(results: Results, summary: dict[str, Any]) -> list[Drawing]:
    """Draw all figures of a summary.

    Parameters
    ----------
    results : Results
        For curves and matrices.
    summary : dict
        As :func:`phylolens.report.summarize` gives it.
    """
    from phylolens.report.figures.style import house_style, to_bytes

    drawings = []
    with house_style():
        for name, figure, *facts in _figures(results, summary):
            drawings.append(Drawing(name, *to_bytes(figure), figure.get_figwidth(), *facts))
    return drawings


def _figures(
    results: Results, summary: dict[str, Any]
) -> "Iterator[tuple[str, Canvas] | tuple[str, Canvas, dict[str, Any]]]":
    from phylolens.report.figures.counts import draw_counts

    for rank in (summary["specimens"] or {}).get("ranks", []):
        if rank["n_taxa"] > 1 and not rank["even"]:
            name = f"counts-{slug(rank['rank'])}"
            yield name, draw_counts(rank)
            yield f"{name}-narrow", draw_counts(rank, narrow=True)
    if summary["classify"]:
        yield from _classify(results, summary["classify"])
    if summary["guide"]:
        from phylolens.report.figures.guide import guide_figures

        yield from guide_figures(results, summary["guide"])
    if summary["signal"]:
        from phylolens.report.figures.signal import signal_figures

        yield from signal_figures(results, summary["order"])


def _classify(results: Results, found: dict[str, Any]) -> "Iterator[tuple[str, Canvas]]":
    from phylolens.report.figures.confidence import draw_reliability, draw_risk
    from phylolens.report.figures.confusion import draw_confusion
    from phylolens.report.figures.depth import draw_depth
    from phylolens.report.figures.few_shot import draw_few_shot
    from phylolens.report.figures.mistakes import draw_mistakes

    for rank in found["ranks"]:
        if rank["confusion"]["drawn"]:
            coarser, groups = parents(results, rank["rank"])
            yield f"confusion-{slug(rank['rank'])}", draw_confusion(rank, groups, coarser)
        if rank["heights"]:
            yield f"mistakes-{slug(rank['rank'])}", draw_mistakes(rank["heights"])
    for name, narrow in (("", False), ("-narrow", True)):
        if found["confidence"] and found["confidence"]["drawn"]:
            ranks = found["confidence"]["ranks"]
            yield f"reliability{name}", draw_reliability(ranks, narrow=narrow)
        if found["depth"]:
            yield f"depth{name}", draw_depth(found["depth"], narrow=narrow)
        if found["few_shot"] and found["few_shot"]["drawn"]:
            yield f"few-shot{name}", draw_few_shot(found["few_shot"], narrow=narrow)
    if found["confidence"] and found["confidence"]["curves"]:
        yield "risk", draw_risk(found["confidence"]["ranks"])


def slug(name: str) -> str:
    """Make a rank's name fit for a file name."""
    kept = "".join(sign if sign.isalnum() else "-" for sign in name.lower())
    return kept.strip("-") or "rank"
