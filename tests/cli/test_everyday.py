"""What users do every day: odd folders, spreadsheets' tables, capital letters, second runs."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image


def check(study: Path, out: Path) -> dict:
    return json.loads((out / "check.json").read_text(encoding="utf-8"))


@pytest.fixture
def nested(study: Path) -> Path:
    """The images in folders order/family/genus."""
    for path in sorted((study / "images").glob("*.png")):
        order, family, genus, number = path.stem.split("_")
        folder = study / "nested" / order / family / genus
        folder.mkdir(parents=True, exist_ok=True)
        path.rename(folder / f"{number}.png")
    return study / "nested"


def test_results_and_hidden_files_are_no_specimens(nested: Path, phylolens: Callable) -> None:
    arguments = ("check", "--images", nested, "--ranks", "order,family,genus")
    for place in ("results/figures", ".cache/a/b", "__MACOSX/a/b"):
        (nested / place).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(nested / place / "x.png")
    answer = phylolens(*arguments, "--out", nested / "results")
    assert answer.code == 0
    assert check(nested, nested / "results")["specimens"]["n_images"] == 20


@pytest.mark.parametrize("place", ["taken", "taken/below"])
def test_out_that_is_a_file(study: Path, phylolens: Callable, place: str) -> None:
    (study / "taken").write_text("")
    for verb in (["check", "--meta", study / "meta.csv"], ["demo"]):
        answer = phylolens(*verb, "--out", study / place)
        assert answer.code == 2
        assert "--out" in answer.err
        assert "Traceback" not in answer.err


def test_nothing_is_created_for_a_command_without_input(
    study: Path, phylolens: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study)
    assert phylolens("run").code == 2
    assert not (study / "phylolens-out").exists()


def test_a_folder_is_no_table(study: Path, phylolens: Callable) -> None:
    for option in ("--meta", "--tree", "--distances", "--features"):
        arguments = ["--meta", study / "meta.csv"] if option != "--meta" else []
        answer = phylolens("check", *arguments, option, study / "images", "--out", study / "out")
        assert answer.code == 2
        assert "folder" in answer.err


def test_wrong_folder_says_where_it_looked(study: Path, phylolens: Callable) -> None:
    (study / "else").mkdir()
    table = pd.read_csv(study / "meta.csv")
    table.to_csv(study / "else/meta.csv", index=False)
    answer = phylolens("check", "--meta", study / "else/meta.csv", "--out", study / "out")
    assert answer.code == 2
    assert str(study / "else/images") in answer.err
    assert check(study, study / "out")["specimens"]["n_usable"] == 0


def test_capital_ranks_mean_the_same(study: Path, phylolens: Callable) -> None:
    table = pd.read_csv(study / "meta.csv")
    table.rename(columns=str.upper).to_csv(study / "meta.csv", index=False)
    arguments = ["--meta", study / "meta.csv", "--tree", study / "tree.nwk"]
    answer = phylolens("check", *arguments, "--rank", "Family", "--out", study / "out")
    assert answer.code == 0
    assert check(study, study / "out")["phylogeny"]["n_taxa"] == 4


def test_features_of_families_with_a_tree_of_genera(study: Path, phylolens: Callable) -> None:
    values = np.random.default_rng(0).normal(size=(4, 3))
    names = ["Arcidae", "Noetiidae", "Veneridae", "Mactridae"]
    pd.DataFrame(values, index=names).to_csv(study / "features.csv")
    (study / "tree.nwk").write_text("((Arca:1,Noetia:1):1,(Venus:1,Mactra:1):1);")
    arguments = ["--features", study / "features.csv", "--meta", study / "meta.csv"]
    arguments += ["--tree", study / "tree.nwk", "--rank", "family"]
    answer = phylolens("signal", *arguments, "--out", study / "out", "--json")
    assert answer.code == 0
    assert json.loads(answer.out)["signal"]["tests"]["mantel_pearson"]["n"] == 4
    assert check(study, study / "out")["phylogeny"]["tip_rank"] == "genus"


def test_features_from_a_spreadsheet(study: Path, phylolens: Callable) -> None:
    rows = "family;a;b\nArcidae;1.5;2\nNoetiidae;2.5;0\nVeneridae;0.5;1\nMactridae;1;1\n"
    arguments = ["--features", study / "f.csv", "--tree", study / "tree.nwk", "--rank", "family"]
    (study / "f.csv").write_text(rows)
    assert phylolens("signal", *arguments, "--out", study / "out").code == 0
    points = (study / "out/signal/visual_distances.csv").read_bytes()
    (study / "f.csv").write_text(rows.replace(".", ","))
    assert phylolens("signal", *arguments, "--out", study / "out").code == 0
    assert (study / "out/signal/visual_distances.csv").read_bytes() == points
    (study / "f.csv").write_text(rows.replace("1.5", "1,5"))
    answer = phylolens("signal", *arguments, "--out", study / "out")
    assert answer.code == 2
    assert "decimal point" in answer.err or "no number" in answer.err


def test_a_split_that_cannot_be_obeyed_is_found_by_check(study: Path, phylolens: Callable) -> None:
    table = pd.read_csv(study / "meta.csv")
    table.assign(split="training").to_csv(study / "meta.csv", index=False)
    answer = phylolens("check", "--meta", study / "meta.csv", "--out", study / "out")
    assert answer.code == 2
    assert "'training'" in answer.err
