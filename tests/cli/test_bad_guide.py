"""Guided embeddings: what is refused, with what to do; and what is odd but works."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings

SIZES = {"Arcida": 3, "Mytilida": 2, "Venerida": 4, "Cardiida": 2}
FAST = ("--refits", "3")


@pytest.fixture
def taxa(tmp_path: Path) -> Path:
    """Eleven families of four orders, three images of each; features, table and distances."""
    rng = np.random.default_rng(0)
    orders = np.repeat(list(SIZES), list(SIZES.values()))
    families = [f"{order[:-1]}{place}dae" for place, order in enumerate(orders)]
    same = orders[:, None] == orders
    distances = np.where(same, 2.0, 6.0) + np.abs(np.subtract.outer(range(11), range(11))) / 10
    np.fill_diagonal(distances, 0)
    pd.DataFrame(distances, families, families).to_csv(tmp_path / "distances.csv")
    files = [f"{family}/{k}.jpg" for family in families for k in range(3)]
    means = rng.standard_normal((4, 8))[pd.factorize(orders)[0]] + 0.3 * rng.random((11, 8))
    matrix = np.repeat(means, 3, axis=0) + 0.1 * rng.standard_normal((33, 8))
    pd.DataFrame(matrix, index=pd.Index(files, name="file")).to_csv(tmp_path / "features.csv")
    table = {"file": files, "order": np.repeat(orders, 3), "family": np.repeat(families, 3)}
    pd.DataFrame(table).to_csv(tmp_path / "meta.csv", index=False)
    return tmp_path


def change(folder: Path, name: str, how: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    path = folder / f"{name}.csv"
    index = None if name == "meta" else 0
    how(pd.read_csv(path, index_col=index)).to_csv(path, index=index is not None)


def arguments(folder: Path, *more: object) -> list[object]:
    files = [(f"--{name}", folder / f"{name}.csv") for name in ("features", "meta", "distances")]
    return ["guide", *(part for pair in files for part in pair), "--out", folder / "out", *more]


def guided(phylolens: Callable, folder: Path, *more: object) -> dict:
    answer = phylolens(*arguments(folder, *FAST, *more))
    assert answer.code == 0, answer.err
    return json.loads((folder / "out/guide/guide.json").read_text())


def refused(phylolens: Callable, words: str, folder: Path, *more: object) -> str:
    answer = phylolens(*arguments(folder, *FAST, *more))
    assert answer.code == 2, answer.out
    assert words in answer.err
    assert answer.err.count("\n") == 1, "one message, on one line"
    assert not (folder / "out/guide/guide.json").exists(), "nothing half-written"
    return str(answer.err)


def test_one_image_in_a_family(taxa, phylolens):
    change(taxa, "meta", lambda table: table.drop([0, 1]))
    found = guided(phylolens, taxa)
    assert found["images_per_taxon"] == {"min": 1, "max": 3}
    assert found["n_taxa"] == 11


def test_families_absent_from_the_matrix_are_left_out_and_named(taxa, phylolens):
    change(taxa, "distances", lambda table: table.iloc[1:, 1:])
    found = guided(phylolens, taxa)
    assert found["n_taxa"] == 10
    assert found["dropped"] == {"no_images": [], "no_phylogeny": ["Arcid0dae"]}


def test_families_without_images_are_left_out_and_named(taxa, phylolens):
    change(taxa, "meta", lambda table: table[table["family"] != "Arcid0dae"])
    found = guided(phylolens, taxa)
    assert found["dropped"]["no_images"] == ["Arcid0dae"]


def test_two_families_only(taxa, phylolens):
    change(taxa, "meta", lambda table: table[:6])
    answer = phylolens(*arguments(taxa, *FAST))
    assert answer.code == 2
    assert "three" in answer.err


def test_constant_matrix(taxa, phylolens):
    change(taxa, "distances", lambda table: (table > 0) * 3.0)
    refused(phylolens, "all genetic distances are equal (3)", taxa)


def test_two_orders_only_and_what_to_do(taxa, phylolens):
    keep = ["Arcida", "Venerida"]
    change(taxa, "meta", lambda table: table[table["order"].isin(keep)])
    told = refused(phylolens, "the taxa compared are of 2 order: at least three", taxa)
    assert "--held-out family" in told
    assert "--recipe roy2025" in told
    found = guided(phylolens, taxa, "--held-out", "family")
    assert found["held_out"]["scheme"] == "leave-family-out"
    assert found["held_out"]["n_clades"] == 7


def test_no_rank_above(taxa, phylolens):
    change(taxa, "meta", lambda table: table.drop(columns="order"))
    told = refused(phylolens, "no rank above family", taxa)
    assert "--held-out family" in told


def test_a_whole_run_goes_on_without_clades_to_hold_out(taxa):
    change(taxa, "meta", lambda table: table.drop(columns="order"))
    values = {name: taxa / f"{name}.csv" for name in ("features", "meta", "distances")}
    few = {"signal": {"permutations": 9, "simulations": 40, "replicates": 0}, "out": taxa / "out"}
    study = make_settings(
        values | few | {"classify": {"recipe": "roy2025", "models": ("prototype",)}}
    )
    summary = run(study)
    assert "no rank above family" in summary["guide"]["skipped"]
    assert "no rank above family" in (taxa / "out/report.html").read_text()


def test_an_order_not_known_is_a_clade_of_its_own(taxa, phylolens):
    change(taxa, "meta", lambda table: table.assign(order=table["order"].where(table.index > 2)))
    found = guided(phylolens, taxa)
    assert found["held_out"]["n_clades"] == 5
    assert found["held_out"]["unknown_clade"] == ["Arcid0dae"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--held-out", "genus"), "clades of rank 'genus'"),
        (("--learner", "magic"), "unknown learner 'magic'"),
        (("--recipe", "magic"), "unknown recipe 'magic'"),
        (("--epochs", "5"), "'--epochs'"),
        (("--recipe", "roy2025", "--learner", "unguided"), "'--learner'"),
        (("--recipe", "roy2025", "--held-out", "order"), "'--held-out'"),
        (("--refits", "-1"), "--refits"),
        (("--sample-down-to", "0"), "--sample-down-to"),
    ],
)
def test_options_that_do_not_fit(taxa, phylolens, options, words):
    answer = phylolens(*arguments(taxa, *options))
    assert answer.code == 2
    assert words in answer.err


def test_features_all_equal_are_no_guide(taxa, phylolens):
    change(taxa, "features", lambda table: table * 0 + 1.0)
    refused(phylolens, "all taxa have the same features", taxa)


def test_another_number_of_features_for_a_stored_model(taxa, phylolens):
    guided(phylolens, taxa)
    change(taxa, "features", lambda table: table.iloc[:, :5])
    answer = phylolens(
        *("guide", "--model", taxa / "out/guide/model"),
        *("--features", taxa / "features.csv", "--out", taxa / "new"),
    )
    assert answer.code == 2
    assert "wants 8 features an image; got 5" in answer.err


def test_pictures_for_a_model_of_features_made_elsewhere(taxa, phylolens, image):
    guided(phylolens, taxa)
    image("photos/a.png", 1)
    model = ("--model", taxa / "out/guide/model")
    for more in ((), ("--backbone", "efficientnet-lite0")):
        answer = phylolens("guide", *model, "--images", taxa / "photos", *more)
        assert answer.code == 2
        assert "--features" in answer.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--tree", "tree.nwk"), "'--tree'"),
        (("--refits", "9"), "'--refits'"),
        ((), "nothing to embed"),
        (("--images", "nowhere"), "no such file"),
    ],
)
def test_a_stored_model_takes_new_pictures_alone(taxa, phylolens, options, words):
    guided(phylolens, taxa)
    answer = phylolens("guide", "--model", taxa / "out/guide/model", *options)
    assert answer.code == 2
    assert words in answer.err


def test_a_folder_without_a_model(taxa, phylolens):
    answer = phylolens("guide", "--model", taxa, "--features", taxa / "features.csv")
    assert answer.code == 2
    assert "guide/model" in answer.err
