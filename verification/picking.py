"""Does a policy pick better triplets than chance? Each beside random picking, in simulated worlds.

Prints a table. Run from the root of the project (needs stable-baselines3):

    python verification/picking.py [--worlds 12] [--steps 160]
"""

import argparse
from functools import partial

import numpy as np
import pandas as pd

from phylolens.guided.clades import clades_of
from phylolens.guided.sample import to_sample
from phylolens.paradigms import BenchData, bench_data
from phylolens.paradigms.methods.t_rex import RankedRelatives
from phylolens.paradigms.picked import Picked
from phylolens.paradigms.squared_places import skill_on_the_folds
from phylolens.phylogeny.rank import to_rank
from phylolens.simulation import birth_death_tree, simulate_features
from phylolens.simulation.tree import RANKS

RANK = "genus"


def world(seed: int) -> BenchData:
    """150 species of 45 genera in 16 families, three images each, of features like the tree."""
    rng = np.random.default_rng(seed)
    named = birth_death_tree(150, clades=(3, 8, 16, 45), extinction=0.3, rng=rng)
    features, meta = simulate_features(
        named.tree, per_taxon=3, n_features=64, within_sd=0.7, rank="species", seed=seed
    )
    lineages = pd.DataFrame.from_dict(dict(named.lineages), orient="index", columns=list(RANKS))
    labels = lineages.loc[meta["species"]].set_axis(meta["file"], axis=0)
    labels.insert(0, "specimen_id", meta["specimen_id"].to_numpy())
    ranked = to_rank(named.tree, labels.reset_index(), RANKS, RANK)
    taxa = tuple(sorted(ranked.distances.ids))
    lineage = lineages.drop_duplicates(RANK).set_index(RANK, drop=False).loc[list(taxa)]
    lineage = lineage[[*RANKS[: RANKS.index(RANK) + 1]]]
    return bench_data(
        to_sample(features, labels[RANK], labels["specimen_id"], taxa),
        ranked.distances.filter(taxa).data,
        ranked.covariance.loc[list(taxa), list(taxa)],
        clades_of(lineage),
        lineage,
        labels,
        quick=True,
        seed=seed,
    )


def main() -> None:
    """Print mean skill of each method, and its difference from random picking."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=160)
    asked = parser.parse_args()
    rows = []
    for seed in range(1, asked.worlds + 1):
        data = world(seed)
        makers = {
            "untrained": partial(RankedRelatives, steps=0, seed=seed),
            "random triplets": partial(Picked, "random", seed=seed),
            "ppo": partial(Picked, "ppo", steps=asked.steps, seed=seed),
            "dqn": partial(Picked, "dqn", steps=asked.steps, seed=seed),
            "random lists": partial(RankedRelatives, graded=False, seed=seed),
            "t-rex": partial(RankedRelatives, seed=seed),
        }
        rows.append({name: skill_on_the_folds(make, data) for name, make in makers.items()})
    table = pd.DataFrame(rows)
    print("| | skill | less random picking | worlds in which it is above |\n|---|---:|---:|---:|")
    for name in table:
        chance = {"ppo": "random triplets", "dqn": "random triplets", "t-rex": "random lists"}
        line = f"| {name} | {table[name].mean():.2f} |"
        if name in chance:
            more = table[name] - table[chance[name]]
            error = more.std(ddof=1) / np.sqrt(len(more))
            line += f" {more.mean():+.2f} ± {error:.2f} | {(more > 0).sum()} of {len(more)} |"
        else:
            line += " | |"
        print(line)


if __name__ == "__main__":
    main()
