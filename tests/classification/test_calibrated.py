"""Calibration against a computation by hand, answers against a walk in a loop."""

import math
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from phylolens.classification.blend import tempered, with_rest
from phylolens.classification.calibrated import GUARANTEES, fit_calibrated
from phylolens.classification.calibration import calibrate, fit_temperatures
from phylolens.classification.confidence import extrapolate_temperature
from phylolens.classification.cross_fit import OutOfFold
from phylolens.classification.heads.inner_choice import InnerChoice
from phylolens.classification.heads.prototype import Prototype
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.predict import NONE, long_table, novelty_p, wide_table
from phylolens.errors import TooFew

RANKS = ("order", "family")
# Node numbers: orders A 0, B 1; families a1 2, a2 3, b1 4, b2 5.
LINES = [("A", "a1"), ("A", "a2"), ("B", "b1"), ("B", "b2")]
N_KNOWN, N_NEW = 20, 8


@pytest.fixture(scope="module")
def asked():
    """Twenty known and eight new specimens, their probabilities drawn."""
    rng = np.random.default_rng(5)
    n = N_KNOWN + N_NEW
    table = pd.DataFrame([LINES[k % 4] for k in range(n)], columns=list(RANKS), dtype=object)
    files = [f"f{k}" for k in range(n)]
    table = table.assign(file=files, specimen_id=files).set_index("file", drop=False)
    tree = TaxonTree.of(table, RANKS)
    leaves = rng.dirichlet(np.full(4, 0.5), n)
    for row in range(N_KNOWN):
        guessed = (row + (row % 5 == 0)) % 4  # one in five is taken for another
        leaves[row] = (leaves[row] + np.eye(4)[guessed]) / 2
    raw = np.column_stack([leaves[:, :2].sum(1), leaves[:, 2:].sum(1), leaves])
    strata = np.array(["known family"] * N_KNOWN + ["unknown family"] * N_NEW)
    kinds = np.array(["specimen"] * N_KNOWN + ["family"] * N_NEW)
    folds = np.repeat([0, 1], [N_KNOWN, N_NEW])
    found = OutOfFold(np.array(files), kinds, strata, raw, rng.uniform(0, 1, n), folds)
    return found, table, tree


def needed(raw: np.ndarray, truth: tuple[str, str]) -> float:
    """Probability of the first wrong taxon on the way down; 0 where there is none."""
    order = 0 if raw[0] >= raw[1] else 1
    if "AB"[order] != truth[0]:
        return raw[order]
    family = max((2, 3) if order == 0 else (4, 5), key=lambda node: raw[node])
    return 0.0 if ("a1", "a2", "b1", "b2")[family - 2] == truth[1] else raw[family]


def threshold_of_sets(
    raw: np.ndarray, scores: list[float], weights: list[float], alpha: float, kind: str
) -> float:
    """The least the bar of safe answers can be once a new specimen is among the others."""
    if kind == "known_only":
        place = math.ceil((N_KNOWN + 1) * (1 - alpha))
        return sorted([*scores[:N_KNOWN], -math.inf])[place - 1]
    pairs = [*zip(scores, weights, strict=True), (-math.inf, max(weights))]
    whole = sum(weight for _, weight in pairs)
    for bar in sorted(score for score, _ in pairs):
        if sum(weight for score, weight in pairs if score <= bar) >= (1 - alpha) * whole - 1e-9:
            return bar
    return math.inf


def set_score(raw: np.ndarray, truth: tuple[str, str], bar: float) -> float:
    """One minus the probability of the true family, infinite where the answer is wrong."""
    order = 0 if raw[0] >= raw[1] else 1
    family = max((2, 3) if order == 0 else (4, 5), key=lambda node: raw[node])
    if raw[order] <= bar:
        return 0.0
    right = "AB"[order] == truth[0]
    if raw[family] > bar:
        right = ("a1", "a2", "b1", "b2")[family - 2] == truth[1]
    return 1 - raw[2 + LINES.index(truth)] if right else math.inf


