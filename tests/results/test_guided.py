"""``guide.json`` in both forms: read as attributes, written as the same bytes."""

import json
from pathlib import Path

import pytest

from phylolens.errors import InputError
from phylolens.results.guided import GuidedResult, NewEmbeddings
from phylolens.results.guided_parts import Refits
from phylolens.results.guided_scores import GuideBaselines

DATA = Path(__file__).parent / "data"


@pytest.fixture
def judged():
    return GuidedResult.from_json(DATA / "guide-sampling.json")


@pytest.fixture
def published():
    return GuidedResult.from_json(DATA / "guide-published.json")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (GuidedResult, "guide-sampling"),
        (GuidedResult, "guide-published"),
        (NewEmbeddings, "guide-new"),
    ],
)
def test_a_file_is_written_as_it_was_read(model, name, undeclared):
    path = DATA / f"{name}.json"
    found = model.from_json(path)
    assert found.to_json() == path.read_text(encoding="utf-8")
    assert undeclared(found) == []


def test_new_results_begin_with_the_version_of_their_keys(judged):
    found = json.loads(GuidedResult.of(judged.to_dict()).to_json())
    assert next(iter(found)) == "schema_version"
    assert found == {"schema_version": 2} | json.loads(judged.to_json())


def test_both_forms_keep_the_order_of_their_baselines(judged, published):
    assert list(judged.baselines.to_dict())[-3:] == ["taxonomy_only", "unguided", "row_means"]
    assert list(published.baselines.to_dict()) == [
        "constant",
        "unguided",
        "row_means",
        "taxonomy_only",
    ]


def test_the_primary_learner_is_judged_first(judged, published):
    assert next(iter(judged.judged())) == judged.primary
    assert judged.judged()[judged.primary].held_out == judged.held_out
    assert (published.primary, published.judged()) == ("attention", {})


def test_older_files_hold_the_figures_of_the_primary_learner_once():
    found = GuidedResult.of(
        {"rank": "family", "n_taxa": 9, "held_out": {"skill": 0.1}, "null": {"p_value": 0.02}}
    )
    (own,) = found.judged().values()
    assert (own.held_out.skill, own.null.p_value) == (0.1, 0.02)


def test_skill_is_held_against_the_best_prediction_without_images():
    means = {"column_means": {"mse": 3.0}}
    assert GuideBaselines.model_validate(means).standard.mse == 3.0
    both = means | {"image_free": {"mse": 2.0}}
    assert GuideBaselines.model_validate(both).standard.mse == 2.0


def test_the_least_p_follows_from_the_number_of_refits():
    assert Refits(n_refits=19).least_p == 0.05
    assert Refits(n_refits=5040, smallest_p=0.01).least_p == 0.01


def test_tables_hold_learners_and_baselines(judged, published):
    table = judged.table()
    assert table.loc[judged.primary, "skill"] == judged.held_out.skill
    assert table.loc["image free", "mse"] == judged.baselines.image_free.mse
    fit = published.table()
    assert fit.loc["guided, in-sample", "pearson"] == published.in_sample.pearson
    assert fit["skill"].isna().all()


def test_a_result_prints_what_it_is(judged, published):
    first = repr(judged).splitlines()[0]
    assert first == (
        f"Guided embedding of {judged.n_taxa} taxa (rank {judged.rank}): {judged.primary}, "
        f"{judged.held_out.scheme}, {judged.held_out.n_clades} clades"
    )
    assert repr(published).splitlines()[0].endswith("attention, in-sample")
    assert "nan" not in repr(judged)
    assert judged._repr_html_().startswith("<pre>Guided")


def test_a_file_of_another_content_is_refused(tmp_path):
    (tmp_path / "guide.json").write_text('{"rank": "family", "n_taxa": "many"}')
    with pytest.raises(InputError, match="n_taxa"):
        GuidedResult.from_json(tmp_path / "guide.json")
