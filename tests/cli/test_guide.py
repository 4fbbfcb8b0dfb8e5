"""Guided embeddings from end to end: what is written, what signal makes of it, what is kept."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REFITS = 9


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, guide_world: Path) -> Path:
    """A world, guided."""
    from phylolens.pipeline.run import run
    from phylolens.pipeline.settings import make_settings

    folder = tmp_path_factory.mktemp("guide") / "made"
    shutil.copytree(guide_world, folder)
    run(make_settings(settings(folder)), ("check", "guide"))
    return folder


def settings(folder: Path, **guide: object) -> dict:
    files = {name: folder / f"{name}.csv" for name in ("features", "meta", "distances")}
    own = {"learner": ("phylo-ridge", "unguided"), "refits": REFITS}
    return {**files, "out": folder / "out", "guide": own | guide}


def square(path: Path) -> np.ndarray:
    return pd.read_csv(path, index_col=0).to_numpy()


def test_summary_says_how_far_images_predict_the_tree(made):
    found = json.loads((made / "out/guide/guide.json").read_text())
    assert found["learner"] == "phylo-ridge"
    assert list(found["learners"]) == ["phylo-ridge", "unguided"]
    assert (found["held_out"]["rank"], found["held_out"]["n_clades"]) == ("order", 8)
    assert found["held_out"]["skill"] > 0.15
    assert found["held_out"]["skill_over_column_means"] > 0.2
    assert found["null"]["p_value"] == 1 / (REFITS + 1)
    assert found["held_out"] == found["learners"]["phylo-ridge"]["held_out"]
    assert set(found["baselines"]) == {
        *("constant", "image_free", "names", "column_means", "other_clades", "taxonomy_only"),
        *("unguided", "row_means"),
    }
    unguided = found["learners"]["unguided"]["held_out"]
    assert found["baselines"]["unguided"]["held_out"] == unguided
    assert "seconds" not in json.dumps(found)


def test_files_agree_with_the_summary(made):
    folder = made / "out/guide"
    found = json.loads((folder / "guide.json").read_text())
    genetic, held = square(made / "distances.csv"), square(folder / "held_out_distances.csv")
    free, means = (square(folder / f"held_out_{k}.csv") for k in ("image_free", "column_means"))
    known = np.isfinite(held)
    order = pd.read_csv(made / "meta.csv").drop_duplicates("family")["order"].to_numpy()
    np.testing.assert_array_equal(known, order[:, None] != order)
    errors = [np.mean((matrix[known] - genetic[known]) ** 2) for matrix in (held, free, means)]
    assert found["held_out"]["mse"] == pytest.approx(errors[0])
    assert found["held_out"]["skill"] == pytest.approx(1 - errors[0] / errors[1])
    over_means = found["held_out"]["skill_over_column_means"]
    assert over_means == pytest.approx(1 - errors[0] / errors[2])
    similar = square(folder / "similarity_held_out.csv")
    np.testing.assert_allclose(similar[known], (1 - 2 * held / genetic.max())[known], rtol=1e-6)
    np.testing.assert_allclose(np.diag(similar), 1)
    guided = (1 - square(folder / "similarity_guided.csv")) / 2 * genetic.max()
    upper = np.triu_indices(len(genetic), k=1)
    r = np.corrcoef(guided[upper], genetic[upper])[0, 1]
    assert found["in_sample"]["pearson"] == pytest.approx(r)


@pytest.mark.parametrize(("name", "circular"), [("held_out", False), ("embeddings", True)])
def test_signal_knows_which_embedding_has_seen_the_tree(made, phylolens, tmp_path, name, circular):
    answer = phylolens(
        *("signal", "--features", made / f"out/guide/{name}.csv"),
        *("--distances", made / "distances.csv", "--rank", "family", "--out", tmp_path),
        *("--permutations", "99", "--simulations", "40", "--replicates", "0"),
    )
    assert answer.code == 0, answer.err
    found = json.loads((tmp_path / "signal/signal.json").read_text())
    assert found["circular"] == circular
    assert found["tests"]["mantel_pearson"]["statistic"] > 0.3
    assert circular or "refits" in found["circular_why"]


def test_stored_model_embeds_the_training_images_as_the_fit_did(made, phylolens, tmp_path):
    model = made / "out/guide/model"
    answer = phylolens(
        *("guide", "--model", model, "--features", made / "features.csv", "--out", tmp_path)
    )
    assert answer.code == 0, answer.err
    new = pd.read_parquet(tmp_path / "guide/new/embeddings.parquet").set_index("guided_file")
    families = new.index.str.split("/").str[0]
    assert new.pop("fitted").all()
    found = json.loads((made / "out/guide/guide.json").read_text())
    told = json.loads((tmp_path / "guide/new/summary.json").read_text())
    assert (told["n_fitted"], told["n_unlike"]) == (80, 0)
    assert told["model"] == {
        "rank": "family",
        "n_taxa": 20,
        "held_out": "order",
        "skill": found["held_out"]["skill"],
        "p_value": found["null"]["p_value"],
    }
    means = new.groupby(families).mean().to_numpy()
    known = pd.read_csv(made / "out/guide/embeddings.csv", index_col=0).to_numpy()
    np.testing.assert_allclose(means, known, atol=1e-4)
    names = {"model.json", "arrays.safetensors", "seen.safetensors"}
    assert {path.name for path in model.iterdir()} == names


def test_guided_features_of_new_images_can_be_classified(made, phylolens, tmp_path):
    guide = ("guide", "--model", made / "out/guide/model", "--features", made / "features.csv")
    phylolens(*guide, "--out", tmp_path)
    answer = phylolens(
        *("classify", "--features", tmp_path / "guide/new/embeddings.parquet"),
        *("--meta", made / "meta.csv", "--at", "order", "--models", "prototype", "--no-trust"),
        *("--out", tmp_path / "classes"),
    )
    assert answer.code == 0, answer.err
    metrics = json.loads((tmp_path / "classes/classify/metrics.json").read_text())
    assert metrics["models"]["prototype"]["order"]["accuracy"] > 0.9


def test_same_seed_same_bytes_whatever_the_order_of_rows(made, tmp_path):
    from phylolens.pipeline.run import run
    from phylolens.pipeline.settings import make_settings

    values = settings(made) | {"out": tmp_path / "again"}
    for name in ("features", "meta"):
        table = pd.read_csv(made / f"{name}.csv").sample(frac=1, random_state=3)
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        values[name] = tmp_path / f"{name}.csv"
    run(make_settings(values), ("check", "guide"))
    files = sorted((made / "out/guide").rglob("*.*"))
    assert len(files) >= 11
    for path in files:
        again = tmp_path / "again/guide" / path.relative_to(made / "out/guide")
        if path.name not in ("guide.json", "model.json"):
            assert path.read_bytes() == again.read_bytes(), path.name
    one, other = (
        json.loads((folder / "guide/guide.json").read_text())
        for folder in (made / "out", tmp_path / "again")
    )
    assert one == other


def test_finished_is_kept_and_another_recipe_leaves_nothing_behind(made, tmp_path):
    from phylolens.pipeline.run import run
    from phylolens.pipeline.settings import make_settings

    values = settings(made) | {"out": tmp_path / "out"}
    stages = ("check", "guide")
    run(make_settings(values), stages)
    assert run(make_settings(values), stages)["guide"]["kept"]
    run(make_settings(values | {"guide": {"recipe": "roy2025", "epochs": 2}}), stages)
    left = {path.name for path in (tmp_path / "out/guide").iterdir()}
    assert {"attention.csv", "loss.csv", "model.safetensors"} <= left
    assert left.isdisjoint({"held_out.csv", "model", "similarity_held_out.csv", "parts"})
    run(make_settings(values), stages)
    left = {path.name for path in (tmp_path / "out/guide").iterdir()}
    assert left.isdisjoint({"attention.csv", "loss.csv", "model.safetensors"})


def test_learners_that_weigh_images_weigh_new_ones(made, phylolens, tmp_path):
    given = ("--features", made / "features.csv", "--meta", made / "meta.csv")
    options = ("--distances", made / "distances.csv", "--learner", "attention", "--refits", "0")
    answer = phylolens("guide", *given, *options, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    folder = tmp_path / "out/guide"
    weights = pd.read_csv(folder / "attention.csv")
    np.testing.assert_allclose(weights.groupby("taxon")["weight"].sum(), 1)
    assert pd.read_csv(folder / "loss.csv")["loss"].is_monotonic_decreasing
    new = ("guide", "--model", folder / "model", *given[:2], "--out", tmp_path / "new")
    assert phylolens(*new).code == 0
    scores = pd.read_csv(tmp_path / "new/guide/new/weights.csv").set_index("image")["weight"]
    assert scores.sum() == pytest.approx(1)
    first = weights[weights["taxon"] == weights["taxon"][0]].set_index("image")["weight"]
    share = scores[first.index] / scores[first.index].sum()
    np.testing.assert_allclose(share, first, rtol=1e-3)


def test_weights_are_of_the_first_learner_that_weighs(made, tmp_path):
    from phylolens.pipeline.run import run
    from phylolens.pipeline.settings import make_settings

    values = settings(made, learner=("phylo-ridge", "attention"), refits=0)
    run(make_settings(values | {"out": tmp_path}), ("check", "guide"))
    found = json.loads((tmp_path / "guide/guide.json").read_text())
    assert (found["learner"], found["weighed_by"]) == ("phylo-ridge", "attention")
    assert found["stepped_by"] == "attention"
    assert len(pd.read_csv(tmp_path / "guide/attention.csv")) == found["n_images"]
    assert "weighed_by" not in json.loads((made / "out/guide/guide.json").read_text())


@pytest.mark.vision
def test_images_are_balanced_guided_and_new_ones_embedded(study, phylolens, image, tmp_path):
    given = ("--meta", study / "meta.csv", "--tree", study / "tree.nwk", "--rank", "family")
    options = ("--held-out", "family", "--refits", "1", "--per-taxon", "6")
    answer = phylolens("guide", *given, *options, "--out", tmp_path / "out", "--json")
    assert answer.code == 0, answer.err
    found = json.loads((tmp_path / "out/guide/guide.json").read_text())
    assert found["images_per_taxon"] == {"min": 6, "max": 6}, "one altered copy each"
    assert found["n_specimens"] == 20
    image("photos/a.png", 1)
    (tmp_path / "photos/b.png").write_text("no image")
    new = ("guide", "--model", tmp_path / "out/guide/model", "--images", tmp_path / "photos")
    answer = phylolens(*new, "--out", tmp_path / "new")
    assert answer.code == 0, answer.err
    table = pd.read_parquet(tmp_path / "new/guide/new/embeddings.parquet")
    assert table["guided_file"].tolist() == ["a.png"]
    assert table.shape[1] == 1 + pd.read_csv(tmp_path / "out/guide/embeddings.csv").shape[1]
    assert not table["fitted"][0], "a new image"
    listed = pd.read_csv(tmp_path / "new/guide/new/not_readable.csv")
    assert listed["file"].tolist() == ["b.png"]
    for option in (("--backbone", "efficientnet-lite1"), ("--fit", "crop"), ("--flips",)):
        answer = phylolens(*new, *option)
        assert answer.code == 2
        assert "the model was made with" in answer.err
