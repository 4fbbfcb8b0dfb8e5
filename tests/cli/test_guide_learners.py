"""Learners with settings from the command line: several of one kind, and what is refused."""

import json

import pandas as pd
import pytest

STRENGTHS = ("phylo-ridge:strength=1", "phylo-ridge:strength=0.03", "phylo-ridge")


def arguments(world, out, learners, *more):
    return (
        *("guide", "--features", world / "features.csv", "--meta", world / "meta.csv"),
        *("--distances", world / "distances.csv", "--out", out, "--refits", 0),
        *("--learner", learners, *more),
    )


def test_one_learner_with_two_settings_in_one_run(guide_world, phylolens, tmp_path):
    answer = phylolens(*arguments(guide_world, tmp_path, ",".join(STRENGTHS)))
    assert answer.code == 0, answer.err
    found = json.loads((tmp_path / "guide/guide.json").read_text())
    assert found["learner"] == STRENGTHS[0]
    assert tuple(found["learners"]) == STRENGTHS
    skills = [one["held_out"]["skill"] for one in found["learners"].values()]
    assert len(set(skills)) == 3
    assert json.loads((tmp_path / "guide/model/model.json").read_text())["learner"] == STRENGTHS[0]
    again = tmp_path / "again"
    for name in STRENGTHS[:2]:
        alone = phylolens(*arguments(guide_world, again / name[-4:], name))
        assert alone.code == 0
        own = json.loads((again / name[-4:] / "guide/guide.json").read_text())
        assert own["held_out"] == found["learners"][name]["held_out"]


def test_a_study_names_settings_too(guide_world, phylolens, tmp_path):
    (tmp_path / "study.toml").write_text(
        f'features = "{guide_world.as_posix()}/features.csv"\n'
        f'meta = "{guide_world.as_posix()}/meta.csv"\n'
        f'distances = "{guide_world.as_posix()}/distances.csv"\nout = "out"\n'
        '[guide]\nlearner = ["phylo-ridge:strength=1"]\nrefits = 0\n'
    )
    from phylolens.pipeline.run import run
    from phylolens.pipeline.settings import make_settings, read_settings

    run(make_settings(read_settings(tmp_path / "study.toml")), ("check", "guide"))
    found = json.loads((tmp_path / "out/guide/guide.json").read_text())
    assert found["learner"] == "phylo-ridge:strength=1"
    assert len(pd.read_csv(tmp_path / "out/guide/embeddings.csv")) == 20


@pytest.mark.parametrize(
    ("learners", "words"),
    [
        ("metrics:loss=triplet", ("unknown learner 'metrics'", "phylo-ridge")),
        ("phylo-ridge:colour=red", ("no setting 'colour'", "strength")),
        ("metric:loss=huber", ("'huber' is no value of 'loss'", "multi-similarity", "listwise")),
        ("metric:hidden=many", ("'many' is no value of 'hidden'", "a whole number")),
        ("phylo-ridge,soft:balance", ("no 'key=value': 'balance'",)),
    ],
)
def test_faults_stop_at_once_with_one_message(guide_world, phylolens, tmp_path, learners, words):
    answer = phylolens(*arguments(guide_world, tmp_path, learners))
    assert answer.code == 2
    shown = " ".join(answer.err.split())
    for word in words:
        assert word in shown
    assert "Traceback" not in answer.err
    assert not (tmp_path / "guide/guide.json").exists()
