"""The gallery of pairs where looks and lineage disagree."""

import re

import pandas as pd
import pytest

from phylolens.report import summarize, write_report
from phylolens.report.build import render
from phylolens.report.results import Results
from phylolens.report.thumbnails import Album

TAXA = [f"{letter}idae" for letter in "ABCDEF"]


def names(group):
    return [tuple(taxon.name for taxon in pair.taxa) for pair in group.pairs]


def page_of(out):
    return render(summarize(out), [], Album(Results(out)))


def test_significant_pairs_lead_and_others_are_called_what_they_are(make_signal):
    found = summarize(make_signal(TAXA))["signal"].pairs
    alike, apart = found.groups
    assert alike.significant
    assert names(alike) == [("Bidae", "Eidae"), ("Aidae", "Didae")]  # by q; 0.7 is not listed
    assert alike.note == "All 2 pairs."
    assert not apart.significant
    assert names(apart)[0] == ("Didae", "Eidae")  # equal q: the larger ratio first
    assert apart.note.startswith("Not significant")
    assert "2 look far more alike" in found.sentence
    assert "none looks far less alike" in found.sentence
    pair = alike.pairs[0]
    assert (pair.visual, pair.expected, pair.ratio, pair.q) == (
        "0.300", "0.900", "0.33", "0.010"
    )  # fmt: skip


def test_at_most_twelve_a_group(make_signal):
    out = make_signal(TAXA)
    path = out / "signal/pairs.csv"
    table = pd.read_csv(path)
    many = pd.concat([table.head(1).assign(taxon_2=f"X{k:02d}", q_value=0.04 - k / 1000)
                      for k in range(15)])  # fmt: skip
    many.to_csv(path, index=False)
    found = summarize(out)["signal"].pairs
    assert [len(group.pairs) for group in found.groups] == [12]
    assert names(found.groups[0])[0] == ("Aidae", "X14")
    assert found.groups[0].note == "The 12 surest of 15 pairs."


def test_the_very_pictures_stand_side_by_side(make_signal):
    out = make_signal(TAXA, pictures=True)
    text = page_of(out)
    gallery = text[text.index('id="disagree"') : text.index('id="read"')]
    tags = re.findall(r"<img[^>]*>", gallery)
    assert len(tags) == 2 * 4
    assert 'alt="Bidae: 0002.png"' in tags[0]
    assert 'alt="Eidae: 0008.png"' in tags[1]


def test_missing_pictures_leave_the_names(make_signal):
    out = make_signal(TAXA, pictures=True)
    for path in (out / "pictures").iterdir():
        path.unlink()
    text = page_of(out)
    assert "<img" not in text[text.index('id="disagree"') :]
    assert "Bidae" in text[text.index('id="disagree"') :]
    (out / "signal/portraits.csv").unlink()
    assert not any(g.has_images for g in summarize(out)["signal"].pairs.groups)
    assert "Bidae" in page_of(out)


def test_unknown_clades_and_numbers_stay_blank(make_signal):
    out = make_signal(TAXA)
    path = out / "signal/pairs.csv"
    table = pd.read_csv(path).assign(clade_1=None, expected=None, ratio=None)
    table.to_csv(path, index=False)
    pair = summarize(out)["signal"].pairs.groups[0].pairs[0]
    assert (pair.taxa[0].clade, pair.expected, pair.ratio) == (
        "", "not defined", "not defined"
    )  # fmt: skip
    assert "nan" not in page_of(out).lower()


@pytest.mark.parametrize("text", ["kind,taxon_1,taxon_2\n", "a,b\n1,2\n"])
def test_an_empty_list_shows_no_gallery(make_signal, text):
    out = make_signal(TAXA)
    (out / "signal/pairs.csv").write_text(text)
    assert summarize(out)["signal"].pairs is None
    assert 'id="disagree"' not in page_of(out)


def test_hostile_names_stay_text(make_signal):
    taxa = ["<script>x</script>", *TAXA[1:]]
    text = page_of(make_signal(taxa))
    assert "<script" not in text


def test_the_whole_page_is_written_with_its_figures(make_signal):
    out = make_signal(TAXA, pictures=True)
    text = write_report(out).read_text(encoding="utf-8")
    tags = re.findall(r"<img[^>]*>", text)
    for tag in tags:
        assert len(re.search(r'alt="([^"]*)"', tag).group(1)) > 12
        assert 'src="data:' in tag
    for shown in ("0.62", "0.018", "K<sub>mult</sub>", "0.88", "0.90 ± 0.05", "sample.trees"):
        assert shown in text
    assert not re.search(r'(src|srcset|href)="https?:', text)
