"""How much of the tree can images learn? Held-out figures, what comes free, in-sample apart."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.columns import guided_by_source
from phylolens.report.glossary import cannot_tell as left_open
from phylolens.report.ordering import guide_order, parents
from phylolens.report.results import Results
from phylolens.report.sections.guided.in_sample import about_fit, about_gallery
from phylolens.report.sections.guided.learners import baseline_words, learner_of, learners_of
from phylolens.report.sections.guided.meaning import about_meaning
from phylolens.report.sections.guided.methods import methods
from phylolens.report.sections.guided.sampling import about_sampling
from phylolens.report.sections.guided.table import (
    about_choice,
    about_table,
    any_p,
    more_scores,
    nearest_relative,
)
from phylolens.report.sections.guided.verdict import clades, smallest_p, verdict
from phylolens.report.text import count, listed, number, p_value, plural
from phylolens.results.confounds import GuideConfound


def cannot_tell(summary: Mapping[str, Any]) -> list[str]:
    """List what stays open."""
    if not summary["held_out"]:
        return left_open("guide")
    groups = clades(summary["held_out"])
    uneven = (
        [
            "Whether numbers of images play a part: means of few images lie far out, and where the "
            "numbers follow the tree, p is too small. --per-taxon makes them alike."
        ]
        if summary.get("uneven")
        else []
    )
    return [
        f"How it fares beyond these data: the {groups} held out come from the same collection of "
        "images as those it learnt from.",
        "Why images tell what they tell: shared descent, shared habitat and shared photographer "
        "leave the same trace.",
        "Where in the tree an unknown taxon belongs: a predicted distance is no placement.",
        "How much of the tree looks could tell at best: another learner or other features may "
        "find more.",
        *uneven,
    ]


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
            f"Predicted against genetic distance of held-out {summary['plural']}: with images "
            f"r = {number(held.get('pearson'))}, {words.name} r = {number(free)}."
        ),
        "refits": (
            f"Skill of {count(null.get('n_refits') or 0, 'refit')} with exchanged images as a "
            f"histogram, the observed {number(held.get('skill'))} marked"
            + (f" (p = {p_value(null['p_value'])})." if null.get("p_value") is not None else ".")
        ),
    }


QUESTIONS = {True: "Can images learn the tree?", False: "Can images be fitted to the tree?"}
ENOUGH = 99  # refits
UNEVEN = 2  # times as many images
PANELS = ("genetic", "unguided", "guided", "held_out")


def about_guide(results: Results) -> dict[str, Any] | None:
    """Sum up ``guide/guide.json``; None where absent. Parts it does not hold are None or empty."""
    found = results.guide
    if found is None:
        return None
    read = {name: results.matrix(f"guide/similarity_{name}.csv") for name in PANELS}
    coarser, groups = parents(results, found["rank"])
    base, own = found.get("baselines") or {}, (found.get("learners") or {}).get(learner_of(found))
    summary: dict[str, Any] = {
        "recipe": found.get("recipe", ""),
        "learner": learner_of(found),
        "learners": [learner_of(found), *(found.get("learners") or {})],
        "adam": found.get("learning_rate") is not None,
        "rank": found["rank"],
        "plural": plural(found["rank"]),
        "n_taxa": found["n_taxa"],
        "n_images": found.get("n_images"),
        "uneven": _uneven(found.get("images_per_taxon") or {}),
        "epochs": found.get("epochs"),
        "in_sample": found.get("in_sample") or (own or {}).get("in_sample") or {},
        "held_out": found.get("held_out") or {},
        "null": found.get("null") or {},
        "fallback": found.get("fallback"),
        "baselines": base,
        "beyond": found.get("beyond"),
        "attainable": found.get("attainable"),
        "constant_mse": (base.get("constant") or {}).get("mse"),
        "loss": found.get("loss") or _about_loss(results),
        "stepped_by": found.get("stepped_by") or "",
        "gallery": about_gallery(results),
        "order": guide_order(results),
        "coarser": coarser,
        "groups": groups,
        **about_fit(found, read["genetic"], read["guided"]),
    }
    summary["question"] = QUESTIONS[bool(summary["held_out"])]
    summary["judged"] = _judged(found, summary) if summary["held_out"] else None
    if summary["judged"]:  # in-sample figures stand in the table, grey
        summary |= {"answer": summary["judged"]["verdict"], "sentences": [], "rows": []}
    columns = [GuideConfound.model_validate(one) for one in found.get("confounds") or []]
    if by_source := guided_by_source(columns, found["rank"]):
        summary["answer"] = f"{summary['answer']} {by_source}"
    summary["by_source"] = by_source
    panels = tuple(name for name, matrix in read.items() if matrix is not None)
    summary["alt"] = alts(summary, base, panels)
    summary["methods"] = methods(found, summary)
    summary["cannot_tell"] = cannot_tell(summary)
    return summary


def _uneven(sizes: dict[str, int]) -> bool:
    """Whether some taxa have far more images than others."""
    return bool(sizes) and sizes["max"] > UNEVEN * sizes["min"]


def _about_loss(results: Results) -> dict[str, float] | None:
    """First and last loss of a fit in steps."""
    table = results.table("guide/loss.csv", numbers=("epoch", "loss"))
    if table is None or table.empty:
        return None
    return {"first": float(table["loss"].iloc[0]), "last": float(table["loss"].iloc[-1])}


def _judged(found: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
    """Sum up what was found on clades held out."""
    held = summary["held_out"]
    return {
        **verdict(summary),
        "clades": clades(held),
        "held": _held(summary),
        "choice": about_choice(found),
        "several": len(learners_of(found)) > 1,
        "any_p": any_p(learners_of(found)),
        "baseline": baseline_words(summary["baselines"]).name,
        "smallest": _smallest(summary["null"]),
        "rows": about_table(found, summary),
        "meaning": about_meaning(found, summary),
        "more": more_scores(found),
        "nearest": nearest_relative(held, summary["baselines"], summary["rank"]),
        "sampling": about_sampling(found.get("sampling"), clades(held)),
    }


def _smallest(null: dict[str, Any]) -> str:
    """Say how small a p so few refits can give; empty where there are enough."""
    if not null.get("n_refits") or null["n_refits"] >= ENOUGH:
        return ""
    least = p_value(smallest_p(null))
    return f"With {count(null['n_refits'], 'refit')} no p below {least} is possible."


def _held(summary: dict[str, Any]) -> str:
    """Head the tables: ``Families of orders held out``."""
    own, groups = summary["plural"].capitalize(), clades(summary["held_out"])
    return f"{own} held out" if groups == summary["plural"] else f"{own} of {groups} held out"
