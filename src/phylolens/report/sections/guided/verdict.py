"""One paragraph: how much of the tree the images can learn, judged on clades never seen."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.sections.guided.learners import baseline_words
from phylolens.report.sections.guided.meaning import beyond_words, power_words
from phylolens.report.text import count, number, p_value, percent, plural, sentence

LEVEL = 0.05
NOTICED = 0.01  # skill that is worth a sentence


def verdict(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say what the held-out figures allow, no more than they carry.

    Parameters
    ----------
    summary : mapping
        ``held_out``, ``null``, ``in_sample``, ``baselines`` and ``fallback`` of ``guide.json``;
        ``n_taxa``, ``rank``, ``plural``; ``beyond`` and ``attainable``, if there are.

    Returns
    -------
    dict
        ``kind``: ``yes``, ``trace`` (more than chance, but of no use), ``no``, ``undecided`` (too
        few refits), ``untested`` (none) or ``fallback``; ``claim``, one sentence; ``rest``, what
        stands beside it; ``verdict``, both: one paragraph.
    """
    kind = _kind(summary)
    beyond = beyond_words(summary.get("beyond") or {}, summary)
    power = power_words(summary.get("attainable") or []) if kind in ("no", "fallback") else ""
    parts = [_free(kind, summary), _few(kind, summary)]
    parts += [
        _ranks(summary),
        _names(summary),
        _beside(summary),
        _left(kind, summary),
        beyond,
        power,
    ]
    parts += [_in_sample(summary), _cannot(kind)]
    claim, rest = _claim(kind, summary), " ".join(part for part in parts if part)
    return {"kind": kind, "claim": claim, "rest": rest, "verdict": f"{claim} {rest}".strip()}


def unseen(summary: Mapping[str, Any]) -> str:
    """Name what was held out: taxa alone, or with their whole clade."""
    alone = summary["held_out"].get("rank") == summary["rank"]
    return f"{summary['plural']} {'' if alone else 'of clades '}never seen"


def _kind(summary: Mapping[str, Any]) -> str:
    skill, null = summary["held_out"].get("skill"), summary["null"]
    if summary["fallback"]:
        return "fallback"
    if null.get("p_value") is None or skill is None:
        return "untested"
    if smallest_p(null) > LEVEL:
        return "undecided"
    if null["p_value"] > LEVEL:
        return "no"
    return "yes" if skill >= NOTICED else "trace"


def smallest_p(null: Mapping[str, Any]) -> float:
    """Return the smallest p that so many refits can give."""
    smallest = null.get("smallest_p")
    return 1 / (null["n_refits"] + 1) if smallest is None else float(smallest)


def _claim(kind: str, summary: Mapping[str, Any]) -> str:
    """Say the finding with its figures."""
    figures, what = _figures(summary), unseen(summary)
    skill, words = summary["held_out"].get("skill"), baseline_words(summary["baselines"])
    if kind == "yes":
        tell = "tell" if _sure(summary["held_out"]) else "may tell"
        return (
            f"Images {tell} part of the tree for {what}: they take away "
            f"{percent(skill)} of the squared error that {words.leaves} ({figures})."
        )
    if kind == "trace":
        return (
            f"Images hold a trace of the tree, more than chance explains, but too little to be of "
            f"use for {what}: {words.does} as well or better ({figures})."
        )
    if kind == "no":
        return f"There is no evidence here that images can tell the tree for {what} ({figures})."
    if kind == "fallback":
        return (
            f"Nothing was learnt that holds for {what}: {_why(summary)} The unguided features are "
            f"used for all taxa. With a learner chosen anew for each clade held out: {figures}."
        )
    if kind == "undecided":
        return (
            f"With {count(summary['null']['n_refits'], 'refit')} chance cannot be excluded: no p "
            f"below {p_value(smallest_p(summary['null']))} is possible ({figures})."
        )
    return _untested(summary)


def _untested(summary: Mapping[str, Any]) -> str:
    """Say what was found where nothing was refitted to exchanged images."""
    skill, figures, what = summary["held_out"].get("skill"), _figures(summary), unseen(summary)
    words = baseline_words(summary["baselines"])
    if skill is not None and skill <= 0:
        return f"Images add nothing for {what}: {words.does} as well or better ({figures})."
    found = f"take away {percent(skill)} of the squared error that {words.leaves}"
    return (
        f"Images {'were tried' if skill is None else found} for {what}, but this was not held "
        f"against chance: nothing was refitted to exchanged images ({figures})."
    )


def _why(summary: Mapping[str, Any]) -> str:
    why = summary["fallback"]
    if isinstance(why, str) and why.strip():
        return sentence(why)
    return "on clades left out of the training taxa no fit was better than none."


def _figures(summary: Mapping[str, Any]) -> str:
    """Write skill, p, refits, taxa and clades: ``skill 0.29, p = 0.010 from 99 refits; …``."""
    held, null, text = summary["held_out"], summary["null"], []
    if held.get("skill") is not None:
        text.append(f"skill {number(held['skill'])}{_interval(held)}")
    if null.get("p_value") is not None:
        text.append(
            f"p = {p_value(null['p_value'])} from {count(null['n_refits'], 'refit')} with images "
            f"exchanged among {summary['plural']}"
        )
    return "; ".join([", ".join(text), _sample(summary)] if text else [_sample(summary)])


def _interval(held: Mapping[str, Any]) -> str:
    low, high = held.get("skill_interval") or (None, None)
    if low is None or high is None:
        return ""
    return f" (jackknife over {clades(held)}: {number(low)} to {number(high)})"


def _sure(held: Mapping[str, Any]) -> bool:
    """Whether the skill is above zero without any single clade; true where that is not known."""
    low = (held.get("skill_interval") or (None,))[0]
    return low is None or low > 0


