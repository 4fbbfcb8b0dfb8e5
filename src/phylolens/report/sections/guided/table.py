"""Scores of every learner beside the baselines, and how the learner came about."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.sections.guided.learners import baseline_words, learner_of, learners_of, words
from phylolens.report.sections.guided.verdict import clades, says_no_more
from phylolens.report.text import count, distance, listed, number, p_value, sentence

FIRST = ("skill", "pearson", "spearman", "mse")
NONE = "–"
NO_REFITS = "no p-value: no refits were made"
UNGUIDED, SAW_NONE = "unguided", "all pairs; only the scale was fitted to them"
FREE = (  # without images; key, name, note
    ("image_free", "best without images", "no images; skill is what is added to it"),
    ("names", "with names of ranks", "no images; the same with the names of {ranks}"),
    ("column_means", "column means", "no images; each taxon’s mean distance to all others"),
    ("other_clades", "other clades’ means", "no images; each taxon’s mean over other clades"),
    ("taxonomy_only", "taxonomy alone", "no images; steps over {ranks}"),
    ("constant", "constant", "no images; one value for all pairs"),
)


def about_table(found: Mapping[str, Any], summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of learners, baselines, permuted refits and in-sample figures, in this order.

    Returns
    -------
    list of dict
        ``kind`` (``mine``, ``learner``, ``baseline`` or ``insample``), ``name``, ``note`` and the
        cells ``skill``, ``p``, ``pearson``, ``spearman``, ``mse``; ``interval`` of a
        learner's skill, empty where there is none.
    """
    learners, base = learners_of(found), found.get("baselines") or {}
    rows = []
    told = len(learners) == 1 or any_p(learners)  # else it is said once, below the table
    for place, (name, own) in enumerate(learners.items()):
        p = own["null"].get("p_value")
        missing = told and p is None
        note = f"{words(name)}; {NO_REFITS}".lstrip("; ") if missing else words(name)
        rows.append(_row("learner" if place else "mine", name, note, own["held_out"]))
        rows[-1]["p"] = NONE if p is None else p_value(p)
    unguided = (base.get(UNGUIDED) or {}).get("held_out")
    if unguided and UNGUIDED not in learners:
        rows.append(_row("baseline", UNGUIDED, words(UNGUIDED), unguided))
    words_ = baseline_words(base)
    groups = clades((learners.get(learner_of(found)) or {}).get("held_out") or {})
    for key, name, words_of in FREE:
        if base.get(key):
            named = base[key].get("ranks") or (base.get("taxonomy_only") or {}).get("ranks")
            ranks = ", ".join(named or ["coarser ranks"])
            note = words_of.format(ranks=ranks)
            if key == "taxonomy_only" and says_no_more(base[key], base.get(words_.key) or {}):
                note += f", of which {groups} held out share none: {words_.name} is left"
            scores = ({"skill": 0.0} if key == words_.key else {}) | base[key]
            rows.append(_row("baseline", name, note, scores))
    rows += _refits(summary["null"])
    for name, own in learners.items():
        if own["in_sample"]:
            note = SAW_NONE if name == UNGUIDED else "fitted to and judged on the same taxa"
            rows.append(_row("insample", f"{name}, in-sample", note, own["in_sample"]))
    rows += _in_sample_baselines(base, learners)
    return rows


