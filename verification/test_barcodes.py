"""What docs/results.md says of barcodes that evolved on the tree of bivalve families.

Slow: run with ``make verify``.
"""

import os
from pathlib import Path

import pytest
from barcodes import bivalve_tree, table

SEEDS = 5


@pytest.fixture(scope="module")
def found():
    named = os.environ.get("PHYLOLENS_DATA")
    data = Path(named) if named else Path(__file__).parents[2] / "shared/data"
    if not (data / "bivalvia").is_dir():
        pytest.skip(f"no trial data in {data}; set PHYLOLENS_DATA to its folder")
    return table(bivalve_tree(data), SEEDS)


def test_correction_for_repeated_substitutions_gains_most_where_there_are_many(found):
    own = {model: cell.pearson.mean() for model, cell in found["JC69, rate of the tree"].items()}
    assert 0.85 < own["levenshtein"] < own["p"] - 0.04
    assert own["p"] + 0.01 < own["jc69"] < 0.98


def test_at_a_tenth_of_the_rate_all_agree(found):
    own = [cell.pearson.mean() for cell in found["JC69, a tenth of the rate"].values()]
    assert max(own) - min(own) < 0.01
    assert min(own) > 0.92


def test_jc69_has_a_value_in_every_world_and_is_behind_none(found):
    for cells in found.values():
        assert not cells["jc69"].undefined.any()
        best = max(cell.pearson.mean() for cell in cells.values())
        assert cells["jc69"].pearson.mean() > best - 0.003


def test_richer_models_are_refused_where_a_kind_of_substitution_is_saturated(found):
    cells = found["HKY, uneven bases"]
    assert (cells["tn93"].undefined > 0).all()
    assert (cells["logdet"].undefined > 0).all()
