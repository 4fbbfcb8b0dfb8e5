"""Names that are code stay names, in every table of a spreadsheet and every page of a browser."""

import csv
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings
from phylolens.reading.cells import read_csv

FORMULAS = ['=HYPERLINK("http://x","y")', "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3"]
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><svg/onload=alert(1)>",
    "--><script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "&lt;b&gt;",
    "$\\frac{1}{0}$",
    "[red]bold[/bold]",
]
NAMES = [*FORMULAS, *MARKUP]
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose families, orders and files have such names, with all its results."""
    folder = tmp_path_factory.mktemp("hostile")
    rng = np.random.default_rng(2)
    n = len(NAMES)
    orders = np.arange(n) // 3
    distances = 2.0 * (2 - (orders[:, None] == orders) - np.eye(n))
    distances += np.triu(rng.uniform(0, 0.1, (n, n)), 1) + np.triu(distances * 0, 1).T
    distances = np.triu(distances, 1) + np.triu(distances, 1).T
    pd.DataFrame(distances, NAMES, NAMES).to_csv(folder / "distances.csv")
    kinds = ("-dash", "=x", "+y", "<b>")
    files = [f"{kind}{place}.jpg" for place in range(n) for kind in kinds]
    table = pd.DataFrame({"file": files, "family": np.repeat(NAMES, len(kinds))})
    table["order"] = np.repeat([f"{NAMES[::-1][o]} order" for o in orders], len(kinds))
    table.to_csv(folder / "meta.csv", index=False)
    means = np.repeat(rng.normal(size=(n, 12)), len(kinds), axis=0)
    matrix = means + 0.3 * rng.normal(size=means.shape)
    pd.DataFrame(matrix, index=pd.Index(files, name="file")).to_csv(folder / "features.csv")
    settings = {name: folder / f"{name}.csv" for name in ("features", "meta", "distances")}
    own = {
        "rank": "family",
        "classify": {"models": ("prototype",), "splits": ("random",)},
        "guide": {"learner": ("phylo-ridge",), "refits": 3},
        "signal": {"permutations": 99},
    }
    run(make_settings({**settings, **own, "out": folder / "out"}))
    return folder


def cells(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            yield from row


def runs(cell: str) -> bool:
    """Whether a spreadsheet may take the cell for a formula."""
    first = cell.lstrip("\u00a0\u200b\ufeff ")[:1]
    return bool(first) and first in "=+-@＝＋－＠\t\r" and not NUMBER.fullmatch(cell)


def test_no_table_holds_a_formula(made):
    tables = sorted((made / "out").rglob("*.csv"))
    assert len(tables) > 8
    for path in tables:
        assert not [cell for cell in cells(path) if runs(cell)], path


def test_names_come_back_as_they_were(made):
    out = made / "out"
    for name in ("signal/genetic_distances.csv", "guide/similarity_genetic.csv"):
        table = read_csv(out / name, index_col=0)
        assert set(table.index) == set(table.columns) == set(NAMES), name
    answers = read_csv(out / "classify/predictions.csv", dtype=str, keep_default_na=False)
    assert set(answers["file"]) <= set(pd.read_csv(made / "meta.csv")["file"])
    families = answers[answers["rank"] == "family"]
    assert set(families["truth"]) | set(families["predicted"]) <= set(NAMES)


def test_our_tables_are_inputs_again(made, tmp_path, phylolens):
    signal = made / "out/signal"
    pair = (signal / f"{name}_distances.csv" for name in ("visual", "genetic"))
    done = phylolens("signal", "--audit", *pair, "--permutations", 99, "--out", tmp_path)
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "audit/audit.json").read_text())
    assert found["n_taxa"] == len(NAMES)
    assert found["dropped"] == {"only_in_a": [], "only_in_b": []}
    check_page(tmp_path / "audit/audit.html")


def test_our_matrices_and_features_match_the_names(made, tmp_path, phylolens):
    """A table of the results beside names that were never escaped."""
    done = phylolens("signal", "--meta", made / "meta.csv", "--rank", "family",
                     "--features", made / "out/guide/embeddings.csv", "--permutations", 99,
                     "--distances", made / "out/signal/genetic_distances.csv",
                     "--out", tmp_path)  # fmt: skip
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "signal/signal.json").read_text())
    assert found["n_taxa"] == len(NAMES)
    assert found["dropped"] == {"no_images": [], "no_phylogeny": []}


class Page(HTMLParser):
    """Collects tags with their attributes, and the text outside style sheets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def check_page(path: Path) -> Page:
    page = Page(path.read_text(encoding="utf-8"))
    for tag, attributes in page.tags:
        assert tag not in ("script", "iframe", "object", "embed", "link", "base", "svg"), tag
        assert not [name for name in attributes if name.startswith("on")], attributes
        for name in ("src", "srcset", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/")), attributes
    return page


def test_the_report_shows_them_as_text(made):
    page = check_page(made / "out/report.html")
    for name in NAMES:
        assert name in page.text, name
    assert "{{ 7 * 7 }}" in page.text


def test_figures_hold_no_code(made):
    figures = sorted((made / "out/figures").glob("*.svg"))
    assert len(figures) > 10
    for path in figures:
        for node in ElementTree.parse(path).iter():
            tag = str(node.tag).rsplit("}", 1)[-1]
            assert tag not in ("script", "foreignObject", "a", "iframe"), path
            assert not [name for name in node.attrib if name.startswith("on")], path
