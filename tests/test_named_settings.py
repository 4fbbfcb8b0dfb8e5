"""Names with settings: split, typed, refused in one message, and safe as file names."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pytest

from phylolens.classification.heads import HEADS, make_head
from phylolens.errors import InputError
from phylolens.guided.learners import CLASSES, make_learner
from phylolens.guided.learners.metric import NAMES
from phylolens.named_settings import file_name, name_of, parse_named, split_names, typed_settings


class Part:
    def __init__(self, *, size: int = 3) -> None: ...


class Kind:
    def __init__(
        self,
        *,
        loss: Literal["a", "b"] = "a",
        rate: float = 0.1,
        hidden: int = 0,
        plain: bool = False,
        penalty: float | None = None,
        tried: Sequence[float] = (),
        title: str = "",
        part: Mapping[str, int] | None = None,
    ) -> None: ...


def typed(text: str) -> dict:
    named = parse_named(text, ["kind"], what="learner", where="--learner")
    return typed_settings(
        named, Kind, what="learner", where="--learner", hidden=("title",), parts={"part": Part}
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b", ("a", "b")),
        (" a , ,b ", ("a", "b")),
        ("a:x=1,y=2,b", ("a:x=1,y=2", "b")),
        ("a,b:x=1, y=2 ,c:z=3", ("a", "b:x=1,y=2", "c:z=3")),
        ("root,unit,pca:300", ("root", "unit", "pca:300")),
        ("a:x=1,a:x=2", ("a:x=1", "a:x=2")),
        ("a,x=1", ("a", "x=1")),
        ("", ()),
    ],
)
def test_commas_part_names_and_settings(text, names):
    assert split_names(text) == names


def test_values_have_the_types_of_the_constructor():
    found = typed("kind:loss=b,rate=1e-3,hidden=64,plain=yes,penalty=none,tried=1/0.1,part.size=7")
    assert found == {
        "loss": "b", "rate": 1e-3, "hidden": 64, "plain": True, "penalty": None,
        "tried": (1.0, 0.1), "part": {"size": 7},
    }  # fmt: skip
    assert isinstance(found["hidden"], int)
    assert typed("kind:penalty=2") == {"penalty": 2.0}
    assert typed("kind") == {}


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("kinds", "unknown learner 'kinds'", "kind"),
        ("kind:colour=3", "no setting 'colour'", "loss, rate, hidden, plain, penalty, tried, part"),
        ("kind:title=x", "no setting 'title'", "loss"),
        ("kind:loss=c", "'c' is no value of 'loss'", "one of a, b"),
        ("kind:hidden=1.5", "'1.5' is no value of 'hidden'", "a whole number"),
        ("kind:rate=fast", "'fast' is no value of 'rate'", "a number"),
        ("kind:plain=perhaps", "'perhaps' is no value", "true or false"),
        ("kind:penalty=x", "'x' is no value", "a number or none"),
        ("kind:tried=1/x", "'1/x' is no value", "slashes"),
        ("kind:part.size=x", "'part.size'", "a whole number"),
        ("kind:loss", "no 'key=value': 'loss'", "kind:key=value"),
        ("kind:", "no 'key=value'", "kind:key=value"),
        ("kind:rate=1,rate=2", "sets rate twice", "key=value"),
    ],
)
def test_faults_are_one_message_that_names_what_there_is(text, problem, hint):
    with pytest.raises(InputError) as error:
        typed(text)
    assert problem in error.value.problem
    assert hint in error.value.hint
    assert error.value.where == "--learner"


def test_file_names_are_safe_and_differ():
    plain = ("metric", "attention+projection", "phylo-ridge")
    assert [file_name(name) for name in plain] == list(plain)
    others = ["metric:loss=triplet", "metric-loss=triplet", "a:b=c/d", "a:b=c|d", "x" * 200]
    found = [file_name(name) for name in others]
    assert len(set(found)) == len(found)
    assert all(not set(name) & set('<>:"/\\|?*') and len(name) < 100 for name in found)
    assert name_of("metric:loss=triplet") == "metric"


@pytest.mark.parametrize("loss", NAMES)
def test_every_metric_loss_is_reached_by_name(loss):
    made = make_learner(f"metric:loss={loss},hidden=8", 7)
    assert (made.loss, made.hidden, made.seed) == (loss, 8, 7)
    tuned = make_learner(f"finetune:head.loss={loss},blocks=1")
    assert (tuned.head, tuned.blocks) == ({"loss": loss}, 1)


def test_settings_of_learners_that_cannot_be_typed_are_refused():
    with pytest.raises(InputError, match="no setting 'backbone'"):
        make_learner("finetune:backbone=resnet18")
    with pytest.raises(InputError) as error:
        make_learner("metric:loss=huber")
    assert "ranknet" in error.value.hint
    assert make_learner("metric:loss=triplet", loss="ranknet").loss == "ranknet"


@pytest.mark.parametrize("name", CLASSES)
def test_no_learner_has_the_setting_colour(name):
    with pytest.raises(InputError, match=f"{name.replace('+', '.')} has no setting 'colour'"):
        make_learner(f"{name}:colour=red")


def test_heads_take_settings_of_their_last_step():
    assert make_head("svm:C=10", 0).get_params()["head__C"] == 10.0
    head = make_head("mlp-weighted:hidden=64,steps=10", 3).steps[-1][1]
    assert (head.hidden, head.steps, head.seed) == (64, 10, 3)
    assert make_head("rf:n_estimators=7", 0).n_estimators == 7
    assert make_head("default:candidates=lda:0.6/prototype", 0).get_params()
    with pytest.raises(InputError, match="no setting 'colour'"):
        make_head("svm:colour=red", 0)
    with pytest.raises(InputError, match="'many' is no value of 'C'"):
        make_head("svm:C=many", 0)


@pytest.mark.parametrize("name", HEADS)
def test_every_head_is_made_as_before_without_settings(name):
    with pytest.raises(InputError, match="no setting 'colour'"):
        make_head(f"{name}:colour=red", 0)
