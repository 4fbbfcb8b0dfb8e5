"""The page of a trusted classification, whole and with each part missing."""

import json
import re

import pytest

from phylolens.report import summarize, write_report
from phylolens.report.build import render
from phylolens.report.results import Results
from phylolens.report.thumbnails import Album

OPTIONAL = ("chosen", "splits", "splits_not_possible", "consistency", "temperature", "confidence",
            "conformal", "novelty", "few_shot", "sources", "near_duplicates", "repeats",
            "ablation")  # fmt: skip
HEADINGS = {
    "conformal": "How deep can we go?</h3>",
    "confidence": "Is it as sure as it should be?",
    "novelty": "Is it something unknown?",
    "few_shot": "How few images are enough?",
    "ablation": "What does each setting add?",
    "consistency": "Do the ranks agree?",
}


@pytest.fixture(scope="module")
def page(make_trusted):
    out = make_trusted(pictures=True)
    return write_report(out).read_text(encoding="utf-8"), out


def without(make_trusted, *keys):
    """Render the page without figures, and without some keys."""
    out = make_trusted()
    path = out / "classify/metrics.json"
    metrics = json.loads(path.read_text())
    path.write_text(json.dumps({key: own for key, own in metrics.items() if key not in keys}))
    return render(summarize(out), [], Album(Results(out)))


def test_every_part_has_its_heading_and_figure(page):
    text, out = page
    for heading in HEADINGS.values():
        assert heading in text
    drawn = {path.stem for path in (out / "figures").glob("*.svg")}
    for name in ("depth", "reliability", "risk", "few-shot", "mistakes-species",
                 "confusion-genus"):  # fmt: skip
        assert name in drawn
    assert "mistakes-order" not in drawn  # nothing lies above the coarsest rank


def test_every_picture_has_a_telling_alt_text_and_nothing_is_loaded(page):
    text, _ = page
    tags = re.findall(r"<img[^>]*>", text)
    assert len(tags) > 40
    for tag in tags:
        assert len(re.search(r'alt="([^"]*)"', tag).group(1)) > 12
        assert 'src="data:' in tag
    assert not re.search(r'(src|srcset|href)="https?:', text)
    assert "mistaken, " in text
    assert len(text) < 8_000_000


def test_terms_and_literature_are_those_of_the_parts_shown(page, make_trusted):
    text, _ = page
    assert "conformal back-off" in text
    assert "Angelopoulos" in text
    assert "Roy (2025)" not in text  # another recipe
    bare = without(make_trusted, *OPTIONAL)
    assert "conformal" not in bare
    assert "Angelopoulos" not in bare


@pytest.mark.parametrize("key", OPTIONAL)
def test_each_part_may_be_missing(make_trusted, key):
    text = without(make_trusted, key)
    if key in HEADINGS:
        assert HEADINGS[key] not in text
    others = [heading for name, heading in HEADINGS.items() if name != key]
    assert all(heading in text for heading in others)


def test_all_parts_may_be_missing(make_trusted):
    text = without(make_trusted, *OPTIONAL)
    assert not any(heading in text for heading in HEADINGS.values())
    assert "By species" in text


def test_what_data_were_too_few_for_is_told(make_trusted):
    out = make_trusted()
    path = out / "classify/metrics.json"
    metrics = json.loads(path.read_text()) | {"not_possible": {"few_shot": "one specimen each."}}
    del metrics["few_shot"]
    path.write_text(json.dumps(metrics))
    text = render(summarize(out), [], Album(Results(out)))
    assert "Not possible here. Few-shot curve: one specimen each." in text


def test_methods_say_how_it_was_done(trusted):
    text = summarize(trusted)["methods"]["paragraph"]
    assert "one independent classifier a rank" not in text
    assert "Also tested with species held out (106 images)." in text
    assert "temperature: 1.84" in text
    assert "split conformal prediction on nested taxa, α = 0.1" in text


def test_cross_fitting_is_not_called_split_conformal(make_trusted):
    out = make_trusted()
    path = out / "classify/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["conformal"]["guarantee"] += " It was calibrated by cross-fitting."
    path.write_text(json.dumps(metrics))
    text = summarize(out)["methods"]["paragraph"]
    assert "split conformal" not in text
    assert "by cross-fitted conformal prediction on nested taxa, α = 0.1; its coverage" in text
