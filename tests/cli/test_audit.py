"""``phylolens signal --audit``: what is written, what is shown, what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

NAMES = ["Arcidae", "Noetiidae", "Veneridae", "Mactridae", "Pinnidae", "Limidae"]
ORDERS = ["Arcida", "Arcida", "Venerida", "Venerida", "Ostreida", "Limida"]


def matrix(seed: int, names: list[str] = NAMES) -> pd.DataFrame:
    points = np.random.default_rng(seed).normal(size=(len(names), 4))
    return pd.DataFrame(cdist(points, points), names, names)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Write two good matrices."""
    for name, seed in (("a", 1), ("b", 2)):
        matrix(seed).to_csv(tmp_path / f"{name}.csv")
    return tmp_path / "a.csv", tmp_path / "b.csv"


def test_files_page_and_table(files, tmp_path: Path, phylolens: Callable) -> None:
    out = tmp_path / "out"
    answer = phylolens("signal", "--audit", *files, "--out", out)
    assert answer.code == 0
    assert not answer.err
    found = json.loads((out / "audit/audit.json").read_text())
    assert found["n_taxa"] == 6
    assert found["exact"]
    value = found["published"]["weighted_error"]["statistic"]
    assert f"{value:.3f}" in answer.out
    assert found["conclusions"]["honest"] in answer.out
    table = pd.read_csv(out / "audit/audit.csv", index_col="statistic")
    assert table.loc["weighted_error", "value"] == pytest.approx(value)
    assert list(table.loc["mantel_pearson", ["kind"]]) == ["honest"]
    assert table.loc["triangle_with_diagonal", "n_as_printed"] == 21
    page = (out / "audit/audit.html").read_text()
    assert "What would have been concluded wrongly" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert "a.csv" in page
    record = json.loads((out / "run.json").read_text())
    assert record["stages"]["audit"]["inputs"].keys() == {"a", "b"}
    assert len(record["stages"]["audit"]["inputs"]["a"]["sha256"]) == 64


def test_same_bytes_twice_and_json_on_request(files, tmp_path: Path, phylolens: Callable) -> None:
    for out in ("one", "two"):
        answer = phylolens("signal", "--audit", *files, "--out", tmp_path / out, "--json")
        assert json.loads(answer.out)["n_taxa"] == 6
    for name in ("audit.json", "audit.csv", "audit.html"):
        first, second = (tmp_path / out / "audit" / name for out in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()


def test_taxa_are_matched_by_name_and_others_are_named(
    files, tmp_path: Path, phylolens: Callable
) -> None:
    looks = matrix(1).rename(index=str.upper, columns=str.upper)
    looks = looks.iloc[::-1].drop("LIMIDAE").drop(columns="LIMIDAE")
    looks.to_csv(files[0])
    answer = phylolens("signal", "--audit", *files, "--out", tmp_path / "out")
    assert "only_in_b: 1 left out (Limidae)" in answer.out
    found = json.loads((tmp_path / "out/audit/audit.json").read_text())
    assert found["dropped"] == {"only_in_a": [], "only_in_b": ["Limidae"]}
    upper = np.triu_indices(5, k=1)
    pairs = [matrix(seed).to_numpy()[:5, :5][upper] for seed in (1, 2)]
    r = found["honest"]["mantel_pearson"]["statistic"]
    assert r == pytest.approx(np.corrcoef(*pairs)[0, 1])


def test_taxonomy_is_set_beside(files, tmp_path: Path, phylolens: Callable) -> None:
    meta = tmp_path / "taxonomy.csv"
    pd.DataFrame({"order": ORDERS, "family": NAMES}).to_csv(meta, index=False)
    answer = phylolens("signal", "--audit", *files, "--meta", meta, "--out", tmp_path / "out")
    genetic = matrix(2).to_numpy()[np.triu_indices(6, k=1)]
    steps = [1 + (ORDERS[i] != ORDERS[j]) for i, j in zip(*np.triu_indices(6, k=1), strict=True)]
    assert f"r = {np.corrcoef(steps, genetic)[0, 1]:.3f}".replace("-", "−") in answer.out


def asymmetric(a: Path) -> None:
    table = matrix(1)
    table.iloc[0, 1] += 1
    table.to_csv(a)


def with_gap(a: Path) -> None:
    table = matrix(1)
    table.iloc[0, 1] = table.iloc[1, 0] = np.nan
    table.to_csv(a, na_rep="nan")


def negative(a: Path) -> None:
    (-matrix(1)).to_csv(a)


def other_taxa(a: Path) -> None:
    matrix(1, [f"x{row}" for row in range(6)]).to_csv(a)


def two_shared(a: Path) -> None:
    matrix(1, [*NAMES[:2], "x", "y"]).to_csv(a)


def two_taxa(a: Path) -> None:
    matrix(1, NAMES[:2]).to_csv(a)


def constant(a: Path) -> None:
    pd.DataFrame(1.0 - np.eye(6), NAMES, NAMES).to_csv(a)


def absent(a: Path) -> None:
    a.unlink()


def a_tree(a: Path) -> None:
    a.write_text("((a:1,b:1):1,c:2);\n")


BAD = {
    asymmetric: "not symmetric",
    with_gap: "missing or infinite",
    negative: "negative distances",
    other_taxa: "only 0 taxa are in both",
    two_shared: "only 2 taxa are in both",
    two_taxa: "at least three",
    constant: "all distances between the shared taxa are equal",
    absent: "Give two existing matrices to --audit",
    a_tree: "a tree, not a matrix",
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
def test_one_message_and_exit_code_two(
    spoil: Callable, files, tmp_path: Path, phylolens: Callable
) -> None:
    spoil(files[0])
    answer = phylolens("signal", "--audit", *files, "--out", tmp_path / "out")
    assert answer.code == 2
    assert BAD[spoil] in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "out/audit").exists()


def test_three_taxa_are_audited_as_far_as_they_go(
    files, tmp_path: Path, phylolens: Callable
) -> None:
    matrix(1, NAMES[:3]).to_csv(files[0])
    answer = phylolens("signal", "--audit", *files, "--out", tmp_path / "out")
    assert answer.code == 0
    assert "the smallest p that this can give is 0.167" in answer.out


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--tree", "t.nwk"], "--tree"),
        (["--distance", "chord"], "--distance"),
        (["--permutations", "0"], "--permutations"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_options_without_use_are_refused(
    options: list[str], word: str, files, tmp_path: Path, phylolens: Callable
) -> None:
    answer = phylolens("signal", "--audit", *files, *options, "--out", tmp_path / "out")
    assert answer.code == 2
    assert word in answer.err


def test_taxonomy_of_other_taxa_is_refused(files, tmp_path: Path, phylolens: Callable) -> None:
    meta = tmp_path / "taxonomy.csv"
    pd.DataFrame({"order": ["x", "y"], "family": ["v", "w"]}).to_csv(meta, index=False)
    answer = phylolens("signal", "--audit", *files, "--meta", meta, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "no taxon of the matrices" in answer.err
