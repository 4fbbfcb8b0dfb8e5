"""Can images be bent towards the tree? In-sample figures, labelled so, beside what comes free."""

from typing import Any

import numpy as np
import pandas as pd

from phylolens.report.about_gallery import about_gallery
from phylolens.report.ordering import guide_order, parents
from phylolens.report.results import Results
from phylolens.report.wording import count, number, percent, plural


def about_guide(results: Results) -> dict[str, Any] | None:
    """Sum up ``guide/guide.json``; None where absent."""
    found = results.guide
    if found is None:
        return None
    genetic, guided = (results.matrix(f"guide/similarity_{n}.csv") for n in ("genetic", "guided"))
    coarser, groups = parents(results, found["rank"])
    summary = {
        "recipe": found.get("recipe", ""),
        "rank": found["rank"],
        "plural": plural(found["rank"]),
        "n_taxa": found["n_taxa"],
        "n_images": found.get("n_images"),
        "n_pairs": found["n_taxa"] * (found["n_taxa"] - 1) // 2,
        "epochs": found.get("epochs"),
        "in_sample": found["in_sample"],
        "constant_mse": found["baselines"]["constant"]["mse"],
        "loss": found.get("loss"),
        "held_out": found.get("held_out"),
        "rows": _rows(found),
        "published": (found.get("published_statistic") or {}).get("pearson_with_diagonal"),
        "note": found.get("note", ""),
        "reach": _reach(genetic, guided),
        "gallery": about_gallery(results),
        "order": guide_order(results),
        "coarser": coarser,
        "groups": groups,
        "narrow": _narrow(guided),
    }
    summary["sentences"] = _sentences(summary, found["baselines"])
    summary["answer"] = _answer(summary, found["baselines"])
    summary["alt"] = _alts(summary, found["baselines"])
    return summary


def _rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table of figures: the guided fit, then each yardstick."""
    base = found["baselines"]
    named: list[tuple[str, dict[str, Any], str]] = [
        ("guided, in-sample", found["in_sample"], "fitted to this very matrix")
    ]
    if found.get("held_out"):
        scheme = found["held_out"].get("scheme", "")
        named.append(("guided, held out", found["held_out"], f"taxa left out of the fit: {scheme}"))
    unguided = (base.get("unguided") or {}).get("in_sample")
    if unguided:
        named.append(
            ("unguided", unguided, "plain average of the same images; saw no genetic distance")
        )
    if base.get("taxonomy_only"):
        ranks = ", ".join(base["taxonomy_only"].get("ranks") or [])
        named.append(("taxonomy alone", base["taxonomy_only"], f"no pictures; steps over {ranks}"))
    if base.get("row_means"):
        note = "no pictures; each taxon's mean genetic distance, in-sample"
        named.append(("row means", base["row_means"], note))
    named.append(("constant", base["constant"], "no pictures; one value for all pairs, in-sample"))
    keys = ("pearson", "spearman", "mse")
    return [
        {"name": name, "note": note, **{k: number(v[k], 3) if k in v else "–" for k in keys}}
        for name, v, note in named
    ]


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


def _sentences(summary: dict[str, Any], base: dict[str, Any]) -> list[str]:
    fit, constant = summary["in_sample"], summary["constant_mse"]
    lines = [
        f"The embedding of {count(summary['n_taxa'], summary['rank'])} was fitted to their genetic "
        f"similarities and then compared with the same similarities: the in-sample correlation is "
        f"r = {number(fit['pearson'])} (Spearman {number(fit['spearman'])}). No p-value is given: "
        f"the {summary['n_pairs']:,} pairs are not independent, and the fit has seen them all.",
    ]
    worse = fit["mse"] > constant
    lines.append(
        f"Its in-sample mean squared error is {number(fit['mse'], 3)}, "
        f"{'worse' if worse else 'better'} than the {number(constant, 3)} of giving every pair the "
        "same value, which needs no picture."
    )
    lines += _lost(fit, (base.get("unguided") or {}).get("in_sample") or {})
    lines += _beside_yardsticks(fit["pearson"], base)
    if summary["reach"]:
        lines.append(summary["reach"])
    if summary["published"] is not None:
        lines.append(
            "The published study also counted each taxon's similarity with itself as a pair, which "
            f"raises the in-sample correlation to {number(summary['published'])} here. That figure "
            "serves comparison with the study only."
        )
    return lines


def _lost(fit: dict[str, Any], unguided: dict[str, Any]) -> list[str]:
    """Explain a correlation that the fit has lowered."""
    before, after = unguided.get("pearson"), fit["pearson"]
    if before is None or after is None or after >= before:
        return []
    return [
        f"Unguided, the same images correlate more (r = {number(before)}): the fit lowers the "
        f"squared error (from {number(unguided['mse'], 3)} to {number(fit['mse'], 3)}, in-sample), "
        "not the disagreement in pattern."
    ]


def _beside_yardsticks(pearson: float | None, base: dict[str, Any]) -> list[str]:
    """Set the in-sample correlation beside correlations that no picture was needed for."""
    yardsticks = (
        ("taxonomy_only", "the named ranks alone, without any picture, give"),
        (
            "row_means",
            "each taxon's mean genetic distance to the others, without any picture, gives",
        ),
    )
    lines = []
    for key, words in yardsticks:
        r = (base.get(key) or {}).get("pearson")
        if r is not None and pearson is not None:
            verdict = "more than" if r > pearson else "less than"
            lines.append(
                f"For comparison, {words} r = {number(r)}: {verdict} the guided images, in-sample."
            )
    return lines


def _answer(summary: dict[str, Any], base: dict[str, Any]) -> str:
    unguided = ((base.get("unguided") or {}).get("in_sample") or {}).get("pearson")
    text = (
        f"Guided by the tree, the images reach an in-sample correlation of "
        f"r = {number(summary['in_sample']['pearson'])} with it"
    )
    text += f" (r = {number(unguided)} unguided). " if unguided is not None else ". "
    if not summary["held_out"]:
        text += (
            "This must not be read as prediction: the same genetic distances were used to fit and "
            "to judge, and no taxon was held out."
        )
    return text


def _alts(summary: dict[str, Any], base: dict[str, Any]) -> dict[str, str]:
    fit = summary["in_sample"]
    unguided = ((base.get("unguided") or {}).get("in_sample") or {}).get("pearson")
    loss = summary["loss"] or {}
    reached = "stays above" if (loss.get("last") or 0) > summary["constant_mse"] else "ends below"
    return {
        "loss": (
            f"In-sample loss falls from {number(loss.get('first'), 3)} to "
            f"{number(loss.get('last'), 3)} and {reached} the {number(summary['constant_mse'], 3)} "
            "of a constant."
        ),
        "heatmaps": (
            f"Three heatmaps of {count(summary['n_taxa'], summary['rank'])} in tree order on one "
            f"colour scale: genetic similarity, visual similarity unguided "
            f"(r = {number(unguided)}) and guided in-sample (r = {number(fit['pearson'])}). "
            f"{summary['narrow']}"
        ),
        "ranks": (
            "The same three heatmaps with each similarity replaced by its percentile within its "
            f"own panel; Spearman correlation with the genetic panel, guided in-sample: "
            f"{number(fit['spearman'])}."
        ),
    }
