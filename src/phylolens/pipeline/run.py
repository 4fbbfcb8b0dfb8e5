"""The order in which the stages of a study run; finished ones are kept."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from phylolens.errors import InputError, TooFew, require_folder
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.dataset import Dataset, gather
from phylolens.pipeline.image_features import ImageFeatures, ImagesFailed
from phylolens.pipeline.settings import PATHS, SECTIONS, STAGES, Settings
from phylolens.pipeline.stages import ACTIONS, FILES, missing_files, not_possible
from phylolens.pipeline.summaries import summary_of
from phylolens.progress import Progress, silent
from phylolens.provenance import RunRecord, command_line, file_hash, fingerprint, package_versions
from phylolens.writing import sweep


def run(
    settings: Settings, stages: Sequence[str] = STAGES, *, progress: Progress = silent
) -> dict[str, Any]:
    r"""Run the stages in order; finished ones with unchanged inputs and settings are kept.

    Parameters
    ----------
    settings : Settings
        What to run.
    stages : sequence of str
        Some of ``check``, ``embed``, ``classify``, ``guide``, ``signal``, ``place``, ``bench``,
        ``report``; ``check`` always runs, images are embedded as they are needed, and a whole run
        has no ``bench`` unless the settings name its cells, no ``place`` without ``unknowns``.
    progress : callable
        Told how far each stage is.

    Returns
    -------
    dict
        A summary of each stage, as ``--json`` prints it.

    Examples
    --------
    >>> from pathlib import Path
    >>> import phylolens as pl
    >>> _ = Path("features.csv").write_text("id,f1\ni1,0.1\ni2,0.2\ni3,1\ni4,2\n")
    >>> _ = Path("meta.csv").write_text("file,genus\ni1,Arca\ni2,Arca\ni3,Venus\ni4,Mya\n")
    >>> settings = pl.Settings(features="features.csv", meta="meta.csv", out="results")
    >>> pl.run(settings, stages=["check"])["check"]["n_taxa"]
    {'genus': 3}
    """
    failed: dict[str, str] = {}
    while True:
        try:
            return _run(settings, stages, progress, failed)
        except ImagesFailed as error:  # what is embedded is in the store, so little is done twice
            if not settings.skip_bad:
                raise
            failed |= error.reasons


def _run(
    settings: Settings, stages: Sequence[str], progress: Progress, failed: Mapping[str, str]
) -> dict[str, Any]:
    """Run the stages on all usable images but those that ``failed`` before."""
    _require_one_network(settings, stages)
    require_folder(settings.out)
    if settings.out.is_dir():
        sweep(settings.out)
    values = settings.model_dump(mode="json")
    record = RunRecord(settings.out, command_line(), values, settings.seed)
    started = time.perf_counter()
    dataset = gather(settings, progress, failed)
    hashes = _input_hashes(settings)
    inputs = {name: {"path": str(getattr(settings, name)), "sha256": digest}
              for name, digest in hashes.items()}  # fmt: skip
    record.note(inputs=inputs, data_hash=dataset.data_hash)
    record.finish_stage(
        "check", files=("check.json", "specimens.parquet"), seconds=time.perf_counter() - started
    )
    summary: dict[str, Any] = {"out": str(settings.out), "check": dataset.summary}
    context = RunContext(settings, dataset, ImageFeatures(settings, dataset, progress), progress)
    whole = stages == STAGES
    for name in (stage for stage in STAGES if stage in stages and stage != "check"):
        if whole and name == "bench" and settings.bench.cells is None:
            continue  # it takes far longer than all the others: only if asked for
        if whole and name == "place" and settings.unknowns is None:
            continue
        here = _with_own_network(context, name)
        mark = _mark(here.settings.model_dump(mode="json"), name, hashes, dataset)
        summary[name] = _stage(name, here, record, mark, whole=whole)
    return summary


def _with_own_network(context: RunContext, stage: str) -> RunContext:
    """Give a stage the network of its preset."""
    own = context.settings.for_stage(stage)
    if own is context.settings:
        return context
    images = ImageFeatures(own, context.dataset, context.progress)
    return replace(context, settings=own, images=images)


def _require_one_network(settings: Settings, stages: Sequence[str]) -> None:
    """Refuse one checkpoint for the two networks of a preset."""
    own = [stage for stage in stages if stage not in ("check", "report")]
    named = {settings.for_stage(stage).backbone for stage in own}
    if settings.weights is not None and len(named) > 1:
        raise InputError(
            f"one checkpoint cannot be that of {' and '.join(sorted(named))}.",
            where="--weights",
            hint="Run classify and guide one after the other, or name one network with --backbone.",
        )


def _stage(
    name: str, context: RunContext, record: RunRecord, mark: str, *, whole: bool
) -> dict[str, Any]:
    """Run one stage unless its results can be kept; a ``whole`` run goes on where one cannot."""
    out, started, again = context.settings.out, time.perf_counter(), ""
    reason = not_possible(name, context.dataset, alone=not whole)
    if not reason:
        if record.is_done(name, mark) and not missing_files(name, context.settings):
            return summary_of(name, out) | {"kept": True}
        again = record.again(name, mark)
        record.forget(name)
        try:
            found = ACTIONS[name](replace(context, mark=mark))
        except TooFew as error:
            if not whole:
                raise
            reason = f"could not be tested: {error.problem.rstrip('.')}"
    if reason:
        record.finish_stage(name, skipped=reason)
        return {"skipped": reason}
    seconds = time.perf_counter() - started
    keep = mark if FILES[name] else ""
    record.finish_stage(name, fingerprint=keep, seconds=seconds, **found)
    return found | ({"made_again": again} if again else {})


def _mark(values: dict[str, Any], stage: str, hashes: dict[str, str], dataset: Dataset) -> str:
    """Fingerprint of what a stage depends on: the inputs, and no other stage's settings."""
    others = {*SECTIONS, "pretrain", "out"} - {stage}
    if stage != "place":
        others.add("unknowns")
        hashes = {name: digest for name, digest in hashes.items() if name != "unknowns"}
    if stage not in ("guide", "signal"):
        others.add("confound")
    if stage != "signal":
        others.add("trees")
        hashes = {name: digest for name, digest in hashes.items() if name != "trees"}
    own = {name: value for name, value in values.items() if name not in others}
    return fingerprint(stage, own, hashes, dataset.data_hash, package_versions())


def _input_hashes(settings: Settings) -> dict[str, str]:
    paths = {name: getattr(settings, name) for name in PATHS if name not in ("images", "out")}
    return {name: file_hash(path) for name, path in paths.items() if path and path.is_file()}
