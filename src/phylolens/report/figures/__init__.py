"""Draw every figure that the results allow, as SVG and PNG."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phylolens.report.ordering import parents
from phylolens.report.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure as Canvas

MATRICES = ("genetic", "unguided", "guided")
HEATMAPS = (  # name, percentile ranks, stacked for narrow screens
    ("heatmaps", False, False),
    ("heatmaps-narrow", False, True),
    ("heatmaps-ranks", True, False),
    ("heatmaps-ranks-narrow", True, True),
)


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
    """

    name: str
    svg: bytes
    png: bytes
    width: float


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

    with house_style():
        return [
            Drawing(name, *to_bytes(figure), figure.get_figwidth())
            for name, figure in _figures(results, summary)
        ]


def _figures(results: Results, summary: dict[str, Any]) -> "Iterator[tuple[str, Canvas]]":
    from phylolens.report.figures.counts import draw_counts

    for rank in (summary["specimens"] or {}).get("ranks", []):
        if rank["n_taxa"] > 1 and not rank["even"]:
            name = f"counts-{slug(rank['rank'])}"
            yield name, draw_counts(rank)
            yield f"{name}-narrow", draw_counts(rank, narrow=True)
    if summary["classify"]:
        yield from _classify(results, summary["classify"])
    if summary["guide"]:
        yield from _guide(results, summary)
    if summary["signal"]:
        yield from _signal(results, summary)


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


def _guide(results: Results, summary: dict[str, Any]) -> "Iterator[tuple[str, Canvas]]":
    from phylolens.report.figures.heatmaps import Rows, draw_heatmaps
    from phylolens.report.figures.loss import draw_loss

    loss = results.table("guide/loss.csv", numbers=("epoch", "loss"))
    if loss is not None:
        yield "loss", draw_loss(loss, summary["guide"]["constant_mse"])
    read = {name: results.matrix(f"guide/similarity_{name}.csv") for name in MATRICES}
    matrices = {name: matrix for name, matrix in read.items() if matrix is not None}
    if "genetic" not in matrices:
        return
    found = summary["guide"]
    beside = Rows(found["order"], found["rank"], found["groups"], found["coarser"])
    for name, ranks, stacked in HEATMAPS:
        yield name, draw_heatmaps(matrices, beside, ranks=ranks, stacked=stacked)


def _signal(results: Results, summary: dict[str, Any]) -> "Iterator[tuple[str, Canvas]]":
    from phylolens.report.figures.hexbin import draw_hexbin
    from phylolens.report.figures.null import draw_null

    found = summary["signal"]
    visual, genetic = (
        results.matrix(f"signal/{name}_distances.csv") for name in ("visual", "genetic")
    )
    if visual is not None and genetic is not None:
        yield "hexbin", draw_hexbin(visual, genetic, found["distance"])
    if any(test["histogram"].get("counts") for test in found["tests"]):
        yield "null", draw_null(found["tests"])


def slug(name: str) -> str:
    """Make a rank's name fit for a file name."""
    kept = "".join(sign if sign.isalnum() else "-" for sign in name.lower())
    return kept.strip("-") or "rank"
