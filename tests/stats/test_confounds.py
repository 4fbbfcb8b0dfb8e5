"""Columns that may make taxa look alike: named by a rule, tested against direct computations."""

import numpy as np
import pandas as pd
import pytest
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError
from phylolens.stats.confound_adjust import without_source
from phylolens.stats.confound_pairs import adjusted_by_group, compare_sources
from phylolens.stats.confound_tests import (
    Compared,
    coincide,
    judge_column,
    screen_column,
    worst,
)
from phylolens.stats.confounds import name_columns, read_columns
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.lambda_score import lambda_score
from phylolens.stats.parsimony import fewest_changes
from phylolens.values import Features


def table(sources, images=2, **more):
    """One row an image; ``sources`` holds the value of each taxon."""
    taxa = [f"t{i:02}" for i in range(len(sources))]
    rows = pd.DataFrame({"taxon": np.repeat(taxa, images), "museum": np.repeat(sources, images)})
    return rows.assign(**more)


def columns(rows, *names, **options):
    return read_columns(rows, "taxon", names, **options)


def compared(means, distances, **more):
    """Compare taxa ``t00``, ``t01`` ...; Euclidean looks."""
    taxa = [f"t{i:02}" for i in range(len(means))]
    looks = np.linalg.norm(means[:, None] - means[None], axis=2)
    visual = VisualDistances.of_matrix(DistanceMatrix(looks, taxa))
    return Compared(visual, DistanceMatrix(distances, taxa), permutations=199, **more)


def clades(n, of_size, within=2.0, between=10.0):
    group = np.arange(n) // of_size
    found = np.where(group[:, None] == group[None], within, between)
    np.fill_diagonal(found, 0.0)
    return group, found


def test_a_column_constant_within_taxa_is_named_with_its_counts():
    (found,) = columns(table(["A"] * 4 + ["B"] * 3), "museum")
    assert found.is_named
    assert found.constant == 1.0
    assert name_columns([found]) == ("museum: A 4, B 3",)
    assert found.result.to_dict()["values"][0] == {"value": "A", "n_images": 8, "n_taxa": 4}


@pytest.mark.parametrize(
    "values",
    [
        np.tile(["A", "B"], 12),  # varies within every taxon
        np.array(["A"] * 22 + ["B"] * 2),  # one taxon alone differs from the others
        np.array(["A"] * 24),  # one value
    ],
)
def test_what_does_not_set_taxa_apart_is_not_named(values):
    rows = table(["x"] * 12).assign(museum=values)
    assert not name_columns(columns(rows, "museum"))


def test_a_nearly_constant_column_is_named():
    rows = table(["A"] * 6 + ["B"] * 6, images=5)
    rows.loc[0, "museum"] = "B"
    (found,) = columns(rows, "museum")
    assert found.constant == pytest.approx(59 / 60)
    assert found.is_named
    assert found.apart.data[0, 1] == pytest.approx(0.2)


def test_too_many_values_are_looked_at_only_when_asked():
    rows = table(["A"] * 60).assign(year=[str(1900 + k) for k in range(120)])
    assert columns(rows, "museum", "year") == ()
    (found,) = columns(rows, "museum", "year", asked=["YEAR"])
    assert list(found.shares.columns) == [
        "1900 to 1929.75", "1929.75 to 1959.5", "1959.5 to 1989.25", "1989.25 to 2019"
    ]  # fmt: skip


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(InputError, match=r"no such columns; columns that are no rank: museum"):
        columns(table(["A", "B"]), "museum", asked=["camera"])
    with pytest.raises(InputError, match="does not differ"):
        columns(table(["A", "A"]), "museum", asked=["museum"])
    assert not columns(table(["A", "B"] * 3), "museum", asked=["none"])[0].asked


def test_columns_that_divide_alike_are_one():
    rows = table(["A"] * 4 + ["B"] * 3)
    rows["camera"] = rows["museum"].map({"A": "Leica", "B": "Canon"})
    (found,) = columns(rows, "museum", "camera")
    assert (found.name, found.also) == ("museum", ("camera",))
    (found,) = columns(rows, "museum", "camera", asked=["camera"])
    assert (found.name, found.also, found.asked) == ("camera", ("museum",), True)


