"""Rows of the tables of answers agree with themselves, in random worlds."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from phylolens.classification.blend import tempered
from phylolens.classification.calibrated import CalibratedModel
from phylolens.classification.calibration import calibrate
from phylolens.classification.cross_fit import OutOfFold
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.predict import long_table, wide_table
from phylolens.reading.cells import read_csv
from phylolens.values import Features
from phylolens.writing import write_csv

RANKS = ("order", "family", "genus", "species")

spec = importlib.util.spec_from_file_location("rules", Path(__file__).parent / "answer_rules.py")
rules = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rules)


def draw_table(rng: np.random.Generator, ranks: tuple[str, ...]) -> pd.DataFrame:
    """Names of some dozen finest taxa; some lineages have gaps, some taxa are not divided."""
    n = int(rng.integers(2, 30))
    code, columns = np.arange(n), {}
    for rank in reversed(ranks):
        columns[rank] = [f"{rank[0]}{k}" for k in code]
        code = code // int(rng.integers(1, 5))
    table = pd.DataFrame(columns)[list(ranks)].astype(object)
    return table.mask(rng.random(table.shape) < rng.choice([0, 0.2]), None).dropna(how="all")


@dataclass(frozen=True)
class Drawn:
    """Heads whose probabilities are drawn: logits of the leaves are the features."""

    tree: TaxonTree
    leaves: np.ndarray
    sharpness: float
    temperatures: dict[str, float]

    def raw(self, matrix: np.ndarray) -> np.ndarray:
        found = self.tree.marginals(softmax(self.sharpness * matrix, axis=1), self.leaves)
        for rank in self.tree.ranks[:-1]:  # heads of the ranks see something else
            nodes = self.tree.at_rank(rank)
            if len(nodes):
                own = softmax(self.sharpness * np.roll(matrix, 1, axis=0)[:, : len(nodes)], axis=1)
                found[:, nodes[: own.shape[1]]] *= 0.5
                found[:, nodes[: own.shape[1]]] += 0.5 * own
        return found

    def marginals(self, matrix: np.ndarray) -> np.ndarray:
        return tempered(self.tree, self.raw(matrix), self.temperatures)


def draw_world(seed: int) -> tuple[CalibratedModel, Features]:
    rng = np.random.default_rng([7, seed])
    ranks = RANKS[int(rng.integers(0, 3)) :]
    taxa = draw_table(rng, ranks)
    tree = TaxonTree.of(taxa, ranks)
    leaves = np.unique(tree.node_of(taxa))
    temperatures = {rank: float(rng.uniform(0.3, 3)) for rank in ranks}
    blend = Drawn(tree, leaves, float(rng.uniform(0.2, 4)), temperatures)
    n = int(rng.integers(6, 80))
    true = rng.integers(len(leaves), size=n)
    logits = rng.normal(size=(n, len(leaves)))
    logits[np.arange(n), true] += rng.uniform(0, 3)
    rows = pd.DataFrame(tree.labels(tree.path(leaves[true])), columns=list(ranks)).astype(object)
    files = [f"f{k}" for k in range(n)]
    rows = rows.assign(file=files, specimen_id=files).set_index("file", drop=False)
    unknown = rng.random(n) < 0.3
    unknown[0] = False
    found = OutOfFold(
        np.array(files),
        np.where(unknown, ranks[0], "specimen"),
        np.where(unknown, f"unknown {ranks[0]}", f"known {ranks[-1]}"),
        blend.raw(logits),
        rng.uniform(0, 1, n),
        np.zeros(n, dtype=int),
    )
    learnt = calibrate(found, rows, tree, temperatures, float(rng.uniform(0.02, 0.4)), 0.1)
    model = CalibratedModel(blend, learnt, rng.normal(size=(5, len(leaves))), {}, {})
    return model, Features(tuple(f"n{k}" for k in range(40)), rng.normal(size=(40, len(leaves))))


@pytest.mark.parametrize("guarantee", ["each", "mixed", "known_only"])
def test_rows_agree_with_themselves_in_random_worlds(guarantee, tmp_path):
    accepted, sizes = [], []
    for seed in range(80):
        model, asked = draw_world(seed)
        answers = model.answer(asked, guarantee)
        tables = []
        for table in (wide_table(model, answers), long_table(model, answers)):
            write_csv(tmp_path / "a.csv", table)  # rounding must not part what belongs together
            tables.append(read_csv(tmp_path / "a.csv"))
        assert rules.broken(model.tree.nodes, model.tree.ranks, *tables) == [], seed
        accepted += tables[0]["accepted_rank"].tolist()
        sizes += tables[0]["conformal_set_size"].tolist()
    shares = pd.Series(accepted).value_counts(normalize=True)
    assert set(shares.index) == {*RANKS, rules.NONE}, "worlds in which every rank is met"
    assert shares.min() > 0.03
    assert np.mean(np.array(sizes) == 1) > 0.1
    assert np.mean(np.array(sizes) > 1) > 0.1


def test_rules_catch_what_was_wrong():
    """Rows as the tables had them when the set was calibrated by itself."""
    nodes = pd.DataFrame(
        [("family", "a", -1), ("family", "b", -1)]
        + [("species", name, place) for name, place in (("a1", 0), ("a2", 0), ("b1", 1))],
        columns=["rank", "taxon", "parent"],
    )
    ranks = ("family", "species")
    row = {"file": "x", "family": "a", "species": "a1", "accepted_rank": "family",
           "accepted_taxon": "a", "accepted_probability": 0.9, "conformal_set": "a1",
           "conformal_set_size": 1}  # fmt: skip
    long = pd.DataFrame(
        {"file": "x", "rank": ranks, "taxon": ["a", "a1"], "probability": [0.9, 0.6],
         "accepted": [True, False]}
    )  # fmt: skip
    no_rank = {"accepted_rank": rules.NONE, "accepted_taxon": rules.NONE,
               "accepted_probability": np.nan}  # fmt: skip

    def broken(lines=long, **change):
        return {rule for _, rule in rules.broken(nodes, ranks, pd.DataFrame([row | change]), lines)}

    assert broken() == set()
    assert "lies within" in str(broken(conformal_set="a1|b1", conformal_set_size=2))
    assert "is in its set" in str(broken(conformal_set="a2"))
    assert "every taxon" in str(broken(long.assign(accepted=False), **no_rank))
    assert "no likelier" in str(broken(long.assign(probability=[0.9, 0.95])))
    assert "its rank" in str(broken(accepted_probability=0.8))
    assert "lies in the one before" in str(broken(species="b1"))
