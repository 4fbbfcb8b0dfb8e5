"""Sources that make taxa look alike, from the command line: named unasked, tested, set apart."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

QUICK = ("--permutations", "199", "--simulations", "60", "--replicates", "0")
FAMILIES, OF_EACH, IMAGES = 8, 5, 2


def tree_of(species: list[str]) -> str:
    """Ladders of five species, joined two by two."""
    parts = []
    for start in range(0, len(species), OF_EACH):
        first, *others = [name.replace(" ", "_") for name in species[start : start + OF_EACH]]
        text = f"{first}:1"
        for height, name in enumerate(others, start=1):
            text = f"({text},{name}:{height}):1"
        parts.append(text.rsplit(":", 1)[0])
    while len(parts) > 1:
        parts = [f"({one}:6,{two}:6)" for one, two in zip(parts[::2], parts[1::2], strict=True)]
    return f"{parts[0]};\n"


def world(folder: Path, source: np.ndarray, *, effect: float, shared: float, seed: int) -> Path:
    """Forty species in eight families; a share of their looks is their source's."""
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(FAMILIES), OF_EACH)
    species = [f"Genus{place:02} alba" for place in range(len(family))]
    means = rng.normal(size=(len(family), 32)) + shared * rng.normal(size=(FAMILIES, 32))[family]
    means += effect * rng.normal(size=(source.max() + 1, 32))[source]
    rows = np.repeat(np.arange(len(family)), IMAGES)
    table = pd.DataFrame({"file": [f"{row:02}_{k % IMAGES}.jpg" for k, row in enumerate(rows)]})
    table["species"] = [species[row] for row in rows]
    table["family"] = [f"Family{family[row]}" for row in rows]
    table["museum"] = [f"museum {source[row]}" for row in rows]
    table["shelf"] = [f"shelf {k % 3}" for k in range(len(rows))]  # says nothing
    folder.mkdir(exist_ok=True)
    table.to_csv(folder / "meta.csv", index=False)
    looks = means[rows] + 0.4 * rng.normal(size=(len(rows), 32))
    pd.DataFrame(looks, index=table["file"]).to_csv(folder / "features.csv")
    (folder / "tree.nwk").write_text(tree_of(species))
    return folder


def inputs(folder: Path) -> list[object]:
    return [
        *("--features", folder / "features.csv", "--meta", folder / "meta.csv"),
        *("--tree", folder / "tree.nwk", "--rank", "species", "--out", folder / "out"),
    ]


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five species of five families from another museum than the rest."""
    source = np.isin(np.arange(40), [0, 11, 22, 33, 38]).astype(int)
    return world(tmp_path_factory.mktemp("batch"), source, effect=1.5, shared=1.0, seed=1)


def signal_of(phylolens, folder: Path, *more: str) -> dict:
    answer = phylolens("signal", *inputs(folder), *QUICK, *more, "--json")
    assert answer.code == 0, answer.err
    return json.loads((folder / "out/signal/signal.json").read_text())


def test_check_names_a_batch_unasked(batch, phylolens):
    answer = phylolens("check", *inputs(batch))
    assert answer.code == 0, answer.err
    assert "column museum, constant_in_taxa 100%, taxa_of_each_value museum 0 35; museum 1 5" in (
        answer.out
    )
    assert "column shelf" not in answer.out
    found = json.loads((batch / "out/check.json").read_text())["confounds"]
    assert {one["column"]: one["named"] for one in found["columns"]} == {
        "museum": True,
        "shelf": False,
    }


def test_convergence_is_free_of_a_batch(batch, phylolens):
    found = signal_of(phylolens, batch)
    (museum,) = [one for one in found["confounds"]["columns"] if one["used"]]
    assert museum["column"] == "museum"
    assert museum["visual"]["p_value"] <= 0.05
    assert museum["phylogeny"]["p_value"] > 0.05
    # The families do look alike, and still do within a museum and with its effect taken out.
    assert museum["conclusion"] == "holds within sources"
    assert museum["adjusted"]["tests"]["lambda_score"]["p_value"] <= 0.05
    assert found["disagreement"]["n_convergent"] == 0
    assert found["disagreement"]["n_convergent_same_source"] > 0
    assert found["disagreement"]["n_divergent"] == 0
    assert found["disagreement_adjusted"]["n_convergent"] == 0
    assert found["disagreement_adjusted"]["n_kept"] == 0
    pairs = pd.read_csv(batch / "out/signal/pairs.csv", keep_default_na=False)
    real = pairs[pairs["significant"]]
    assert set(real[real["kind"] == "convergence"]["same_source"]) == {"museum"}
    assert phylolens("report", batch / "out").code == 0
    page = (batch / "out/report.html").read_text()
    assert "“museum” may be a confound" in page
    assert "Look alike, but their images have one source" in page
    assert "With the effect of the sources taken out of the features, of all pairs none" in page
    # Without the column the same pairs would be the finding.
    blind = signal_of(phylolens, batch, "--confound", "none")
    assert blind["disagreement"]["n_convergent"] > 0


def test_a_source_that_is_a_clade_can_not_be_told_from_it(tmp_path, phylolens):
    family = np.repeat(np.arange(FAMILIES), OF_EACH)
    folder = world(tmp_path / "w", family, effect=1.5, shared=0.0, seed=1)
    found = signal_of(phylolens, folder)
    assert found["confounds"]["conclusion"] == "nothing can be told"
    assert found["tests"][found["primary"]]["p_value"] <= 0.05
    assert phylolens("report", folder / "out").code == 0
    page = (folder / "out/report.html").read_text()
    answers = page[page.index('id="answers"') : page.index("<nav")]
    assert "Nothing can be said: visual similarity follows the tree" in answers
    assert "“museum” goes with the clades and with visual distance, too" in answers
    assert "look more alike" not in answers


def test_a_column_that_is_not_there_is_refused(batch, phylolens):
    answer = phylolens("check", *inputs(batch), "--confound", "camera")
    assert answer.code == 2
    assert "no such columns; columns that are no rank: museum, shelf" in answer.err


def test_a_column_asked_for_is_used_whatever_it_does(batch, phylolens):
    found = signal_of(phylolens, batch, "--confound", "Shelf")
    assert [one["column"] for one in found["confounds"]["columns"] if one["used"]] == ["shelf"]


def test_guide_names_a_source_that_goes_with_the_clades(guide_world, tmp_path, phylolens):
    table = pd.read_csv(guide_world / "meta.csv")
    table["museum"] = "of " + table["class"]
    table.to_csv(tmp_path / "meta.csv", index=False)
    answer = phylolens(
        *("guide", "--features", guide_world / "features.csv", "--meta", tmp_path / "meta.csv"),
        *("--distances", guide_world / "distances.csv", "--out", tmp_path / "out", "--json"),
        *("--learner", "phylo-ridge", "--refits", "0"),
    )
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)["guide"]
    found = json.loads((tmp_path / "out/guide/guide.json").read_text())["confounds"]
    assert [(one["column"], one["coincide"]) for one in found] == [("museum", False)]
    assert told["possible_confounds"] == ["museum"]
    assert phylolens("report", tmp_path / "out").code == 0
    page = (tmp_path / "out/report.html").read_text()
    assert "part of what is learnt may be the source of the images" in page
