"""Give damaged files to every reader: each ends in a value or one clear message, soon.

``make fuzz`` runs it. A reader is a module ``fuzz_*.py`` beside this file with

``samples(folder: Path) -> dict[str, list[bytes]]``
    sound inputs by file ending, made anew (``folder`` is for scratch files), and
``attempt(path: Path) -> None``
    which reads one file; ``phylolens.errors.InputError`` is a clear message, anything else a fault.

Each reader works in a process of its own with bounded memory and time. The input at hand lies in
``current`` of the scratch folder, so that what a crash or hang was caused by can be kept.
"""

import argparse
import importlib
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
LONGEST = 10  # seconds for one input
MOST_MEMORY = 8 << 30  # bytes of address space
MIB = 1 << 20


class TooSlow(BaseException):
    """One input took longer than ``LONGEST``."""


def main() -> int:
    """Fuzz the readers asked for; 1 if any input ended in anything but a value or a message."""
    known = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.py"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readers", nargs="*", default=known, help=", ".join(known))
    parser.add_argument("--n", type=int, default=20_000, help="inputs a reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1200, help="at most, a reader")
    parser.add_argument("--keep", type=Path, help="folder for inputs that found a fault")
    told = parser.parse_args()
    print(f"{'reader':12} {'inputs':>7} {'read':>7} {'refused':>7} {'faults':>7} {'hangs':>6} "
          f"{'slowest s':>9} {'peak MiB':>8}")  # fmt: skip
    bad = 0
    for reader in told.readers:
        queue: multiprocessing.Queue = multiprocessing.get_context("spawn").Queue()
        work = multiprocessing.get_context("spawn").Process(
            target=fuzz, args=(reader, told.n, told.seed, told.seconds, told.keep, queue)
        )
        work.start()
        found = None
        while found is None and (work.is_alive() or not queue.empty()):
            try:
                found = queue.get(timeout=1)
            except Exception:  # empty: still at work
                continue
        work.join()
        if found is None:
            print(f"{reader:12} crashed with exit status {work.exitcode}")
            bad += 1
            continue
        counts, slowest, peak, faults = found
        bad += counts["fault"] + counts["hang"]
        total = sum(counts.values())
        row = f"{total:7} {counts['read']:7} {counts['refused']:7} {counts['fault']:7}"
        print(f"{reader:12} {row} {counts['hang']:6} {slowest:9.2f} {peak:8.0f}", flush=True)
        for fault, n in faults.most_common(10):
            print(f"    {n} x {fault}")
    return int(bad > 0)


def fuzz(
    reader: str, n: int, seed: int, seconds: float, keep: Path | None, queue: multiprocessing.Queue
) -> None:
    """Work through the inputs of one reader and send what came of them."""
    import numpy as np

    sys.path.insert(0, str(HERE))
    from mutate import mutated

    from phylolens.errors import InputError

    module = importlib.import_module(f"fuzz_{reader}")
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGALRM, _too_slow)
    counts: Counter = Counter()
    faults: Counter = Counter()
    slowest, started = 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        samples = module.samples(folder)
        for number in range(n):
            if time.monotonic() - started > seconds:
                break
            rng = np.random.default_rng((seed, number))
            ending = sorted(samples)[number % len(samples)]
            path = folder / f"current{ending}"
            path.write_bytes(mutated(samples[ending], rng))
            before = time.monotonic()
            signal.alarm(LONGEST)
            try:
                module.attempt(path)
                outcome = "read"
            except InputError:
                outcome = "refused"
            except TooSlow:
                outcome = "hang"
                faults[f"longer than {LONGEST} s"] += 1
            except Exception as error:
                outcome = "fault"
                frames = traceback.extract_tb(error.__traceback__)
                ours = [frame for frame in frames if "phylolens" in frame.filename] or frames
                place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
                faults[f"{type(error).__name__} at {place}: {str(error)[:80]}"] += 1
            finally:
                signal.alarm(0)
            slowest = max(slowest, time.monotonic() - before)
            counts[outcome] += 1
            if keep and outcome in ("fault", "hang"):
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{reader}-{number}{ending}").write_bytes(path.read_bytes())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    queue.put((counts, slowest, peak, faults))


def _too_slow(*_: object) -> None:
    raise TooSlow


if __name__ == "__main__":
    sys.exit(main())
