import json
from dataclasses import asdict

import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.report import summarize
from phylolens.results.base import Part

TAXA = ["Aidae", "Bidae", "Cidae", "Didae", "Eidae", "Fidae"]

TYPED = ("signal",)  # sections whose facts are typed


@pytest.fixture(scope="module")
def summary(make_results):
    return summarize(make_results(TAXA, [9, 7, 5, 4, 3, 1], blank=3, pictures=False))


def change(out, name, edit):
    path = out / name
    value = json.loads(path.read_text())
    edit(value)
    path.write_text(json.dumps(value))


def test_counts_by_hand(summary):
    family = summary["specimens"]["ranks"][1]
    assert (family["n_taxa"], family["n_unknown"], family["n_single"]) == (6, 3, 1)
    assert (family["largest"], family["largest_n"], family["smallest_n"]) == ("Aidae", 9, 1)
    assert family["median_n"] == "4.5"
    assert family["largest_share"] == "31%"  # 9 of 29
    assert (summary["specimens"]["n_images"], summary["specimens"]["n_left_out"]) == (34, 2)


def test_dropped_are_named_both_ways(summary):
    assert summary["phylogeny"]["no_phylogeny"]["shown"] == ["Lostidae"]
    assert summary["phylogeny"]["no_taxon"]["shown"] == ["Unseenidae"]
    assert summary["specimens"]["left_out"]["shown"] == ["bad1.jpg", "bad2.jpg"]


def test_classification_by_hand(summary):
    family = summary["classify"]["ranks"][0]
    assert family["accuracy"] == pytest.approx(20 / 30)  # 5 taxa with 4 of 5, one with none
    assert family["n_never"] == 1
    assert family["confused"][0] == {"truth": "Fidae", "predicted": "Aidae", "n": 5, "of": 5}
    assert "67%" in family["sentence"]
    assert "right for 17%" in family["sentence"]  # 5 of 30
    assert "better than" in family["sentence"]


def test_guided_figures_carry_in_sample(summary):
    guide = summary["guide"]
    for text in (
        guide["answer"],
        guide["sentences"][0],
        guide["rows"][0]["name"],
        *guide["alt"].values(),
    ):
        assert "in-sample" in text.lower()
    assert "0.745, worse than the 0.158" in " ".join(guide["sentences"])
    assert [row["name"] for row in guide["rows"]] == [
        "guided, in-sample", "unguided", "taxonomy alone", "row means", "constant",
    ]  # fmt: skip


def test_baselines_stand_beside_the_signal(summary):
    signal = summary["signal"]
    assert [row.pearson for row in signal.baselines] == ["0.25", "0.88", "0.39"]
    assert "r = 0.88" in signal.verdict
    assert "Mantel test, Pearson: r = 0.25, p = 0.012" in signal.verdict


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({}, "agree more than chance"),
        ({"mantel_pearson": {"p_value": 0.4}}, "The tests that decide disagree"),
        (
            {"mantel_pearson": {"p_value": 0.4}, "mantel_spearman": {"p_value": 0.3}},
            "no evidence",
        ),
        (
            {"mantel_pearson": {"smallest_p": 1 / 6, "p_value": 1 / 6, "exact": True}},
            "the test cannot decide",
        ),
    ],
)
def test_verdict_claims_no_more_than_the_tests(make_results, edit, words):
    out = make_results(TAXA, [3] * 6, parts=("signal",), pictures=False)
    change(
        out,
        "signal/signal.json",
        lambda value: [value["tests"][name].update(new) for name, new in edit.items()],
    )
    verdict = summarize(out)["signal"].verdict
    assert words in verdict
    if words != "agree more than chance":
        assert "than chance" not in verdict


def test_circular_figures_are_called_in_sample(make_results):
    out = make_results(TAXA, [3] * 6, parts=("signal",), pictures=False)
    change(out, "signal/signal.json", lambda value: value.update(circular=True))
    verdict = summarize(out)["signal"].verdict
    assert verdict.startswith("In-sample")
    assert "than chance" not in verdict
    change(
        out,
        "signal/signal.json",
        lambda value: value["tests"]["mantel_pearson"].update(smallest_p=1 / 6),
    )
    assert summarize(out)["signal"].verdict.startswith("In-sample"), "with few taxa, too"


def test_methods_name_versions_seed_hash_and_departures(summary):
    paragraph = summary["methods"]["paragraph"]
    for part in ("PhyloLens 9.8.7", "Python 3.12.1", "seed 42", "0123456789abcdef", "tiny-net"):
        assert part in paragraph
    departures = " ".join(summary["methods"]["differences"])
    assert "network: tiny-net (published: convnext-tiny)" in departures
    assert "network: tiny-net (published: swav-resnet50)" in departures
    assert "images of each taxon: 9 (published: 150)" in departures
    assert "raised to: 7 (published: 1,000)" in departures
    assert "training steps: 50 (published: 5,000)" in departures
    assert "becomes" not in departures  # 1.7, and no record of how images became square
    assert "learning rate" not in departures  # as published


