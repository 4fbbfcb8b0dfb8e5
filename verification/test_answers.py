"""Do rows of the tables of answers agree with themselves, with fitted heads in many worlds?

Slow: run with ``make verify``. Worlds of nested Gaussian clusters, with taxa and specimens the
model has not seen; the rules are those of the fast test.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from phylolens.classification.calibrated import GUARANTEES, fit_calibrated
from phylolens.classification.heads.prototype import Prototype
from phylolens.classification.predict import long_table, wide_table
from phylolens.errors import TooFew
from phylolens.values import Features

WORLDS = 300
RANKS = ("order", "family", "species")

PLACE = Path(__file__).parent.parent / "tests/classification/answer_rules.py"
spec = importlib.util.spec_from_file_location("answer_rules", PLACE)
rules = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rules)


def draw_world(rng: np.random.Generator) -> tuple[Features, pd.DataFrame]:
    """Specimens of nested taxa; some have no label at the finest rank."""
    shape = rng.integers(2, 4, size=3)
    places = np.repeat(np.indices(shape).reshape(3, -1).T, rng.integers(4, 8), axis=0)
    points = rng.normal(size=(len(places), 12)) * rng.uniform(0.6, 2)
    table = {}
    for depth, rank in enumerate(RANKS):
        codes, names = pd.factorize(
            pd.Series([rank[0] + "".join(map(str, row[: depth + 1])) for row in places])
        )
        points += rng.normal(size=(len(names), 12))[codes] * (1.5, 1.0, 0.8)[depth]
        table[rank] = np.asarray(names)[codes]
    found = pd.DataFrame(table).astype(object)
    found.loc[rng.random(len(found)) < 0.1, "species"] = None
    files = [f"{k}.jpg" for k in range(len(found))]
    return Features(tuple(files), points), found.assign(file=files, specimen_id=files)


def test_rows_agree_with_themselves():
    """Both guarantees, both ways of calibrating."""
    n_rows, worlds, none = 0, 0, 0
    for number in range(WORLDS):
        rng = np.random.default_rng([11, number])
        features, table = draw_world(rng)
        hidden = table["family"] == rng.choice(table["family"].unique())
        new = (hidden | (rng.random(len(table)) < 0.3)).to_numpy()
        way = ("cross", "split")[number % 2]
        try:
            model, _ = fit_calibrated(
                features, table[~new], RANKS, Prototype(), calibration=way, seed=number
            )
        except TooFew:
            continue
        worlds += 1
        for guarantee in GUARANTEES:
            answers = model.answer(features.take(list(table["file"][new])), guarantee)
            wide, long = wide_table(model, answers), long_table(model, answers)
            assert rules.broken(model.tree.nodes, RANKS, wide, long) == [], number
            n_rows += len(wide)
            none += int((wide["accepted_rank"] == rules.NONE).sum())
    print(f"{n_rows} rows of {worlds} worlds, {none} of them 'none of these'")
    assert worlds > 0.9 * WORLDS
    assert none > 100
