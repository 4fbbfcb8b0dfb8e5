"""How much of a known tree do guided embeddings learn? Five simulated worlds at each lambda.

Prints a table: every learner in worlds of two kinds, beside its skill were the true traits seen
(the oracle's), column means, which look at no picture, and the fit to the training taxa. Run from
the root of the project:

    python verification/guide_worlds.py [--learners NAME ...] [--refits 99] [--out FILE]
"""

import argparse
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import LEARNERS
from phylolens.guided.null import null_of_refits
from phylolens.guided.sample import Sample, to_sample
from phylolens.guided.scores import column_mean_scores, held_out_scores
from phylolens.phylogeny.rank import patristic
from phylolens.simulation import WorldSpec, birth_death_tree, build_world, simulate_features
from phylolens.stats.correlation import correlation
from phylolens.values import Features

LAMBDAS = (1.0, 0.5, 0.0)
SEEDS = 5
TAXA, ORDERS, IMAGES = 60, 12, 5
FAST = ("default", "gp", "kernel-ridge", "phylo-ridge", "unguided")
PROCESSES = 2
Task = tuple[str, float, int, str]  # kind of world, lambda, seed, learner


@dataclass(frozen=True)
class Drawn:
    """One world: what is seen, what is true."""

    seen: Sample
    true: Sample
    genetic: np.ndarray
    groups: np.ndarray


def shells(lambda_: float, seed: int) -> Drawn:
    """Take the 24 latent traits of simulated shells, specimens scattering around their species."""
    spec = WorldSpec(
        n_subclasses=3,
        n_orders=ORDERS,
        n_families=TAXA,
        n_genera=TAXA,
        n_species=TAXA,
        images_per_species=IMAGES,
        convergent_pairs=0,
        lambda_=lambda_,
        specimen_sd=0.3,
        seed=seed,
    )
    world = build_world(spec)
    species = world.truth["species"]
    owner = world.meta.drop_duplicates("specimen_id").set_index("specimen_id")["species"]
    seen = pd.DataFrame(world.truth["specimens"]).T.loc[owner.index]
    true = pd.DataFrame({name: one["latent"] for name, one in species.items()}).T
    orders = {name: one["lineage"]["order"] for name, one in species.items()}
    return _drawn(seen, owner, true, patristic(world.tree), orders)


def features(lambda_: float, seed: int) -> Drawn:
    """Half of 128 features follow the tree, in half of them taxa differ at random; much noise."""
    rng = np.random.default_rng([62, seed])
    clades = (3, ORDERS, TAXA, TAXA)
    named = birth_death_tree(TAXA, clades=clades, extinction=0.2, rng=rng)
    knobs: dict[str, Any] = {
        "per_taxon": IMAGES, "n_features": 128, "lambda_": lambda_, "signal": 0.5, "seed": seed,
    }  # fmt: skip
    noisy, meta = simulate_features(named.tree, within_sd=1.0, nonnegative=True, **knobs)
    exact, _ = simulate_features(named.tree, within_sd=0.0, **knobs)
    owner = meta.set_index("file")["taxon"]
    true = pd.DataFrame(exact.matrix[:, : exact.spec["n_signal"]], index=owner)
    seen = pd.DataFrame(noisy.matrix, index=owner.index)
    orders = {name: lineage[1] for name, lineage in named.lineages.items()}
    firsts = true[~true.index.duplicated()]
    return _drawn(seen, owner, firsts, patristic(named.tree), orders)


def _drawn(
    seen: pd.DataFrame,
    owner: pd.Series,
    true: pd.DataFrame,
    genetic: Any,
    orders: Mapping[str, str],
) -> Drawn:
    sample = _sample(seen, owner)
    groups = pd.factorize(pd.Series([orders[name] for name in sample.taxa]), sort=True)[0]
    own = pd.Series(true.index, index=true.index)
    return Drawn(sample, _sample(true, own), genetic.filter(sample.taxa).data, groups)


def _sample(rows: pd.DataFrame, owner: pd.Series) -> Sample:
    ids = tuple(str(name) for name in rows.index)
    specimens = pd.Series(list(ids), index=list(ids))
    matrix = rows.to_numpy(dtype=np.float32)
    return to_sample(Features(ids, matrix, {}), owner, specimens, sorted(set(owner)))


KINDS: Mapping[str, Callable[[float, int], Drawn]] = {"shells": shells, "features": features}


def figures(task: Task, refits: int) -> dict[str, Any]:
    """Figures of one learner in one world, and its skill were true traits seen."""
    kind, lambda_, seed, name = task
    world, make = KINDS[kind](lambda_, seed), partial(LEARNERS[name], 0)
    data = (world.seen, world.genetic, world.groups)
    found = leave_clades_out(make, *data)
    oracle = leave_clades_out(make, world.true, world.genetic, world.groups)
    scores = held_out_scores(found, world.genetic)
    fitted = make().fit(*data).predict(world.seen)
    upper = np.triu_indices(len(world.seen), k=1)
    row = {
        "skill": scores["skill"],
        "oracle": skill(oracle, world.genetic),
        "r": scores["pearson"],
        "column means": column_mean_scores(found, world.genetic)["pearson"],
        "in-sample": correlation(fitted[upper], world.genetic[upper]),
    }
    if refits:
        null = null_of_refits(make, *data, found, refits=refits, seed=seed)
        row["p"] = null["p_value"]
    return dict(zip(("world", "lambda", "seed", "learner"), task, strict=True)) | row


def table(rows: pd.DataFrame) -> str:
    """Markdown: one line a kind of world, learner and lambda."""
    head = ["world", "learner", "lambda", "skill: mean (range)", "p < 0.05", "largest p"]
    head += ["oracle's skill", "r held-out", "r column means", "r in-sample"]
    lines = [head, ["---"] * len(head)]
    for (kind, name, lambda_), some in rows.groupby(["world", "learner", "lambda"], sort=False):
        tested = "p" in some
        lines.append(
            [
                str(kind),
                str(name),
                f"{lambda_:g}",
                f"{_mean(some['skill'])} ({some['skill'].min():.2f} to {some['skill'].max():.2f})",
                f"{(some['p'] < 0.05).sum()} of {len(some)}" if tested else "",
                f"{some['p'].max():.2f}" if tested else "",
                *(_mean(some[one]) for one in ("oracle", "r", "column means", "in-sample")),
            ]
        )
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _mean(values: pd.Series) -> str:
    return f"{values.mean():.2f}"


def _one_thread() -> None:
    threadpool_limits(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", nargs="+", default=FAST, choices=list(LEARNERS))
    parser.add_argument("--worlds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--lambdas", nargs="+", type=float, default=LAMBDAS)
    parser.add_argument("--refits", type=int, default=99, help="0 for no p-values")
    parser.add_argument("--out", type=Path, help="figures of every world, as CSV")
    asked = parser.parse_args()
    tasks = list(product(asked.worlds, asked.lambdas, range(SEEDS), asked.learners))
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _one_thread) as pool:
        rows = pd.DataFrame(pool.map(partial(figures, refits=asked.refits), tasks))
    if asked.out:
        rows.to_csv(asked.out, index=False)
    order = {name: place for place, name in enumerate(asked.learners)}
    rows = rows.sort_values("learner", key=lambda names: names.map(order), kind="stable")
    print(table(rows.sort_values("world", kind="stable")), end="")


if __name__ == "__main__":
    main()