def test_a_fit_that_lost_correlation_says_so(make_results):
    out = make_results(TAXA, [3] * 6, parts=("guide",), pictures=False)
    assert "correlate more" not in " ".join(summarize(out)["guide"]["sentences"])
    change(out, "guide/guide.json", lambda value: value["in_sample"].update(pearson=0.05))
    assert "(r = 0.11): the fit lowers" in " ".join(summarize(out)["guide"]["sentences"])


def test_one_picture_that_stands_for_a_taxon_is_told(make_results):
    out = make_results(TAXA, [4] * 6, parts=("guide",), pictures=False)
    path = out / "guide/attention.csv"
    table = pd.read_csv(path)
    table.loc[:3, "weight"] = [0.7, 0.1, 0.1, 0.1]
    table.to_csv(path, index=False)
    gallery = summarize(out)["guide"]["gallery"]
    assert (gallery["n_one_sided"], gallery["n_taxa"], gallery["largest"]) == (1, 6, "2.80")
    assert gallery["taxa"][0]["taxon"] == "Aidae"
    assert gallery["taxa"][0]["most"][0] == {"file": "0000.png", "times": "2.80", "end": "most"}


def test_features_without_pictures_show_none(make_results):
    out = make_results(TAXA, [4] * 6, pictures=False)
    change(out, "check.json", lambda value: value["specimens"].update(pictures=False))
    found = summarize(out)
    assert found["pictures"] is None
    assert found["guide"]["gallery"] is None
    assert "26 rows were read; 24 feature rows could be used" in found["specimens"]["sentences"][0]


def test_simulated_data_are_called_so(make_results):
    out = make_results(TAXA, [4] * 6, parts=(), pictures=False)
    assert not summarize(out)["simulated"]
    (out / "world").mkdir()
    (out / "world/truth.json").write_text("{}")
    assert summarize(out)["simulated"]


def test_absent_parts_name_their_command(make_results):
    summary = summarize(make_results(TAXA, [3] * 6, parts=(), pictures=False))
    assert summary["classify"] is summary["guide"] is summary["signal"] is None
    assert {key: part["command"] for key, part in summary["missing"].items()} == {
        "run": "phylolens run",
        "classify": "phylolens classify",
        "guide": "phylolens guide",
        "signal": "phylolens signal",
    }


def test_without_a_phylogeny_the_rank_is_family_unless_asked(make_results):
    out = make_results(TAXA, [3] * 6, parts=("run",), pictures=False)
    change(out, "check.json", lambda value: value.update(phylogeny=None))
    found = summarize(out)
    assert (found["rank"], found["phylogeny"]) == ("family", None)
    change(out, "run.json", lambda value: value.update(study={"rank": "order"}))
    assert summarize(out)["rank"] == "order"


def test_a_directory_without_results_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"check\.json"):
        summarize(tmp_path)
    (tmp_path / "check.json").write_text("{broken")
    with pytest.raises(InputError, match="not a JSON file"):
        summarize(tmp_path)


def test_summary_is_json(summary):
    rest = {name: value for name, value in summary.items() if name not in TYPED}
    assert json.loads(json.dumps(rest, allow_nan=False, default=lambda one: one.to_dict()))
    for name in TYPED:
        written = json.dumps(asdict(summary[name]), allow_nan=False, default=Part.to_dict)
        assert json.loads(written)["rank"] == summary["rank"]


def test_departures_name_how_pictures_became_square_and_the_scale(make_results):
    out = make_results(TAXA, [3] * 6, parts=("guide",), pictures=False)

    def depart(value):
        value["divisor"] = 2.5
        value["settings"]["features"]["fit"] = "pad"

    change(out, "guide/guide.json", depart)
    departures = " ".join(summarize(out)["methods"]["differences"])
    assert "how images become square: pad (published: squash)" in departures
    assert "becomes similarity −1: 2.5 (published: 1.7)" in departures


def test_seeds_are_those_of_the_stages_not_of_the_last_command(make_results):
    out = make_results(TAXA, [3] * 6, pictures=False)
    change(out, "run.json", lambda value: value.update(seed=7))
    assert "random seed 42" in summarize(out)["methods"]["paragraph"]
    change(out, "guide/guide.json", lambda value: value.update(seed=3))
    paragraph = summarize(out)["methods"]["paragraph"]
    assert "random seeds 3 (guided embedding) and 42 (signal)" in paragraph
