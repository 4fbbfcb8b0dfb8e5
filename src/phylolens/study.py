"""A whole study as one value (``study.toml``), and the order in which its stages run."""

import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from phylolens.errors import InputError, TooFew, require_folder
from phylolens.progress import Progress, silent
from phylolens.provenance import (
    RunRecord,
    command_line,
    file_hash,
    fingerprint,
    package_versions,
)
from phylolens.reading import read_text
from phylolens.taxonomy import standard_name
from phylolens.writing import sweep

if TYPE_CHECKING:
    from phylolens.material import Material
    from phylolens.stages import Bench

STAGES = ("check", "embed", "classify", "guide", "signal", "report")
PATHS = (
    "images",
    "meta",
    "tree",
    "distances",
    "trees",
    "features",
    "ids",
    "matches",
    "weights",
    "out",
)


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _shares(found: object) -> object:
    """Check shares of unknown taxa: a number, or numbers by rank."""
    named = found if isinstance(found, Mapping) else {"": found}
    values = list(named.values())
    if not all(isinstance(value, int | float) for value in values):
        raise ValueError("should be a number, or one number a rank")
    if min(values, default=0) < 0 or not sum(values) < 1:
        raise ValueError("shares should be 0 or more and add up to less than 1")
    if isinstance(found, Mapping):
        return {standard_name(str(rank)): value for rank, value in found.items()}
    return found


class ClassifySettings(_Settings):
    """Classification; what is not given is the recipe's (see ``ClassifyRecipe``)."""

    recipe: str = "default"
    ranks: tuple[Annotated[str, AfterValidator(standard_name)], ...] | None = None
    models: tuple[str, ...] | None = None
    splits: tuple[str, ...] | None = None
    imbalance: str | None = None
    upsample_to: int | None = Field(default=None, ge=0)
    copies: int | None = Field(default=None, ge=0)
    sample_down_to: int | None = Field(default=None, ge=0)
    augmentation: str | None = None
    steps: tuple[str, ...] | None = None
    test_share: float | None = Field(default=None, gt=0, lt=1)
    repeats: int | None = Field(default=None, ge=1)
    trust: bool | None = None
    alpha: float = Field(default=0.1, gt=0, lt=1)
    unknown_share: Annotated[float | dict[str, float], BeforeValidator(_shares)] = 0.1
    alpha_unknown: float = Field(default=0.2, gt=0, lt=1)
    calibration: Literal["cross", "split"] = "cross"
    ablation: bool = False


class GuideSettings(_Settings):
    """Guided embedding; what is not given is the recipe's.

    ``learner``, ``held_out`` (rank of the clades), ``refits``, ``sample_down_to`` and
    ``sampling_table`` are for recipes that hold clades out; ``epochs`` and ``learning_rate`` for
    ``roy2025``.
    """

    recipe: str = "default"
    learner: tuple[str, ...] | None = None
    held_out: Annotated[str, AfterValidator(standard_name)] | None = None
    refits: int | None = Field(default=None, ge=0)
    per_taxon: int | None = Field(default=None, ge=2)
    sample_down_to: int | None = Field(default=None, ge=1)
    sampling_table: bool | None = None
    epochs: int | None = Field(default=None, ge=1)
    learning_rate: float | None = Field(default=None, gt=0)
    divisor: float | None = Field(default=None, gt=0)


class SignalSettings(_Settings):
    """Test of visual against genetic distance.

    ``distance`` is the visual distance, ``compare`` further ones for one table; ``debias`` takes
    sampling noise out of them; ``axes`` the principal coordinates of PROTEST, K_A and K_G;
    ``replicates`` of the specimen bootstrap; ``simulations`` and ``fdr`` (false-discovery rate) of
    the search for pairs where looks and genes disagree.
    """

    distance: str = "chord"
    compare: tuple[str, ...] = ()
    debias: bool = True
    permutations: int = Field(default=999, ge=1)
    axes: int | None = Field(default=None, ge=1)
    tree_method: Literal["nj", "bme", "upgma"] = "nj"
    replicates: int | None = Field(default=None, ge=0)
    simulations: int = Field(default=500, ge=40)
    fdr: float = Field(default=0.05, gt=0, lt=1)