def any_p(learners: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether refits gave some learner a p-value."""
    return any(own["null"].get("p_value") is not None for own in learners.values())


def _row(kind: str, name: str, note: str, scores: Mapping[str, Any]) -> dict[str, Any]:
    cells = {key: _cell(key, scores.get(key)) for key in FIRST}
    ends = scores.get("skill_interval") if kind in ("mine", "learner") else None
    cells["interval"] = " to ".join(number(end) for end in ends) if ends else ""
    return {"kind": kind, "name": name, "note": note, "p": NONE, **cells}


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return NONE
    return distance(value) if key == "mse" else number(round(value, 9), 3)


def _refits(null: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Show what chance gives: the mean of the permuted refits."""
    if not null.get("n_refits") or null.get("skill_mean") is None:
        return []
    note = f"mean of {count(null['n_refits'], 'refit')}, images exchanged among taxa"
    if null.get("skill_q95") is not None:
        note += f"; 95% of skills below {number(null['skill_q95'], 3)}"
    scores = {"skill": null["skill_mean"], "pearson": null.get("pearson_mean")}
    return [_row("baseline", "by chance", note, scores)]


def _in_sample_baselines(
    base: Mapping[str, Any], learners: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Baselines that were computed on all pairs, none held out."""
    rows = []
    own = (base.get("unguided") or {}).get("in_sample")
    if own and not (learners.get("unguided") or {}).get("in_sample"):
        rows.append(_row("insample", "unguided, in-sample", SAW_NONE, own))
    if base.get("row_means"):
        note = "no images; each taxon’s mean genetic distance"
        rows.append(_row("insample", "row means, in-sample", note, base["row_means"]))
    return rows


MORE = (  # key, key within, heading, what it is
    (
        "row_rank",
        "",
        "by clade",
        "rank correlation for each taxon held out, mean by clade, then over",
    ),
    ("skill_over_column_means", "", "over means", "skill over calibrated column means"),
    ("skill_over_names", "", "over names", "skill over the best with names of coarser ranks in it"),
    ("alone", "pearson", "r alone", "the learner’s own predictions"),
    ("row_spearman", "", "by taxon", "rank correlation for each taxon held out, mean"),
    ("centred", "pearson", "r centred", "row and column effects taken away"),
    ("centred", "spearman", "Spearman centred", "the same of ranks"),
    ("held_held", "pearson", "r together", "between taxa held out together"),
    ("held_held", "within_clades", "r within", "the same within each clade"),
)


def more_scores(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Further scores, one row a learner or baseline; None without any.

    Returns
    -------
    dict or None
        ``columns``, each with ``name`` and ``note``, and ``rows`` with ``name``, ``kind`` and
        ``cells``.
    """
    base = found.get("baselines") or {}
    scores = {name: own["held_out"] for name, own in learners_of(found).items()}
    kinds = dict.fromkeys(scores, "learner") | {next(iter(scores), ""): "mine"}
    scores |= {name: base[key] for key, name, _ in FREE if base.get(key)}
    columns = [
        one for one in MORE if any(_inner(own, *one[:2]) is not None for own in scores.values())
    ]
    rows = []
    for name, own in scores.items():
        values = [_inner(own, key, inner) for key, inner, *_ in columns]
        if any(value is not None for value in values):
            cells = [NONE if value is None else number(round(value, 9), 3) for value in values]
            rows.append({"name": name, "kind": kinds.get(name, "baseline"), "cells": cells})
    told = [{"name": name, "note": note} for _, _, name, note in columns]
    return {"columns": told, "rows": rows} if columns else None


def _inner(scores: Mapping[str, Any], key: str, inner: str) -> float | None:
    found = scores.get(key)
    return found.get(inner) if inner and isinstance(found, Mapping) else found


def nearest_relative(held: Mapping[str, Any], base: Mapping[str, Any], rank: str) -> str:
    """Say how near the relative is that images name as nearest; empty where it was not judged."""
    own = held.get("nearest_relative") or {}
    if own.get("median") is None:
        return ""
    words = baseline_words(base)
    free = ((base.get(words.key) or {}).get("nearest_relative") or {}).get("median")
    named = "named without images" if words.key == "image_free" else "column means name"
    beside = (
        ("the nearest there is", own.get("best_possible")),
        (f"the one {named}", free),
        ("any one", own.get("by_chance")),
    )
    notes = [f"{name} at {distance(value)}" for name, value in beside if value is not None]
    text = (
        f"The training {rank} predicted as nearest to a held-out one lies at a genetic distance of "
        f"{distance(own['median'])} (median)"
    )
    return f"{text}; {', '.join(notes)}." if notes else f"{text}."


SETTINGS = {
    "whiten": "shortening of directions in which images of one taxon differ:",
    "strength": "penalty of strength",
}
PICKED = ("why", "learner", "learners", "inner_skill", "inner_score")  # told in words of their own


def about_choice(found: Mapping[str, Any]) -> list[str]:
    """Sentences on learner, choice, fallback and the other learners."""
    name = learner_of(found)
    held, learners = found.get("held_out") or {}, learners_of(found)
    chosen = (learners.get(name) or {}).get("chosen") or found.get("chosen") or {}
    lines = [_learner(name, chosen, held)]
    if found.get("fallback"):
        lines.append(
            "The choice fell back to unguided features, and distances are predicted without "
            "images: a fit that tells nothing of clades left out of its own training taxa is not "
            "trusted beyond them."
        )
    settings, inner = _settings(chosen), chosen.get("inner_skill")
    if settings and inner is None:
        lines.append(f"Settings: {settings}.")
    elif settings:
        lines.append(
            f"Settings, chosen by leaving {clades(held)} out of the training taxa: "
            f"{settings} (skill there {_value(inner)})."
        )
    return [*lines, *_others(learners, name)]


def _learner(name: str, chosen: Mapping[str, Any], held: Mapping[str, Any]) -> str:
    text = f"Learner: {name}" + (f" ({words(name)})" if words(name) else "")
    if chosen.get("learner"):
        text += f"; on all taxa it chose {chosen['learner']}"
    if chosen.get("learners"):
        text += f"; with {clades(held)} held out in turn, {_value(chosen['learners'])}"
    why = chosen.get("why")
    return sentence(text) + (f" {sentence(str(why))}" if why else "")


def _settings(chosen: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{SETTINGS.get(key, str(key).replace('_', ' '))} {_value(value)}"
        for key, value in chosen.items()
        if key not in PICKED and value is not None
    )


def _value(value: Any) -> str:
    """Write a setting: a number, a name, a list, or what each name has or how often it came."""
    if isinstance(value, Mapping):
        return listed([f"{key} ({_value(own)})" for key, own in value.items()])
    if isinstance(value, list | tuple):
        return listed([_value(one) for one in value])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}".replace("-", "−") if isinstance(value, float) else str(value)


def _others(learners: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    """Name the learner that did best afterwards, and what it is worth to know that."""
    skills = {key: own["held_out"].get("skill") for key, own in learners.items()}
    known = {key: skill for key, skill in skills.items() if skill is not None}
    if len(known) < 2 or name not in known:
        return []
    best = max(known, key=lambda key: (known[key], key == name))
    if best == name:
        return [f"Of {count(len(known), 'learner')} compared none did better on held-out clades."]
    return [
        f"Of {count(len(known), 'learner')} compared {best} did best on held-out clades (skill "
        f"{number(known[best])}); picked afterwards, that figure flatters, so the verdict keeps to "
        f"{name}."
    ]
