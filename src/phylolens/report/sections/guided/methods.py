"""How the guided embedding was fitted and judged: a paragraph to cite."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.sections.guided.learners import baseline_words, learner_of, words
from phylolens.report.sections.guided.verdict import clades
from phylolens.report.text import count

# Literature behind each learner (see phylolens.report.literature).
BEHIND = {
    "attention": ("attention",),
    "attention+projection": ("attention",),
    "phylo-ridge": ("ridge", "coordinates"),
    "kernel-ridge": ("ridge", "coordinates", "whitened"),
    "gp": ("coordinates", "whitened", "process"),
    "soft": ("discriminant",),
    "default": ("discriminant", "coordinates", "process"),
}


def sources(summary: Mapping[str, Any] | None) -> list[str]:
    """Name the literature that the section rests on."""
    if not summary:
        return []
    used = [key for name in summary["learners"] for key in BEHIND.get(name, ())]
    used += ["adam"] if summary["adam"] else []
    used += ["held-out", "stacked"] if summary["held_out"] else []
    return [*used, *(["permuted"] if summary["null"] else [])]


def methods(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Write the paragraph from what ``guide.json`` records."""
    fit = _pool(found, summary) if found.get("learning_rate") else _learner(found, summary)
    if not summary["held_out"]:
        return f"{fit}; evaluated in-sample."
    parts = (f"{fit}.", _held_out(summary), _null(found, summary))
    return " ".join(part for part in parts if part)


def _pool(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Describe the published attention pool."""
    return (
        f"Guided embedding (recipe {summary['recipe']}): a linear attention pool over "
        f"{_images(found)} of each of {count(summary['n_taxa'], summary['rank'])}, fitted by mean "
        f"squared error between cosine similarities and 1 − 2d/{found['divisor']:.4g} "
        f"(d: genetic distance) with Adam, learning rate {found['learning_rate']:g}, "
        f"{found['epochs']:,} steps"
    )


def _learner(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    name = learner_of(found)
    text = f"Guided embedding: learner {name}"
    text += f" ({words(name)})" if words(name) else ""
    images = f" over {_images(found)} of each" if found.get("images_per_taxon") else ""
    text += f", {count(summary['n_taxa'], summary['rank'])}{images}"
    kept = found.get("n_kept_for_testing")
    return f"{text}; {count(kept, 'image')} marked for testing were kept from it" if kept else text


def _images(found: Mapping[str, Any]) -> str:
    sizes = found.get("images_per_taxon") or {}
    low, high = sizes.get("min"), sizes.get("max")
    return f"{low} to {high} images" if low != high else f"{low} images"


def _held_out(summary: Mapping[str, Any]) -> str:
    held = summary["held_out"]
    groups = clades(held)
    text = f"Every {summary['rank']} was held out once"
    if held.get("rank") != summary["rank"]:
        text += f", with its whole {held.get('rank') or 'clade'}"
        text += f" ({held['n_clades']} {groups})" if held.get("n_clades") else ""
    if held.get("unknown_clade"):
        text += f"; {len(held['unknown_clade'])} of unknown {held['rank']} each alone"
    return (
        f"{text}; scaling, settings and calibration saw the other taxa only, settings chosen by "
        f"leaving {groups} out again. {_skill(summary)}"
    )


def _skill(summary: Mapping[str, Any]) -> str:
    """Define skill by the baseline that it was measured against."""
    if baseline_words(summary["baselines"]).key == "column_means":
        return (
            "Skill = 1 − MSE(column means and guided prediction) / MSE(column means alone), both "
            "calibrated linearly on training pairs."
        )
    return (
        "Skill = 1 − MSE(stack with images) / MSE(stack without): without images, means over all "
        "taxa, over other clades and over their means, as they are and no less than the distance "
        "to the nearest other clade; calibrated, and weighed without negative weights, on training "
        "pairs."
    )


def _null(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    null = summary["null"]
    if not null.get("n_refits"):
        return "No refits to permuted taxa were made, so there is no p-value."
    seed = null.get("seed", found.get("seed"))
    seed = f", seed {seed}" if seed is not None else ""
    return (
        f"p: share of {count(null['n_refits'], 'refit')} with features permuted among taxa{seed}, "
        "choice of settings included, that reach the skill; the observed one is counted, so it is "
        "never 0."
    )
