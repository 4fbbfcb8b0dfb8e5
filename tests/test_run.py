"""Whole runs: features alone (core install) and images (vision), from the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.pipeline.run import run
from phylolens.pipeline.settings import STAGES, make_settings
from phylolens.simulation import WorldSpec, simulate_world

TREE = (
    "(((Arcidae:1,Noetiidae:1):1,(Mytilidae:1.5,Pinnidae:1.5):0.5):1,"
    "((Veneridae:1,Mactridae:1):0.5,(Cardiidae:1.2,Tellinidae:1.2):0.3,Lucinidae:1.5):1.5);"
)


def same_bytes(one: Path, other: Path) -> list[str]:
    """Names of JSON and CSV files compared; asserts that they are equal."""
    files = [
        path.relative_to(one)
        for ending in ("json", "csv")
        for path in sorted(one.rglob(f"*.{ending}"))
        if path.name != "run.json"
    ]
    for file in files:
        assert (one / file).read_bytes() == (other / file).read_bytes(), file
    return [str(file) for file in files]


@pytest.fixture(scope="module")
def feature_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from phylolens.simulation.features import features_world

    folder = tmp_path_factory.mktemp("features")
    (folder / "tree.nwk").write_text(TREE)
    families = ["Arcidae", "Noetiidae", "Mytilidae", "Pinnidae", "Veneridae", "Mactridae"]
    families += ["Cardiidae", "Tellinidae", "Lucinidae"]
    orders = ["Arcida"] * 2 + ["Mytilida"] * 2 + ["Venerida"] * 2 + ["Cardiida"] * 2 + ["Lucinida"]
    pd.DataFrame({"order": orders, "family": families}).to_csv(folder / "tax.csv", index=False)
    features_world(
        folder,
        tree=folder / "tree.nwk",
        taxonomy=folder / "tax.csv",
        per_taxon=12,
        n_features=64,
        within_sd=0.3,
    )
    return folder


def feature_study(world: Path, out: Path, **more: object) -> object:
    values = {
        "features": world / "features.parquet",
        "meta": world / "meta.csv",
        "tree": world / "tree.nwk",
        "out": out,
        "classify": {"recipe": "roy2025", "models": ("rf",)},
        "guide": {"recipe": "roy2025", "epochs": 30},
        "signal": {"permutations": 99, "simulations": 99, "replicates": 10},
    }
    return make_settings(values | more)


def test_features_alone_give_everything_but_copies(feature_world: Path, tmp_path: Path) -> None:
    summary = run(feature_study(feature_world, tmp_path / "out"))
    assert summary["signal"]["tests"]["mantel_pearson"]["p_value"] < 0.05
    assert summary["classify"]["scores"]["rf"]["family"]["accuracy"] > 0.9
    metrics = json.loads((tmp_path / "out/classify/metrics.json").read_text())
    assert metrics["settings"]["augmentation"] is None
    counts = metrics["ranks"]["family"]
    assert counts["n_train"] == counts["n_train_with_copies"]
    assert (tmp_path / "out/report.html").is_file()


def test_same_seed_same_bytes_other_seed_other_split(feature_world: Path, tmp_path: Path) -> None:
    stages = ("check", "classify", "guide", "signal")
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        every_head = {"recipe": "roy2025"}
        run(feature_study(feature_world, tmp_path / name, seed=seed, classify=every_head), stages)
    compared = same_bytes(tmp_path / "a", tmp_path / "b")
    assert {"classify/metrics.json", "guide/guide.json", "signal/signal.json"} <= set(compared)
    first, other = (
        pd.read_csv(tmp_path / name / "classify/predictions.csv")["file"].tolist() for name in "ac"
    )
    assert first != other


def test_finished_stages_are_kept_until_their_settings_change(
    feature_world: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(feature_study(feature_world, out))
    again = run(feature_study(feature_world, out))
    assert all(again[stage].get("kept") for stage in ("classify", "guide", "signal"))
    changed = run(feature_study(feature_world, out, signal={"permutations": 49}))
    assert "kept" not in changed["signal"]
    assert changed["guide"]["kept"]


def test_tree_and_its_matrix_give_the_same_result(feature_world: Path, tmp_path: Path) -> None:
    from phylolens.phylogeny import read_tree

    matrix = read_tree(feature_world / "tree.nwk").cophenet()
    matrix.to_data_frame().to_csv(tmp_path / "matrix.csv")
    stages = ("check", "guide", "signal")
    run(feature_study(feature_world, tmp_path / "a"), stages)
    study = feature_study(
        feature_world, tmp_path / "b", tree=None, distances=tmp_path / "matrix.csv"
    )
    run(study, stages)
    for file in ("guide/guide.json", "signal/genetic_distances.csv", "signal/residuals.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    tree, given = (
        json.loads((tmp_path / out / "signal" / "signal.json").read_text()) for out in "ab"
    )
    of_root = {"kmult", "k_arithmetic", "k_geometric"}  # which a matrix does not know
    for name in tree["tests"].keys() - of_root:
        # The primary test differs, and evolution is repeated along another covariance.
        same = tree["tests"][name].keys() - {"p_holm", "role", "interval", "interval_method"}
        test, other = (
            {key: side["tests"][name].get(key) for key in same} for side in (tree, given)
        )
        assert test == other
    assert (tree["primary"], given["primary"]) == ("lambda_score", "mantel_pearson")


def test_taxon_level_features_are_tested_but_not_classified(tmp_path: Path) -> None:
    (tmp_path / "tree.nwk").write_text(TREE)
    from phylolens.phylogeny import read_tree

    matrix = read_tree(tmp_path / "tree.nwk").cophenet()
    points = np.sqrt(matrix.data)  # rows of the distance matrix: relatives have like rows
    pd.DataFrame(points, index=matrix.ids).to_csv(tmp_path / "taxa.csv")
    summary = run(
        make_settings(
            {
                "features": tmp_path / "taxa.csv",
                "tree": tmp_path / "tree.nwk",
                "rank": "family",
                "out": tmp_path / "out",
            }
        )
    )
    assert summary["signal"]["tests"]["mantel_pearson"]["statistic"] > 0.8
    assert "taxa" in summary["classify"]["skipped"]
    assert "no rank above family" in summary["guide"]["skipped"]


def test_features_of_taxa_can_be_guided(feature_world: Path, tmp_path: Path) -> None:
    values = pd.read_parquet(feature_world / "features.parquet")
    values = values.set_index(values.columns[0])
    meta = pd.read_csv(feature_world / "meta.csv").set_index("file").loc[values.index]
    means = values.groupby(meta["family"]).mean()
    means.to_csv(tmp_path / "taxa.csv")
    lineage = meta[["order", "family"]].drop_duplicates().assign(file=lambda t: t["family"])
    lineage.to_csv(tmp_path / "meta.csv", index=False)
    study = make_settings(
        {
            "features": tmp_path / "taxa.csv",
            "meta": tmp_path / "meta.csv",
            "tree": feature_world / "tree.nwk",
            "rank": "family",
            "out": tmp_path / "out",
            "guide": {"learner": ("phylo-ridge",), "refits": 9},
        }
    )
    run(study, ("check", "guide"))
    found = json.loads((tmp_path / "out/guide/guide.json").read_text())
    assert found["images_per_taxon"] == {"min": 1, "max": 1}
    assert found["n_taxa"] == len(means)
    assert found["null"]["n_refits"] == 9
    assert found["in_sample"]["pearson"] > 0.6


def test_guided_embeddings_are_marked_circular(feature_world: Path, tmp_path: Path) -> None:
    run(feature_study(feature_world, tmp_path / "out"), ("check", "guide", "signal"))
    honest = json.loads((tmp_path / "out/signal/signal.json").read_text())
    guided = {
        "features": tmp_path / "out/guide/embeddings.csv",
        "tree": feature_world / "tree.nwk",
        "rank": "family",
        "out": tmp_path / "again",
    }
    run(make_settings(guided), ("check", "signal"))
    circular = json.loads((tmp_path / "again/signal/signal.json").read_text())
    assert (honest["circular"], circular["circular"]) == (False, True)


def test_without_phylogeny_only_classification(feature_world: Path, tmp_path: Path) -> None:
    summary = run(feature_study(feature_world, tmp_path / "out", tree=None))
    assert "--tree" in summary["signal"]["skipped"]
    assert "scores" in summary["classify"]


def test_command_line_prints_json(
    feature_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Callable
) -> None:
    from phylolens.cli import main

    arguments = ["signal", "--features", feature_world / "features.parquet"]
    arguments += ["--meta", feature_world / "meta.csv", "--tree", feature_world / "tree.nwk"]
    arguments += ["--out", tmp_path / "out", "--permutations", 99, "--json"]
    monkeypatch.setattr("sys.argv", ["phylolens", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    summary = json.loads(capsys.readouterr().out)
    assert summary["signal"]["tests"]["mantel_pearson"]["n"] == 9


@pytest.mark.vision
def test_pictures_to_report_and_nothing_embedded_twice(tmp_path: Path) -> None:
    world = tmp_path / "world"
    spec = WorldSpec(
        n_species=8, n_genera=6, n_families=5, n_orders=2, images_per_species=6, size=64, seed=3
    )
    simulate_world(spec, world)
    values = {
        "meta": world / "meta.csv",
        "tree": world / "tree.nwk",
        "out": tmp_path / "a",
        "classify": {"recipe": "roy2025", "models": ("rf",)},
        "guide": {"recipe": "roy2025", "per_taxon": 10, "epochs": 40},
    }
    first = run(make_settings(values))
    assert first["embed"]["n_computed"] == 48
    counts = json.loads((tmp_path / "a/classify/metrics.json").read_text())["ranks"]["family"]
    told = pd.read_csv(tmp_path / "a/classify/predictions.csv").query("rank == 'family'")
    trained = (
        pd.read_csv(world / "meta.csv")["family"].value_counts() - told["truth"].value_counts()
    )
    assert counts["n_train_with_copies"] == 5 * trained.max(), "raised to the largest class"
    assert json.loads((tmp_path / "a/guide/guide.json").read_text())["n_images"] == 5 * 10
    again = run(make_settings(values))
    assert (again["embed"]["n_computed"], again["embed"]["n_reused"]) == (0, 48)
    pattern = {"images": world / "images", "meta": None, "out": tmp_path / "b"}
    pattern["pattern"] = "{subclass}_{order}_{family}_{genus}_{species}_{n}"
    run(make_settings(values | pattern), ("check", "signal"))
    one, other = (
        json.loads((tmp_path / name / "signal/signal.json").read_text())["tests"] for name in "ab"
    )
    assert one == other, "labels in the table and in the file names are the same"
    assert set(STAGES) - {"check", "place", "bench"} <= set(first)


@pytest.mark.vision
def test_several_backbones_and_flips_from_the_command_line(
    tmp_path: Path,
    image: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Callable,
) -> None:
    from phylolens.cli import main

    for number in range(3):
        image(f"photos/Arcidae/{number}.png", number)
    (tmp_path / "study.toml").write_text('images = "photos"\nout = "results"\nflips = true\n')
    arguments = [
        "--backbone",
        "efficientnet-lite0,efficientnet-lite2",
        "--layers",
        "blocks.4,final",
    ]

    def embedded(*command: object) -> dict:
        monkeypatch.setattr("sys.argv", ["phylolens", *map(str, command), *arguments, "--json"])
        with pytest.raises(SystemExit) as stop:
            main()
        assert not stop.value.code
        return json.loads(capsys.readouterr().out)["embed"]

    found = embedded("run", tmp_path / "study.toml")  # the flag, not given, overrules nothing
    assert found["n_features"] == 112 + 1280 + 120 + 1280
    assert found["n_computed"] == 3 * 2 * 2, "a row an image, backbone and side"
    assert found["spec"]["blocks"] == [112, 1280, 120, 1280]
    assert all(part["flips"] for part in found["spec"]["fused"])
    alike = ("--images", tmp_path / "photos", "--out", tmp_path / "results")
    again = embedded("embed", *alike, "--flips")
    assert (again["n_computed"], again["spec"]) == (0, found["spec"])
    plain = embedded("embed", *alike)
    assert plain["n_computed"] == 0, "the store of flips holds the images too"
    assert not any(part["flips"] for part in plain["spec"]["fused"])
