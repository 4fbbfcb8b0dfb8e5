"""The figures of the section on guided embeddings, where their files are there, and their texts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from phylolens.report.ordering import taxonomy_order
from phylolens.report.plots.heatmaps import SIMILARITY, Rows, draw_heatmaps
from phylolens.report.plots.nulls import draw_refits
from phylolens.report.plots.pairs import draw_held_out
from phylolens.report.plots.style import GREY, ORANGE, WIDTH, canvas
from phylolens.report.results import Results
from phylolens.report.sections.guided.learners import Judged, in_sample_of
from phylolens.report.text import count, listed, number, p_value
from phylolens.results.guided import GuidedResult
from phylolens.results.guided_parts import LossEnds

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


MOST_POINTS = 1500


def draw_loss(table: pd.DataFrame, constant: float | None) -> "Canvas":
    """Draw the in-sample loss (columns ``epoch``, ``loss``) and that of a constant, where known."""
    keep = np.unique(np.linspace(0, len(table) - 1, MOST_POINTS).astype(int))
    epoch, loss = table["epoch"].to_numpy()[keep], table["loss"].to_numpy()[keep]
    figure = canvas(WIDTH, 2.9)
    axes = figure.subplots()
    axes.plot(epoch, loss, color=GREY, linewidth=1.6)
    axes.set_ylim(min(0.0, 1.12 * float(loss.min())), 1.12 * max(loss.max(), constant or 0.0))
    axes.set_xlim(0, max(float(epoch[-1]), 1.0))
    # Left end above the curve, which falls: what is right of there lies lower.
    axes.annotate("guided, in-sample", (epoch[len(epoch) // 2], loss[len(loss) // 2]), (0, 6),
                  textcoords="offset points", color=GREY)  # fmt: skip
    if constant is not None:
        axes.axhline(constant, color=ORANGE, linewidth=1.3, linestyle=(0, (5, 2)))
        axes.annotate(f"constant: {constant:.3f}", (epoch[-1], constant), (-2, 4),
                      textcoords="offset points", ha="right", color=ORANGE)  # fmt: skip
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("training step")
    axes.set_ylabel("loss" if constant is None else "mean squared error")
    return figure


TITLES = {
    "genetic": "genetic (the target)",
    "unguided": "visual, unguided",
    "guided": "visual, guided: in-sample",
    "held_out": "visual, guided: held out",
}
HEATMAPS = (("heatmaps", False), ("heatmaps-ranks", True))  # name, percentiles
Figures = Iterator[tuple[str, "Canvas", dict[str, Any]]]


def guide_figures(results: Results, summary: Mapping[str, Any]) -> Figures:
    """Draw what there is.

    Parameters
    ----------
    results : Results
        Holds ``guide/``.
    summary : mapping
        As :func:`phylolens.report.guide.about_guide` makes it.

    Yields
    ------
    tuple
        Name, figure and numbers for its caption.
    """
    yield from _loss(results, summary)
    yield from _matrices(results, summary)
    yield from _held_out(results)
    yield from _refits(results)


def _loss(results: Results, summary: Mapping[str, Any]) -> Figures:
    """Draw how the fit went; a constant's error stands beside a squared error only."""
    loss = results.table("guide/loss.csv", numbers=("epoch", "loss"))
    if loss is not None and len(loss) > 1:
        yield "loss", draw_loss(loss, None if summary["judged"] else summary["constant_mse"]), {}


def _matrices(results: Results, summary: Mapping[str, Any]) -> Figures:
    """Draw similarities side by side, in-sample and held out."""
    read = {name: results.matrix(f"guide/similarity_{name}.csv") for name in TITLES}
    matrices = {TITLES[name]: symmetric(own) for name, own in read.items() if own is not None}
    if TITLES["genetic"] not in matrices:
        return
    beside = Rows(summary["order"], summary["rank"], summary["groups"], summary["coarser"])
    held = read["held_out"]
    apart = [] if held is None else held.to_numpy()[np.triu_indices(len(held), k=1)]
    blank = bool(np.isnan(apart).any())
    facts = {"held_out": held is not None, "blank": blank, "n_taxa": len(beside.taxa)}
    for name, ranks in HEATMAPS:
        drawn = draw_heatmaps(matrices, beside, SIMILARITY, ranks=ranks)
        yield name, drawn, facts
    listed = taxonomy_order(results, summary["rank"], beside.taxa)
    if listed and listed != list(beside.taxa):  # as in the study: families in the order of orders
        yield (
            "heatmaps-taxonomy",
            draw_heatmaps(matrices, replace(beside, taxa=listed), SIMILARITY),
            facts,
        )


def symmetric(matrix: pd.DataFrame) -> pd.DataFrame:
    """Average both predictions of a pair, with either taxon held out."""
    values = matrix.to_numpy()
    return pd.DataFrame((values + values.T) / 2, matrix.index, matrix.columns)