@pytest.mark.parametrize("alpha", [0.1, 0.25])
def test_thresholds_by_hand(asked, alpha):
    found, table, tree = asked
    learnt = calibrate(found, table, tree, {}, alpha, 0.1)
    scores = [needed(found.raw[row], LINES[row % 4]) for row in range(len(table))]
    assert len([score for score in scores if score > 0]) > 5
    place = math.ceil((N_KNOWN + 1) * (1 - alpha))
    assert learnt.thresholds["known_only"] == sorted(scores[:N_KNOWN])[place - 1]

    assert learnt.mix == pytest.approx({"known family": 0.9, "unknown family": 0.1})
    weights = [0.9 / N_KNOWN] * N_KNOWN + [0.1 / N_NEW] * N_NEW
    pairs = list(zip(scores, weights, strict=True))
    for bar in sorted(scores):
        if sum(weight for score, weight in pairs if score <= bar) >= (1 - alpha) * (
            1 + max(weights)
        ):
            break
    assert learnt.thresholds["mixed"] == bar

    for kind in ("known_only", "mixed"):
        least = threshold_of_sets(found.raw, scores, weights, alpha, kind)
        in_set = sorted(set_score(found.raw[row], LINES[row % 4], least) for row in range(N_KNOWN))
        assert learnt.set_thresholds[kind] == pytest.approx(in_set[place - 1], abs=1e-12)
    np.testing.assert_allclose(
        learnt.novelty["msp"], [1 - max(row[2:]) for row in found.raw[:N_KNOWN]], atol=1e-12
    )
    np.testing.assert_array_equal(learnt.novelty["knn"], found.distances[:N_KNOWN])


def test_too_few_specimens_make_nothing_safe(asked):
    found, table, tree = asked
    few = found.take(np.arange(8))
    learnt = calibrate(few, table, tree, {}, 0.1, 0.1)
    assert learnt.thresholds == dict.fromkeys(GUARANTEES, math.inf)
    assert learnt.set_thresholds == dict.fromkeys(GUARANTEES, math.inf)
    assert math.isfinite(calibrate(found.take(np.arange(9)), table, tree, {}, 0.1, 0.1)
                         .thresholds["known_only"])  # fmt: skip


def test_a_share_of_unknown_taxa_raises_the_bar(asked):
    found, table, tree = asked
    bars = [calibrate(found, table, tree, {}, 0.25, share).thresholds["mixed"]
            for share in (0.0, 0.2, 0.6)]  # fmt: skip
    assert bars == sorted(bars)
    assert bars[0] < bars[-1]


def test_temperatures_are_the_best_of_a_grid(asked):
    """Known rows only; a specimen with several rows counts once."""
    found, table, tree = asked
    units = table.assign(specimen_id=["s0"] * 6 + table["specimen_id"].tolist()[6:])
    own, ahead = fit_temperatures(found, units, tree)
    assert own == ahead, "without answers of heads fitted to half there is no other"
    weights = np.array([1 / 6] * 6 + [1.0] * (N_KNOWN - 6))
    leaves = found.raw[:N_KNOWN, 2:]

    def loss(temperature: float) -> float:
        scaled = leaves ** (1 / temperature)
        chance = scaled / scaled.sum(axis=1, keepdims=True)
        true = chance[np.arange(N_KNOWN), np.arange(N_KNOWN) % 4]
        return float(-(weights * np.log(true)).sum())

    best = min(loss(temperature) for temperature in np.geomspace(0.1, 10, 2000))
    assert loss(own["family"]) == pytest.approx(best, abs=1e-4)


def test_a_rank_of_one_taxon_is_certain(asked):
    """Rounding of single precision must not be taken for doubt, and then be blown up."""
    found, table, _ = asked
    alone = TaxonTree.of(table.assign(order="A"), RANKS)
    thirds = np.full((len(table), 3), 1 / 3, dtype=np.float32)  # their sum is not quite one
    raw = np.column_stack([np.full(len(table), 1 - 1e-7), thirds, np.zeros(len(table))])
    own, ahead = fit_temperatures(replace(found, raw=raw.astype(np.float32)), table, alone)
    assert own["order"] == ahead["order"] == 1
    assert with_rest(raw[:, 1:].astype(np.float32))[:, -1].max() == 0
    flat = tempered(alone, raw.astype(np.float32), {"order": 50.0})
    assert flat[:, 0].min() > 0.999


