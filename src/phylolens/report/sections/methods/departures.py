"""Where a run departs from the published study."""

from collections.abc import Mapping, Sequence
from typing import Any

from phylolens.guided.recipes import GUIDE_RECIPES
from phylolens.report.results import Results
from phylolens.report.text import listed
from phylolens.results.classification import ClassificationResult, UsedSettings
from phylolens.results.features import FeatureSpec
from phylolens.results.guided_parts import GuideSettings

PUBLISHED = "roy2025"  # the recipe of the published study; others have nothing to depart from


def departures(results: Results) -> list[str]:
    """Name where the run departs from the published settings of its recipes."""
    lines: list[str] = []
    classified = results.classification
    if classified is not None and classified.recipe == PUBLISHED:
        own = classified.settings or UsedSettings()
        lines += _of_classification(classified, own)
        lines += ALWAYS["classify"] if own.augmentation else ALWAYS["classify"][:1]
    guided = results.guide
    if guided is not None and guided.recipe == PUBLISHED:
        settings = guided.settings or GuideSettings()
        used = settings.to_dict() | {
            key: value
            for key, value in (
                ("epochs", guided.epochs),
                ("learning_rate", guided.learning_rate),
                ("divisor", guided.divisor),
            )
            if value is not None
        }
        keys = ("backbone", "fit", "augmentation", "per_taxon", "epochs", "learning_rate",
                "divisor")  # fmt: skip
        lines += _compare("Guided embedding", GUIDE_RECIPES[PUBLISHED], used, keys)
        lines += ALWAYS["guide"] if settings.augmentation else []
    return lines


# Departures of every run, and what the study leaves open.
ALWAYS = {
    "classify": [
        "Classification, split: by specimen, small taxa pooled, a taxon of one specimen never "
        "tested (published: stratified 80/20 by image). Balanced bagging grows random-forest "
        "trees; the study does not name its base learner.",
        "Classification, copies: made after the split, from training images alone (the study "
        "describes raising rare classes before it), with normal noise of standard deviation 25 "
        "of 255, which the study does not state.",
    ],
    "guide": [
        "Guided embedding, copies: flips, rotations up to 15°, colour jitter and shifts; the "
        "study names these alterations but not their size.",
    ],
}


_SETTING_WORDS = {
    "backbone": "network",
    "fit": "how images become square",
    "divisor": "genetic distance that becomes similarity −1",
    "augmentation": "alteration of added copies",
    "upsample_to": "images that rare classes are raised to",
    "models": "models",
    "per_taxon": "images of each taxon",
    "epochs": "training steps",
    "learning_rate": "learning rate",
}


def _of_classification(found: ClassificationResult, settings: UsedSettings) -> list[str]:
    """Compare with the published values that the results name; older ones name fewer."""
    spec = FeatureSpec.model_validate(settings.features or {})
    here = {
        "backbone": feature_words(spec) or None,
        "fit": spec.fit,
        "augmentation": settings.augmentation,
        "upsample_to": settings.upsample_to,
        "models": list(found.models),
    }
    unknown = {"backbone", "fit"}  # of features made elsewhere
    lines = []
    for key, used in here.items():
        published = getattr(settings, f"published_{key}")
        if published is not None and used != published and not (used is None and key in unknown):
            shown = "none" if used is None else _show(used)
            lines.append(
                f"Classification, {_SETTING_WORDS[key]}: {shown} (published: {_show(published)})."
            )
    return lines


def _compare(what: str, recipe: object, used: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    """Say where settings differ from those of the published recipe."""
    spec = FeatureSpec.model_validate(used.get("features") or {})
    known = {"backbone": feature_words(spec), "fit": spec.fit}
    here = {**used, **{key: value for key, value in known.items() if value}}
    lines = []
    for key in (key for key in keys if key in here):
        published = getattr(recipe, key)
        if here[key] != published:
            shown = "none" if here[key] is None else _show(here[key])
            lines.append(f"{what}, {_SETTING_WORDS[key]}: {shown} (published: {_show(published)}).")
    return lines


def _show(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def feature_words(spec: FeatureSpec) -> str:
    """Say in words what made the features; empty where that is not recorded."""
    if spec.fused is not None:
        return "several networks joined: " + listed([feature_words(one) for one in spec.fused])
    return spec.backbone or (f"features from the file {spec.file}" if spec.file else "")
