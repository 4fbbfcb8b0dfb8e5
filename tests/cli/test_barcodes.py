"""``--barcodes`` from the command line: the genetic side, beside a tree, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.phylogeny import as_tree, covariance, read_barcodes, sequence_distances
from phylolens.phylogeny.barcode_rank import barcodes_at_rank
from phylolens.simulation import simulate_barcodes, write_barcodes
from phylolens.stats import mantel

N = 12
FAST = ("--permutations", "99", "--simulations", "40", "--replicates", "0")


def random_tree(rng: np.random.Generator) -> str:
    """Ultrametric, of families Aidae, Bidae and so on."""
    parts = [(f"{chr(65 + place)}idae", 0.0) for place in range(N)]
    for height in np.sort(rng.uniform(0.05, 1, N - 1)):
        one, other = (parts.pop(int(rng.integers(len(parts)))) for _ in range(2))
        joined = ",".join(f"{text}:{height - age:.6f}" for text, age in (one, other))
        parts.append((f"({joined})", height))
    return f"[&R] {parts[0][0]};"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features and barcodes that evolved on one tree; two specimens a family."""
    folder, rng = tmp_path_factory.mktemp("barcodes"), np.random.default_rng(4)
    newick = random_tree(rng)
    (folder / "tree.nwk").write_text(newick + "\n")
    tree = as_tree(newick.removeprefix("[&R] "))
    shared = covariance(tree)
    means = np.linalg.cholesky(shared.to_numpy()) @ rng.standard_normal((N, 12))
    files = [f"{taxon}_{k}.jpg" for taxon in shared.index for k in range(2)]
    matrix = np.repeat(means, 2, axis=0) + 0.1 * rng.standard_normal((2 * N, 12))
    pd.DataFrame(matrix, index=pd.Index(files, name="file")).to_csv(folder / "features.csv")
    table = pd.DataFrame({"file": files, "specimen_id": [f"s{k}" for k in range(2 * N)]})
    table["family"] = np.repeat(list(shared.index), 2)
    table.to_csv(folder / "meta.csv", index=False)
    sequences = simulate_barcodes(tree, 400, rate=0.3, seed=1)
    named = {f"P{k}|{taxon}|COI-5P": one for k, (taxon, one) in enumerate(sequences.items())}
    write_barcodes(folder / "coi.fasta", named)
    by_specimen = {f"s{2 * k}": sequences[taxon] for k, taxon in enumerate(shared.index)}
    write_barcodes(folder / "specimens.fasta", by_specimen)
    return folder


def signal(phylolens: Callable, world: Path, out: Path, *more: object) -> dict:
    given = ("--features", world / "features.csv", "--meta", world / "meta.csv", "--out", out)
    answer = phylolens("signal", *given, *FAST, *more)
    assert answer.code == 0, answer.err
    return json.loads((out / "signal/signal.json").read_text())


def test_barcodes_are_the_genetic_side(phylolens, world, tmp_path):
    found = signal(phylolens, world, tmp_path, "--barcodes", world / "coi.fasta")
    own = found["barcodes"]
    assert own["is_genetic_side"] is True
    assert own["model"] == "k2p"
    assert own["n_taxa"] == own["n_sequences"] == N
    assert "agreement" not in own
    assert [one["against"] for one in own["saturation"]] == ["k2p"]
    assert found["primary"] == "mantel_pearson"
    folder = tmp_path / "signal"
    wanted = mantel(folder / "visual_distances.csv", folder / "genetic_distances.csv")
    tested = found["tests"]["mantel_pearson"]
    assert tested["statistic"] == pytest.approx(wanted.statistic)
    genetic = pd.read_csv(tmp_path / "signal/genetic_distances.csv", index_col=0)
    wanted = sequence_distances(read_barcodes(world / "coi.fasta"), "k2p").distances
    names = {name.split("|")[1]: name for name in wanted.ids}
    for one in genetic.index:
        for other in genetic.index:
            assert genetic.loc[one, other] == pytest.approx(wanted[names[one], names[other]])
    check = json.loads((tmp_path / "check.json").read_text())
    assert check["phylogeny"]["source"] == "barcodes"
    assert check["barcodes"]["sites"] == {"least": 400, "median": 400}
    run = json.loads((tmp_path / "run.json").read_text())
    assert set(run["inputs"]) == {"features", "meta", "barcodes"}