def slow_changes(tree, states):
    """Fewest changes by trying all states of all inner nodes."""
    from itertools import product

    inner = [node for node in tree.traverse() if not node.is_tip()]
    best = np.inf
    for chosen in product(sorted(set(states)), repeat=len(inner)):
        state = {id(node): value for node, value in zip(inner, chosen, strict=True)}
        state |= {id(tip): states[tip.name] for tip in tree.tips()}
        edges = [node for node in tree.traverse() if node.parent is not None]
        best = min(best, sum(state[id(e)] != state[id(e.parent)] for e in edges))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_parsimony_counts_what_trying_everything_finds(seed):
    tree = TreeNode.read(["((a,b,c),(d,(e,f)),g);"])
    states = pd.Series(np.random.default_rng(seed).choice(list("xyz"), 7), list("abcdefg"))
    assert fewest_changes(tree, states)[0] == slow_changes(tree, states)


def test_a_source_that_goes_with_looks_alone_leaves_a_real_signal_standing():
    rng = np.random.default_rng(3)
    group, distances = clades(40, 5)
    source = rng.permutation(np.arange(40) % 2)
    means = rng.normal(size=(40, 20)) + rng.normal(size=(8, 20))[group]
    means += 3 * rng.normal(size=(2, 20))[source]
    (column,) = columns(table([f"m{s}" for s in source]), "museum")
    given = compared(means, distances)
    screened = screen_column(column, given)
    upper = np.triu_indices(40, k=1)
    differ = (source[:, None] != source[None])[upper].astype(float)
    r = np.corrcoef(differ, given.visual.plain.data[upper])[0, 1]
    assert screened.visual.pearson == pytest.approx(r)
    assert screened.visual.p_value <= 0.01
    assert screened.phylogeny.p_value > 0.05
    found = judge_column(column, given, screened)
    assert found.conclusion == "holds within sources"
    assert found.within.n_moved == 40


def test_a_source_that_made_the_signal_leaves_none_within_sources():
    """Sources follow clades in part; looks follow the source alone."""
    rejected, plain = 0, 0
    group, distances = clades(40, 5)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        source = np.where(rng.random(40) < 0.2, rng.integers(0, 2, 40), group % 2)
        means = rng.normal(size=(40, 20)) + 2 * rng.normal(size=(2, 20))[source]
        (column,) = columns(table([f"m{s}" for s in source]), "museum")
        given = compared(means, distances)
        found = judge_column(column, given, screen_column(column, given))
        rejected += found.within.tests["lambda_score"].p_value <= 0.05
        plain += lambda_score(given.visual, given.genetic, permutations=199).p_value <= 0.05
    assert plain >= 18
    assert rejected <= 4  # of 20 at the 5% level: more with a chance of 0.3%


def test_sources_that_are_clades_can_not_be_told_from_them():
    rng = np.random.default_rng(0)
    group, distances = clades(30, 5)
    means = rng.normal(size=(30, 20)) + 2 * rng.normal(size=(6, 20))[group]
    (column,) = columns(table([f"m{g}" for g in group]), "museum")
    by_name = pd.Series([f"clade{g}" for g in group], [f"t{i:02}" for i in range(30)])
    given = compared(means, distances, clades=by_name)
    found = judge_column(column, given, screen_column(column, given))
    assert found.coincide
    assert found.conclusion == "nothing can be told"


def test_the_tree_alone_shows_that_sources_are_clades():
    tree = TreeNode.read(["((t00,t01),(t02,t03));"])
    _, distances = clades(4, 2)
    given = compared(np.eye(4), distances, tree=tree)
    whole, torn = (columns(table(list(values)), "museum")[0] for values in ("AABB", "ABAB"))
    assert coincide(whole, given)
    assert not coincide(torn, given)


def test_the_worst_conclusion_counts():
    assert worst([]) == "no matter"
    assert worst(["holds within sources", "nothing can be told"]) == "nothing can be told"


