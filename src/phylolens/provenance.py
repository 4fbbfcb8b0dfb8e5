"""What was run: versions, seeds, command, input hashes, timings (``run.json``).

The only result file that differs between two runs of the same study: it holds the times.
"""

import hashlib
import json
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from phylolens.errors import InputError, some
from phylolens.writing import plain, write_json

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "imbalanced-learn",
    "scikit-bio",
    "matplotlib",
    "timm",
    "torch",
    "onnxruntime",
    "pillow",
)


def package_versions() -> dict[str, str]:
    """Versions of the packages that results depend on; absent ones are left out."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def text_hash(parts: Iterable[str]) -> str:
    """SHA-256 of several strings, in order."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def source_hash() -> str:
    """SHA-256 of PhyloLens' own source, so that a changed program repeats its work."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return text_hash(file_hash(path) for path in files)


def fingerprint(*parts: Any) -> str:
    """Hash of everything a stage depends on; equal means its results can be kept."""
    return text_hash([source_hash(), json.dumps(plain(parts), sort_keys=True)])


# What each stage records of the run it was made in; a directory may hold stages of several runs.
MADE_FROM = ("command", "seed", "inputs", "data_hash")
OUTPUTS = "outputs"  # file to SHA-256
NEW = "new"  # folder of what a stored model made later: no output of the stage


class RunRecord:
    """The growing ``run.json`` of a results directory.

    Parameters
    ----------
    folder : Path
        The results directory; a record already there is continued.
    command : sequence of str
        The command line.
    study : dict
        All settings.
    seed : int
    """

    def __init__(self, folder: Path, command: list[str], study: dict[str, Any], seed: int) -> None:
        self.path = folder / "run.json"
        self.values: dict[str, Any] = {
            "program": "phylolens",
            "version": version("phylolens"),
            "python": platform.python_version(),
            "platform": platform.platform(),
            "packages": package_versions(),
            "command": command,
            "study": study,
            "seed": seed,
            "started": _now(),
            "stages": self._earlier_stages(),
        }

    def _earlier_stages(self) -> dict[str, Any]:
        if not self.path.is_file():
            return {}
        try:
            stages = dict(json.loads(self.path.read_text(encoding="utf-8"))["stages"])
            if not all(isinstance(values, dict) for values in stages.values()):
                raise TypeError("a stage without values")
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(
                f"not a PhyloLens record, or it is damaged ({type(error).__name__}: {error}).",
                where=self.path,
                hint="Remove this file to make all stages again, or give another folder to --out.",
            ) from error
        return stages

    def is_done(self, stage: str, mark: str) -> bool:
        """Whether ``stage`` was finished with the same fingerprint and nothing of it changed."""
        earlier = self.values["stages"].get(stage, {})
        return earlier.get("fingerprint") == mark and not self.changed(stage)

    def changed(self, stage: str) -> list[str]:
        """Name the outputs of a finished stage that are gone, cut short or edited."""
        outputs = self.values["stages"].get(stage, {}).get(OUTPUTS)
        if not isinstance(outputs, dict) or not outputs:
            return ["(outputs not recorded)"]
        folder = self.path.parent
        return [name for name, digest in outputs.items() if _hash_or_none(folder / name) != digest]

    def again(self, stage: str, mark: str) -> str:
        """Say why a stage finished with the same fingerprint is made again; blank for others."""
        earlier = self.values["stages"].get(stage, {})
        if not mark or earlier.get("fingerprint") != mark:
            return ""
        return f"changed since: {some(self.changed(stage))}"

    def forget(self, stage: str) -> None:
        """Drop a stage before it runs: files left by an interrupted run are not to be kept."""
        if self.values["stages"].pop(stage, None) is not None:
            self.note()

    def note(self, **values: Any) -> None:
        """Add values and write the record."""
        self.values |= values
        self.values["finished"] = _now()
        write_json(self.path, self.values)

    def finish_stage(self, stage: str, *, files: Iterable[str] = (), **values: Any) -> None:
        """Record one stage, with the command and data it was made from, and write the record.

        The hash of every file in the stage's folder goes with it: by these it is known as finished.
        """
        root, folder = self.path.parent, self.path.parent / stage
        values[OUTPUTS] = {
            path.relative_to(root).as_posix(): file_hash(path)
            for path in sorted((*folder.rglob("*"), *(root / name for name in files)))
            if path.is_file() and not path.name.startswith(".") and folder / NEW not in path.parents
        }
        made_from = {key: self.values.get(key) for key in MADE_FROM}
        self.values["stages"] |= {stage: made_from | values}
        self.note()


def _hash_or_none(path: Path) -> str | None:
    try:
        return file_hash(path)
    except OSError:
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def command_line() -> list[str]:
    """Return the command as typed, the program by its name alone."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]
