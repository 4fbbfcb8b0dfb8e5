"""The first figure of the signal section, and what captions say a figure is good for."""

import re
from pathlib import Path

import numpy as np
import pytest

from phylolens.report import summarize
from phylolens.report.build import draw_all, render
from phylolens.report.ordering import tree_order
from phylolens.report.plots.style import house_style
from phylolens.report.results import Results
from phylolens.report.sections.signal.figures import signal_figures
from phylolens.report.sections.signal.reading import CROSSING, MEASURED, good_for
from phylolens.report.thumbnails import Album

DOCS = Path(__file__).parents[2] / "docs/results.md"
ROWS = {
    "tanglegram": "tanglegram",
    "signal-heatmaps": "heatmaps in tree order",
    "pcoa": "PCoA",
    "phylomorphospace": "phylomorphospace",
}


@pytest.fixture(scope="module")
def documented():
    """Means of the table of docs/results.md, by size and row."""
    text = DOCS.read_text(encoding="utf-8")
    text = text[text.index("## Which figure shows most?") :]
    found = {}
    for size in MEASURED:
        part = text[text.index(f"**{size} taxa**") :]
        table = part[: part.index("\n\n", part.index("\n|"))]
        for line in table.splitlines():
            cells = [cell.strip(" *") for cell in line.strip("|").split("|")]
            if re.search(r"\d ± ", line):
                found[size, cells[0]] = [float(cell.split()[0]) for cell in cells[1:8]]
    return found


@pytest.mark.parametrize("size", MEASURED)
def test_captions_hold_what_the_documentation_does(documented, size):
    for figure, row in ROWS.items():
        alike, relatives, _, _, convergent, *_ = documented[size, row]
        found = MEASURED[size][figure]
        assert (found.alike, found.relatives, found.convergent) == (alike, relatives, convergent)


@pytest.mark.parametrize("size", MEASURED)
def test_the_figure_that_leads_is_the_one_that_shows_most(documented, size):
    rows = {row: values for (n, row), values in documented.items() if n == size}
    figures = {row: values for row, values in rows.items()
               if row not in ("exact distances", "a guess") and "the same" not in row}  # fmt: skip
    assert max(figures, key=lambda row: float(np.mean(figures[row]))) == "tanglegram"
    assert max(figures, key=lambda row: figures[row][4]) == "tanglegram"


@pytest.mark.parametrize(
    ("n", "size"), [(4, 20), (38, 20), (39, 75), (122, 75), (123, 200), (9000, 200)]
)
def test_the_nearest_size_speaks(n, size):
    said = good_for(n)
    assert set(said) == set(ROWS)
    for sentence in said.values():
        assert f"in simulated worlds of {size} taxa" in sentence
    assert f"{100 * CROSSING[size]:.0f}% of the pairs of lines cross" in said["tanglegram"]


TAXA = [f"{letter}idae" for letter in "ABCDEF"]


def page_with_figures(out):
    found, summary = Results(out), summarize(out)
    text = render(summary, draw_all(found, summary), Album(found))
    return text[text.index('<section id="signal">') : text.index('<section id="read">')]


def test_the_tanglegram_leads_and_says_what_it_is_good_for(make_signal):
    text = page_with_figures(make_signal(TAXA))
    first = text[text.index("<figure") : text.index("</figure>")]
    assert "Left: reference tree. Right: visual tree" in first
    assert good_for(len(TAXA))["tanglegram"] in first
    assert text.count("Left: reference tree.") == 1
    assert "With names" not in text
    for name in ("pcoa", "signal-heatmaps", "phylomorphospace"):
        assert good_for(len(TAXA))[name] in text


def test_without_a_tree_the_pairs_lead(make_signal):
    out = make_signal(TAXA)
    (out / "signal/tree.nwk").unlink()
    text = page_with_figures(out)
    first = text[text.index("<figure") : text.index("</figure>")]
    assert "Each point or hexagon" in first
    assert "Left: reference tree." not in text


def drawn(out):
    results = Results(out)
    with house_style():
        return {name: figure for name, figure, _ in signal_figures(results, tree_order(results))}


@pytest.mark.parametrize(("n", "named"), [(72, 1), (73, 2), (150, 2), (151, 0)])
def test_the_leading_figure_fits_a_page(make_signal, n, named):
    found = drawn(make_signal([f"T{row:03d}idae" for row in range(n)]))
    assert found["tanglegram"].get_figheight() <= 10.2  # 9 inches of rows, and the legend
    written = [name for name in ("tanglegram", "tanglegram-named")
               if name in found and found[name].axes[1].texts]  # fmt: skip
    assert written == {0: [], 1: ["tanglegram"], 2: ["tanglegram-named"]}[named]
    assert ("tanglegram-named" in found) == (named == 2)
