"""How it was done: a paragraph to cite, departures from the published study, literature."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from phylolens.report.glossary import parts_of
from phylolens.report.literature import references
from phylolens.report.results import Results
from phylolens.report.sections.guided.facts import GuideFacts
from phylolens.report.sections.methods.departures import PUBLISHED, departures, feature_words
from phylolens.report.sections.signal.facts import SignalFacts
from phylolens.report.text import count, listed
from phylolens.results.features import FeatureSpec
from phylolens.results.run import InputFile as Recorded
from phylolens.results.run import StageRecord

STAGES = {
    "classify": "classification",
    "guide": "guided embedding",
    "signal": "signal",
    "place": "placement",
    "bench": "bench",
}


@dataclass(frozen=True)
class InputFile:
    """An input of a run."""

    name: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Made:
    """How a stage was made; None where an older record lacks it."""

    seed: int | None
    command: str | None
    inputs: list[InputFile]


@dataclass(frozen=True)
class Command:
    """A command, and the stages it made in words; blank where it made all."""

    command: str
    made: str


def made_by(results: Results) -> dict[str, Made]:
    """Seed, command and inputs of each stage shown."""
    found = {}
    for stage, seed in _own_seeds(results):
        made = results.run.stages.get(stage, StageRecord())
        found[stage] = Made(
            seed=made.seed if seed is None else seed,
            command=_words(made.command) or None,
            inputs=_input_files(made.inputs),
        )
    return found


def _own_seeds(results: Results) -> Iterator[tuple[str, int | None]]:
    """Seeds written into the stages' own files; the signal names it with its tests."""
    if results.classification is not None:
        yield "classify", results.classification.seed
    if results.guide is not None:
        yield "guide", results.guide.seed
    if results.signal is not None:
        tests = [test for test in results.signal.tests.values() if test]
        yield "signal", tests[0].seed if tests else None


def _input_files(given: Mapping[str, Recorded]) -> list[InputFile]:
    return [
        InputFile(
            name=name,
            file=one.path.replace("\\", "/").rsplit("/", 1)[-1],
            sha256=one.sha256 or "",
        )
        for name, one in given.items()
    ]


def _words(command: str | list[str]) -> str:
    return command if isinstance(command, str) else " ".join(command)


def seed_words(results: Results) -> str:
    """Name the seed, or that of every stage where seeds or commands differ."""
    made = made_by(results)
    known = {stage: one.seed for stage, one in made.items() if one.seed is not None}
    several = len({one.command for one in made.values()}) > 1
    if len(set(known.values())) > 1 or (several and known):
        seeds = listed([f"{seed} ({STAGES[stage]})" for stage, seed in known.items()])
        return f"random seed{'s' if len(known) > 1 else ''} {seeds}"
    return f"random seed {next(iter(known.values()), results.run.seed)}"


def commands(results: Results) -> list[Command]:
    """List each distinct command with the stages it made; the last one alone in older records."""
    last = _words(results.run.command)
    made = made_by(results)
    by_command: dict[str, list[str]] = {}
    for stage, one in made.items():
        if one.command:
            by_command.setdefault(one.command, []).append(STAGES[stage])
    older = [STAGES[stage] for stage, one in made.items() if not one.command]
    if len(by_command) + bool(by_command and older) <= 1:
        command = next(iter(by_command), last)
        return [Command(command, "")] if command else []
    rows = [Command(command, listed(stages)) for command, stages in by_command.items()]
    return rows + ([Command("", listed(older))] if older else [])


def inputs(results: Results) -> list[InputFile]:
    """List the input files of the last run and of every stage shown, each file once."""
    rows = _input_files(results.run.inputs)
    for one in made_by(results).values():
        rows += one.inputs
    return list(dict.fromkeys(rows))


HASH_SHOWN = 16
PACKAGES_SHOWN = ("numpy", "scikit-learn", "scikit-bio", "torch", "onnxruntime")


@dataclass(frozen=True)
class Methods:
    """How it was done.

    Parameters
    ----------
    paragraph : str
        To cite.
    differences : list of str
        Where the run departs from the published study.
    commands : list of Command
    software : list of (str, str)
        Packages and versions.
    inputs : list of InputFile
    references : list of str
        Literature, as it is printed.
    """

    paragraph: str
    differences: list[str]
    commands: list[Command]
    software: list[tuple[str, str]]
    inputs: list[InputFile]
    references: list[str]


def about_methods(results: Results, summary: dict[str, Any]) -> Methods:
    """Write the methods paragraphs from what the stages recorded."""
    guide: GuideFacts | None = summary["guide"]
    parts = [_program(results), _features(results), _classify(results, summary["classify"])]
    signal: SignalFacts | None = summary["signal"]
    parts += [guide.methods if guide else "", signal.methods if signal else ""]
    used = ["program"] + [key for key in ("classify", "guide", "signal") if summary[key]]
    classified = summary["classify"] or {}
    used += [key for key in ("confidence", "depth", "novelty", "importance") if classified.get(key)]
    used += sorted(parts_of(summary["signal"]))
    used += [signal.barcodes.source] if signal and signal.barcodes else []
    used += guide.sources if guide else []
    used += ["permuted"] if summary["signal"] else []
    recipes = (classified.get("recipe"), guide.recipe if guide else None)
    used += ["published"] if PUBLISHED in recipes else []
    used += ["valan"] if "valan2019" in recipes else []
    return Methods(
        paragraph=" ".join(part for part in parts if part),
        differences=departures(results),
        commands=commands(results),
        software=sorted(results.run.packages.items()),
        inputs=inputs(results),
        references=references(used),
    )


def _program(results: Results) -> str:
    run = results.run
    if not run.model_fields_set:
        return "Made with PhyloLens; version, seed and data hash were not recorded (no run.json)."
    shown = [f"{name} {run.packages[name]}" for name in PACKAGES_SHOWN if name in run.packages]
    text = f"Made with PhyloLens {run.version} on Python {run.python}"
    text += f" ({', '.join(shown)})" if shown else ""
    text += f", {seed_words(results)}"
    if run.data_hash:
        text += f", data hash (SHA-256 of images and labels, first {HASH_SHOWN} digits) "
        text += run.data_hash[:HASH_SHOWN]
    return text + "."


def feature_spec(results: Results) -> FeatureSpec:
    """Where the features come from, as the first stage that used them recorded it."""
    classified = results.classification.settings if results.classification else None
    guided = results.guide.settings if results.guide else None
    recorded = (
        results.signal.features if results.signal else None,
        classified.features if classified else None,
        guided.features if guided else None,
    )
    return FeatureSpec.model_validate(next((one for one in recorded if one), {}))


def _features(results: Results) -> str:
    spec = feature_spec(results)
    if not spec.backbone:
        words = feature_words(spec)
        return f"{words[0].upper()}{words[1:]} were used." if words else ""
    text = f"Features were taken with the frozen pretrained network {spec.backbone}"
    if spec.feature_size:
        text += f" ({count(spec.feature_size, 'value')} an image)"
    if spec.input_size:
        text += f" from images of {spec.input_size} × {spec.input_size} pixels"
    if spec.fit:
        text += f", made square by ‘{spec.fit}’"
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