class Study(_Settings):
    """Everything a run needs.

    Parameters
    ----------
    images, meta, pattern, ranks
        Specimens: a folder, a table, a file-name pattern, rank columns coarse to fine.
    tree, distances
        The phylogeny; one of the two.
    trees
        A sample of trees (posterior, bootstrap) beside ``tree``: the statistics over all of them.
    features
        Features made elsewhere, instead of pictures.
    ids
        Names of the rows, one a line, of a matrix or of features without names.
    matches
        Which names of the phylogeny are which taxa: the ``matches.csv`` of an earlier run, edited.
    rank
        Rank of comparison; ``family`` where there is one, otherwise the finest rank.
    confound
        Columns that may make taxa look alike, instead of those found; ``none`` for none.
    skip_bad
        Leave bad rows out instead of stopping.
    backbone, weights, layers, fit, flips, device
        Feature extraction (see ``phylolens backbones``); several backbones are separated by
        commas, and ``flips`` averages every picture with its mirror image.
    seed, out
        Seed of everything random; results directory.
    classify, guide, signal
        Settings of the stages.
    """

    images: Path | None = None
    meta: Path | None = None
    pattern: str | None = None
    ranks: tuple[Annotated[str, AfterValidator(standard_name)], ...] | None = None
    tree: Path | None = None
    distances: Path | None = None
    trees: Path | None = None
    features: Path | None = None
    ids: Path | None = None
    matches: Path | None = None
    rank: Annotated[str, AfterValidator(standard_name)] | None = None
    confound: tuple[str, ...] | None = None
    skip_bad: bool = False
    backbone: str = "efficientnet-lite0"
    weights: Path | None = None
    layers: tuple[str, ...] = ()
    fit: Literal["pad", "squash", "crop"] | None = None
    flips: bool = False
    device: str = "auto"
    seed: int = Field(default=0, ge=0)
    out: Path = Path("phylolens-out")
    classify: ClassifySettings = ClassifySettings()
    guide: GuideSettings = GuideSettings()
    signal: SignalSettings = SignalSettings()

    @property
    def has_phylogeny(self) -> bool:
        """Whether a tree or a matrix was given."""
        return self.tree is not None or self.distances is not None


def make_study(values: Mapping[str, Any], where: object = "settings") -> Study:
    """Build a :class:`Study`.

    Raises
    ------
    InputError
        For unknown keys and values out of range, naming each.
    """
    try:
        return Study.model_validate(dict(values))
    except ValidationError as error:
        by_option = where == "options"
        faults = [f"{_named(fault['loc'], by_option)}: {fault['msg']}" for fault in error.errors()]
        keys = "" if by_option else f"Keys of a study: {', '.join(Study.model_fields)}."
        raise InputError(f"{'; '.join(faults)}.", where=where, hint=keys) from error


def _named(place: Sequence[int | str], by_option: bool) -> str:
    """Name a setting as the user wrote it."""
    if by_option:
        return f"--{str(place[-1]).replace('_', '-')}"
    return ".".join(map(str, place))


def read_study(path: Path) -> dict[str, Any]:
    """Read ``study.toml`` as a plain dict; its paths are relative to its own folder.

    Raises
    ------
    InputError
        If the file is absent or not TOML.
    """
    text = read_text(path, "Give an existing study.toml.")
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"not a TOML file ({error}).", where=path) from error
    for name in PATHS:
        if name in values:
            values[name] = path.parent / str(values[name])
    return values


