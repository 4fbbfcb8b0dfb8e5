"""What each figure shows, for those who cannot see it."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.guide.baseline_words import baseline_words
from phylolens.report.wording import count, listed, number, p_value

NUMBERS = {1: "One heatmap", 2: "Two heatmaps", 3: "Three heatmaps", 4: "Four heatmaps"}


def alts(
    summary: Mapping[str, Any], base: Mapping[str, Any], panels: tuple[str, ...]
) -> dict[str, str]:
    """Alternative texts of the figures of this section, by name of the figure.

    Parameters
    ----------
    summary : mapping
        As :func:`phylolens.report.guide.about_guide` makes it, all but this.
    base : mapping
        ``baselines`` of ``guide.json``.
    panels : tuple of str
        Similarities that there are: of ``genetic``, ``unguided``, ``guided``, ``held_out``.
    """
    fit, held = summary["in_sample"], summary["held_out"]
    unguided = ((base.get("unguided") or {}).get("in_sample") or {}).get("pearson")
    told = {
        "genetic": "genetic similarity, visual similarity",
        "unguided": f"unguided (r = {number(unguided)})",
        "guided": f"guided in-sample (r = {number(fit.get('pearson'))})",
        "held_out": "of each taxon as predicted without its clade",
    }
    number_of = {3: "three", 4: "four"}.get(len(panels), str(len(panels)))
    found = {
        "loss": _loss(summary),
        "heatmaps": (
            f"{NUMBERS.get(len(panels), 'Heatmaps')} of "
            f"{count(summary['n_taxa'], summary['rank'])} in tree order on one "
            f"colour scale: {_panels(told, panels)}. {summary['narrow']}"
        ).strip(),
        "ranks": (
            f"The same {number_of} heatmaps with each similarity replaced by its percentile within "
            f"its own panel; Spearman correlation with the genetic panel, guided in-sample: "
            f"{number(fit.get('spearman'))}."
        ),
    }
    return found | (_held_out(summary, base) if held else {})


def _panels(told: Mapping[str, str], panels: tuple[str, ...]) -> str:
    shown = [told[name] for name in told if name in panels]
    if len(shown) < 2:
        return "".join(shown)
    return f"{shown[0]} {listed(shown[1:])}" if panels[0] == "genetic" else listed(shown)


def _loss(summary: Mapping[str, Any]) -> str:
    loss, constant = summary["loss"] or {}, summary["constant_mse"]
    text = f"In-sample loss falls from {number(loss.get('first'), 3)} to "
    text += number(loss.get("last"), 3)
    if constant is None or summary["held_out"]:  # then the loss is on a scale of its own
        return text + "."
    reached = "stays above" if (loss.get("last") or 0) > constant else "ends below"
    return f"{text} and {reached} the {number(constant, 3)} of a constant."


def _held_out(summary: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, str]:
    held, null = summary["held_out"], summary["null"]
    words = baseline_words(base)
    free = (base.get(words.key) or {}).get("pearson")
    return {
        "held_out": (
            f"Predicted against genetic distance of held-out {summary['plural']}: with pictures "
            f"r = {number(held.get('pearson'))}, {words.name} r = {number(free)}."
        ),
        "refits": (
            f"Skill of {count(null.get('n_refits') or 0, 'refit')} with exchanged images as a "
            f"histogram, the observed {number(held.get('skill'))} marked"
            + (f" (p = {p_value(null['p_value'])})." if null.get("p_value") is not None else ".")
        ),
    }
