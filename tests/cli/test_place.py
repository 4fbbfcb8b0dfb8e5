"""Placement from the command line: files, verdicts, what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from skbio import TreeNode

from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings
from phylolens.placement.jplace import read_jplace
from phylolens.results.placement import PlacementResult


def arguments(world, out, *more):
    return (
        *("place", "--features", world / "features.csv", "--meta", world / "meta.csv"),
        *("--distances", world / "distances.csv", "--out", out, *more),
    )


@pytest.fixture(scope="module")
def unknowns(guide_world, tmp_path_factory):
    """Three unknowns that look like known families, the first with two images."""
    table = pd.read_csv(guide_world / "features.csv", index_col=0)
    rows = table.loc[["Family03/0.jpg", "Family03/1.jpg", "Family10/2.jpg", "Family15/3.jpg"]]
    rows.index = pd.Index(["shell A/1.jpg", "shell A/2.jpg", "b.jpg", "c.jpg"], name="file")
    path = tmp_path_factory.mktemp("unknowns") / "unknowns.csv"
    (rows + 0.01).to_csv(path)
    return path


@pytest.fixture(scope="module")
def placed(guide_world, unknowns, tmp_path_factory):
    out = tmp_path_factory.mktemp("placed")
    files = {name: guide_world / f"{name}.csv" for name in ("features", "meta", "distances")}
    summary = run(make_settings({**files, "unknowns": unknowns, "out": out}), ("check", "place"))
    return out, summary["place"]


def test_one_answer_an_unknown(placed):
    out, summary = placed
    found = PlacementResult.from_json(out / "place/place.json")
    assert [one.name for one in found.unknowns] == ["b.jpg", "c.jpg", "shell A"]
    shell = found.unknowns[2]
    assert shell.files == ["shell A/1.jpg", "shell A/2.jpg"]
    assert shell.n_images == 2
    assert shell.nearest == "Family03"
    assert all(name.startswith("Family03") for name in shell.nearest_specimens)
    assert sum(found.verdicts.values()) == found.n_queries == 3
    assert {"leave_one_out", "by_depth", "baselines", "verdicts"} <= set(found.to_dict())
    assert set(found.baselines) == {"nearest_family", "random", "best"}
    assert summary["shell A"].endswith("nearest Family03")
    table = pd.read_csv(out / "place/placements.csv")
    assert table["name"].tolist() == ["b.jpg", "c.jpg", "shell A"]
    assert (table["branch_probability"] <= 1).all()


def test_files_for_other_programs(placed):
    out, _ = placed
    _, rows = read_jplace(out / "place/placements.jplace")
    assert set(rows) == {"b.jpg", "c.jpg", "shell A"}
    found = PlacementResult.from_json(out / "place/place.json")
    by_name = {one.name: one for one in found.unknowns}
    for name, shares in rows.items():
        assert shares[0].branch == by_name[name].branches[0].edge
        assert shares[0].share == pytest.approx(by_name[name].branch_probability, rel=1e-6)
    grafted = TreeNode.read(str(out / "place/grafted.nwk"), convert_underscores=False)
    assert {"b.jpg", "c.jpg", "shell A"} <= {tip.name for tip in grafted.tips()}
    assert (out / "place/grafted.nex").read_text().startswith("#NEXUS")
    traits = pd.read_csv(out / "place/characters.tsv", sep="\t")
    assert len(traits) == 20
    assert (out / "place/characters.nex").exists()
    left = pd.read_csv(out / "place/left_out.csv")
    assert set(left["depth"]) == {"family", "order", "class"}


def test_the_report_has_a_block_for_each(placed, phylolens):
    out, _ = placed
    answer = phylolens("report", out)
    assert answer.code == 0, answer.err
    page = (out / "report.html").read_text(encoding="utf-8")
    found = PlacementResult.from_json(out / "place/place.json")
    assert "Where does an unknown belong?" in page
    for one in found.unknowns:
        assert f"<h3>{one.name}: {one.verdict}</h3>" in page
        assert f"Nearest relative: {one.nearest}" in page
    for depth, rule in found.rules.items():
        assert f'<td class="name">{depth}</td>' in page
        assert ("yes, p" if rule.helps else "no, p") in page
    assert (out / "figures/place-1.png").exists()


def test_equal_seeds_give_equal_bytes(placed, guide_world, unknowns, phylolens, tmp_path):
    out, _ = placed
    assert phylolens(*arguments(guide_world, tmp_path, "--unknowns", unknowns)).code == 0
    for name in ("place.json", "placements.csv", "left_out.csv", "grafted.nwk", "characters.tsv"):
        assert (tmp_path / "place" / name).read_bytes() == (out / "place" / name).read_bytes()
    again = phylolens(*arguments(guide_world, tmp_path, "--unknowns", unknowns, "--json"))
    assert json.loads(again.out)["place"]["kept"] is True


def test_a_stored_placer_gives_the_same_places(placed, unknowns, phylolens, tmp_path):
    out, _ = placed
    answer = phylolens(
        *("place", "--reference", out / "place/model", "--unknowns", unknowns, "--out", tmp_path)
    )
    assert answer.code == 0, answer.err
    for name in ("place.json", "placements.csv", "grafted.nwk", "characters.tsv"):
        assert (tmp_path / "place" / name).read_bytes() == (out / "place" / name).read_bytes()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--tree", "tree.nwk"), ("--reference", "--tree", "stays as it was fitted")),
        (("--method", "nearest"), ("--method", "stays as it was fitted")),
        (("--depth", "genus"), ("--depth", "family")),
    ],
)
def test_a_stored_placer_takes_few_options(placed, unknowns, phylolens, tmp_path, more, words):
    out, _ = placed
    answer = phylolens(
        *("place", "--reference", out / "place/model", "--unknowns", unknowns),
        *("--out", tmp_path, *more),
    )
    assert answer.code == 2
    for word in words:
        assert word in " ".join(answer.err.split())


def test_what_is_no_placer_is_refused(placed, unknowns, phylolens, tmp_path):
    out, _ = placed
    base = ("--unknowns", unknowns, "--out", tmp_path / "o")
    answer = phylolens("place", "--reference", tmp_path, *base)
    assert answer.code == 2
    assert "model.json" in answer.err
    answer = phylolens("place", "--reference", out / "place/model")
    assert answer.code == 2
    assert "Give --unknowns" in answer.err
    folder = tmp_path / "model"
    folder.mkdir()
    for file in (out / "place/model").iterdir():
        (folder / file.name).write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    answer = phylolens("place", "--reference", folder, *base)
    assert answer.code == 2
    assert "not a readable placer" in answer.err


def test_without_unknowns_it_is_the_assessment(guide_world, phylolens, tmp_path):
    answer = phylolens(*arguments(guide_world, tmp_path, "--method", "brownian"))
    assert answer.code == 0, answer.err
    found = PlacementResult.from_json(tmp_path / "place/place.json")
    assert found.n_queries == 0
    assert found.method == "brownian"
    assert set(found.by_depth) == {"family", "order", "class"}


def test_specimens_without_a_taxon_are_unknowns(guide_world, phylolens, tmp_path):
    table = pd.read_csv(guide_world / "meta.csv")
    table.loc[table["family"] == "Family07", "family"] = np.nan
    table.to_csv(tmp_path / "meta.csv", index=False)
    answer = phylolens(
        *("place", "--features", guide_world / "features.csv", "--meta", tmp_path / "meta.csv"),
        *("--distances", guide_world / "distances.csv", "--out", tmp_path, "--depth", "family"),
    )
    assert answer.code == 0, answer.err
    found = PlacementResult.from_json(tmp_path / "place/place.json")
    (only,) = found.unknowns
    assert only.name == "Family07"
    assert only.n_images == 4
    assert found.depth == "family"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--method", "magic"), ("--method", "brownian")),
        (("--depth", "species"), ("no rank 'species'", "family")),
        (("--depth", "phylum"), ("--depth",)),
        (("--age", 1e9), ("--age:", "between 0 and")),
        (("--certainty", 2), ("--certainty",)),
        (("--unknowns", "nowhere.csv"), ("nowhere.csv", "no such file")),
    ],
)
def test_faults_end_with_one_message(guide_world, unknowns, phylolens, tmp_path, more, words):
    base = () if "--unknowns" in more else ("--unknowns", unknowns)
    answer = phylolens(*arguments(guide_world, tmp_path, *base, *more))
    assert answer.code == 2
    told = " ".join(answer.err.split())
    for word in words:
        assert word in told
    assert "Traceback" not in answer.err
    assert not (tmp_path / "place/place.json").exists()


def test_features_of_another_width(guide_world, phylolens, tmp_path):
    pd.DataFrame(np.ones((2, 3)), ["a", "b"]).to_csv(tmp_path / "u.csv", index_label="file")
    answer = phylolens(*arguments(guide_world, tmp_path / "o", "--unknowns", tmp_path / "u.csv"))
    assert answer.code == 2
    assert "40 features an image; got 3" in " ".join(answer.err.split())


def test_it_needs_a_phylogeny(guide_world, phylolens, tmp_path):
    answer = phylolens(
        *("place", "--features", guide_world / "features.csv", "--meta", guide_world / "meta.csv"),
        *("--out", tmp_path),
    )
    assert answer.code == 2
    assert "needs a phylogeny" in answer.err
