"""Stop commands at any moment, fill the disk, cut outputs short: the rerun gives the same bytes.

``make kill`` runs it (about ten minutes). Each command works on a small simulated study. What it
wrote undisturbed is compared with what it wrote after being stopped and started again.
"""

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

MOMENTS = 10
FILLS = (0, 16, 64, 256, 1024)  # KiB left on the disk
DISK = 64  # MiB
TABLE, SIGNATURE = "specimens.parquet", "specimens.signature"  # hold, or follow from, paths
TREE = "(((A:1,B:1):1,(C:1.5,D:1.5):0.5):1,((E:1,F:1):0.5,(G:1.2,H:1.2):0.3,I:1.5):1.5);"
COMMON = ["--meta", "meta.csv", "--rank", "family", "--out"]
FEATURES = ["--features", "features.parquet", "--tree", "tree.nwk"]
COMMANDS = {
    "embed": ["embed", "--images", "images", "--meta", "meta.csv", "--out"],
    "classify": ["classify", "--features", "features.parquet", "--models", "prototype,linear",
                 *COMMON],
    "guide": ["guide", *FEATURES, "--learner", "phylo-ridge", "--refits", "9", *COMMON],
    "signal": ["signal", *FEATURES, "--permutations", "99", "--simulations", "40",
               "--replicates", "5", *COMMON],
    "run": ["run", *FEATURES, *COMMON],
}  # fmt: skip


def make_settings(folder: Path) -> None:
    """Write images, features, table and tree of nine families in four orders."""
    rng = np.random.default_rng(0)
    rows = []
    for number, (family, order) in enumerate(zip("ABCDEFGHI", "ppqqrrssr", strict=True)):
        for k in range(8):
            file = f"{family}{k}.png"
            path = folder / "images" / file
            path.parent.mkdir(exist_ok=True)
            colour = rng.integers(0, 255, 3)
            pixels = (rng.integers(0, 60, (64, 64, 3)) + colour).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(path)
            rows.append((file, f"{order}ales", family, number))
    table = pd.DataFrame(rows, columns=["file", "order", "family", "place"])
    table.drop(columns="place").to_csv(folder / "meta.csv", index=False)
    centres = rng.normal(size=(9, 16))
    x = centres[table["place"]] + 0.3 * rng.normal(size=(len(table), 16))
    frame = pd.DataFrame(x.astype(np.float32), columns=[f"f{k}" for k in range(16)])
    frame.insert(0, "file", table["file"])
    frame.to_parquet(folder / "features.parquet", index=False)
    (folder / "tree.nwk").write_text(TREE)


