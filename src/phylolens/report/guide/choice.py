"""How the learner and its settings came about, in words."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.guide.learners import learner_of, learners_of, words
from phylolens.report.guide.verdict import clades
from phylolens.report.wording import count, listed, number, sentence

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