def _held_out(results: Results) -> Figures:
    """Draw predicted against genetic distances of held-out pairs."""
    genetic = results.matrix("guide/genetic_distances.csv")
    genetic = _from_similarity(results) if genetic is None else genetic
    guided, best, means = (
        results.matrix(f"guide/{name}.csv")
        for name in ("held_out_distances", "held_out_image_free", "held_out_column_means")
    )
    free, name = (means, "column means alone") if best is None else (best, "without images")
    if genetic is None or guided is None or sorted(genetic.index) != sorted(guided.index):
        return
    panels = {"with images": guided}
    if free is not None and sorted(free.index) == sorted(genetic.index):
        panels[name] = free
    facts = {"panels": len(panels), "n_pairs": int(np.isfinite(guided.to_numpy()).sum())}
    yield "held-out", draw_held_out(panels, genetic), facts


def _from_similarity(results: Results) -> pd.DataFrame | None:
    """Genetic distances from the similarities they were made into."""
    similarity, divisor = (
        results.matrix("guide/similarity_genetic.csv"),
        results.guide.divisor if results.guide else None,
    )
    return None if similarity is None or not divisor else (1 - similarity) / 2 * divisor


def _refits(results: Results) -> Figures:
    """Draw the skill of refits to permuted images."""
    judged = Judged.of(results.guide) if results.guide else None
    if judged is None or judged.held.skill is None:
        return
    if judged.null.histogram and judged.null.histogram.counts:
        yield "refits", draw_refits(judged.null, judged.held.skill), {}


NUMBERS = {1: "One heatmap", 2: "Two heatmaps", 3: "Three heatmaps", 4: "Four heatmaps"}


def alts(
    found: GuidedResult,
    judged: Judged | None,
    loss: LossEnds | None,
    narrow: str,
    panels: Sequence[str],
) -> dict[str, str]:
    """Alternative texts of the figures of this section, by name of the figure.

    Parameters
    ----------
    panels : sequence of str
        Similarities that there are, of ``PANELS``.
    """
    fit, unguided = in_sample_of(found), found.baselines.unguided_fit
    told = {
        "genetic": "genetic similarity, visual similarity",
        "unguided": f"unguided (r = {number(unguided.pearson)})",
        "guided": f"guided in-sample (r = {number(fit.pearson)})",
        "held_out": "of each taxon as predicted without its clade",
    }
    number_of = {3: "three", 4: "four"}.get(len(panels), str(len(panels)))
    return {
        "loss": _alt_loss(found, loss or LossEnds()),
        "heatmaps": (
            f"{NUMBERS.get(len(panels), 'Heatmaps')} of "
            f"{count(found.n_taxa, found.rank)} in tree order on one "
            f"colour scale: {_alt_panels(told, panels)}. {narrow}"
        ).strip(),
        "taxonomy": (
            f"The same {number_of} heatmaps on the same colour scale, taxa in the order of the "
            "taxonomy; the guided one is in-sample."
        ),
        "ranks": (
            f"The same {number_of} heatmaps with each similarity replaced by its percentile within "
            f"its own panel; Spearman correlation with the genetic panel, guided in-sample: "
            f"{number(fit.spearman)}."
        ),
        **(_alt_held_out(judged) if judged else {}),
    }


def _alt_panels(told: dict[str, str], panels: Sequence[str]) -> str:
    shown = [told[name] for name in told if name in panels]
    if len(shown) < 2:
        return "".join(shown)
    return f"{shown[0]} {listed(shown[1:])}" if panels[0] == "genetic" else listed(shown)


def _alt_loss(found: GuidedResult, loss: LossEnds) -> str:
    constant = found.baselines.constant.mse if found.baselines.constant else None
    text = f"In-sample loss falls from {number(loss.first, 3)} to {number(loss.last, 3)}"
    if constant is None or found.held_out:  # then the loss is on a scale of its own
        return text + "."
    reached = "stays above" if (loss.last or 0) > constant else "ends below"
    return f"{text} and {reached} the {number(constant, 3)} of a constant."


def _alt_held_out(judged: Judged) -> dict[str, str]:
    held, null, free = judged.held, judged.null, judged.base.standard.pearson
    return {
        "held_out": (
            f"Predicted against genetic distance of held-out {judged.plural}: with images "
            f"r = {number(held.pearson)}, {judged.words.name} r = {number(free)}."
        ),
        "refits": (
            f"Skill of {count(null.n_refits or 0, 'refit')} with permuted images as a "
            f"histogram, the observed {number(held.skill)} marked"
            + (f" (p = {p_value(null.p_value)})." if null.p_value is not None else ".")
        ),
    }
