"""Settings are declared once: bounds, presets, options and study.toml agree."""

import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from phylolens.classification.heads import HEADS as KNOWN_HEADS
from phylolens.cli import _options as o
from phylolens.errors import InputError
from phylolens.guided.learners import CLASSES
from phylolens.guided.recipes import GUIDE_RECIPES
from phylolens.pipeline.settings import (
    HEADS,
    LEARNERS,
    NETWORKS,
    SECTION_MODELS,
    SECTIONS,
    Settings,
    make_settings,
    option_name,
)

MODELS: list[type[BaseModel]] = [Settings, *SECTION_MODELS.values()]


def test_every_setting_says_what_it_is():
    for model in MODELS:
        for name, field in model.model_fields.items():
            assert name in SECTION_MODELS or field.description, name


def test_the_preset_names_the_published_networks():
    guided = GUIDE_RECIPES["roy2025"]
    published = {"classify": ("convnext-tiny", "squash"), "guide": (guided.backbone, guided.fit)}
    for stage, network in published.items():
        own = make_settings({"preset": "roy2025"}).for_stage(stage)
        assert (own.backbone, own.fit) == network
        assert getattr(own, stage).recipe == "roy2025"
        assert NETWORKS["roy2025"][stage]["backbone"] == network[0]
    assert make_settings({"preset": "roy2025"}).guide.divisor == GUIDE_RECIPES["roy2025"].divisor


def test_the_recipe_of_classification_says_what_nobody_said():
    own = make_settings({"classify": {"recipe": "roy2025", "upsample_to": 7}}).classify
    assert own.models == ("rf", "rf-weighted", "rf-balanced-bagging")
    assert (own.upsample_to, own.splits, own.trust) == (7, ("random",), False)
    assert own.test_share == make_settings({}).classify.test_share == 0.2
    assert make_settings({"classify": {"models": None}}).classify.models == ("default", "rf")


def test_what_was_given_comes_before_the_preset():
    given = {"preset": "roy2025", "backbone": "efficientnet-lite0", "guide": {"divisor": 3.0}}
    own = make_settings(given).for_stage("guide")
    assert (own.backbone, own.fit, own.guide.divisor) == ("efficientnet-lite0", None, 3.0)
    assert own.guide.recipe == "roy2025"
    assert make_settings({"preset": "roy2025", "fit": "pad"}).for_stage("guide").fit == "pad"


def test_the_default_preset_changes_nothing():
    plain = make_settings({})
    assert plain.for_stage("classify") is plain
    assert plain.guide.recipe == "default"


def test_features_made_elsewhere_need_no_network():
    own = make_settings({"preset": "roy2025", "features": "x.csv"})
    assert own.for_stage("guide").backbone == "efficientnet-lite0"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"signal": {"fdr": 1}}, "--fdr: Input should be less than 1"),
        ({"classify": {"trust": "maybe"}}, "--no-trust"),
        ({"classify": {"unknown_share": "species=0.7,genus=0.4"}}, "--unknown-share.*add up"),
        ({"classify": {"unknown_share": "many"}}, "'many' is no share"),
        ({"classify": {"recipe": "mine"}}, "--recipe.*'mine'.*roy2025"),
        ({"seed": -1}, "--seed"),
        ({"sed": 1}, "--sed"),
        ({"preset": "roy2024"}, "--preset.*'roy2025'"),
    ],
)
def test_faults_name_the_option_as_it_is_typed(given, words):
    with pytest.raises(InputError, match=words):
        make_settings(given, where="options")


def test_shares_and_distances_may_be_text_as_on_the_command_line():
    made = make_settings(
        {
            "classify": {"unknown_share": "species=0.05, genus=0.02"},
            "signal": {"distance": "chord, rbf,euclidean"},
        }
    )
    assert made.classify.unknown_share == {"species": 0.05, "genus": 0.02}
    assert (made.signal.distance, made.signal.compare) == ("chord", ("rbf", "euclidean"))


def test_run_takes_every_setting_under_a_name_of_its_own():
    named = [name for section in SECTIONS for field in o._fields(section)
             for name in o._several(section, field)]  # fmt: skip
    named += [option_name(Settings, name) for name in Settings.model_fields
              if name not in SECTION_MODELS]  # fmt: skip
    assert len(named) == len(set(named))
    assert {"--permutations", "--learner", "--at", "--recipe", "--guide-recipe"} <= set(named)


def test_help_names_every_head_and_learner():
    """Written out there, since the classes themselves are heavy to import."""
    named = {name.split(" (")[0] for name in LEARNERS.split(", ")}
    assert named == set(CLASSES)
    heads = {name.split(" (")[0] for name in HEADS.split(", ")}
    assert heads == {*KNOWN_HEADS, "finetune"}


def test_the_documented_study_is_valid():
    text = (Path(__file__).parents[2] / "docs/formats.md").read_text(encoding="utf-8")
    study = text.split("```toml\n")[1].split("```")[0]
    assert make_settings(tomllib.loads(study)).classify.alpha_unknown == 0.2
