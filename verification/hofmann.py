"""Do heads in a row learn the hierarchy? Hofmann et al. (2024), on frozen features.

Heads in a row (``sequential``) and side by side (``parallel``), with one-hot targets and with
targets softened by genetic distance, over random splits of specimens::

    python verification/hofmann.py DATA FEATURES --seeds 5

DATA holds ``meta.csv`` and ``tree.nwk``; FEATURES is a table of features of the same images, or a
folder to keep those of the bundled network in. Printed: macro-F1 at every rank, and the share of
tested images whose answers at two ranks contradict each other, before any repair.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

import phylolens as pl
from phylolens.classification.consistency import contradictions
from phylolens.classification.evaluate import evaluate
from phylolens.classification.heads import fit_head, make_head
from phylolens.classification.heads.soft_targets import Distances
from phylolens.classification.lineage import TaxonTree
from phylolens.embedding import DEFAULT_BACKBONE, View, embed
from phylolens.errors import InputError
from phylolens.phylogeny.rank import to_rank
from phylolens.specimens import make_split
from phylolens.taxonomy import lineages

ARCHITECTURES = ("sequential", "parallel")
TARGETS = ("one-hot", "softmax-distance")
CONTRADICTIONS = "contradictions"


def distances_of(tree, table: pd.DataFrame, ranks: tuple[str, ...]) -> dict[str, Distances]:
    """Genetic distances at every rank that has three taxa in the tree."""
    found: dict[str, Distances] = {}
    for rank in ranks:
        try:
            ranked = to_rank(tree, table, ranks, rank)
        except InputError:
            continue
        found[rank] = (tuple(ranked.distances.ids), ranked.distances.data)
    return found


def trial(name: str, features, table: pd.DataFrame, ranks, tree, seed: int) -> dict[str, float]:
    """Fit one head on a random split and score it."""
    split = make_split("random", table, ranks, test_share=0.2, seed=seed)
    rows = table.set_index("file", drop=False)
    finest = ranks[-1]
    train = rows.loc[list(split.train)].dropna(subset=[finest])
    test = rows.loc[list(split.test)].dropna(subset=list(ranks))
    lineage = lineages(train, ranks, finest)
    above = {rank: lineage[rank].dropna().astype(str).to_dict() for rank in ranks[:-1]}
    head = make_head(
        name, seed, lineage=above, rank=finest, distances=distances_of(tree, train, ranks)
    )
    fit_head(head, features.take(list(train.index)).matrix, train[finest].to_numpy(str))
    inside = head[:-1].transform(features.take(list(test.index)).matrix)
    last = head[-1]
    answers = {
        rank: classes[found.argmax(axis=1)].astype(str)
        for rank, classes, found in zip(
            last.level_ranks_, last.level_classes_, last.predict_rank_proba(inside), strict=True
        )
    }
    known = [rank for rank in ranks if rank in answers]
    told = pd.DataFrame(answers, dtype=object)[known]
    scores = {r: evaluate(test[r].to_numpy(str), told[r].to_numpy(str)).macro_f1 for r in known}
    return scores | {CONTRADICTIONS: contradictions(told, TaxonTree.of(train, ranks))}


def paired(one: np.ndarray, other: np.ndarray) -> str:
    """Mean difference with its 95% interval over the splits (t)."""
    gap = one - other
    half = stats.t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / np.sqrt(len(gap))
    return f"{gap.mean():+.3f} ({gap.mean() - half:+.3f} to {gap.mean() + half:+.3f})"


def features_of(place: Path, table: pd.DataFrame):
    """Read features, or make them with the bundled network."""
    if place.is_file():
        return pl.read_features(place)
    views = [View(row.file, Path(row.path)) for row in table.itertuples()]
    return embed(views, DEFAULT_BACKBONE, store=place).features


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("features", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    specimens = pl.read_specimens(asked.data / "meta.csv", images=asked.data)
    table, ranks = specimens.table, tuple(specimens.ranks)
    features = features_of(asked.features, table)
    tree = pl.read_tree(asked.data / "tree.nwk")
    table = table[table["file"].isin(features.ids)].reset_index(drop=True)
    names = [f"{one}:target={target}" for target in TARGETS for one in ARCHITECTURES]
    runs = {
        name: pd.DataFrame(
            [trial(name, features, table, ranks, tree, seed) for seed in range(asked.seeds)]
        )
        for name in names
    }
    print(f"{len(table)} images, {asked.seeds} splits; mean ± sd")
    for name, found in runs.items():
        print(name, "|", " | ".join(f"{k} {v.mean():.3f}±{v.std():.3f}" for k, v in found.items()))
    print("differences, mean (95% interval over splits)")
    pairs = [(names[0], names[1]), (names[2], names[3]), (names[2], names[0]), (names[3], names[1])]
    for one, other in pairs:
        gaps = " | ".join(f"{k} {paired(runs[one][k], runs[other][k])}" for k in runs[one])
        print(f"{one} less {other} | {gaps}")


if __name__ == "__main__":
    main()
