"""Labels that say nothing are not learned, by any head, at any rank, through the whole experiment.

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. Classes differ plainly, and the
two pictures of a specimen are almost the same; labels are then dealt out anew over specimens. Any
way for a tested specimen to reach the training part (its other picture, an altered copy, a setting
chosen or a transform fitted on it) would lift the answers above chance.
"""

import numpy as np
import pandas as pd
import pytest

from phylolens.classification import HEADS, classify
from phylolens.classification.blend import LeafPlan
from phylolens.classification.lineage import TaxonTree
from phylolens.specimens import raise_rare, split_specimens
from phylolens.values import Features

RANKS = ("order", "species")
SPECIES, SPECIMENS, PICTURES = 4, 60, 2
WORLDS = 3
CHANCE = {"order": 0.5, "species": 0.25}


def draw_world(seed: int, *, permuted: bool) -> tuple[Features, pd.DataFrame]:
    """Four species of two orders, 60 specimens each, two pictures of each specimen."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(SPECIES), SPECIMENS)
    bodies = rng.normal(size=(len(codes), 12))
    bodies[np.arange(len(codes)), codes] += 6
    bodies[np.arange(len(codes)), SPECIES + codes // 2] += 6
    labels = rng.permutation(codes) if permuted else codes
    table = pd.DataFrame(
        {
            "order": [f"order{code // 2}" for code in labels],
            "species": [f"species{code}" for code in labels],
            "specimen_id": [f"specimen{place:03d}" for place in range(len(codes))],
        }
    )
    table = table.loc[np.repeat(np.arange(len(codes)), PICTURES)].reset_index(drop=True)
    table["file"] = [f"{name}_{k % PICTURES}.jpg" for k, name in enumerate(table["specimen_id"])]
    pictures = np.repeat(bodies, PICTURES, axis=0)
    matrix = pictures + 0.01 * rng.normal(size=pictures.shape)
    return Features(tuple(table["file"]), matrix), table.astype(object)


def with_copies(features: Features, plan: pd.DataFrame) -> tuple[Features, pd.DataFrame]:
    """Add an altered copy of every third picture that is trained on."""
    rng = np.random.default_rng(0)
    chosen = plan.iloc[::3].assign(copy=1, id=lambda rows: rows["file"] + "#noise-1")
    missing = chosen[~chosen["id"].isin(features.ids)]
    rows = features.take(list(missing["file"])).matrix
    rows = rows + 0.01 * rng.normal(size=rows.shape)
    both = Features((*features.ids, *missing["id"]), np.vstack([features.matrix, rows]))
    return both, pd.concat([plan, chosen], ignore_index=True)


def accuracies(head: str, seed: int, *, permuted: bool, by_specimen: bool = True):
    """Accuracy of one head at both ranks, and of the finest taxa summed up where it offers that."""
    features, table = draw_world(seed, permuted=permuted)
    if not by_specimen:
        table["specimen_id"] = table["file"]
    split = split_specimens(table, RANKS, test_share=0.5, seed=seed)
    trained = table.set_index("file").loc[list(split.train)]
    plans = {}
    for rank in RANKS:
        plan = raise_rare(trained[rank], 0, seed=seed).assign(id=lambda rows: rows["file"])
        features, plans[rank] = with_copies(features, plan)
    tree = TaxonTree.of(trained, RANKS)
    leaf = LeafPlan(tree, plans["species"].assign(label="species:" + plans["species"]["label"]))
    found = classify(features, table, split, plans, (head,), ranks=RANKS, leaf=leaf, seed=seed)
    return {rank: found.metrics.models[head][rank].accuracy for rank in RANKS}


@pytest.mark.parametrize("head", sorted(HEADS))
def test_permuted_labels_are_at_chance(head):
    """A specimen is the unit: its two pictures are answered alike.

    The split is even over labels, so what is too many on one side is too few on the other, and
    chance lies a little below one over the number of classes: by 0.01 here.
    """
    found = [accuracies(head, seed, permuted=True) for seed in range(WORLDS)]
    tested = WORLDS * SPECIES * SPECIMENS / 2
    for rank, chance in CHANCE.items():
        share = float(np.mean([one[rank] for one in found]))
        error = np.sqrt(chance * (1 - chance) / tested)
        print(f"{rank}: {share:.3f} (chance {chance} +- {error:.3f})")
        assert abs(share - chance) < 3.5 * error


@pytest.mark.parametrize("head", sorted(HEADS))
def test_labels_that_mean_something_are_learned(head):
    found = accuracies(head, 0, permuted=False)
    assert min(found.values()) > 0.9, found


def test_torn_specimens_would_be_noticed():
    """Without specimen ids the other picture is trained on: what the test above must catch."""
    found = accuracies("rf", 0, permuted=True, by_specimen=False)
    assert found["species"] > 0.25 + 2 * 3.5 * np.sqrt(0.25 * 0.75 / (SPECIES * SPECIMENS / 2))
