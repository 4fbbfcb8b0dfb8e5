"""What was run: ``run.json``, the only JSON that differs between two equal runs."""

from typing import Any, ClassVar

import pandas as pd
from pydantic import Field

from phylolens.results.base import Number, Part, StageResult


class InputFile(Part):
    """A file that was read."""

    path: str = Field(default="", description="As given.")
    sha256: str | None = Field(default=None, description="Hash of its content.")


class StageRecord(Part):
    """One stage, with what it was made from; its summary is kept beside."""

    command: list[str] | str = Field(default=[], description="The command as typed.")
    seed: int | None = Field(default=None, description="Of everything random.")
    inputs: dict[str, InputFile] = Field(default={}, description="Files read, by option.")
    data_hash: str | None = Field(default=None, description="Hash of images and labels.")
    fingerprint: str | None = Field(
        default=None, description="Hash of all that the stage depends on; equal: it is kept."
    )
    seconds: Number | None = Field(default=None, description="How long it took.")
    skipped: str | None = Field(default=None, description="Why it was left out.")
    outputs: dict[str, str] = Field(default={}, description="SHA-256 of each file it wrote.")


class RunResult(StageResult):
    """The record of a results directory; it may hold stages of several runs."""

    FILE: ClassVar[str] = "run.json"

    program: str = Field(default="phylolens", description="Always `phylolens`.")
    version: str = Field(default="", description="Of PhyloLens.")
    python: str = Field(default="", description="Version of Python.")
    platform: str = Field(default="", description="Operating system.")
    packages: dict[str, str] = Field(default={}, description="Versions of other packages.")
    command: list[str] | str = Field(default=[], description="The last command.")
    study: dict[str, Any] = Field(default={}, description="All settings of the last command.")
    seed: int | None = Field(default=None, description="Of the last command.")
    started: str = Field(default="", description="When it began, UTC.")
    stages: dict[str, StageRecord] = Field(default={}, description="By name.")
    inputs: dict[str, InputFile] = Field(default={}, description="Files read, by option.")
    data_hash: str | None = Field(default=None, description="Hash of images and labels.")
    finished: str = Field(default="", description="When it ended, UTC.")

    def table(self) -> pd.DataFrame:
        """Return one row a stage: seconds, files written, why it was left out."""
        rows = {
            name: {"seconds": one.seconds, "files": len(one.outputs), "skipped": one.skipped}
            for name, one in self.stages.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["seconds", "files", "skipped"])

    def __repr__(self) -> str:
        return f"phylolens {self.version}, {self.started}\n{self.table().to_string()}"