def test_temperatures_of_stored_heads_are_extrapolated(asked):
    found, table, tree = asked
    flatter = (found.raw + 0.5) / np.array([2, 2, 3, 3, 3, 3])
    half = replace(found, raw=flatter, left_out=np.full(len(table), "half"))
    names = [each.name for each in fields(OutOfFold)]
    both = OutOfFold(*(np.concatenate([getattr(found, n), getattr(half, n)]) for n in names))
    own, ahead = fit_temperatures(both, table, tree)
    of_half = fit_temperatures(replace(found, raw=flatter), table, tree)[0]
    assert own == fit_temperatures(found, table, tree)[0]
    for rank in RANKS:
        expected = extrapolate_temperature({0.5: of_half[rank], 0.8: own[rank]})
        expected = min(max(expected, own[rank] / 1.5), own[rank] * 1.5)
        assert ahead[rank] == pytest.approx(expected)
        assert ahead[rank] != own[rank]


# A whole model


@pytest.fixture(scope="module")
def fitted(nested_world):
    features, table = nested_world()
    ranks = ("order", "family", "species")
    return *fit_calibrated(features, table, ranks, Prototype(), alpha=0.2), features, table


def test_answers_against_a_walk_in_a_loop(fitted):
    model, _, features, _ = fitted
    answers = model.answer(features.take(features.ids[:40]), "known_only")
    bar = model.calibration.thresholds["known_only"]
    parents = model.tree.nodes["parent"].to_numpy()
    deep = set()
    for row, chances in enumerate(answers.marginals):
        node, path, accepted = -1, [], -1
        while (parents == node).any():
            node = max(np.flatnonzero(parents == node), key=lambda child: chances[child])
            path.append(node)
            accepted = node if chances[node] > bar else accepted
        assert answers.path[row].tolist() == path
        assert answers.accepted[row] == accepted
        deep.add(int(accepted))
    assert len(deep) > 3
    finest = answers.marginals[:, model.finest]
    np.testing.assert_allclose(answers.novelty["msp"], 1 - finest.max(axis=1))


def test_the_answers_calibrated_on_are_fewer_than_all(fitted):
    model, found, _, table = fitted
    assert "half" not in found.left_out
    assert set(found.left_out) == {"specimen", "order", "family", "species"}
    assert model.card.n_images == len(table)
    assert model.card.n_specimens == table["specimen_id"].nunique()
    specimens = table.set_index("file")["specimen_id"][found.files[found.known]]
    assert len(model.calibration.novelty["msp"]) == specimens.nunique()


def test_promised_coverage_is_met_on_fresh_specimens(nested_world):
    """Same taxa, new specimens: nine of ten accepted answers hold."""
    features, table = nested_world(species=3, specimens=15, noise=1.6)
    number = table["specimen_id"].str[4:].astype(int)
    old, new = table[number < 8], table[number >= 8]
    ranks = ("order", "family", "species")
    model, _ = fit_calibrated(features, old, ranks, Prototype(), alpha=0.1, unknown=0.0)
    answers = model.answer(features.take(list(new["file"])), "known_only")
    truth = model.tree.path(model.tree.node_of(new))
    right = [node < 0 or node in path for node, path in zip(answers.accepted, truth, strict=True)]
    n = new["specimen_id"].nunique()
    assert np.mean(right) > 0.9 - 3 * math.sqrt(0.09 / n)
    assert 0.1 < (answers.accepted >= model.finest.min()).mean() < 1, "neither all nor none"


