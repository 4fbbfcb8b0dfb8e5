"""What the user of a stored model should know, in plain words (Mitchell et al. 2019)."""

from collections.abc import Mapping
from typing import Any


def model_card(content: Mapping[str, Any]) -> str:
    """Write a model's card as Markdown.

    Parameters
    ----------
    content : mapping
        As in ``model.json``.
    """
    card, calibration = content["card"], content["calibration"]
    lines = [
        "# Model card",
        "",
        f"Written by PhyloLens {content['phylolens']}. Names specimens in images at the ranks "
        f"{', '.join(content['ranks'])}, and says how deep its answer is safe.",
        "",
        "## Made from",
        "",
        f"- {card.get('n_images', '?')} images of {card.get('n_specimens', '?')} specimens; taxa: "
        + ", ".join(f"{n} {rank}" for rank, n in card.get("n_taxa", {}).items())
        + ".",
        f"- Classifier: {card.get('head', '?')}, seed {card.get('seed', '?')}.",
        f"- Features: {_features(content['features'])}.",
        f"- Hash of images and labels: {card.get('data_hash', 'not recorded')}.",
        "",
        "## How well it did",
        "",
        *_performance(card.get("performance") or {}),
        "",
        "## What is promised, and what is not",
        "",
        f"- Accepted answers are meant to be right for {1 - calibration['alpha']:.0%} of new "
        f"specimens, if these come from the same kinds of images and have this mix: "
        + ", ".join(f"{name} {share:.0%}" for name, share in calibration["mix"].items())
        + ".",
        _of_unknown(calibration),
        f"- {_way(card.get('calibration'))}",
        "- It holds on average over specimens, not for every taxon: rare ones may do worse.",
        "- Images of another kind (other background, light, museum, view) are not covered.",
        "- A taxon the model has not seen can be named only by the coarser taxa it lies in.",
        "",
        "## Files",
        "",
        "`model.json` settings and calibration, `taxonomy.csv` taxa, `head.skops` the classifier, "
        "`arrays.safetensors` reference features. No file runs code when it is read.",
    ]
    return "\n".join(lines) + "\n"


def _of_unknown(calibration: Mapping[str, Any]) -> str:
    if not calibration["promised"]:
        return "- There were too few taxa to promise anything for specimens of unknown ones alone."
    return (
        f"- Known taxa alone the same, and {1 - calibration['alpha_unknown']:.0%} of the specimens "
        f"in each of these groups: {', '.join(calibration['promised'])}."
    )


def _way(calibration: object) -> str:
    if calibration == "split":
        return "Known taxa were calibrated on specimens kept from the model."
    return "Calibrated by cross-fitting: coverage is measured, not proven, and may differ a little."


def _features(spec: Mapping[str, Any]) -> str:
    parts = spec.get("fused") or [spec]
    names = [str(part.get("backbone") or part.get("file") or "unknown") for part in parts]
    return " + ".join(names)


def _performance(found: Mapping[str, Any]) -> list[str]:
    if not found:
        return ["Not tested."]
    return [f"- {name}: {value}" for name, value in found.items()]
