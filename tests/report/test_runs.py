"""A results directory may hold stages of several runs, ranks and rows that were never used."""

import json

import pytest

from phylolens.report import summarize, write_report

TAXA = ["Aidae", "Bidae", "Cidae", "Didae", "Eidae", "Fidae"]


@pytest.fixture
def out(make_results):
    return make_results(TAXA, [3] * 6, pictures=False)


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def stage(command, seed, meta="aa"):
    inputs = {"meta": {"path": "x/meta.csv", "sha256": meta * 32}}
    return {"command": ["phylolens", *command.split()], "seed": seed, "inputs": inputs}


def test_stages_of_several_runs_are_told_apart(out):
    stages = {
        "classify": stage("run", 42),
        "guide": stage("guide --rank order", 3, "bb"),
        "signal": stage("run", 42),
    }
    change(out / "run.json", stages=stages, seed=3, command=["phylolens", "guide"])
    methods = summarize(out)["methods"]
    assert "42 (classification), 3 (guided embedding) and 42 (signal)" in methods["paragraph"]
    assert methods["commands"] == [
        {"command": "phylolens run", "made": "classification and signal"},
        {"command": "phylolens guide --rank order", "made": "guided embedding"},
    ]
    assert [row["sha256"][:2] for row in methods["inputs"]] == ["aa", "bb"]
    assert "phylolens guide --rank order" in write_report(out).read_text(encoding="utf-8")


def test_stages_of_one_run_and_older_records_name_one_command(out):
    older = summarize(out)["methods"]
    assert older["commands"] == [{"command": "phylolens run --meta meta.csv", "made": ""}]
    change(out / "run.json", stages=dict.fromkeys(("classify", "guide", "signal"), stage("run", 5)))
    methods = summarize(out)["methods"]
    assert methods["commands"] == [{"command": "phylolens run", "made": ""}]
    change(out / "run.json", stages={"guide": stage("guide", 42)})
    assert summarize(out)["methods"]["commands"][1:] == [
        {"command": "", "made": "classification and signal"}
    ]


def test_a_section_of_another_rank_says_so(out):
    note = "This section was made at the rank of"
    assert note not in write_report(out).read_text(encoding="utf-8")
    change(out / "signal/signal.json", rank="genus")
    text = write_report(out).read_text(encoding="utf-8")
    assert "compared at the rank of genus (the guided embedding at the rank of family)" in text
    assert text.count(note) == 2  # guided embedding, names of the phylogeny
    assert "Classification was not tested at the rank of genus" in text


@pytest.mark.parametrize("dropped_before_counting", [True, False])
def test_rows_that_could_not_be_used_are_counted_and_named(out, dropped_before_counting):
    check = json.loads((out / "check.json").read_text())
    missing = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    check["specimens"] |= {"n_images": 86 if dropped_before_counting else 90, "n_usable": 86}
    kind = "no-features" if dropped_before_counting else "missing-file"
    check["problems"][0] |= {"kind": kind, "ids": missing, "count": 4}
    check["left_out"]["images"] = [] if dropped_before_counting else missing
    (out / "check.json").write_text(json.dumps(check))
    found = summarize(out)["specimens"]
    assert found["sentences"][0] == (
        "90 rows were read; 86 images could be used and 4 left out: "
        "'a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'."
    )
    assert (found["n_left_out"], found["left_out"]["shown"]) == (4, missing)
    check["specimens"] |= {"n_images": 90, "n_usable": 90}
    check |= {"problems": [], "left_out": {"images": []}}
    (out / "check.json").write_text(json.dumps(check))
    sentences = summarize(out)["specimens"]["sentences"]
    assert sentences[0] == "90 images were read. All of them could be used."


def test_exact_tests_name_all_permutations(out):
    signal = json.loads((out / "signal/signal.json").read_text())
    for test in signal["tests"].values():
        test |= {"exact": True, "n_permutations": 40320}
    (out / "signal/signal.json").write_text(json.dumps(signal))
    assert "all 40,320 permutations of the taxa" in summarize(out)["methods"]["paragraph"]
