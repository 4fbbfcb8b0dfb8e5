"""The fit to all taxa, in-sample, beside what needs no fit or no image."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.report.text import count, number, percent
from phylolens.results.guided import GuidedResult
from phylolens.results.guided_parts import LossEnds
from phylolens.results.guided_scores import Agreement, GuideBaselines, HeldOutScores


@dataclass(frozen=True)
class FitRow:
    """Guided fit or baseline in the table of in-sample figures."""

    name: str
    note: str
    pearson: str
    spearman: str
    mse: str


@dataclass(frozen=True)
class Fit:
    """The fit to all taxa.

    Parameters
    ----------
    rows : list of FitRow
    sentences : list of str
        Both empty without a squared error to compare.
    answer : str
        For the first box.
    narrow : str
        How small a part of the colour scale is used.
    loss_ends : str
        Where the loss began and ended.
    """

    rows: list[FitRow]
    sentences: list[str]
    answer: str
    narrow: str
    loss_ends: str


def about_fit(
    found: GuidedResult, genetic: pd.DataFrame | None, guided: pd.DataFrame | None
) -> Fit:
    """Sum up the fit to all taxa.

    Parameters
    ----------
    found : GuidedResult
    genetic, guided : DataFrame, shape (n, n), optional
        Similarities: the target, and those of the fitted embedding.
    """
    fit, base = found.in_sample or Agreement(), found.baselines
    judged = fit.mse is not None and base.constant is not None and base.constant.mse is not None
    return Fit(
        rows=_rows(fit, base) if judged else [],
        sentences=_sentences(found, fit, _reach(genetic, guided)) if judged else [],
        answer=_answer(fit, base),
        narrow=_narrow(guided),
        loss_ends=_loss_ends(found.loss or LossEnds()),
    )


def _rows(fit: Agreement, base: GuideBaselines) -> list[FitRow]:
    """Rows of the table of figures: the guided fit, then each baseline."""
    rows = [_row("guided, in-sample", fit, "fitted to this very matrix")]
    if base.unguided and base.unguided.in_sample:
        note = "plain average of the same images; saw no genetic distance"
        rows.append(_row("unguided", base.unguided.in_sample, note))
    if named := base.taxonomy_only:
        note = f"no images; steps over {', '.join(named.ranks or [])}"
        rows.append(_row("taxonomy alone", named, note))
    if base.row_means:
        note = "no images; each taxon's mean genetic distance, in-sample"
        rows.append(_row("row means", base.row_means, note))
    if base.constant:
        note = "no images; one value for all pairs, in-sample"
        rows.append(_row("constant", base.constant, note))
    return rows


def _row(name: str, scores: Agreement | HeldOutScores, note: str) -> FitRow:
    """Write the scores; those that were not computed are left out."""
    known = scores.model_fields_set
    return FitRow(
        name=name,
        note=note,
        pearson=number(scores.pearson, 3) if "pearson" in known else "–",
        spearman=number(scores.spearman, 3) if "spearman" in known else "–",
        mse=number(scores.mse, 3) if "mse" in known else "–",
    )


def _reach(genetic: pd.DataFrame | None, guided: pd.DataFrame | None) -> str:
    """Say when the fit could not reach its target: weighted averages of features point one way."""
    if genetic is None or guided is None:
        return ""
    upper = np.triu_indices(len(genetic), k=1)
    wanted, got = genetic.to_numpy()[upper], guided.to_numpy()[upper]
    negative = float((wanted < 0).mean())
    if not negative or got.min() < 0:
        return ""
    return (
        f"{percent(negative)} of the wanted similarities are negative, but no fitted one falls "
        f"below {number(float(got.min()))}: weighted averages of image features that are never "
        "negative can not point in opposite directions, however long they are trained."
    )


def _narrow(guided: pd.DataFrame | None) -> str:
    """Say how small a part of the colour scale the visual similarities cover."""
    if guided is None:
        return ""
    values = guided.to_numpy()[np.triu_indices(len(guided), k=1)]
    low, high = number(float(values.min())), number(float(values.max()))
    return f"Guided similarities lie between {low} and {high}, in-sample."


def _loss_ends(loss: LossEnds) -> str:
    if loss.first is None or loss.last is None:
        return ""
    return f"{number(loss.first, 3)} before the first step, {number(loss.last, 3)} at last"


def _sentences(found: GuidedResult, fit: Agreement, reach: str) -> list[str]:
    base, n = found.baselines, found.n_taxa
    constant = base.constant.mse if base.constant else None
    if fit.mse is None or constant is None:
        return []
    worse = fit.mse > constant
    lines = [
        f"The embedding of {count(n, found.rank)} was fitted to their genetic "
        f"similarities and then compared with the same similarities: the in-sample correlation is "
        f"r = {number(fit.pearson)} (Spearman {number(fit.spearman)}). No p-value is given: "
        f"the {n * (n - 1) // 2:,} pairs are not independent, and the fit has seen them all.",
        f"Its in-sample mean squared error is {number(fit.mse, 3)}, "
        f"{'worse' if worse else 'better'} than the {number(constant, 3)} of giving every pair the "
        "same value, which needs no image.",
        *_lost(fit, base.unguided_fit),
        *_beside_baselines(fit.pearson, base),
    ]
    if reach:
        lines.append(reach)
    published = found.published_statistic
    if published and published.pearson_with_diagonal is not None:
        lines.append(
            "The published study also counted each taxon's similarity with itself as a pair, which "
            f"raises the in-sample correlation to {number(published.pearson_with_diagonal)} here. "
            "That figure serves comparison with the study only."
        )
    return lines


def _lost(fit: Agreement, unguided: Agreement) -> list[str]:
    """Explain a correlation that the fit has lowered."""
    if unguided.pearson is None or fit.pearson is None or fit.pearson >= unguided.pearson:
        return []
    return [
        f"Unguided, the same images correlate more (r = {number(unguided.pearson)}): the fit "
        f"lowers the squared error (from {number(unguided.mse, 3)} to {number(fit.mse, 3)}, "
        "in-sample), not the disagreement in pattern."
    ]


def _beside_baselines(pearson: float | None, base: GuideBaselines) -> list[str]:
    """Set the in-sample correlation beside correlations that no image was needed for."""
    without = (
        (base.taxonomy_only, "the named ranks alone, without any image, give"),
        (
            base.row_means,
            "each taxon's mean genetic distance to the others, without any image, gives",
        ),
    )
    lines = []
    for scores, words in without:
        r = scores.pearson if scores else None
        if r is not None and pearson is not None:
            verdict = "more than" if r > pearson else "less than"
            lines.append(
                f"For comparison, {words} r = {number(r)}: {verdict} the guided images, in-sample."
            )
    return lines


def _answer(fit: Agreement, base: GuideBaselines) -> str:
    unguided = base.unguided_fit.pearson
    text = (
        f"Guided by the tree, the images reach an in-sample correlation of "
        f"r = {number(fit.pearson)} with it"
    )
    text += f" (r = {number(unguided)} unguided). " if unguided is not None else ". "
    return text + (
        "This must not be read as prediction: the same genetic distances were used to fit and "
        "to judge, and no taxon was held out."
    )
