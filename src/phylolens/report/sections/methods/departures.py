"""Where a run departs from the published study."""

from collections.abc import Mapping, Sequence
from typing import Any

from phylolens.classification.recipes import CLASSIFY_RECIPES
from phylolens.guided.recipes import GUIDE_RECIPES
from phylolens.report.results import Results
from phylolens.report.text import listed
from phylolens.results.features import FeatureSpec
from phylolens.results.guided_parts import GuideSettings

PUBLISHED = "roy2025"  # the recipe of the published study; others have nothing to depart from


def departures(results: Results) -> list[str]:
    """Name where the run departs from the published settings of its recipes."""
    lines: list[str] = []
    keys: tuple[str, ...]
    found = results.metrics or {}
    if found.get("recipe") == PUBLISHED:
        used = (found.get("settings") or {}) | {"models": tuple(found["models"])}
        keys = ("backbone", "fit", "augmentation", "upsample_to", "models")
        lines += _compare("Classification", CLASSIFY_RECIPES[found["recipe"]], used, keys)
        lines += ALWAYS["classify"] if used.get("augmentation") else ALWAYS["classify"][:1]
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
