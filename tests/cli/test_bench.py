"""The bench from the command line: files, what is kept, what is refused."""

import json

import pandas as pd
import pytest

from phylolens.results.bench import BenchResult


def arguments(world, out, cells, *more):
    return (
        *("bench", "--features", world / "features.csv", "--meta", world / "meta.csv"),
        *("--distances", world / "distances.csv", "--out", out, "--refits", 0),
        *("--cells", cells, *more),
    )


def test_one_table_in_the_order_of_the_map(guide_world, phylolens, tmp_path):
    answer = phylolens(*arguments(guide_world, tmp_path, "gp,foundational/distances"))
    assert answer.code == 0, answer.err
    found = BenchResult.from_json(tmp_path / "bench/bench.json")
    assert [row.name for row in found.methods] == ["euclidean", "manhattan", "cosine", "gp"]
    assert all(row.status == "done" for row in found.methods)
    table = pd.read_csv(tmp_path / "bench/bench.csv")
    assert list(table["name"]) == [row.name for row in found.methods]
    assert "the best of 4 methods flatters" in answer.out
    assert "skill" in answer.out


def test_finished_methods_are_kept_when_more_are_asked_for(guide_world, phylolens, tmp_path):
    assert phylolens(*arguments(guide_world, tmp_path, "cosine")).code == 0
    (part,) = (tmp_path / "bench/parts").glob("cosine-*.json")
    kept = json.loads(part.read_text())
    part.write_text(json.dumps(kept | {"note": "made before"}))
    assert phylolens(*arguments(guide_world, tmp_path, "cosine,euclidean")).code == 0
    rows = {row.name: row for row in BenchResult.from_json(tmp_path / "bench/bench.json").methods}
    assert rows["cosine"].note == "made before"
    assert rows["euclidean"].note is None
    assert phylolens(*arguments(guide_world, tmp_path, "cosine", "--seed", 5)).code == 0
    rows = {row.name: row for row in BenchResult.from_json(tmp_path / "bench/bench.json").methods}
    assert rows["cosine"].note is None  # with another seed nothing is kept


def test_methods_without_what_they_need_say_so(guide_world, phylolens, tmp_path):
    answer = phylolens(
        *arguments(guide_world, tmp_path, "foundational,self-supervised,gp", "--json")
    )
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)["bench"]
    assert all(one["why"] for one in told.get("not_made", []))
    made = {one["name"] for one in told["methods"]}
    rows = BenchResult.from_json(tmp_path / "bench/bench.json").methods
    assert {row.name for row in rows if row.why_not} == {row.name for row in rows} - made


@pytest.mark.parametrize(
    ("cells", "more", "words"),
    [
        ("foundational/kernel", (), ("no such cell", "Did you mean foundational/kernels?")),
        ("gp", ("--budget", "tiny"), ("--budget", "quick", "full")),
        ("gp", ("--checkpoints", "clip"), ("--checkpoints", "NAME=PATH")),
        ("gp", ("--checkpoints", "clip=nowhere.bin"), ("no such file", "nowhere.bin")),
        ("gp", ("--held-out", "genus"), ("--held-out",)),
        ("gp", ("--refit-seconds", 0), ("--refit-seconds",)),
    ],
)
def test_faults_stop_at_once_with_one_message(guide_world, phylolens, tmp_path, cells, more, words):
    answer = phylolens(*arguments(guide_world, tmp_path, cells, *more))
    assert answer.code == 2
    for word in words:
        assert word in " ".join(answer.err.split())
    assert "Traceback" not in answer.err
    assert not (tmp_path / "bench/bench.json").exists()


def test_one_class_is_too_few(guide_world, phylolens, tmp_path):
    table = pd.read_csv(guide_world / "meta.csv")
    rank = next(name for name in ("genus", "family") if name in table)
    (tmp_path / "one.csv").write_text(
        table[table[rank] == table[rank][0]].to_csv(index=False), encoding="utf-8"
    )
    answer = phylolens(
        *("bench", "--features", guide_world / "features.csv", "--meta", tmp_path / "one.csv"),
        *("--distances", guide_world / "distances.csv", "--out", tmp_path / "out", "--cells", "gp"),
    )
    assert answer.code == 2
    assert "roy2025" not in answer.err  # the bench has no recipe
    assert "at least three are needed" in " ".join(answer.err.split())
    assert not (tmp_path / "out/bench/bench.json").exists()


def test_it_needs_a_phylogeny(guide_world, phylolens, tmp_path):
    answer = phylolens(
        *("bench", "--features", guide_world / "features.csv", "--meta", guide_world / "meta.csv"),
        *("--out", tmp_path, "--cells", "gp"),
    )
    assert answer.code == 2
    assert "needs a phylogeny" in answer.err


def test_a_whole_run_has_no_bench_unless_its_cells_are_named(guide_world, tmp_path):
    from phylolens.pipeline.run import run
    from phylolens.pipeline.settings import make_settings

    files = {
        "features": guide_world / "features.csv",
        "meta": guide_world / "meta.csv",
        "distances": guide_world / "distances.csv",
    }
    few = {
        "classify": {"models": ("prototype",), "trust": False},
        "guide": {"learner": ("gp",), "refits": 0},
        "signal": {"permutations": 9, "simulations": 40, "replicates": 2},
    }
    without = run(make_settings({**files, **few, "out": tmp_path / "without"}))
    assert "bench" not in without
    named = few | {"bench": {"cells": ("gp",), "refits": 0}}
    found = run(make_settings({**files, **named, "out": tmp_path / "with"}))
    assert found["bench"]["methods"][0]["name"] == "gp"
    page = (tmp_path / "with/report.html").read_text(encoding="utf-8")
    assert "Which way of learning similarity suits these images?" in page
    assert "Which way of learning similarity" not in (tmp_path / "without/report.html").read_text(
        encoding="utf-8"
    )
