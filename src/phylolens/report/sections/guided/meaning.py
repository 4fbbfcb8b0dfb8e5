"""What a skill means: of which clades it comes, and how many traits along the tree do as well."""

from collections.abc import Mapping, Sequence
from typing import Any

from phylolens.report.sections.guided.learners import baseline_words
from phylolens.report.text import count, number, p_value, percent, plural

LEVEL = 0.05
SHOWN = 8  # clades with a row of their own
NOTICED = 0.01  # skill below which nothing is claimed, whatever p
NOTHING = 0.05  # skill of the most traits below which they cannot be told from none
NAMED = 5  # clades named in a sentence


def about_meaning(found: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, Any] | None:
    """Sum up ``by_clade``, ``beyond`` and ``attainable`` of ``guide.json``; None without them.

    Returns
    -------
    dict or None
        ``clades``: rows of ``name``, ``taxa``, ``share``, ``skill``, the last one of all others
        together where there are many; ``scale`` and ``scale_beyond``: rows of ``traits``,
        ``skill``, ``range``; ``beyond`` and ``traits``: a sentence each, or empty.
    """
    rows = found.get("by_clade") or []
    if not rows:
        return None
    beyond = found.get("beyond") or {}
    return {
        "clades": _clade_rows(rows, summary["held_out"].get("rank") or "clade"),
        "beyond": beyond_words(beyond, summary),
        "traits": traits_words(found.get("attainable") or [], summary["held_out"].get("skill")),
        "scale": _scale(found.get("attainable") or []),
        "scale_beyond": _scale(beyond.get("attainable") or []),
    }


def beyond_words(beyond: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Say what is found without the few clades that hold half of the error."""
    if not beyond or beyond.get("skill") is None:
        return ""
    held, taxa = summary["held_out"], summary["plural"]
    without, n = beyond["without"], summary["n_taxa"]
    named = ", ".join(without[:NAMED]) + (" and others" if len(without) > NAMED else "")
    own = held.get("rank") == summary["rank"]
    best = baseline_words(summary["baselines"]).key == "image_free"
    of = f"{n - beyond['n_taxa']} of {n} {taxa}"
    who = f"{named}, {of}" if own else f"{count(len(without), held['rank'])} ({named}: {of})"
    text = (
        f"{percent(beyond['share'])} of the error that "
        f"{'remains without images' if best else 'column means leave'} comes from {who}. Judged "
        f"anew without them, skill is {number(beyond['skill'])}"
    )
    if beyond.get("p_value") is not None:
        text += f" (p = {p_value(beyond['p_value'])} from {count(beyond['n_refits'], 'refit')})"
    text += _correlations(beyond)
    return f"{text}.{_told(beyond)}"


def _correlations(beyond: Mapping[str, Any]) -> str:
    best = beyond.get("image_free_pearson")
    free = beyond.get("column_means_pearson") if best is None else best
    if beyond.get("pearson") is None or free is None:
        return ""
    name = "column means alone" if best is None else "without images"
    text = f", r = {number(beyond['pearson'])} ({name} {number(free)})"
    if beyond.get("row_rank") is not None:
        without = number(beyond["row_rank"] - beyond["row_rank_gain"])
        text += f", rank correlation {number(beyond['row_rank'])} (without images {without})"
    return text


def _told(beyond: Mapping[str, Any]) -> str:
    p = beyond.get("p_value")
    if p is None or 1 / (beyond["n_refits"] + 1) > LEVEL:
        return ""
    if p > LEVEL or beyond["skill"] < NOTICED:
        return " So for the others there is no evidence that images tell the tree."
    low = (beyond.get("skill_interval") or (None,))[0]
    if low is None or low <= 0:
        return " So for the others it is more than chance, but it rests on few clades or is small."
    return " So images tell something of the others, too."


def traits_words(scale: Sequence[Mapping[str, Any]], skill: float | None) -> str:
    """Say between which numbers of traits a skill lies."""
    if not scale or skill is None:
        return ""
    kind = "independent traits that evolve along this tree by Brownian motion"
    of = f"mean of {count(scale[0]['n_draws'], 'drawn set')} each"
    if scale[-1]["skill_mean"] < max(NOTHING, scale[0]["skill_mean"]):
        low, high = (how(one[f"skill_{how.__name__}"] for one in scale) for how in (min, max))
        return (
            f"No number of {kind} tells it here: drawn sets of {scale[0]['traits']} to "
            f"{scale[-1]['traits']} reach skills from {number(low)} to {number(high)}, without a "
            "rise. That is how far chance alone carries with so few taxa and clades."
        )
    above = next((place for place, one in enumerate(scale) if one["skill_mean"] >= skill), None)
    if above == 0:
        first = scale[0]
        return (
            f"Skill {number(skill)} is no more than that of {first['traits']} {kind} "
            f"({number(first['skill_mean'])}, {of})."
        )
    if above is None:
        last = scale[-1]
        return (
            f"Skill {number(skill)} is more than that of {last['traits']} {kind} "
            f"({number(last['skill_mean'])}, {of})."
        )
    low, high = scale[above - 1], scale[above]
    return (
        f"Skill {number(skill)} is that of between {low['traits']} and {high['traits']} {kind} "
        f"({number(low['skill_mean'])} and {number(high['skill_mean'])}, {of})."
    )


def power_words(scale: Sequence[Mapping[str, Any]]) -> str:
    """Say what these taxa would show if their looks followed the tree; for those that show none."""
    if not scale:
        return ""
    told = ", ".join(f"{one['traits']} traits {number(one['skill_mean'])}" for one in scale)
    return (
        "Had independent traits that evolve along this tree been seen in as many images, skill "
        f"would be: of {told}."
    )


def _scale(scale: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [
        {
            "traits": f"{one['traits']:,}",
            "skill": number(one["skill_mean"]),
            "range": f"{number(one['skill_min'])} to {number(one['skill_max'])}",
        }
        for one in scale
    ]


def _clade_rows(rows: Sequence[Mapping[str, Any]], rank: str) -> list[dict[str, str]]:
    """Rows of the clades with most error; the others in one, if they are more than one."""
    shown = list(rows) if len(rows) <= SHOWN + 1 else list(rows[:SHOWN])
    told = [_clade_row(one["clade"], one["n_taxa"], one["share"], one["skill"]) for one in shown]
    others = rows[len(shown) :]
    if others:
        share = sum(one["share"] or 0.0 for one in others)
        weighed = sum((one["share"] or 0.0) * (one["skill"] or 0.0) for one in others)
        name = f"{len(others)} other {plural(rank)}"
        taxa = sum(one["n_taxa"] for one in others)
        told.append(_clade_row(name, taxa, share, weighed / share if share > 0 else None))
    return told


def _clade_row(name: str, taxa: int, share: float | None, skill: float | None) -> dict[str, str]:
    return {
        "name": name,
        "taxa": f"{taxa:,}",
        "share": "–" if share is None else percent(share),
        "skill": "–" if skill is None else number(skill),
    }
