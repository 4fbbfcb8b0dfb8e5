"""How it was done: a paragraph to cite, departures from the published study, literature."""

from typing import Any

from phylolens.guided.recipes import GUIDE_RECIPES
from phylolens.report.glossary import parts_of
from phylolens.report.literature import references
from phylolens.report.results import Results
from phylolens.report.sections.guided.methods import sources
from phylolens.report.text import count, listed
from phylolens.results.classification import ClassificationResult, UsedSettings

STAGES = {"classify": "classification", "guide": "guided embedding", "signal": "signal"}


def made_by(results: Results) -> dict[str, dict[str, Any]]:
    """Seed, command and inputs of each stage shown; None where an older record lacks them.

    Returns
    -------
    dict
        Stage name to ``seed`` (int or None), ``command`` (str or None) and ``inputs`` (dict or
        None).
    """
    recorded = results.run.get("stages") or {}
    classified = results.classification
    contents: dict[str, dict[str, Any] | None] = {
        "classify": {"seed": classified.seed} if classified else None,
        "guide": results.guide,
        "signal": results.signal,
    }
    found = {}
    for stage, content in contents.items():
        if content is not None:
            made = recorded.get(stage) or {}
            seed = _own_seed(content)
            found[stage] = {
                "seed": made.get("seed") if seed is None else seed,
                "command": _words(made["command"]) if made.get("command") else None,
                "inputs": made.get("inputs"),
            }
    return found


def _own_seed(content: dict[str, Any]) -> int | None:
    """Seed written into a stage's own file; the signal names it with its tests."""
    if content.get("seed") is not None:
        return content["seed"]
    tests = [test for test in (content.get("tests") or {}).values() if test]
    return tests[0].get("seed") if tests else None


def _words(command: Any) -> str:
    return command if isinstance(command, str) else " ".join(map(str, command))


def seed_words(results: Results) -> str:
    """Name the seed, or that of every stage where seeds or commands differ."""
    made = made_by(results)
    known = {stage: one["seed"] for stage, one in made.items() if one["seed"] is not None}
    several = len({one["command"] for one in made.values()}) > 1
    if len(set(known.values())) > 1 or (several and known):
        seeds = listed([f"{seed} ({STAGES[stage]})" for stage, seed in known.items()])
        return f"random seed{'s' if len(known) > 1 else ''} {seeds}"
    return f"random seed {next(iter(known.values()), results.run.get('seed'))}"


def commands(results: Results) -> list[dict[str, str]]:
    """List each distinct command with the stages it made; the last one alone in older records.

    Returns
    -------
    list of dict
        ``command`` and ``made``, the stages in words; ``made`` is empty where all were made by one.
    """
    last = _words(results.run.get("command") or "")
    made = made_by(results)
    by_command: dict[str, list[str]] = {}
    for stage, one in made.items():
        if one["command"]:
            by_command.setdefault(one["command"], []).append(STAGES[stage])
    older = [STAGES[stage] for stage, one in made.items() if not one["command"]]
    if len(by_command) + bool(by_command and older) <= 1:
        command = next(iter(by_command), last)
        return [{"command": command, "made": ""}] if command else []
    rows = [{"command": command, "made": listed(made)} for command, made in by_command.items()]
    return rows + ([{"command": "", "made": listed(older)}] if older else [])


def inputs(results: Results) -> list[dict[str, str]]:
    """List the input files of the last run and of every stage shown, each file once."""
    given = [results.run.get("inputs"), *(one["inputs"] for one in made_by(results).values())]
    rows = [
        {
            "name": str(name),
            "file": str(value.get("path", "")).replace("\\", "/").rsplit("/", 1)[-1],
            "sha256": str(value.get("sha256") or ""),
        }
        for found in given
        for name, value in (found or {}).items()
    ]
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


HASH_SHOWN = 16
PUBLISHED = "roy2025"  # the recipe of the published study; others have nothing to depart from
PACKAGES_SHOWN = ("numpy", "scikit-learn", "scikit-bio", "torch", "onnxruntime")


def about_methods(results: Results, summary: dict[str, Any]) -> dict[str, Any]:
    """Write the methods paragraphs from what the stages recorded."""
    parts = [_program(results), _features(results), _classify(results, summary["classify"])]
    parts += [(summary[key] or {}).get("methods", "") for key in ("guide", "signal")]
    used = ["program"] + [key for key in ("classify", "guide", "signal") if summary[key]]
    classified = summary["classify"] or {}
    used += [key for key in ("confidence", "depth", "novelty") if classified.get(key)]
    used += sorted(parts_of(summary["signal"]))
    used += sources(summary["guide"])
    used += ["permuted"] if summary["signal"] else []
    stages = (classified, summary["guide"] or {})
    used += ["published"] if any(one.get("recipe") == PUBLISHED for one in stages) else []
    return {
        "paragraph": " ".join(part for part in parts if part),
        "differences": _differences(results),
        "commands": commands(results),
        "software": sorted((results.run.get("packages") or {}).items()),
        "inputs": inputs(results),
        "references": references(used),
    }