def specimens(source, taxon, effect, seed=0):
    """Rows of features: taxon means, the effect of the source, noise."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(max(taxon) + 1, 6))
    rows = means[taxon] + effect[source] + 0.05 * rng.normal(size=(len(taxon), 6))
    ids = tuple(f"{i:03}" for i in range(len(taxon)))
    names = [pd.Series([f"{k}{c}" for c in codes], list(ids)) for k, codes in
             (("t", taxon), ("m", source))]  # fmt: skip
    return Features(ids, rows.astype(np.float32), {}), *names, means


def test_the_effect_is_measured_within_taxa_where_they_have_several_sources():
    taxon = np.repeat(np.arange(12), 6)
    source = np.where(np.arange(72) % 6 < 2, 1, 0) * (taxon < 10)
    source[taxon >= 10] = 1
    effect = np.array([[0.0] * 6, [3.0] * 6])
    features, taxa, sources, means = specimens(source, taxon, effect)
    found = without_source(features, taxa, sources)
    assert found.way == "within taxa"
    assert found.n_taxa_several == 10
    left = pd.DataFrame(found.features.matrix).groupby(taxon).mean().to_numpy()
    assert np.allclose(left - left.mean(0), means - means.mean(0), atol=0.1)
    assert np.allclose(found.features.matrix.mean(0), features.matrix.mean(0), atol=1e-4)
    # Against least squares on the full design of taxa and sources.
    design = np.hstack([np.eye(12)[taxon], np.eye(2)[source]])
    full = np.linalg.lstsq(design, features.matrix.astype(float), rcond=None)[0][12:]
    gone = features.matrix - found.features.matrix
    assert np.allclose(gone[source == 1][0] - gone[source == 0][0], full[1] - full[0], atol=1e-5)


def test_elsewhere_the_mean_of_the_taxa_of_a_source_is_subtracted():
    taxon = np.repeat(np.arange(10), 4)
    source = (taxon >= 6).astype(int)
    features, taxa, sources, _ = specimens(source, taxon, np.array([[0.0] * 6, [3.0] * 6]))
    found = without_source(features, taxa, sources)
    assert found.way == "taxon means"
    left = pd.DataFrame(found.features.matrix).groupby(source).mean()
    assert np.allclose(left.loc[0], left.loc[1], atol=1e-4)
    before = pd.DataFrame(features.matrix).groupby(taxon).mean().to_numpy()
    after = pd.DataFrame(found.features.matrix).groupby(taxon).mean().to_numpy()
    assert found.removed == pytest.approx(1 - after.var(0).sum() / before.var(0).sum(), abs=1e-4)


def test_taxa_of_small_sources_stay_as_far_from_others_as_they_were():
    """Unstretched, differences from the mean of two taxa are half as large as from the truth."""
    rng = np.random.default_rng(0)
    sizes, n_worlds = [], 200
    for _ in range(n_worlds):
        means = rng.normal(size=(13, 6))
        source = np.array([0] * 10 + [1, 1, 2])
        ids = [f"t{i:02}" for i in range(13)]
        features = Features(tuple(ids), means, {})
        museum = pd.Series([f"m{s}" for s in source], ids)
        found = without_source(features, pd.Series(ids, ids), museum).features.matrix
        sizes.append([(found[k] ** 2).sum() for k in (0, 10, 12)])
        assert np.allclose(found[12], means[12])  # nothing is known of a source of one taxon
    many, few, _ = np.mean(sizes, axis=0)
    assert few == pytest.approx(many, rel=0.15)


def test_pairs_are_compared_by_every_column():
    sources = pd.DataFrame(
        {"museum": ["X", "X", "Y"], "camera": ["c", None, "c"]}, index=["a", "b", "d"]
    )
    pairs = np.array([["a", "b"], ["a", "d"], ["b", "d"]])
    same, other = compare_sources(pairs, sources)
    assert same == ["museum", "camera", ""]
    assert other == ["", "museum", "museum"]


def test_rates_are_taken_within_each_group():
    p = np.array([0.01, 0.02, 0.5, 0.001])
    suspect = np.array([False, True, False, True])
    assert adjusted_by_group(p, suspect) == pytest.approx([0.02, 0.02, 0.5, 0.002])
