"""Do two versions of the program write the same results, to the byte?

``record`` runs one version on the demo, and on the trial sets of a folder of data; ``compare``
holds every JSON and CSV of two recordings against each other::

    python verification/same_outputs.py record before --source ../before --data ../data
    python verification/same_outputs.py record after --data ../data
    python verification/same_outputs.py compare before after

``run.json`` tells of the machine and the moment and is left out. Where a key was renamed or a fault
mended, ``--named FILE`` lists the files that may differ, a pattern and its reason a line.
"""

import argparse
import difflib
import os
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PROGRAM = "from phylolens.cli import main; main()"
LEFT_OUT = ("run.json",)
KINDS = (".json", ".csv", ".nwk")
SETS = {"birds525": "family", "leaf99": "species"}


def commands(data: Path | None, quick: bool) -> Iterator[tuple[str, list[str]]]:
    """Names of recordings and what is run for each, relative to the recording's folder."""
    yield "demo", ["demo", "--out", "demo"]
    yield "backbones", ["backbones"]
    for name, rank in SETS.items() if data else ():
        assert data is not None
        inputs = ["--images", f"{data}/{name}", "--meta", f"{data}/{name}/meta.csv"]
        tree = ["--tree", f"{data}/{name}/tree.nwk", "--rank", rank, "--seed", "0"]
        yield f"{name}-check", ["check", *inputs, *tree, "--out", f"{name}-check"]
        few = ["--permutations", "99"] if quick else []
        yield f"{name}-signal", ["signal", *inputs, *tree, *few, "--out", name]
        if quick:
            yield f"{name}-guide", ["guide", *inputs, *tree, "--learner", "gp", "--refits", "3",
                                    "--out", name]  # fmt: skip
            yield f"{name}-classify", ["classify", *inputs, "--models", "lda,rf",
                                       "--at", rank, "--no-trust", "--out", name]  # fmt: skip
        else:
            yield f"{name}-guide", ["guide", *inputs, *tree, "--out", name]
            yield f"{name}-classify", ["classify", *inputs, "--out", name]
        yield f"{name}-published", ["guide", *inputs, *tree, "--recipe", "roy2025", "--epochs",
                                    "50" if quick else "500", "--per-taxon", "20",
                                    "--out", f"{name}-published"]  # fmt: skip
        yield f"{name}-report", ["report", name]


def record(folder: Path, source: Path, data: Path | None, quick: bool) -> None:
    """Run every command with the source given; what it prints is kept, too."""
    folder.mkdir(parents=True)
    environment = os.environ | {"PYTHONPATH": str(source / "src"), "PYTHONHASHSEED": "0"}
    for name, arguments in commands(data, quick):
        print(name, flush=True)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        (folder / f"{name}.out").write_text(done.stdout + f"\nexit {done.returncode}\n", "utf-8")
        if done.returncode:
            print(done.stderr[-2000:], flush=True)


def results(folder: Path) -> dict[str, Path]:
    """Files to compare, by name relative to the folder."""
    found = (path for path in folder.rglob("*") if path.suffix in KINDS)
    return {
        path.relative_to(folder).as_posix(): path for path in found if path.name not in LEFT_OUT
    }


def compare(before: Path, after: Path, named: dict[str, str]) -> int:
    """Print what differs; return the number of differences nobody named."""
    old, new = results(before), results(after)
    same, expected, unexpected = 0, [], []
    for name in sorted(set(old) | set(new)):
        if name in old and name in new and old[name].read_bytes() == new[name].read_bytes():
            same += 1
            continue
        reason = next((why for pattern, why in named.items() if fnmatch(name, pattern)), None)
        (unexpected if reason is None else expected).append((name, reason))
    print(f"{len(old)} files before, {len(new)} after; identical: {same}")
    for name, reason in expected:
        print(f"differs as named: {name}: {reason}")
    for name, _ in unexpected:
        print(f"DIFFERS: {name}")
        for line in _first_lines(old.get(name), new.get(name)):
            print(f"    {line[:160]}")
    return len(unexpected)


def _first_lines(old: Path | None, new: Path | None, most: int = 8) -> list[str]:
    if old is None or new is None:
        return ["only before" if new is None else "only after"]
    lines = [path.read_text(encoding="utf-8").splitlines() for path in (old, new)]
    changed = list(difflib.unified_diff(*lines, lineterm="", n=0))
    return changed[2 : 2 + most]


def main() -> int:
    """Read the arguments, record or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    recorder = verbs.add_parser("record")
    recorder.add_argument("folder", type=Path)
    recorder.add_argument("--source", type=Path, default=HERE)
    recorder.add_argument("--data", type=Path)
    recorder.add_argument("--quick", action="store_true", help="fewer permutations and heads")
    comparer = verbs.add_parser("compare")
    comparer.add_argument("before", type=Path)
    comparer.add_argument("after", type=Path)
    comparer.add_argument("--named", type=Path)
    given = parser.parse_args()
    if given.verb == "record":
        data = given.data.resolve() if given.data else None
        record(given.folder.resolve(), given.source.resolve(), data, given.quick)
        return 0
    lines = given.named.read_text(encoding="utf-8").splitlines() if given.named else []
    named = dict(line.split(None, 1) for line in lines if line.strip())
    return min(compare(given.before, given.after, named), 1)


if __name__ == "__main__":
    sys.exit(main())
