"""Whatever goes wrong ends in one message and the right exit code; changed results are noticed."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pandas as pd
import pytest

from phylolens.cli._faults import BAD_INPUT, FAULT, INTERRUPTED, PIPE_CLOSED, guarded
from phylolens.errors import InputError
from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings
from phylolens.report import write_report
from phylolens.report.plots.style import to_bytes
from phylolens.writing import replacing, sweep, write_text


def raising(error):
    def app():
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError("a problem."), BAD_INPUT, "Error: a problem."),
        (OSError(errno.ENOSPC, "x", "out/a.csv"), BAD_INPUT, "out/a.csv: the disk is full"),
        (OSError(errno.ENAMETOOLONG, "x"), BAD_INPUT, "too long"),
        (RuntimeError("I/O: No space left on device (os error 28)"), BAD_INPUT, "disk is full"),
        (MemoryError(), BAD_INPUT, "not enough memory"),
        (KeyboardInterrupt(), INTERRUPTED, "goes on where"),
        (ZeroDivisionError("by zero"), FAULT, "Fault in PhyloLens"),
        (BrokenPipeError(), PIPE_CLOSED, ""),
    ],
)
def test_every_end_is_one_message(capsys, monkeypatch, error, code, said):
    monkeypatch.delenv("PHYLOLENS_DEBUG", raising=False)
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # given back where it is dropped
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert guarded(raising(error)) == code
    finally:
        signal.signal(signal.SIGTERM, before)
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) <= 2


def test_sigterm_is_like_ctrl_c(capsys):
    before = signal.getsignal(signal.SIGTERM)

    def app():
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        time.sleep(20)

    try:
        assert guarded(app) == INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "goes on where" in capsys.readouterr().err


def test_names_are_printed_on_any_terminal(write, tmp_path):
    meta = write("m.csv", "file,family\na.jpg,Isoëtaceae\nb.jpg,Fagaceae\n")
    command = "from phylolens.cli import main; main()"
    found = subprocess.run(
        [sys.executable, "-c", command, "check", "--meta", str(meta), "--images", str(tmp_path),
         "--skip-bad", "--out", str(tmp_path / "out")],
        capture_output=True, text=True, check=False,
        env=os.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(self, *args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    write_text(tmp_path / "a.txt", "before")
    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(InputError, match=r"a\.txt: cannot be written: the disk is full"):
        write_text(tmp_path / "a.txt", "after")
    monkeypatch.undo()
    assert (tmp_path / "a.txt").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_temporary_files_of_dead_processes_are_swept(tmp_path):
    dead = tmp_path / "sub" / f".a.csv.{2**22 + 1}.0a0b0c0d.part"
    mine, other = tmp_path / f".b.{os.getpid()}.0a0b0c0d.part", tmp_path / ".notes.part"
    dead.parent.mkdir()
    for path in (dead, mine, other):
        path.write_text("x")
    sweep(tmp_path)
    assert not dead.exists()
    assert mine.exists()
    assert other.exists()
    with replacing(tmp_path / "c") as one, replacing(tmp_path / "c") as two:
        assert one != two


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study on features: every stage but embedding."""
    folder = tmp_path_factory.mktemp("finished")
    from phylolens.simulation.features import features_world

    tree = "(((A:1,B:1):1,(C:1.5,D:1.5):0.5):1,((E:1,F:1):0.5,(G:1.2,H:1.2):0.3,I:1.5):1.5);"
    (folder / "tree.nwk").write_text(tree)
    taxonomy = pd.DataFrame({"order": list("ppqqrrssr"), "family": list("ABCDEFGHI")})
    taxonomy.to_csv(folder / "tax.csv", index=False)
    features_world(
        folder, tree=folder / "tree.nwk", taxonomy=folder / "tax.csv", per_taxon=6, n_features=12,
        within_sd=0.3,
    )  # fmt: skip
    run(study_of(folder, folder / "out"))
    return folder


def study_of(folder, out):
    return make_settings(
        {
            "features": folder / "features.parquet",
            "meta": folder / "meta.csv",
            "tree": folder / "tree.nwk",
            "out": out,
            "classify": {"models": ("prototype",), "trust": False},
            "guide": {"learner": ("phylo-ridge",), "refits": 2},
            "signal": {"permutations": 19, "simulations": 40, "replicates": 2},
        }
    )


def bytes_of(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != "run.json"
    }


@pytest.mark.parametrize(
    "name", ["signal/signal.json", "classify/predictions.csv", "guide/guide.json"]
)
@pytest.mark.parametrize("damage", ["cut", "edited", "gone"])
def test_a_damaged_output_is_made_again_to_the_byte(finished, tmp_path, name, damage):
    out = tmp_path / "out"
    shutil.copytree(finished / "out", out)
    path = out / name
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "edited":
        path.write_bytes(content.replace(b"0", b"1", 1))
    else:
        path.unlink()
    with pytest.raises(InputError, match=name):
        write_report(out)
    stage = name.split("/")[0]
    study = study_of(finished, out)
    summary = run(study, ("check", stage))
    assert name in summary[stage]["made_again"]
    assert path.read_bytes() == content
    assert "made_again" not in run(study, ("check", stage))[stage]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"stages": {"guide": 1}}']
)
def test_a_broken_record_is_one_message(finished, tmp_path, content):
    out = tmp_path / "out"
    shutil.copytree(finished / "out", out)
    (out / "run.json").write_bytes(content)
    with pytest.raises(InputError, match=r"run\.json"):
        run(study_of(finished, out), ("check",))


def test_results_of_another_shape_are_one_message(finished, tmp_path, monkeypatch):
    """Files without a recorded hash, as of an older version, are read with care.

    All figures are laid out each time; only the first is rendered, for its bytes tell nothing here.
    """
    out = tmp_path / "out"
    shutil.copytree(finished / "out", out)
    record = json.loads((out / "run.json").read_text())
    for values in record["stages"].values():
        values.pop("outputs", None)
    (out / "run.json").write_text(json.dumps(record))
    write_report(out)
    rendered: list[tuple[bytes, bytes]] = []

    def rendered_once(figure):
        figure.draw_without_rendering()
        if not rendered:
            rendered.append(to_bytes(figure))
        return rendered[0]

    monkeypatch.setattr("phylolens.report.build.to_bytes", rendered_once)
    main = ("signal/signal.json", "classify/metrics.json", "guide/guide.json", "check.json")
    for name in (*main, "specimens.parquet", "signal/visual_distances.csv", "signal/tree.nwk"):
        whole = (out / name).read_bytes()
        for content in (b"", b"{}", b"[]", b'{"a": 1}', whole[: len(whole) // 2], b"\0\xff" * 9):
            (out / name).write_bytes(content)
            with suppress(InputError):  # one message; any other error fails the test
                write_report(out)
        (out / name).write_bytes(whole)
    write_report(out)
