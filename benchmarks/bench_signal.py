"""Time of the permutation tests at 300 and 1,000 taxa, beside scikit-bio and R on the same data.

Looks of 64 dimensions evolved on a random tree with noise; 999 permutations; one thread. Every
ratio is of CPU seconds of one run, the fastest of several calls taken turn about. R (with vegan) is
asked where ``Rscript`` is found. Peak memory is of the whole process, Python included.

    python benchmarks/bench_signal.py [TAXA ...]
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy starts its threads

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix
from skbio.stats.distance import mantel as skbio_mantel

from phylolens.phylogeny import covariance
from phylolens.phylogeny.rank import patristic
from phylolens.simulation.tree import speciation_times, tree_from_times
from phylolens.stats._pairs import pair_test
from phylolens.stats.centred import mantel_centred
from phylolens.stats.correlogram import correlogram
from phylolens.stats.dcor import distance_correlation
from phylolens.stats.kmult import kmult
from phylolens.stats.mantel import mantel
from phylolens.stats.protest import default_axes, protest

TAXA = (300, 1000)
WIDTH = 64
PERMUTATIONS = 999


class World:
    """Looks and a tree of n taxa."""

    def __init__(self, n: int) -> None:
        rng = np.random.default_rng(n)
        tree = tree_from_times(speciation_times(n, 0.5, rng))
        self.shared = covariance(tree)
        names = list(self.shared.index)
        root = np.linalg.cholesky(self.shared.to_numpy())
        noise = np.sqrt(np.diag(self.shared).mean()) * rng.normal(size=(n, WIDTH))
        self.traits = root @ rng.normal(size=(n, WIDTH)) + noise
        distances = cdist(self.traits, self.traits)
        self.visual = DistanceMatrix((distances + distances.T) / 2, names)
        self.genetic = patristic(tree).filter(names)


def fastest(*works: Callable[[], Any], repeats: int = 2) -> list[tuple[float, Any]]:
    """CPU seconds of the fastest of several calls, and what was returned; taken turn about."""
    found: list[tuple[float, Any]] = [(np.inf, None)] * len(works)
    for _ in range(repeats):
        for place, work in enumerate(works):
            start = time.process_time()
            value = work()
            found[place] = min(found[place][0], time.process_time() - start), value
    return found


def line(name: str, n: int, ours: float, other: str = "", theirs: float | None = None) -> None:
    beside = f"{other} {theirs:7.3f} s   {theirs / ours:6.2f} times ours" if theirs else ""
    print(f"{n:5d}  {name:22s} {ours:7.3f} s   {beside}", flush=True)


def against_skbio(world: World, n: int) -> None:
    """The test alone (no interval), as scikit-bio does it."""
    for method in ("pearson", "spearman"):
        x, y = world.visual, world.genetic
        (ours, found), (theirs, (r, _, _)) = fastest(
            lambda x=x, y=y, method=method: pair_test("mantel", x.data, y.data, method=method),
            lambda x=x, y=y, method=method: skbio_mantel(
                x, y, method=method, permutations=PERMUTATIONS, alternative="greater", seed=0
            ),
            repeats=7,
        )
        # Ours counts distances that differ by rounding as ties.
        assert abs(found.statistic - r) < 1e-3
        line(f"Mantel {method}", n, ours, "scikit-bio", theirs)


def in_r(world: World) -> tuple[float, float, float, float] | None:
    """Seconds and value of K_mult and PROTEST in R; None without R."""
    if shutil.which("Rscript") is None:
        return None
    tables = {
        "traits": world.traits,
        "covariance": world.shared.to_numpy(),
        "visual": world.visual.data,
        "genetic": world.genetic.data,
    }
    script = Path(__file__).with_name("signal_in_r.R")
    with tempfile.TemporaryDirectory() as folder:
        for name, values in tables.items():
            pd.DataFrame(values).to_csv(Path(folder) / f"{name}.csv", header=False, index=False)
        done = subprocess.run(
            [
                "Rscript",
                str(script),
                folder,
                str(PERMUTATIONS),
                str(default_axes(len(world.traits))),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        print(f"       R failed: {done.stderr.strip().splitlines()[-1]}")
        return None
    k_seconds, k, t_seconds, t0 = map(float, done.stdout.split())
    return k_seconds, k, t_seconds, t0


def against_r(world: World, n: int) -> None:
    (ours_k, found_k), (ours_t, found_t) = fastest(
        lambda: kmult(world.visual, world.shared), lambda: protest(world.visual, world.genetic)
    )
    r = in_r(world)
    if r is None:
        print("       no Rscript with vegan: K_mult and PROTEST stand alone")
        line("K_mult", n, ours_k)
        line("PROTEST", n, ours_t)
        return
    assert abs(found_k.statistic - r[1]) < 1e-6
    assert abs(found_t.test.statistic - r[3]) < 1e-6
    line("K_mult", n, ours_k, "R         ", r[0])
    line("PROTEST", n, ours_t, "vegan     ", r[2])


def main(sizes: list[int]) -> None:
    for n in sizes:
        world = World(n)
        against_skbio(world, n)
        against_r(world, n)
        x, y = world.visual, world.genetic
        alone = {
            "Mantel with interval": lambda x=x, y=y: mantel(x, y),
            "dcor": lambda x=x, y=y: distance_correlation(x, y),
            "Mantel centred, ranks": lambda x=x, y=y: mantel_centred(x, y, method="spearman"),
            "correlogram": lambda x=x, y=y: correlogram(x, y),
        }
        for name, work in alone.items():
            line(name, n, fastest(work)[0][0])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(f"{n:5d}  peak memory {peak:.2f} GB", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(TAXA))
