"""``signal`` on values in memory gives what the command writes."""

import json

import numpy as np
import pandas as pd
import pytest

import phylolens as pl
from phylolens.errors import InputError
from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings

NEWICK = "((((a:1,b:1):1,c:2):1,(d:1.5,e:1.5):1.5):1,((f:1,g:1):1,(h:1.5,i:1.5):0.5):2);"
FEW = {"permutations": 49, "simulations": 40, "replicates": 5}


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(4)
    families = list("abcdefghi")
    rows = [(f"{family}{k}.png", "ABCD"["abcdefghi".index(family) // 3], family)
            for family in families for k in range(4)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["file", "order", "family"])
    places = rng.normal(size=(9, 6)) + 2 * np.repeat(rng.normal(size=(2, 6)), [5, 4], axis=0)
    matrix = np.repeat(places, 4, axis=0) + 0.3 * rng.normal(size=(36, 6))
    return table, pd.DataFrame(matrix, index=table["file"])


def test_it_gives_what_the_command_writes(world, tmp_path):
    table, features = world
    table.to_csv(tmp_path / "meta.csv", index=False)
    features.rename_axis("id").to_csv(tmp_path / "features.csv")
    (tmp_path / "tree.nwk").write_text(NEWICK)
    names = {"meta": "meta.csv", "features": "features.csv", "tree": "tree.nwk"}
    values = {name: tmp_path / file for name, file in names.items()}
    settings = make_settings({**values, "rank": "family", "signal": FEW, "out": tmp_path / "out"})
    run(settings, ("check", "signal"))
    written = json.loads((tmp_path / "out/signal/signal.json").read_text())
    read = pl.read_features(tmp_path / "features.csv")
    found = pl.signal(read, tmp_path / "tree.nwk", tmp_path / "meta.csv", rank="family", **FEW)
    assert json.loads(found.to_json()) == written


def test_tables_in_memory_do_as_well(world):
    table, features = world
    found = pl.signal(features, NEWICK, table.iloc[::-1], rank="family", **FEW)
    assert found.n_taxa == 9
    assert found.primary == "lambda_score"
    shown = found.table()
    assert list(shown.index[:2]) == ["lambda_score", "protest"]
    assert "primary test: lambda_score" in repr(found)
    assert found.residuals is not None
    assert set(found.residuals.index) == set("abcdefghi")


def test_embeddings_are_compared_on_the_same_taxa(world):
    table, features = world
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=features.shape), features.index)
    both = {"seen": features, "noise": noise}
    found = pl.compare_embeddings(
        both, NEWICK, table, rank="family", permutations=49, repetitions=10
    )
    score = found[found["test"] == "lambda_score"].set_index("embedding")["statistic"]
    assert score["seen"] > score["noise"]
    rows = found.set_index(["embedding", "test"])
    low, high = rows.loc[("seen", "mantel_pearson"), "interval"]
    assert low < rows.loc[("seen", "mantel_pearson"), "statistic"] < high
    alone = pl.signal(features, NEWICK, table, rank="family", **FEW)
    assert rows.loc[("seen", "kmult"), "statistic"] == alone.tests["kmult"].statistic
    with pytest.raises(InputError, match="different taxa"):
        pl.compare_embeddings(
            both | {"noise": noise.iloc[:-4]}, NEWICK, table, rank="family", permutations=9
        )


def test_what_cannot_be_matched_is_said(world):
    table, features = world
    with pytest.raises(InputError, match="no column is a rank"):
        pl.signal(features, NEWICK, table[["file"]])
    with pytest.raises(InputError, match="expected Features"):
        pl.signal(features.to_numpy(), NEWICK, table)
    with pytest.raises(InputError, match="features are numbers"):
        pl.signal(features.assign(word="x"), NEWICK, table)