def _few(kind: str, summary: Mapping[str, Any]) -> str:
    """Say where a skill rests on so few clades that it could as well be none."""
    held = summary["held_out"]
    if kind != "yes" or _sure(held):
        return ""
    low = held["skill_interval"][0]
    return (
        f"The interval reaches down to {number(low)}: the figure rests on few {clades(held)}, and "
        "without them there may be no skill."
    )


def _free(kind: str, summary: Mapping[str, Any]) -> str:
    """Say what means over other clades take away, which need no image either.

    Nothing where skill was measured against the best prediction without images, which knows them.
    """
    if summary["baselines"].get("image_free"):
        return ""
    free = (summary["baselines"].get("other_clades") or {}).get("skill")
    if free is None or kind != "yes" or free < NOTICED:
        return ""
    skill, text = summary["held_out"]["skill"], ""
    if free >= skill:
        text = ", so that this skill needs no image"
    elif free < 1:
        text = f"; of what these leave, images take {percent((skill - free) / (1 - free))}"
    return (
        f"Each training {summary['rank']}’s mean distance to other {clades(summary['held_out'])}, "
        f"which looks at no image either, takes away {percent(free)}{text}."
    )


def _ranks(summary: Mapping[str, Any]) -> str:
    """Say how well the order of known taxa was told, each clade counting alike."""
    held = summary["held_out"]
    own, gain = held.get("row_rank"), held.get("row_rank_gain")
    if own is None or gain is None:
        return ""
    return (
        f"The order of the known {summary['plural']} by distance is told with a rank correlation "
        f"of {number(own)}, {clades(held)} counting alike ({number(own - gain)} without images)."
    )


def _names(summary: Mapping[str, Any]) -> str:
    """Say what images add to the names of coarser ranks, where these tell anything."""
    skill, base = summary["held_out"].get("skill_over_names"), summary["baselines"]
    named = (base.get("names") or {}).get("skill")
    if skill is None or named is None or abs(named) < NOTICED:
        return ""
    if skill <= 0:
        return "To the names of the coarser ranks they add nothing."
    return (
        f"Where the names of the coarser ranks are known as well, they take away {percent(skill)} "
        "of what these leave."
    )


def _sample(summary: Mapping[str, Any]) -> str:
    held, taxa = summary["held_out"], count(summary["n_taxa"], summary["rank"])
    if held.get("rank") == summary["rank"]:
        return f"{taxa}, each held out once"
    if held.get("n_clades") and held.get("rank"):
        return f"{taxa}, {count(held['n_clades'], held['rank'])} held out one at a time"
    return f"{taxa}, {held['scheme']}" if held.get("scheme") else taxa


def _beside(summary: Mapping[str, Any]) -> str:
    """Set correlations on the same pairs side by side."""
    held, base = summary["held_out"], summary["baselines"]
    if held.get("pearson") is None:
        return ""
    text = "On held-out pairs predicted and genetic distance correlate with r = "
    text += number(held["pearson"])
    words = baseline_words(base)
    free = (base.get(words.key) or {}).get("pearson")
    reach = "reach" if words.key == "column_means" else "reaches"
    if free is not None:
        more = "more, " if free > held["pearson"] else ""
        if number(free) == number(held["pearson"]):
            text += f"; {words.name} {reach} as much"
        else:
            text += f"; {words.name} {reach} {more}r = {number(free)}"
        text += ", so most of it needs no image" if _mostly_free(held["pearson"], free) else ""
    named = base.get("taxonomy_only") or {}
    if says_no_more(named, base.get(words.key) or {}):
        text += f"; the named ranks tell no more, since {clades(held)} share none"
    elif named.get("pearson") is not None:
        how = "with the named ranks" if named.get("skill") is not None else "the named ranks alone"
        text += f"; {how}, r = {number(named['pearson'])}"
    return text + "."


def says_no_more(named: Mapping[str, Any], free: Mapping[str, Any]) -> bool:
    """Whether taxonomy predicts what is predicted without: clades held out share no named rank."""
    keys = ("pearson", "mse")
    if any(named.get(key) is None or free.get(key) is None for key in keys):
        return False
    return all(abs(named[key] - free[key]) <= 1e-6 * abs(free[key]) for key in keys)


def _mostly_free(pearson: float, free: float) -> bool:
    """Whether column means explain most, but not all, of the variation that predictions do."""
    return 0 < free <= pearson and free**2 > 0.5 * pearson**2


def _left(kind: str, summary: Mapping[str, Any]) -> str:
    """Say how much these images do not tell."""
    if kind != "yes":
        return ""
    return f"The other {percent(1 - summary['held_out']['skill'])} of that error stays."


def _in_sample(summary: Mapping[str, Any]) -> str:
    fit = summary["in_sample"].get("pearson")
    if fit is None:
        return ""
    return (
        f"In-sample, fitted to and judged on the same {summary['plural']}, r = {number(fit)}: that "
        f"figure says nothing about {unseen(summary)}."
    )


def _cannot(kind: str) -> str:
    """Say what must not be concluded."""
    if kind in ("no", "fallback"):
        return (
            "That is no evidence that the organisms’ looks hold nothing of the tree: other "
            "images, other features or more taxa may show it."
        )
    if kind == "yes":
        return (
            "Whether it is the organism that tells, or its habitat and the way it was "
            "photographed, these figures cannot say."
        )
    return "More refits may settle it." if kind == "undecided" else ""


def clades(held: Mapping[str, Any]) -> str:
    """Name what was held out: ``orders``; ``clades`` where the rank is not recorded."""
    return plural(str(held["rank"])) if held.get("rank") else "clades"
