"""Schemes of answering at several ranks against heads fitted by hand; repeated tests."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from phylolens.classification.consistency import compare_schemes
from phylolens.classification.evaluate import mean_and_sd
from phylolens.classification.heads import fit_head
from phylolens.classification.heads.inner_choice import InnerChoice
from phylolens.classification.heads.prototype import Prototype
from phylolens.classification.heads.shrunken_lda import ShrunkenLda
from phylolens.errors import TooFew
from phylolens.results.classification import SplitResult

RANKS = ("order", "family", "species")


@pytest.fixture(scope="module")
def parts(nested_world):
    features, table = nested_world(noise=1.6)
    table.loc[::8, "species"] = None
    rows = table.set_index("file", drop=False)
    tested = (table["specimen_id"].str[-1] >= "4").to_numpy()
    complete = rows["species"].notna().to_numpy()
    return features, rows[~tested], rows[tested & complete]


@pytest.fixture(scope="module")
def found(parts):
    features, train, test = parts
    gap = test.head(1).assign(species=None, file="absent.jpg").set_index("file", drop=False)
    test = pd.concat([test, gap])  # rows without some label are not asked about
    return compare_schemes(features, train, test, RANKS, RANKS, ShrunkenLda(0.6)).to_dict()


def scored(truth, given):
    return {
        "accuracy": accuracy_score(truth, given),
        "macro_f1": f1_score(truth, given, average="macro", zero_division=0),
    }


def by_hand(parts, rank, head):
    features, train, test = parts
    known, tested = train.dropna(subset=[rank]), test.dropna(subset=[rank])
    head.fit(features.take(list(known["file"])).matrix, known[rank].to_numpy(str))
    chances = head.predict_proba(features.take(list(tested["file"])).matrix)
    return tested[rank].to_numpy(str), head.classes_[chances.argmax(axis=1)]


@pytest.mark.parametrize("rank", RANKS)
def test_independent_scores_are_those_of_heads_fitted_by_hand(parts, found, rank):
    expected = scored(*by_hand(parts, rank, ShrunkenLda(0.6)))
    assert expected["accuracy"] < 1 or rank == "order", "not trivial"
    assert found["independent"]["scores"][rank] == pytest.approx(expected)


def test_independent_heads_have_the_choice_of_the_one_head(parts):
    features, train, test = parts
    head = InnerChoice(("prototype", "lda:0.6"), ())
    found = compare_schemes(features, train, test, RANKS, RANKS, head).to_dict()
    assert head.choice_ in ("prototype", "lda:0.6")
    frozen = InnerChoice((head.choice_,), ())
    expected = scored(*by_hand(parts, "family", frozen))
    assert found["independent"]["scores"]["family"] == pytest.approx(expected)


def test_summed_scores_by_hand(parts, found):
    """Leaves are the species; names tell which family and order each is of."""
    features, train, test = parts
    train = train.dropna(subset=["species"])  # a blank is not a taxon
    finest = train["species"].to_numpy(str)
    rows = features.take(list(train["file"])).matrix
    head = fit_head(ShrunkenLda(0.6), rows, finest, train["specimen_id"].to_numpy(str))
    chances = head.predict_proba(features.take(list(test["file"])).matrix)
    for rank, digits in (("order", 1), ("family", 2)):
        answers = []
        for row in chances:
            sums = {}
            for name, chance in zip(head.classes_, row, strict=True):
                sums[name[1 : 1 + digits]] = sums.get(name[1 : 1 + digits], 0.0) + chance
            answers.append(rank[0].upper() + max(sums, key=sums.get))
        assert found["summed"]["scores"][rank] == pytest.approx(scored(test[rank], answers))


def test_walking_down_never_contradicts_and_all_schemes_are_there(parts, found):
    schemes = ("independent", "summed", "top_down", "blended", "blended_top_down")
    assert all(set(found[one]["scores"]) == set(RANKS) for one in schemes)
    assert found["n"] == len(parts[2])
    for one in ("top_down", "blended_top_down"):
        assert found[one]["contradictions"] == 0
    assert found["independent"]["contradictions"] > 0
    assert found["top_down"]["scores"]["order"] == found["summed"]["scores"]["order"]


def test_ranks_finer_than_the_one_head_are_left_out(parts):
    features, train, test = parts
    found = compare_schemes(features, train, test, RANKS[:2], RANKS, Prototype()).to_dict()
    assert found["ranks"] == ["order", "family"]


def test_no_complete_row_to_test(parts):
    features, train, test = parts
    with pytest.raises(TooFew, match="at every rank"):
        compare_schemes(features, train, test.assign(species=None), RANKS, RANKS, Prototype())


# Repeats


def metrics(accuracy: float, f1: float, **more: tuple[float, float]) -> SplitResult:
    found = {"family": (accuracy, f1), **more}
    rank = {name: {"accuracy": a, "macro_f1": f} for name, (a, f) in found.items()}
    nil = {"majority": {"family": {"accuracy": 0.1, "macro_f1": 0.0}}}
    return SplitResult.model_validate(
        {"n_train": 8, "n_test": 2, "models": {"rf": rank}, "baselines": nil}
    )


def test_mean_and_sd_by_hand():
    runs = {
        "random": [metrics(0.7, 0.5), metrics(0.8, 0.6), metrics(0.9, 0.4)],
        "leave-species-out": [metrics(0.5, 0.25)],
        "leave-genus-out": [],  # never possible
    }
    found = mean_and_sd(runs)
    of = found["random"]["rf"]["family"].to_dict()
    assert of["accuracy"] == pytest.approx({"mean": 0.8, "sd": 0.1, "n": 3})
    assert of["macro_f1"]["sd"] == pytest.approx(math.sqrt((0.0 + 0.01 + 0.01) / 2))
    assert set(of) == {"accuracy", "macro_f1"}
    assert found["random"]["majority"]["family"].accuracy.sd == pytest.approx(0, abs=1e-12)
    once = found["leave-species-out"]["rf"]["family"].accuracy
    assert once.to_dict() == {"mean": 0.5, "sd": None, "n": 1}
    assert found["leave-genus-out"] == {}


def test_ranks_missing_in_some_repeats_count_where_they_are():
    more = metrics(0.7, 0.5, genus=(0.2, 0.1))
    found = mean_and_sd({"random": [metrics(0.9, 0.5), more]})["random"]["rf"]
    assert (found["genus"].accuracy.n, found["family"].accuracy.n) == (1, 2)
    assert np.isclose(found["genus"].accuracy.mean, 0.2)
