"""Ways of sampling images from end to end: which are tried, what is merged, what is noise."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FAMILIES, EACH = 20, 3  # species a family
IMAGES = np.array([2, 2, 6])  # of a family's species: the last one has most


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty families in eight orders; a family's species differ as much as images do."""
    folder = tmp_path_factory.mktemp("sampling")
    rng = np.random.default_rng(4)
    orders = np.repeat(np.arange(8), [3, 2, 4, 1, 3, 2, 3, 2])
    above = orders // 2
    shared = 3.0 * (above[:, None] == above) + (orders[:, None] == orders) + np.eye(FAMILIES)
    names = [f"Family{place:02}" for place in range(FAMILIES)]
    genetic = pd.DataFrame(2 * (shared[0, 0] - shared), names, names)
    genetic.to_csv(folder / "distances.csv")
    means = np.linalg.cholesky(shared) @ rng.standard_normal((FAMILIES, 30))
    rows = [(f, s, k) for f in range(FAMILIES) for s in range(EACH) for k in range(IMAGES[s])]
    files = [f"{names[f]}/{s}-{k}.jpg" for f, s, k in rows]
    species = means[:, None] + 2.0 * rng.standard_normal((FAMILIES, EACH, 30))
    matrix = np.array([species[f, s] + 2.0 * rng.standard_normal(30) for f, s, _ in rows])
    pd.DataFrame(matrix, index=pd.Index(files, name="file")).to_csv(folder / "features.csv")
    table = {
        "file": files,
        "order": [f"Order{orders[f]}" for f, _, _ in rows],
        "family": [names[f] for f, _, _ in rows],
        "species": [f"{names[f]} species{s}" for f, s, _ in rows],
    }
    pd.DataFrame(table).to_csv(folder / "meta.csv", index=False)
    return folder


def sampling(folder: Path, out: Path, rows: slice = slice(None), **guide: object) -> dict:
    """Ways of sampling by name, of a run on some rows of the table."""
    from phylolens.pipeline.run import run
    from phylolens.pipeline.settings import make_settings

    meta = pd.read_csv(folder / "meta.csv").iloc[rows]
    out.mkdir(exist_ok=True)
    meta.to_csv(out / "meta.csv", index=False)
    features = pd.read_csv(folder / "features.csv", index_col=0).loc[meta["file"]]
    features.to_csv(out / "features.csv")
    settings = {
        "features": out / "features.csv", "meta": out / "meta.csv", "rank": "family",
        "distances": folder / "distances.csv", "out": out,
    }  # fmt: skip
    own = {"learner": ("phylo-ridge",), "refits": 0, "sampling_table": True, "held_out": "order"}
    run(make_settings(settings | {"guide": own | guide}), ("check", "guide"))
    found = json.loads((out / "guide/guide.json").read_text())
    assert not (out / "guide/parts").exists()
    assert next(iter(found["sampling"]))["name"] == "every image"
    return {row["name"]: row for row in found["sampling"]} | {"held_out": found["held_out"]}


def test_schemes_are_drawn_again_and_set_beside_each_other(world, tmp_path):
    found = sampling(world, tmp_path / "out")
    every = found["every image"]
    assert every["skill"] == pytest.approx(found["held_out"]["skill"])
    assert (every["draws"], every["n_images"]) == (1, 200)
    same = ["at most 10 a taxon, at random", "sampled down to 10", "balanced at 10"]
    assert every["same"] == same
    assert "sd" not in every
    assert "change" not in every
    one, few = found["at most 1 a taxon, at random"], found["sampled down to 5"]
    assert (one["draws"], one["n_images"], one["min_images"], one["max_images"]) == (10, 20, 1, 1)
    assert one["change"]["from"] == "every image"
    assert one["change"]["skill"] == pytest.approx(one["skill"] - every["skill"])
    assert one["change"]["se"] > one["change"]["se_clades"] > 0
    assert one["sd"]["skill"] == pytest.approx(one["change"]["se_draws"] * np.sqrt(10))
    assert one["change"]["skill"] < 0
    assert (few["draws"], few["n_images"]) == (10, 100)
    assert few["beside"]["from"] == "at most 5 a taxon, at random"
    random = found["at most 5 a taxon, at random"]
    assert few["beside"]["skill"] == pytest.approx(few["skill"] - random["skill"])


def test_schemes_that_take_the_same_images_are_one(world, tmp_path):
    """One species a family, as many images each: nothing to keep, nothing to even out."""
    rows = [place for place in range(200) if place % 10 >= 4]
    found = sampling(world, tmp_path / "out", rows, sample_down_to=6, per_taxon=3)
    schemes = {"every image", "at most 1 a taxon, at random", "at most 3 a taxon, at random"}
    assert set(found) - {"held_out"} == schemes
    assert found["every image"]["same"] == [
        *("at most 6 a taxon, at random", "sampled down to 6", "balanced at 6")
    ]
    same = found["at most 3 a taxon, at random"]["same"]
    assert same == ["sampled down to 3", "balanced at 3", "sampled down to 6, balanced at 3"]


def test_a_single_image_a_taxon_leaves_nothing_to_choose(world, tmp_path):
    found = sampling(world, tmp_path / "out", slice(0, 200, 10))
    assert set(found) == {"every image", "held_out"}


def test_the_same_seed_gives_the_same_table_whatever_the_order_of_rows(world, tmp_path):
    rows = slice(0, 100)
    once = sampling(world, tmp_path / "once", rows)
    assert sampling(world, tmp_path / "again", slice(99, None, -1)) == once


def test_a_refused_way_is_told(world, tmp_path, monkeypatch):
    from phylolens.errors import InputError
    from phylolens.pipeline.stages import guide_sampling

    judge = guide_sampling.leave_clades_out

    def refuse(make, sample, genetic, groups):
        if sample.sizes.max() == 1:
            raise InputError("one image is too few.")
        return judge(make, sample, genetic, groups)

    monkeypatch.setattr(guide_sampling, "leave_clades_out", refuse)
    found = sampling(world, tmp_path / "out")["at most 1 a taxon, at random"]
    assert found["refused"] == "one image is too few."
    assert "skill" not in found


def test_fine_tuning_alone_cannot_be_compared(world, tmp_path):
    from phylolens.errors import InputError
    from phylolens.guided.recipes import GuideRecipe
    from phylolens.pipeline.stages.guide_sampling import learner_of_table

    assert learner_of_table(GuideRecipe("any", "", learner=("finetune", "gp"))) == "gp"
    with pytest.raises(InputError, match="by a learner of features"):
        sampling(world, tmp_path / "out", learner=("finetune",))