def start(study: Path, command: list[str], out: Path) -> subprocess.Popen:
    """Start a command as a user would."""
    code = "from phylolens.cli import main; main()"
    # The report prints the command line, so the results folder has one name everywhere.
    return subprocess.Popen(
        [sys.executable, "-c", code, *command, out.name],
        cwd=out.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def place(study: Path, parent: Path) -> Path:
    """Return a results folder in ``parent``, with the study's files beside it."""
    parent.mkdir(parents=True, exist_ok=True)
    for path in study.iterdir():
        (parent / path.name).symlink_to(path)
    return parent / "out"


def finish(study: Path, command: list[str], out: Path) -> tuple[int, str]:
    """Run a command to its end; its exit code and what it said on stderr."""
    process = start(study, command, out)
    _, said = process.communicate()
    return process.returncode, said


def hashes(out: Path) -> dict[str, str]:
    """Hash of every output but the record, which holds times; no temporary file may be left."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        # Shards of the feature store are cut where a run stopped: their rows are compared below.
        if not path.is_file() or name in ("run.json", SIGNATURE) or name.startswith("features/"):
            continue
        if name == TABLE:  # names the folder it was made in
            table = pd.read_parquet(path).drop(columns="path", errors="ignore")
            found[name] = hashlib.sha256(table.to_csv().encode()).hexdigest()
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    if (out / "features").is_dir():
        found["features"] = _rows(out / "features")
    return found


def _rows(store: Path) -> str:
    """Hash of all rows of a feature store, in the order of their keys."""
    import pyarrow as pa

    tables = []
    for path in sorted(store.rglob("*.arrow")):
        with pa.memory_map(str(path)) as source:
            tables.append(pa.ipc.open_file(source).read_all().to_pandas())
    rows = pd.concat(tables).drop_duplicates("key").sort_values("key")
    text = "".join(rows["key"]) + "".join(np.asarray(v).tobytes().hex() for v in rows["vector"])
    return hashlib.sha256(text.encode()).hexdigest()


def stopped(study: Path, work: Path, command: list[str], wanted: dict, seconds: float) -> list[str]:
    """Stop a command with SIGKILL and SIGTERM at moments spread over its time, and rerun it."""
    results = []
    for sign in (signal.SIGKILL, signal.SIGTERM):
        same = codes = 0
        for moment in range(MOMENTS):
            out = place(study, work / f"{sign.name}-{moment}")
            process = start(study, command, out)
            time.sleep(seconds * (moment + 0.5) / MOMENTS)
            process.send_signal(sign)
            _, said = process.communicate()
            ended = process.returncode in (0, 130, -sign) and "Traceback" not in said
            codes += ended
            code, _ = finish(study, command, out)
            same += code == 0 and hashes(out) == wanted
            shutil.rmtree(out.parent)
        results.append(f"{sign.name}: {codes}/{MOMENTS} ended cleanly, {same}/{MOMENTS} equal")
    return results


def full_disk(study: Path, work: Path, command: list[str], wanted: dict) -> str:
    """Run on a small disk with little left; after space was made, run again."""
    disk = work / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", disk], capture_output=True
    )
    if mounted.returncode:
        return "full disk: not tried (a small disk cannot be mounted here)"
    clear = same = 0
    try:
        for left in FILLS:
            out = place(study, disk / f"left-{left}")
            free = shutil.disk_usage(disk).free
            ballast = disk / "ballast"
            ballast.write_bytes(b"\0" * max(0, free - left * 1024))
            code, said = finish(study, command, out)
            one = len(said.strip().splitlines()) == 1 and "disk is full" in said
            clear += (code == 2 and one) or code == 0
            ballast.unlink()
            code, _ = finish(study, command, out)
            same += code == 0 and hashes(out) == wanted
            shutil.rmtree(out.parent)
    finally:
        subprocess.run(["umount", disk], check=True)
    return f"full disk: {clear}/{len(FILLS)} one message, {same}/{len(FILLS)} equal"


def cut_short(study: Path, work: Path, command: list[str], wanted: dict) -> str:
    """Cut each output short in turn, and run again."""
    out = place(study, work / "cut")
    finish(study, command, out)
    names = [name for name in wanted if name != "features" and "figures/" not in name]
    same = 0
    for name in names:
        path = out / name
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        code, _ = finish(study, command, out)
        same += code == 0 and path.read_bytes() == content
        path.write_bytes(content)
    return f"cut short: {same}/{len(names)} made again, equal"


def main() -> int:
    """Try every command and print what came of it; 1 if anything differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", default=list(COMMANDS))
    parser.add_argument("--cut", action="store_true", help="cut each output short, too (slow)")
    told = parser.parse_args()
    bad = False
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        study.mkdir()
        make_settings(study)
        for name in told.commands:
            command, work = COMMANDS[name], Path(folder) / name
            out = place(study, work / "whole")
            began = time.monotonic()
            code, said = finish(study, command, out)
            seconds = time.monotonic() - began
            if code:
                print(f"{name}: the undisturbed run ended with {code}: {said}")
                bad = True
                continue
            wanted = hashes(out)
            lines = stopped(study, work, command, wanted, seconds)
            lines.append(full_disk(study, work, command, wanted))
            if told.cut:
                lines.append(cut_short(study, work, command, wanted))
            for line in lines:
                bad |= _incomplete(line)
                print(f"{name:9} {seconds:5.1f} s  {line}", flush=True)
            shutil.rmtree(work)
    return int(bad)


def _incomplete(line: str) -> bool:
    pairs = [part.split("/") for part in line.replace(",", " ").split() if "/" in part]
    return any(one != all_ for one, all_ in pairs)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
