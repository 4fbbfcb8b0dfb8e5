"""Worlds: counts, convergence, confound, files, resuming, bad knobs."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import covariance as tree_covariance
from phylolens.simulation import (
    WorldSpec,
    build_world,
    named_traits,
    render_image,
    simulate_world,
    trait_values,
)

SMALL = WorldSpec(
    n_families=5, n_genera=6, n_species=8, images_per_species=3, size=32, seed=7, n_sources=3
)


def test_default_world_has_the_asked_counts():
    spec = WorldSpec()
    world = build_world(spec)
    counts = world.meta[["subclass", "order", "family", "genus", "species"]].nunique()
    assert counts.tolist() == [2, 4, 16, 32, 48]
    assert (world.meta["species"].value_counts() == 12).all()
    assert world.meta["file"].is_unique
    assert {tip.name for tip in world.tree.tips()} == set(world.meta["species"])
    assert len(json.dumps(world.truth)) < 3_000_000


def test_species_latents_follow_the_tree_and_lambda():
    """Across many traits and worlds, species correlate as the tree says, times lambda."""
    for lambda_, low, high in ((1.0, 0.85, 1.15), (0.5, 0.35, 0.65), (0.0, -0.12, 0.12)):
        slopes = []
        for seed in range(12):
            world = build_world(
                replace(WorldSpec(), lambda_=lambda_, convergent_pairs=0, seed=seed)
            )
            shared = tree_covariance(world.tree)
            names, covariance = list(shared.index), shared.to_numpy()
            latent = np.array([world.truth["species"][name]["latent"] for name in names])
            sample = latent @ latent.T / latent.shape[1]
            upper = np.triu_indices(len(names), 1)
            slopes.append(sample[upper] @ covariance[upper] / (covariance[upper] ** 2).sum())
        assert low < np.mean(slopes) < high


def test_convergent_pairs_are_close_and_of_different_orders():
    world = build_world(replace(WorldSpec(), convergent_pairs=5))
    shared = tree_covariance(world.tree)
    names, covariance = list(shared.index), shared.to_numpy()
    pairs = world.truth["convergent_pairs"]
    assert len({name for pair in pairs for name in (pair["model"], pair["moved"])}) == 10
    order = world.meta.drop_duplicates("species").set_index("species")["order"]
    for pair in pairs:
        first, second = pair["model"], pair["moved"]
        assert order[first] != order[second]
        assert [order[first], order[second]] == pair["orders"]
        model, moved = (
            np.array(world.truth["species"][name]["latent"]) for name in (first, second)
        )
        before = np.array(pair["latent_before"])
        np.testing.assert_allclose(moved - model, 0.1 * (before - model), atol=1e-5)
        i, j = names.index(first), names.index(second)
        expected = 2 * (1 - covariance[i, j]) * len(model)
        assert ((moved - model) ** 2).sum() < 0.1 * expected


def test_specimens_scatter_around_their_species_by_plasticity():
    world = build_world(replace(WorldSpec(), specimen_sd=0.2))
    owner = world.meta.drop_duplicates("specimen_id").set_index("specimen_id")["species"]
    own = np.array(
        [
            np.array(latent) - world.truth["species"][owner[name]]["latent"]
            for name, latent in world.truth["specimens"].items()
        ]
    )
    plasticity = np.array([trait["plasticity"] for trait in world.truth["traits"]])
    np.testing.assert_allclose(own.std(axis=0), 0.2 * plasticity, rtol=0.12, atol=1e-5)
    assert "auricle" in {t["name"] for t in world.truth["traits"] if t["plasticity"] == 0}


def test_imbalance_skews_families_and_keeps_every_species():
    even = build_world(WorldSpec()).meta
    skewed = build_world(WorldSpec(imbalance=1.0)).meta
    assert len(even) == len(skewed) == 48 * 12
    assert skewed["species"].value_counts().min() >= 3
    assert skewed["species"].nunique() == 48
    per_species = skewed.groupby("family").size() / skewed.groupby("family")["species"].nunique()
    assert per_species.max() > 6 * per_species.min()
    half = build_world(WorldSpec(imbalance=0.5)).meta
    spread = [frame["species"].value_counts().std() for frame in (even, half, skewed)]
    assert spread[0] == 0
    assert 0 < spread[1] < spread[2]


def test_views_of_a_specimen_alternate_valves_and_share_traits():
    world = build_world(replace(SMALL, images_per_species=4, views_per_specimen=2))
    for _, views in world.meta.groupby("specimen_id"):
        assert sorted(views["view"]) == ["left", "right"]
        assert views["species"].nunique() == 1
    assert len(world.truth["specimens"]) == len(world.meta) / 2


def test_source_confound_is_measurable_in_the_pictures():
    def share_explained(confound):
        spec = replace(SMALL, n_species=12, images_per_species=6, source_confound=confound)
        world = build_world(spec)
        corners = []
        for file in world.meta["file"]:
            with Image.open(io.BytesIO(render_image(world, file))) as picture:
                corners.append(np.asarray(picture)[:4, :4].mean())
        table = pd.DataFrame({"corner": corners, "order": world.meta["order"]})
        within = table["corner"] - table.groupby("order")["corner"].transform("mean")
        tied = [image["tied"] for image in world.truth["images"].values()]
        per_order = world.meta.groupby("order")["source"].nunique().max()
        return 1 - within.var() / table["corner"].var(), np.mean(tied), per_order

    free, tied = share_explained(0.0), share_explained(1.0)
    assert free[0] < 0.35
    assert tied[0] > 0.9
    assert free[1:] == (0.0, 3)
    assert tied[1:] == (1.0, 1)


def test_files_are_complete_and_match_the_name_pattern(tmp_path):
    seen = []
    world = simulate_world(SMALL, tmp_path, progress=lambda *step: seen.append(step))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "images",
        "meta.csv",
        "tree.nwk",
        "truth.json",
    ]
    meta = pd.read_csv(tmp_path / "meta.csv")
    assert list(meta.columns) == [
        *("file", "specimen_id", "subclass", "order", "family", "genus", "species"),
        *("source", "view"),
    ]
    pattern = re.compile(r"images/([^_]+)_([^_]+)_([^_]+)_([^_]+)_([^_]+)_(\d+)\.jpg")
    for row in meta.itertuples():
        parts = pattern.fullmatch(row.file).groups()
        assert parts[:4] == (row.subclass, row.order, row.family, row.genus)
        assert f"{parts[3]} {parts[4]}" == row.species
        with Image.open(tmp_path / row.file) as picture:
            assert picture.size == (32, 32)
    assert len(list((tmp_path / "images").iterdir())) == len(meta) == 24
    tree = TreeNode.read(str(tmp_path / "tree.nwk"), format="newick", convert_underscores=False)
    assert {tip.name for tip in tree.tips()} == set(meta["species"].str.replace(" ", "_"))
    assert seen[0] == ("images", 0, 24)
    assert seen[-1] == ("images", 24, 24)
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth == world.truth
    for species in truth["species"].values():
        mapped = named_traits(trait_values(np.array(species["latent"])))
        assert mapped == pytest.approx(species["traits"], abs=1e-5)


def _bytes(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_seed_same_bytes_and_other_seed_other_world(tmp_path):
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        simulate_world(replace(SMALL, seed=seed), tmp_path / name)
    one, two, three = (_bytes(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one["tree.nwk"] != three["tree.nwk"]
    assert not set(one.values()) & set(three.values())


def test_interrupted_world_is_continued(tmp_path):
    def stop(task, done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_world(SMALL, tmp_path / "part", progress=stop)
    assert not (tmp_path / "part" / "meta.csv").exists()
    files = sorted((tmp_path / "part" / "images").iterdir())
    assert 5 <= len(files) < 24
    assert not [path for path in files if path.name.startswith(".")]
    before = files[0].stat().st_mtime_ns
    simulate_world(SMALL, tmp_path / "part")
    assert files[0].stat().st_mtime_ns == before
    simulate_world(SMALL, tmp_path / "whole")
    assert _bytes(tmp_path / "part") == _bytes(tmp_path / "whole")


def test_folder_with_another_world_is_refused_and_left_alone(tmp_path):
    simulate_world(SMALL, tmp_path)
    before = _bytes(tmp_path)
    with pytest.raises(InputError, match="another world") as caught:
        simulate_world(replace(SMALL, lambda_=0.5), tmp_path)
    assert caught.value.ids == ("lambda_",)
    assert _bytes(tmp_path) == before


def test_folder_with_strange_contents_is_refused(tmp_path):
    (tmp_path / "a" / "images").mkdir(parents=True)
    with pytest.raises(InputError, match=r"no truth\.json"):
        simulate_world(SMALL, tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "truth.json").write_text("[1")
    with pytest.raises(InputError, match="cannot be read"):
        simulate_world(SMALL, tmp_path / "b")
    (tmp_path / "c").write_text("")
    with pytest.raises(InputError, match="found a file"):
        simulate_world(SMALL, tmp_path / "c")


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("n_species", 1),
        ("n_orders", 0),
        ("n_orders", 20),
        ("n_families", 2.5),
        ("n_genera", True),
        ("imbalance", -0.1),
        ("imbalance", float("nan")),
        ("lambda_", 1.5),
        ("lambda_", "high"),
        ("extinction", 1.0),
        ("n_sources", 99),
        ("source_confound", 2),
        ("size", 30),
        ("size", 225),
        ("images_per_species", 1),
        ("convergent_pairs", 25),
        ("seed", -1),
    ],
)
def test_bad_knobs_are_refused_by_name(knob, value):
    with pytest.raises(InputError, match=f"^{knob}: expected"):
        WorldSpec(**{knob: value})


def test_one_order_has_no_convergent_pairs_but_is_a_world():
    with pytest.raises(InputError, match="different orders"):
        WorldSpec(n_subclasses=1, n_orders=1)
    spec = replace(SMALL, n_subclasses=1, n_orders=1, convergent_pairs=0)
    assert build_world(spec).meta["order"].nunique() == 1


def test_more_pairs_than_uneven_orders_allow_are_refused():
    refused = 0
    for seed in range(10):
        spec = replace(SMALL, n_subclasses=1, n_orders=2, convergent_pairs=0, seed=seed)
        smaller = build_world(spec).meta.drop_duplicates("species")["order"].value_counts().min()
        pairs = build_world(replace(spec, convergent_pairs=int(smaller))).truth["convergent_pairs"]
        assert len(pairs) == smaller
        if smaller < 4:
            refused += 1
            with pytest.raises(InputError, match=f"expected at most {smaller} pairs in this tree"):
                build_world(replace(spec, convergent_pairs=4))
    assert refused
