"""The page as a reader gets it."""

import re
from html.parser import HTMLParser

import pytest

from phylolens.report import write_report

TAXA = ["Aidae", "Bidae", "Cidae", "Didae", "Eidae", "Fidae"]
HOSTILE = "<script>alert('x')</script> & $\\frac{1}$"
LOADING = {"src", "srcset", "href", "poster", "data", "action"}


class Page(HTMLParser):
    """Collects tags and the text outside style sheets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self._hidden = False
        self.feed(text)
        self.text = re.sub(r"\s+", " ", " ".join(self.parts))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag == "style"

    def handle_endtag(self, tag):
        self._hidden = False

    def handle_data(self, data):
        if not self._hidden:
            self.parts.append(data)


def read(out):
    return Page(write_report(out).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results(make_results):
    return make_results(TAXA, [9, 7, 5, 4, 3, 1], blank=3)


@pytest.fixture(scope="module")
def page(results):
    return read(results)


def test_numbers_are_those_of_the_results(page):
    for shown in ("34 rows were read; 32 images could be used and 2 left out",
                  "0.403", "0.378", "0.745", "0.158", "0.803", "0.393",
                  "p = 0.012", "0.034", "999", "1.7"):  # fmt: skip
        assert shown in page.text, shown


def test_guided_figures_say_in_sample(page):
    guided = page.text[page.text.index("Can images be fitted to the tree? Here") :]
    guided = guided[: guided.index("What this cannot tell")]
    assert guided.lower().count("in-sample") >= 6
    for tag, attributes in page.tags:
        if tag == "img" and "guided" in (attributes.get("alt") or "").lower():
            assert "in-sample" in attributes["alt"]


def test_every_picture_has_a_telling_alt_text(page):
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) > 10
    for attributes in pictures:
        assert len(attributes["alt"]) > 12
        assert not re.match(r"(figure|image) \d", attributes["alt"].lower())


def test_nothing_is_loaded_from_elsewhere(page, results):
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object")
        for name in LOADING & set(attributes):
            assert attributes[name].startswith(("data:", "#")), (tag, name)
    text = (results / "report.html").read_text(encoding="utf-8")
    assert "@import" not in text
    assert "url(" not in text


def test_figures_lie_beside_the_page(page, results):
    names = {path.name for path in (results / "figures").iterdir()}
    for name in ("counts-family", "confusion-family", "loss", "heatmaps", "hexbin", "null"):
        assert {f"{name}.svg", f"{name}.png"} <= names


def test_every_part_says_what_it_can_not_tell(page):
    assert page.text.count("What this cannot tell") == 3


def test_same_results_same_bytes(page, results):
    files = [results / "report.html", *sorted((results / "figures").iterdir())]
    before = [path.read_bytes() for path in files]
    write_report(results)
    assert [path.read_bytes() for path in files] == before


def test_names_that_are_code_stay_text(make_results):
    taxa = [HOSTILE, *TAXA[1:]]
    out = make_results(taxa, [2] * 6, parts=("classify", "signal"))
    page = read(out)
    assert all(tag != "script" for tag, _ in page.tags)
    assert HOSTILE in page.text


def test_absent_parts_leave_one_line_each(make_results):
    page = read(make_results(TAXA, [2] * 6, parts=(), pictures=False))
    for command in ("classify", "guide", "signal"):
        assert f"phylolens {command} makes it" in page.text.replace(" .", ".")
    assert "What this cannot tell" not in page.text
    assert "is no longer there" in page.text


def test_three_taxa_with_one_image_each(make_results):
    page = read(make_results(TAXA[:3], [1, 1, 1], parts=("guide", "signal")))
    assert "Every family has 1 image" in page.text
    assert "3 families" in page.text


def test_many_families_fit(make_results):
    taxa = [f"Family{place:03d}idae" for place in range(146)]
    out = make_results(taxa, [2] * 146, pictures=False)
    page = read(out)
    assert "60 of 146 families" in page.text
    assert (out / "report.html").stat().st_size < 8_000_000
