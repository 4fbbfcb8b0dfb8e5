"""The figures of the section on classification, each where its facts are there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from phylolens.report.ordering import parents
from phylolens.report.plots.certainty import draw_depth, draw_reliability, draw_risk
from phylolens.report.plots.mistakes import draw_confusion, draw_few_shot, draw_mistakes
from phylolens.report.plots.style import slug
from phylolens.report.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


def classify_figures(results: Results, found: dict[str, Any]) -> "Iterator[tuple[str, Canvas]]":
    """Draw confusions, mistakes, certainty, depth and few-shot curves, as far as they were made."""
    for rank in found["ranks"]:
        if rank["confusion"]["drawn"]:
            coarser, groups = parents(results, rank["rank"])
            yield f"confusion-{slug(rank['rank'])}", draw_confusion(rank, groups, coarser)
        if rank["heights"]:
            yield f"mistakes-{slug(rank['rank'])}", draw_mistakes(rank["heights"])
    if found["confidence"] and found["confidence"]["drawn"]:
        ranks = found["confidence"]["ranks"]
        yield "reliability", draw_reliability(ranks)
    if found["depth"]:
        yield "depth", draw_depth(found["depth"])
    if found["few_shot"] and found["few_shot"]["drawn"]:
        yield "few-shot", draw_few_shot(found["few_shot"])
    if found["confidence"] and found["confidence"]["curves"]:
        yield "risk", draw_risk(found["confidence"]["ranks"])