def _program(results: Results) -> str:
    run = results.run
    if not run:
        return "Made with PhyloLens; version, seed and data hash were not recorded (no run.json)."
    packages = run.get("packages") or {}
    shown = [f"{name} {packages[name]}" for name in PACKAGES_SHOWN if name in packages]
    text = f"Made with PhyloLens {run.get('version', '')} on Python {run.get('python', '')}"
    text += f" ({', '.join(shown)})" if shown else ""
    text += f", {seed_words(results)}"
    if run.get("data_hash"):
        text += f", data hash (SHA-256 of images and labels, first {HASH_SHOWN} digits) "
        text += run["data_hash"][:HASH_SHOWN]
    return text + "."


def feature_spec(results: Results) -> dict[str, Any]:
    """Where the features come from, as the first stage that used them recorded it."""
    classified = results.classification
    used = classified.settings if classified else None
    for found in (results.signal, used and used.to_dict(),
                  (results.guide or {}).get("settings")):  # fmt: skip
        if found and found.get("features"):
            return dict(found["features"])
    return {}


def feature_words(spec: dict[str, Any]) -> str:
    """Say in words what made the features."""
    if "fused" in spec:
        return "several networks joined: " + listed([feature_words(part) for part in spec["fused"]])
    if spec.get("backbone"):
        return str(spec["backbone"])
    return f"features from the file {spec['file']}" if spec.get("file") else ""


def _features(results: Results) -> str:
    spec = feature_spec(results)
    if not spec.get("backbone"):
        words = feature_words(spec)
        return f"{words[0].upper()}{words[1:]} were used." if words else ""
    text = f"Features were taken with the frozen pretrained network {spec['backbone']}"
    if spec.get("feature_size"):
        text += f" ({count(int(spec['feature_size']), 'value')} an image)"
    if spec.get("input_size"):
        text += f" from images of {spec['input_size']} × {spec['input_size']} pixels"
    if spec.get("fit"):
        text += f", made square by ‘{spec['fit']}’"
    return text + "."


def _classify(results: Results, summary: dict[str, Any] | None) -> str:
    if not summary or not results.classification:
        return ""
    settings = results.classification.settings
    models = listed(summary["models"])
    if not summary["chooses"]:  # the default classifier may answer at all ranks at once
        models = f"one independent classifier a rank ({models})"
    text = (
        f"Classification (recipe {summary['recipe']}): {models}, trained on "
        f"{summary['n_train']:,} and tested on {count(summary['n_test'], 'image')}."
    )
    for line in summary["chosen"]["everywhere"]:
        text += f" {line}"
    if settings and settings.augmentation and settings.upsample_to:
        text += (
            f" Rare classes were raised to {count(settings.upsample_to, 'image')}, or to "
            "the size of the largest class where that is smaller, "
            f"with altered copies ({settings.augmentation}) of training images."
        )
    return text + _calibration(summary)


def _calibration(summary: dict[str, Any]) -> str:
    """How certainty was calibrated and how deep answers go."""
    text = ""
    for one in summary["divisions"]:
        text += f" Also tested with {one['words']} ({count(one['n_test'] or 0, 'image')})."
    if summary["confidence"] and summary["confidence"]["temperature"]:
        text += f" Certainties were scaled by temperature: {summary['confidence']['temperature']}."
    if summary["depth"]:
        crossed = any("cross-fitting" in one["guarantee"] for one in summary["depth"]["groups"])
        way = "cross-fitted conformal prediction" if crossed else "split conformal prediction"
        text += (
            f" Answers were cut back to the deepest safe rank by {way} on nested taxa, "
            f"α = {summary['depth']['alpha']:g}"
        )
        text += "; its coverage is measured, not proven." if crossed else "."
    return text


def _differences(results: Results) -> list[str]:
    """Name where the run departs from the published settings of its recipes."""
    lines: list[str] = []
    classified = results.classification
    if classified and classified.recipe == PUBLISHED:
        settings = classified.settings or UsedSettings()
        lines += _classify_differences(classified, settings)
        lines += ALWAYS["classify"] if settings.augmentation else ALWAYS["classify"][:1]
    found = results.guide or {}
    if found.get("recipe") == PUBLISHED:
        used = (found.get("settings") or {}) | found
        keys = (
            "backbone",
            "fit",
            "augmentation",
            "per_taxon",
            "epochs",
            "learning_rate",
            "divisor",
        )
        lines += _compare("Guided embedding", GUIDE_RECIPES[found["recipe"]], used, keys)
        lines += ALWAYS["guide"] if used.get("augmentation") else []
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


def _classify_differences(found: ClassificationResult, settings: UsedSettings) -> list[str]:
    """Compare with the published values that the results name; older ones name fewer."""
    spec = settings.features or {}
    here = {
        "backbone": feature_words(spec) or None,
        "fit": spec.get("fit"),
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


def _compare(what: str, recipe: Any, used: dict[str, Any], keys: tuple[str, ...]) -> list[str]:
    lines = []
    spec = dict(used.get("features") or {})
    features = feature_words(spec)
    used = used | ({"backbone": features} if features else {})
    used = used | ({"fit": spec["fit"]} if spec.get("fit") else {})
    for key in (key for key in keys if key in used):
        here, published = used[key], getattr(recipe, key)
        if here != published:
            shown = "none" if here is None else _show(here)
            lines.append(f"{what}, {_SETTING_WORDS[key]}: {shown} (published: {_show(published)}).")
    return lines


def _show(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