def test_specimens_give_the_same_as_taxa(phylolens, world, tmp_path):
    given = ("--features", world / "features.csv", "--meta", world / "meta.csv")
    answer = phylolens("check", *given, "--barcodes", world / "specimens.fasta", "--out", tmp_path)
    assert answer.code == 0, answer.err
    check = json.loads((tmp_path / "check.json").read_text())
    assert check["barcodes"]["placed_by"] == {"specimens of the table": N}
    assert "barcodes:" in answer.out
    table = pd.read_csv(world / "meta.csv")
    sides = [
        barcodes_at_rank(world / name, "jc69", table, ("family",), "family").ranked.distances
        for name in ("coi.fasta", "specimens.fasta")
    ]
    assert sides[0] == sides[1]


def test_beside_a_tree_the_tree_is_tested_and_barcodes_are_held_against_it(
    phylolens, world, tmp_path
):
    tree = ("--tree", world / "tree.nwk")
    more = ("--barcodes", world / "coi.fasta", "--genetic", "p")
    both = signal(phylolens, world, tmp_path, *tree, *more)
    own = both.pop("barcodes")
    assert own["is_genetic_side"] is False
    assert [one["against"] for one in own["saturation"]] == ["tree", "k2p"]
    folder = tmp_path / "signal"
    distances = folder / "barcode_model_distances.csv"
    wanted = mantel(distances, world / "tree.nwk", permutations=99)
    agreement = own["agreement"]["pearson"]
    assert agreement["statistic"] == pytest.approx(wanted.statistic)
    assert agreement["p_value"] == wanted.p_value == 0.01
    assert agreement["statistic"] > 0.9
    assert (folder / "barcode_raw_distances.csv").is_file()
    assert signal(phylolens, world, tmp_path, *tree) == both, "barcodes change no test"
    assert not distances.exists(), "files of an earlier run go"


def test_barcodes_that_follow_nothing_do_not_agree(phylolens, world, tmp_path):
    """Of all but two taxa, each with the sequence of another."""
    rng = np.random.default_rng(1)
    taxa = rng.permutation([f"{chr(65 + place)}idae" for place in range(N)])[:-2]
    text = (world / "coi.fasta").read_text().splitlines()
    mixed = [f">{taxon}\n{line}" for taxon, line in zip(taxa, text[1:-4:2], strict=True)]
    (tmp_path / "mixed.fasta").write_text("\n".join(mixed) + "\n")
    more = ("--tree", world / "tree.nwk", "--barcodes", tmp_path / "mixed.fasta")
    own = signal(phylolens, world, tmp_path / "out", *more)["barcodes"]
    assert own["n_taxa"] == own["agreement"]["n_taxa"] == N - 2
    assert own["agreement"]["pearson"]["p_value"] > 0.05


def refused(phylolens: Callable, world: Path, out: Path, words: str, *more: object) -> None:
    given = ("--features", world / "features.csv", "--meta", world / "meta.csv", "--out", out)
    answer = phylolens("signal", *given, *FAST, *more)
    assert answer.code == 2, answer.out
    assert words in answer.err
    assert answer.err.count("\n") == 1, "one message, on one line"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text + text, "headers that come more than once"),
        (lambda text: text.replace("P0|", "\n>P99|", 1), "without any letter"),
        (lambda text: text[:-9].upper().replace("ACG", "ACJ"), "none of DNA: J"),
        (lambda text: text.replace("idae", "ina"), "names a specimen or taxon"),
        (lambda text: text.replace("COI-5P", "ITS2", 2), "several markers"),
        (lambda text: text[: text.index(">P2|")], "only 2 taxa of rank family"),
        (lambda _: "", "the file is empty"),
    ],
)
def test_files_that_cannot_be_used(phylolens, world, tmp_path, change, words):
    path = tmp_path / "bad.fasta"
    path.write_text(change((world / "coi.fasta").read_text()))
    refused(phylolens, world, tmp_path / "out", words, "--barcodes", path)


def test_a_saturated_pair_is_named(phylolens, world, tmp_path):
    lines = (world / "coi.fasta").read_text().splitlines()
    lines[1] = lines[3].translate(str.maketrans("ACGT", "CATG"))
    (tmp_path / "far.fasta").write_text("\n".join(lines) + "\n")
    more = ("--barcodes", tmp_path / "far.fasta", "--genetic", "jc69")
    refused(phylolens, world, tmp_path / "out", "JC69 has no value for", *more)


def test_a_distance_between_barcodes_without_barcodes(phylolens, world, tmp_path):
    more = ("--tree", world / "tree.nwk", "--genetic", "jc69")
    refused(phylolens, world, tmp_path, "is a distance between barcodes, and none are", *more)
    more = ("--barcodes", world / "coi.fasta", "--genetic", "f84")
    refused(phylolens, world, tmp_path, "levenshtein", *more)
