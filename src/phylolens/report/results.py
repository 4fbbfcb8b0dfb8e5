"""Read a results directory: whatever stages have run, nothing else."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny.tree_text import parse_newick
from phylolens.placement.branches import Branches
from phylolens.placement.jplace import read_jplace, without_edges
from phylolens.provenance import file_hash
from phylolens.reading.arrow import read_parquet
from phylolens.reading.text import clear_errors
from phylolens.report.own_results import allowed, is_own
from phylolens.results.base import StageResult
from phylolens.results.bench import BenchResult
from phylolens.results.check import CheckResult
from phylolens.results.classification import ClassificationResult
from phylolens.results.guided import GuidedResult
from phylolens.results.placement import PlacementResult
from phylolens.results.run import RunResult, StageRecord
from phylolens.results.signal import SignalResult
from phylolens.writing import read_csv

Result = TypeVar("Result", bound=StageResult)
# Which command makes what a section of the report needs.
MADE_BY = {
    "run": ("run.json", "phylolens run"),
    "classify": ("classify/metrics.json", "phylolens classify"),
    "guide": ("guide/guide.json", "phylolens guide"),
    "signal": ("signal/signal.json", "phylolens signal"),
}


@dataclass(frozen=True)
class Results:
    """The files of one results directory, read when asked for.

    Parameters
    ----------
    folder : Path
        The directory; it must hold ``check.json``.
    roots : tuple of Path
        Folders besides it whose images may be shown; all may be in results made here.
    """

    folder: Path
    roots: tuple[Path, ...] = ()

    def image(self, path: object) -> Path | None:
        """Return the image file of a row if the report may open it, else None."""
        where = self.folder / str(path)
        if self._own or allowed(where, (self.folder, *self.roots)):
            return where
        return None

    @cached_property
    def _own(self) -> bool:
        return is_own(self.folder / "specimens.parquet")

    def changed(self) -> list[str]:
        """Name the files that are gone, cut short or edited since they were made."""
        found = []
        for stage, record in self.run.stages.items():
            for name, digest in record.outputs.items():
                path = self.folder / name
                if stage != "report" and (not path.is_file() or file_hash(path) != digest):
                    found.append(name)
        return found

    def tree(self, name: str) -> TreeNode | None:
        """Read a Newick tree that the signal stage wrote; None where absent."""
        path = self.folder / "signal" / name
        if not path.is_file():
            return None
        with clear_errors("a Newick tree", path, "Run the command again."):
            return parse_newick(path.read_text(encoding="utf-8"))

    def matrix(self, name: str) -> pd.DataFrame | None:
        """Read a square CSV with names in the first row and column; None where absent.

        Blank cells are missing.
        """
        path = self.folder / name
        if not path.is_file():
            return None
        table = read_csv(path, dtype={0: str}, keep_default_na=False)
        table = table.set_index(table.columns[0])
        table.index = table.index.astype(str)
        if list(table.index) != list(table.columns):
            raise InputError("rows and columns have different names.", where=path)
        return table.apply(pd.to_numeric).astype(np.float64)

    def table(self, name: str, numbers: tuple[str, ...] = ()) -> pd.DataFrame | None:
        """Read a CSV as text, blank as missing, ``numbers`` as floats; None where absent."""
        path = self.folder / name
        if not path.is_file():
            return None
        table = read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
        return table.astype(dict.fromkeys(numbers, np.float64))

    @cached_property
    def check(self) -> CheckResult:
        """``check.json``."""
        path = self.folder / CheckResult.FILE
        if not path.is_file():
            raise InputError(
                "no check.json: not a results directory.",
                where=self.folder,
                hint="Give the directory that 'phylolens run' or another command wrote to.",
            )
        return CheckResult.from_json(path)

    @cached_property
    def specimens(self) -> pd.DataFrame | None:
        """``specimens.parquet``, or None where it is absent."""
        path = self.folder / "specimens.parquet"
        if not path.is_file():
            return None
        with clear_errors("a table of specimens", path, "Run the command again."):
            table = read_parquet(path).to_pandas(ignore_metadata=True)
            lacking = {"file", "specimen_id", *self.ranks} - set(table.columns)
            if lacking or not table["file"].is_unique:
                raise ValueError(f"no column {sorted(lacking)}" if lacking else "files repeat")
            return table

    @property
    def ranks(self) -> tuple[str, ...]:
        """The ranks read, coarse to fine."""
        return tuple(self.check.specimens.ranks) if self.check.specimens else ()

    @cached_property
    def run(self) -> RunResult:
        """``run.json``; empty where absent."""
        path = self.folder / RunResult.FILE
        return RunResult.from_json(path) if path.is_file() else RunResult()

    @cached_property
    def classification(self) -> ClassificationResult | None:
        """``classify/metrics.json``; None where the last run left the stage out."""
        return self._result("classify", ClassificationResult)

    @cached_property
    def guide(self) -> GuidedResult | None:
        """``guide/guide.json``."""
        return self._result("guide", GuidedResult)

    @cached_property
    def signal(self) -> SignalResult | None:
        """``signal/signal.json``."""
        return self._result("signal", SignalResult)

    @cached_property
    def bench(self) -> BenchResult | None:
        """``bench/bench.json``."""
        return self._result("bench", BenchResult)

    @cached_property
    def placement(self) -> PlacementResult | None:
        """``place/place.json``."""
        return self._result("place", PlacementResult)

    def placement_tree(self) -> Branches | None:
        """Tree of the placements, its branches with the numbers of their edges; None if absent."""
        path = self.folder / "place" / "placements.jplace"
        if not path.is_file():
            return None
        text, _ = read_jplace(path)
        return Branches.of(parse_newick(without_edges(text)))

    def _result(self, name: str, model: type[Result]) -> Result | None:
        """Read what a stage found; None where it is absent, or the last run left the stage out."""
        path = self.folder / model.FILE
        return None if self.reason(name) or not path.is_file() else model.from_json(path)

    def reason(self, stage: str) -> str:
        """Why a stage is not shown: left out by the last run, or made from other inputs."""
        made = self.run.stages.get(stage, StageRecord())
        if made.skipped:
            return made.skipped
        if "data_hash" in made.model_fields_set and made.data_hash != self.run.data_hash:
            return "was made from other images or labels than those read last; run it again"
        for name in ("tree", "distances", "barcodes"):
            then, now = (
                where.inputs[name].sha256 if name in where.inputs else None
                for where in (made, self.run)
            )
            if stage in ("guide", "signal", "place", "bench") and then and now and then != now:
                return "was made with another phylogeny than the one read last; run it again"
        return ""

    @property
    def of_images(self) -> bool:
        """Whether images were read, not features alone."""
        return self.check.specimens is None or self.check.specimens.pictures

    @property
    def has_specimen_ids(self) -> bool:
        """Whether the table said which images show one specimen."""
        return self.check.specimens is not None and self.check.specimens.has_specimen_ids

    @property
    def has_images(self) -> bool:
        """Whether there are images to show, not features alone."""
        return self.of_images and self.specimens is not None and "path" in self.specimens.columns

    @property
    def simulated(self) -> bool:
        """Whether the data were drawn by the simulator (``phylolens demo``)."""
        return (self.folder / "world" / "truth.json").is_file()

    @property
    def rank(self) -> str | None:
        """The rank of comparison: as tested, checked or asked for; else family, else the finest."""
        for tested in (self.signal, self.guide):
            if tested is not None:
                return tested.rank
        if self.check.phylogeny is not None:
            return self.check.phylogeny.rank
        if self.run.study.get("rank"):
            return str(self.run.study["rank"])
        if "family" in self.ranks:
            return "family"
        return self.ranks[-1] if self.ranks else None
