"""Time and memory of reading a phylogeny and reducing it to taxa: 5,000 tips, 500 taxa.

First the ways a user would get the same numbers otherwise, on smaller trees: DendroPy's patristic
distances, and loops over pairs of tips for the mean distances and the covariance of taxa. Then the
whole at full size, each tree in a process of its own: a random tree and a ladder (its depth is its
number of tips, the worst case), with taxa that are clades and with taxa drawn at random, none of
them a clade. Last, a file of many trees. Peak memory includes Python.

    python benchmarks/bench_phylogeny.py [TIPS TAXA]
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

RANKS = ("family", "species")
SHAPES = ("random", "ladder")
SMALL = ((1000, "distances"), (1000, "taxa"))  # tips of the comparisons
SAMPLE = (200, 140)  # trees in a file, and tips of each


def newick(names: list[str], shape: str, rng: np.random.Generator) -> str:
    """Tree without a semicolon; branch lengths exponential."""
    parts = [f"{name}:{rng.exponential():.6f}" for name in names]
    while len(parts) > 1:
        top = len(parts)
        places = rng.integers([top, top - 1]) if shape == "random" else (-1, -1)
        one = parts.pop(int(places[0]))
        other = int(places[1])
        parts[other] = f"({parts[other]},{one}):{rng.exponential():.6f}"
    return parts[0]


def world(n: int, n_taxa: int, shape: str, clades: bool) -> tuple[str, pd.DataFrame]:
    """Newick text of ``n`` tips, and their families."""
    rng = np.random.default_rng(0)
    codes = np.arange(n) * n_taxa // n
    species = [f"s{place}" for place in range(n)]
    table = pd.DataFrame({"family": [f"F{code:04d}" for code in codes], "species": species})
    if not clades:
        table["family"] = rng.permutation(table["family"])
        return newick(species, shape, rng) + ";", table
    members = [list(rows["species"]) for _, rows in table.groupby("family")]
    within = [newick(names, shape, rng).rpartition(":")[0] for names in members]
    return newick(within, shape, rng) + ";", table


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Shortest time of three calls, and the value."""
    took = []
    for _ in range(3):
        start = time.perf_counter()
        value = work()
        took.append(time.perf_counter() - start)
    return min(took), value


def dendropy_distances(path: Path) -> np.ndarray:
    import dendropy

    tree = dendropy.Tree.get(path=str(path), schema="newick")
    matrix = tree.phylogenetic_distance_matrix()
    taxa = sorted(tree.taxon_namespace, key=lambda taxon: taxon.label)
    return np.array([[matrix.patristic_distance(a, b) for b in taxa] for a in taxa])


def own_distances(path: Path) -> np.ndarray:
    from phylolens.phylogeny import read_tree
    from phylolens.phylogeny.rank import patristic

    distances = patristic(read_tree(path))
    return distances.filter(sorted(distances.ids)).data


def looped_taxa(path: Path, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Mean distances and covariance of families, pair of tips by pair of tips."""
    from phylolens.phylogeny import read_tree

    family = dict(zip(table["species"], table["family"], strict=True))
    place = {name: code for code, name in enumerate(sorted(set(family.values())))}
    paths: dict[str, dict[int, float]] = {}
    for tip in read_tree(path).tips():
        node, paths[tip.name] = tip, {}
        while node.parent is not None:
            paths[tip.name][id(node)] = node.length
            node = node.parent
    distance, shared, n = (np.zeros((len(place), len(place))) for _ in range(3))
    for one, mine in paths.items():
        for other, theirs in paths.items():
            both = sum(length for key, length in mine.items() if key in theirs)
            at = place[family[one]], place[family[other]]
            distance[at] += sum(mine.values()) + sum(theirs.values()) - 2 * both
            shared[at] += both
            n[at] += 1
    distance /= n
    np.fill_diagonal(distance, 0)
    return distance, shared / n


def own_taxa(path: Path, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    from phylolens.phylogeny import read_tree, to_rank

    found = to_rank(read_tree(path), table, RANKS, "family")
    return found.distances.data, found.covariance.to_numpy()


def compare(folder: Path) -> None:
    print("                       tips  otherwise s   ours s  ratio")
    for n, what in SMALL:
        text, table = world(n, max(n // 10, 3), "random", clades=True)
        path = folder / f"{n}.nwk"
        path.write_text(text)
        if what == "distances":
            theirs, known = seconds(lambda path=path: dendropy_distances(path))
            ours, found = seconds(lambda path=path: own_distances(path))
        else:
            theirs, known = seconds(lambda path=path, table=table: looped_taxa(path, table))
            ours, found = seconds(lambda path=path, table=table: own_taxa(path, table))
        np.testing.assert_allclose(found, known, atol=1e-9)
        name = "DendroPy, distances" if what == "distances" else "loops, taxa"
        print(f"{name:20s} {n:6d} {theirs:12.2f} {ours:8.3f} {theirs / ours:6.0f}", flush=True)


def one(folder: Path, n: int, n_taxa: int, shape: str, clades: bool) -> None:
    """Read one tree, reduce it to its tips and to families; print figures as JSON."""
    from phylolens.phylogeny import read_tree, to_rank

    text, table = world(n, n_taxa, shape, clades)
    path = folder / "tree.nwk"
    path.write_text(text)
    marks = [time.perf_counter()]
    tree = read_tree(path)
    marks.append(time.perf_counter())
    broken = []
    for rank in ("species", "family"):
        broken.append(len(to_rank(tree, table, RANKS, rank).not_monophyletic))
        marks.append(time.perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"seconds": np.diff(marks).tolist(), "broken": broken[1], "gb": peak}))


def many(folder: Path) -> None:
    from phylolens.phylogeny import read_trees

    rng, (n, size) = np.random.default_rng(0), SAMPLE
    names = [f"s{place}" for place in range(size)]
    path = folder / "trees.nwk"
    path.write_text("".join(newick(names, "random", rng) + ";\n" for _ in range(n)))
    took, count = seconds(lambda: sum(1 for _ in read_trees(path)))
    print(f"{count} trees of {size} tips from one file: {took:.2f} s")


def main(n: int = 5000, n_taxa: int = 500) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compare(folder)
        print("tree    taxa       tips  taxa  read s  tip rank s  rank s  all s    GB  no clades")
        for shape in SHAPES:
            for clades in (True, False):
                job = ["--one", str(folder), str(n), str(n_taxa), shape, str(int(clades))]
                done = subprocess.run(
                    [sys.executable, __file__, *job], capture_output=True, text=True, check=True
                )
                found = json.loads(done.stdout.splitlines()[-1])
                read, tips, rank = found["seconds"]
                print(
                    f"{shape:7s} {'clades' if clades else 'scattered':9s} {n:5d} {n_taxa:5d} "
                    f"{read:7.2f} {tips:11.2f} {rank:7.2f} {read + tips + rank:6.2f} "
                    f"{found['gb']:5.2f} {found['broken']:10d}",
                    flush=True,
                )
        many(folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6] == "1")
    else:
        main(*map(int, sys.argv[1:]))