def run(
    study: Study, stages: Sequence[str] = STAGES, *, progress: Progress = silent
) -> dict[str, Any]:
    """Run the stages in order; finished ones with unchanged inputs and settings are kept.

    Parameters
    ----------
    study : Study
        What to run.
    stages : sequence of str
        Some of ``check``, ``embed``, ``classify``, ``guide``, ``signal``, ``report``; ``check``
        always runs, and pictures are embedded as they are needed.
    progress : callable
        Told how far each stage is.

    Returns
    -------
    dict
        A summary of each stage, as ``--json`` prints it.
    """
    from phylolens.pictures import ImagesFailed

    failed: dict[str, str] = {}
    while True:
        try:
            return _run(study, stages, progress, failed)
        except ImagesFailed as error:  # what is embedded is in the store, so little is done twice
            if not study.skip_bad:
                raise
            failed |= error.reasons


def _run(
    study: Study, stages: Sequence[str], progress: Progress, failed: Mapping[str, str]
) -> dict[str, Any]:
    """Run the stages on all usable images but those that ``failed`` before."""
    from phylolens import stages as work
    from phylolens.material import gather
    from phylolens.pictures import Pictures

    require_folder(study.out)
    if study.out.is_dir():
        sweep(study.out)
    settings = study.model_dump(mode="json")
    record = RunRecord(study.out, command_line(), settings, study.seed)
    started = time.perf_counter()
    material = gather(study, progress, failed)
    hashes = _input_hashes(study)
    inputs = {name: {"path": str(getattr(study, name)), "sha256": digest}
              for name, digest in hashes.items()}  # fmt: skip
    record.note(inputs=inputs, data_hash=material.data_hash)
    record.finish_stage(
        "check", files=("check.json", "specimens.parquet"), seconds=time.perf_counter() - started
    )
    summary: dict[str, Any] = {"out": str(study.out), "check": material.brief}
    bench = work.Bench(study, material, Pictures(study, material, progress), progress)
    for name in (stage for stage in STAGES if stage in stages and stage != "check"):
        mark = _mark(settings, name, hashes, material)
        summary[name] = _stage(name, bench, record, mark, whole=stages == STAGES)
    return summary


def _stage(
    name: str, bench: "Bench", record: RunRecord, mark: str, *, whole: bool
) -> dict[str, Any]:
    """Run one stage unless its results can be kept; a ``whole`` run goes on where one cannot."""
    from phylolens import stages as work

    out, started, again = bench.study.out, time.perf_counter(), ""
    reason = work.not_possible(name, bench.material, alone=not whole)
    if not reason:
        if record.is_done(name, mark) and not work.missing_files(name, bench.study):
            return work.brief_of(name, out) | {"kept": True}
        again = record.again(name, mark)
        record.forget(name)
        try:
            found = work.ACTIONS[name](replace(bench, mark=mark))
        except TooFew as error:
            if not whole:
                raise
            reason = f"could not be tested: {error.problem.rstrip('.')}"
    if reason:
        record.finish_stage(name, skipped=reason)
        return {"skipped": reason}
    seconds = time.perf_counter() - started
    keep = mark if work.FILES[name] else ""
    record.finish_stage(name, fingerprint=keep, seconds=seconds, **found)
    return found | ({"made_again": again} if again else {})


def _mark(
    settings: dict[str, Any], stage: str, hashes: dict[str, str], material: "Material"
) -> str:
    """Fingerprint of what a stage depends on: the inputs, and no other stage's settings."""
    others = {"classify", "guide", "signal", "out"} - {stage}
    if stage not in ("guide", "signal"):
        others.add("confound")
    if stage != "signal":
        others.add("trees")
        hashes = {name: digest for name, digest in hashes.items() if name != "trees"}
    own = {name: value for name, value in settings.items() if name not in others}
    return fingerprint(stage, own, hashes, material.data_hash, package_versions())


def _input_hashes(study: Study) -> dict[str, str]:
    names = ("meta", "tree", "distances", "trees", "features", "ids", "matches", "weights")
    paths = {name: getattr(study, name) for name in names}
    return {name: file_hash(path) for name, path in paths.items() if path and path.is_file()}
