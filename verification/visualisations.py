"""Which figure shows most? What readers recover from each, in worlds where all is known.

Prints one table a number of taxa. Run from the root of the project (t-SNE needs openTSNE, UMAP
umap-learn; a figure whose library is absent is left out):

    python verification/visualisations.py [--taxa 20 75 200] [--worlds 20] [--zoom 1] [--out FILE]
"""

import argparse
import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from figure_readers import READERS, Page, Reading
from figure_worlds import LAMBDAS, SIZES, WORLDS, Truth, draw_world
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr, t
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

NEIGHBOURS = 5
SMALLEST_CLADE, FEWEST_CLADES = 3, 3  # to say which clades hang together
NEEDS = {"t-SNE": "openTSNE", "UMAP": "umap"}
COUNTED = "the same, crossings counted"
PROCESSES = 2
QUESTIONS = {
    "neighbours": "most alike",
    "relatives": "nearest relatives",
    "clades": "orders",
    "together": "which orders hang together",
    "convergent": "convergent pairs",
    "divergent": "unlike relatives",
    "follows": "follows the tree?",
}


def scores(truth: Truth, read: Reading) -> dict[str, float]:
    """Answers of one reader in one world; ``judged`` is compared between worlds later."""
    related = read.alike if read.related is None else read.related
    return {
        "neighbours": nearest_found(read.alike, truth.visual),
        "relatives": nearest_found(related, truth.genetic),
        "clades": adjusted_rand_score(truth.order, clusters(related, truth.order.max() + 1)),
        "together": clades_ranked(read.alike, truth),
        "convergent": planted_found(convergent_rank(read, truth), truth.convergent),
        "divergent": planted_found(divergent_rank(read, truth), truth.divergent),
        "judged": judged(read, truth),
        "named": read.named,
    }