def test_split_calibration_keeps_a_fifth_from_the_stored_head(nested_world):
    features, table = nested_world(species=2)
    head = InnerChoice(("prototype", "lda:0.6"), ())
    model, found = fit_calibrated(
        features, table, ("order", "family", "species"), head, calibration="split", seed=2
    )
    asked = found.files[found.left_out == "specimen"]
    specimen_of = table.set_index("file")["specimen_id"]
    kept = set(table["file"]) - set(asked)
    assert not set(specimen_of[asked]) & set(specimen_of[list(kept)])
    assert len(set(specimen_of[asked])) == pytest.approx(table["specimen_id"].nunique() / 5, abs=4)
    assert len(model.reference) == model.card.n_images == len(kept)
    asked_rows = features.take(sorted(asked)).matrix
    asked_rows /= np.linalg.norm(asked_rows, axis=1, keepdims=True)
    rows = {row.tobytes() for row in asked_rows.astype(np.float16)}
    assert not rows & {row.tobytes() for row in model.reference}
    marginals = model.blend.raw(features.take(list(asked)).matrix)
    np.testing.assert_allclose(found.raw[found.left_out == "specimen"], marginals, atol=1e-6)
    taxa_only = found.files[found.left_out != "specimen"]
    assert set(taxa_only) <= kept


def test_too_few_to_calibrate(nested_world):
    features, table = nested_world(orders=1, families=2, species=1, specimens=1)
    with pytest.raises(TooFew):
        fit_calibrated(features, table, ("order", "family"), Prototype())


# Tables


def test_tables_against_the_answers(fitted):
    model, _, features, _ = fitted
    answers = model.answer(features.take(features.ids[:30]), "mixed")
    wide, long = wide_table(model, answers), long_table(model, answers)
    places = {rank: place for place, rank in enumerate(model.tree.ranks)}
    assert wide["file"].tolist() == list(features.ids[:30])
    for row, line in enumerate(wide.itertuples()):
        lines = long[long["file"] == line.file].set_index("rank")
        assert lines["taxon"].tolist() == [line.order, line.family, line.species]
        chances = [answers.marginals[row, node] for node in answers.path[row]]
        assert lines["probability"].tolist() == chances
        depth = -1 if line.accepted_rank == NONE else places[line.accepted_rank]
        assert lines["accepted"].tolist() == [place <= depth for place in range(3)]
        node = answers.accepted[row]
        if node < 0:
            assert line.accepted_taxon == NONE
            assert math.isnan(line.accepted_probability)
        else:
            assert line.accepted_taxon == model.tree.nodes["taxon"].iloc[node]
            assert line.accepted_probability == answers.marginals[row, node]
        limit = 1 - model.calibration.set_thresholds["mixed"]
        chosen = [tip for tip in model.finest
                  if node < 0
                  or (node in model.tree.path(tip)
                      and (answers.marginals[row, tip] >= limit or tip == answers.path[row, -1]))
                  ]  # fmt: skip
        chosen.sort(key=lambda tip: -answers.marginals[row, tip])
        names = [model.tree.nodes["taxon"].iloc[tip] for tip in chosen]
        assert line.conformal_set_size == len(names)
        if len(names) <= 10:
            assert line.conformal_set == "|".join(names)


def test_novelty_p_by_counting(fitted):
    model, _, features, _ = fitted
    far = features.matrix[:10] * 3 + 5
    answers = model.answer(
        type(features)(tuple(f"x{k}" for k in range(20)), np.vstack([features.matrix[:10], far]))
    )
    known = model.calibration.novelty
    n = len(known["msp"])

    def joint(score: dict[str, float], itself: int) -> float:
        logs = 0.0
        for name, value in score.items():
            high = sum(other >= value for other in known[name])
            logs += math.log(high / n if itself else (1 + high) / (n + 1))
        return -logs / 2

    of_known = [joint({name: known[name][k] for name in known}, 1) for k in range(n)]
    found = novelty_p(model, answers)
    for row in range(20):
        mine = joint({name: answers.novelty[name][row] for name in known}, 0)
        assert found[row] == pytest.approx(
            (1 + sum(other >= mine - 1e-12 for other in of_known)) / (n + 1)
        )
    assert found[10:].max() < 0.1 < found[:10].mean()
