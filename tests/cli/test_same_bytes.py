"""Two equal runs in two processes give the same bytes, whatever the order of sets in memory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import phylolens

COMMANDS = """
classify --meta meta.csv --features features.csv --models default,rf --out out
classify --model out/classify/model --features features.csv --out new
guide --meta meta.csv --features features.csv --distances distances.csv --rank family
  --learner phylo-ridge,unguided --refits 3 --out out
guide --model out/guide/model --features features.csv --out new
signal --meta meta.csv --features features.csv --distances distances.csv --rank family
  --permutations 99 --out out
""".strip().replace("\n  ", " ")
CODE = """
import sys
from phylolens.cli import main
for line in sys.argv[1].splitlines():
    sys.argv = ["phylolens", *line.split()]
    try:
        main()
    except SystemExit as stop:
        assert not stop.code, line
"""
SOURCE = str(Path(phylolens.__file__).parents[1])  # the package under test, wherever it runs
ONCE = {"run.json"}  # holds the times


@pytest.mark.vision
def test_two_processes_write_the_same_bytes(guide_world: Path, tmp_path: Path) -> None:
    folder, found = tmp_path / "study", []
    shutil.copytree(guide_world, folder)
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", CODE, COMMANDS],
            cwd=folder, env={**os.environ, "PYTHONPATH": SOURCE, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        files = [path for path in folder.rglob("*") if path.is_file() and path.name not in ONCE]
        found.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
        for made in ("out", "new"):
            shutil.rmtree(folder / made)
    one, two = found
    assert set(one) == set(two)
    assert {"out/classify/model/head.skops", "out/guide/model/arrays.safetensors",
            "new/classify/new/answers.csv", "new/guide/new/embeddings.parquet",
            "out/signal/signal.json"} <= set(one)  # fmt: skip
    assert [name for name in one if one[name] != two[name]] == []