def nearest_found(read: np.ndarray, true: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Share of the k taxa read as nearest that are; equal readings are picked at random."""
    found = []
    for row in range(len(true)):
        others = np.arange(len(true)) != row
        limit = np.sort(true[row, others])[k - 1]
        found.append(top_share(read[row, others], true[row, others] <= limit, k))
    return float(np.mean(found))


def top_share(values: np.ndarray, wanted: np.ndarray, k: int) -> float:
    """Expected share of wanted among the k smallest values, ties broken at random."""
    limit = np.sort(values)[k - 1]
    sure, tied = values < limit, values == limit
    left = k - sure.sum()
    return float((wanted[sure].sum() + left * wanted[tied].mean()) / k)


def clusters(distances: np.ndarray, number: int) -> np.ndarray:
    """Groups by average linkage."""
    flat = squareform(distances, checks=False)
    return fcluster(linkage(flat, method="average"), number, criterion="maxclust")


def clades_ranked(alike: np.ndarray, truth: Truth) -> float:
    """Do the orders that look most of one kind come out so? Rank correlation, orders marked."""
    sizes = np.bincount(truth.order)
    names = np.flatnonzero(sizes >= SMALLEST_CLADE)
    if len(names) < FEWEST_CLADES:
        return np.nan
    return _correlation(*(np.array([tightness(matrix, truth.order == name) for name in names])
                          for matrix in (alike, truth.visual)))  # fmt: skip


def tightness(distances: np.ndarray, inside: np.ndarray) -> float:
    """Mean distance within a group over that to all others."""
    within = distances[np.ix_(inside, inside)]
    size = len(within)
    outside = distances[np.ix_(inside, ~inside)].mean()
    return float(within.sum() / (size * (size - 1)) / (outside or 1.0))


def convergent_rank(read: Reading, truth: Truth) -> np.ndarray:
    """Smallest first: alike, but not among the near relatives as far as these are seen."""
    if read.related is None:
        return read.alike
    near = nearest_pairs(read.related, truth.order)
    return read.alike + near * (1.0 + np.ptp(read.alike))


def divergent_rank(read: Reading, truth: Truth) -> np.ndarray:
    """Smallest first: unlike, but near relatives. Without a phylogeny all pairs are equal."""
    if read.related is None:
        return np.zeros_like(read.alike)
    near = nearest_pairs(read.related, truth.family)
    return -read.alike + (1.0 - near) * (1.0 + np.ptp(read.alike))


def nearest_pairs(related: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Pairs read as near relatives: as many as there are within groups, which the reader knows.

    Where more pairs are equally near, all of them are counted in.
    """
    number = int(sum(size * (size - 1) // 2 for size in np.bincount(groups)))
    limit = np.sort(related[np.triu_indices(len(related), k=1)])[max(number - 1, 0)]
    return (related <= limit).astype(float)


def planted_found(order: np.ndarray, planted: np.ndarray) -> float:
    """Share of planted pairs among as many that are named first; NaN where none was planted."""
    upper = np.triu_indices(len(order), k=1)
    number = int(planted[upper].sum())
    return top_share(order[upper], planted[upper], number) if number else np.nan


def judged(read: Reading, truth: Truth) -> float:
    """How much looks seem to follow the tree: rank correlation of what is seen of both.

    Where no phylogeny is shown, the orders, marked by colour, take its place.
    """
    if read.follows is not None:
        return read.follows
    related = read.related
    if related is None:
        related = (truth.order[:, None] != truth.order[None, :]).astype(float)
    upper = np.triu_indices(len(truth.taxa), k=1)
    return _correlation(read.alike[upper], related[upper])


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first, second).statistic)


def in_order(rows: pd.DataFrame) -> np.ndarray:
    """For each world: the share of worlds of another lambda on the right side of it."""
    value, lambda_ = rows["judged"].to_numpy(), rows["lambda"].to_numpy()
    right = np.sign(value[:, None] - value[None, :]) * np.sign(lambda_[:, None] - lambda_[None, :])
    differ = lambda_[:, None] != lambda_[None, :]
    return np.where(differ, (right + 1) / 2, 0.0).sum(axis=1) / differ.sum(axis=1)


def one_world(
    task: tuple[int, float, int], readers: tuple[str, ...], zoom: float
) -> list[dict[str, float]]:
    """All readers in one world."""
    n, lambda_, number = task
    truth = draw_world(n, lambda_, number)
    if lambda_ == 0:  # all relatives are unlike: none was planted
        truth.divergent[:] = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the mapping libraries, on few taxa
        read = {name: READERS[name](truth, Page(number, zoom)) for name in readers}
    return [
        {"taxa": n, "lambda": lambda_, "world": number, "figure": name} | scores(truth, reading)
        for name, reading in read.items()
    ]


def table(rows: pd.DataFrame) -> str:
    """Markdown: one line a figure, mean ± half of its 95% interval over worlds."""
    head = ["", *QUESTIONS.values(), "mean", "names"]
    lines = [head, ["---", *["--:"] * (len(head) - 1)]]
    for name, some in rows.groupby("figure", sort=False):
        cells = [some[key].dropna() for key in QUESTIONS]
        means = [cell.mean() for cell in cells]
        lines.append([
            str(name),
            *(f"{cell.mean():.2f} ± {half_width(cell):.2f}" for cell in cells),
            f"{np.mean(means):.2f}",
            f"{100 * some['named'].mean():.0f}%",
        ])  # fmt: skip
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def ahead(rows: pd.DataFrame) -> str:
    """The figure with the highest mean, and how far the next one is behind in the same worlds."""
    shown = rows[~rows["figure"].str.contains("[*]|the same", regex=True)]
    means = shown.groupby("figure")[list(QUESTIONS)].mean().mean(axis=1)
    first, second = means.sort_values(ascending=False).index[:2]
    by_world = shown.set_index(["figure", "lambda", "world"])[list(QUESTIONS)]
    apart = (by_world.loc[first] - by_world.loc[second]).mean(axis=1)
    return f"{first}: ahead of {second} by {apart.mean():.3f} ± {half_width(apart):.3f}"


def half_width(values: pd.Series) -> float:
    """Of the t interval of a mean."""
    n = len(values)
    return float(t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan


def measured(sizes: list[int], worlds: int, readers: tuple[str, ...], zoom: float) -> pd.DataFrame:
    """One row a world and figure."""
    tasks = list(product(sizes, LAMBDAS, range(worlds)))
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _one_thread) as pool:
        found = pool.map(partial(one_world, readers=readers, zoom=zoom), tasks)
        rows = pd.DataFrame([row for world in found for row in world])
    rows["follows"] = np.nan
    for _, some in rows.groupby(["taxa", "figure"]):
        rows.loc[some.index, "follows"] = in_order(some)
    return rows


def _one_thread() -> None:
    threadpool_limits(1)


def installed(needs: Mapping[str, str]) -> tuple[str, ...]:
    """Figures whose libraries are there."""
    return tuple(name for name in READERS if name not in needs or find_spec(needs[name]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--taxa", nargs="+", type=int, default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--worlds", type=int, default=WORLDS, help="of each size and lambda")
    parser.add_argument("--zoom", type=float, default=1.0, help="size, as a multiple of the report")
    parser.add_argument("--out", type=Path, help="figures of every world, as CSV")
    asked = parser.parse_args()
    readers = installed(NEEDS)
    for name in sorted(set(READERS) - set(readers)):
        print(f"left out: {name}, which needs {NEEDS[name]}")
    rows = measured(asked.taxa, asked.worlds, readers, asked.zoom)
    if asked.out:
        rows.to_csv(asked.out, index=False)
    for n, some in rows.groupby("taxa"):
        print(f"\n{n} taxa\n\n{table(some)}\n{ahead(some)}")
        crossing = some[(some["figure"] == COUNTED) & (some["lambda"] == 0)]["judged"]
        print(f"lines that cross at lambda 0: {-crossing.mean():.2f} ± {half_width(crossing):.2f}")


if __name__ == "__main__":
    main()
