"""How the guided embedding was fitted and judged: a paragraph to cite."""

from phylolens.report.sections.guided.learners import Judged, without_settings, words
from phylolens.report.text import count
from phylolens.results.guided import GuidedResult

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


def sources(found: GuidedResult) -> list[str]:
    """Name the literature that the section rests on."""
    learners = (found.primary, *(found.learners or {}))
    used = [key for name in learners for key in BEHIND.get(without_settings(name), ())]
    used += ["adam"] if found.learning_rate is not None else []
    used += ["held-out", "stacked"] if found.held_out else []
    return [*used, *(["permuted"] if found.null and found.null.n_refits else [])]


def methods(found: GuidedResult, judged: Judged | None) -> str:
    """Write the paragraph from what ``guide.json`` records."""
    fit = _pool(found) if found.learning_rate else _learner(found)
    if judged is None:
        return f"{fit}; evaluated in-sample."
    return " ".join(part for part in (f"{fit}.", _held_out(judged), _null(judged)) if part)


def _pool(found: GuidedResult) -> str:
    """Describe the published attention pool."""
    return (
        f"Guided embedding (recipe {found.recipe or ''}): a linear attention pool over "
        f"{_images(found)} of each of {count(found.n_taxa, found.rank)}, fitted by mean "
        f"squared error between cosine similarities and 1 − 2d/{found.divisor:.4g} "
        f"(d: genetic distance) with Adam, learning rate {found.learning_rate:g}, "
        f"{found.epochs:,} steps"
    )


def _learner(found: GuidedResult) -> str:
    name = found.primary
    text = f"Guided embedding: learner {name}"
    text += f" ({words(name)})" if words(name) else ""
    images = f" over {_images(found)} of each" if found.images_per_taxon else ""
    text += f", {count(found.n_taxa, found.rank)}{images}"
    kept = found.n_kept_for_testing
    return f"{text}; {count(kept, 'image')} marked for testing were kept from it" if kept else text


def _images(found: GuidedResult) -> str:
    sizes = found.images_per_taxon
    low, high = (sizes.min, sizes.max) if sizes else (None, None)
    return f"{low} to {high} images" if low != high else f"{low} images"


def _held_out(judged: Judged) -> str:
    held, groups = judged.held, judged.clades
    text = f"Every {judged.rank} was held out once"
    if not judged.alone:
        text += f", with its whole {held.rank or 'clade'}"
        text += f" ({held.n_clades} {groups})" if held.n_clades else ""
    if held.unknown_clade:
        text += f"; {len(held.unknown_clade)} of unknown {held.rank} each alone"
    return (
        f"{text}; scaling, settings and calibration saw the other taxa only, settings chosen by "
        f"leaving {groups} out again. {_skill(judged)}"
    )


def _skill(judged: Judged) -> str:
    """Define skill by the baseline that it was measured against."""
    if judged.words.key == "column_means":
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


def _null(judged: Judged) -> str:
    null = judged.null
    if not null.n_refits:
        return "No refits to permuted taxa were made, so there is no p-value."
    known = judged.found.seed if null.seed is None else null.seed
    seed = f", seed {known}" if known is not None else ""
    return (
        f"p: share of {count(null.n_refits, 'refit')} with features permuted among taxa{seed}, "
        "choice of settings included, that reach the skill; the observed one is counted, so it is "
        "never 0."
    )
