"""What the section on signal says, case by case."""

import pytest

from phylolens.report import summarize
from phylolens.report.sections.signal.clades import Cell
from phylolens.report.sections.signal.trees import SampleRow

TAXA = [f"{letter}idae" for letter in "ABCDEFGHIJKL"]
DESCRIBING = ("kmult", "mantel_pearson", "mantel_spearman", "dcor", "mantel_pearson_centred",
              "mantel_spearman_centred")  # fmt: skip


def said(make_signal, edit=None, taxa=TAXA):
    return summarize(make_signal(taxa, edit))["signal"]


def no_signal(found):
    for name, test in found["tests"].items():
        test |= {"p_value": 0.4}
        test |= {"p_holm": 0.9} if name in DESCRIBING else {}


def not_confirmed(found):
    found["tests"]["protest"] |= {"p_value": 0.2}


@pytest.fixture(scope="module")
def signal(make_signal):
    return said(make_signal)


def test_a_significant_verdict_states_size_p_n_baseline_and_limits(signal):
    assert signal.kind == "yes"
    for part in ("look more alike than chance",
                 "(Score test of Pagel’s λ: S = 6.10, z = 3.2, p = 0.002; PROTEST: t = 0.71, "
                 "p = 0.003; 12 families; 999 random permutations",
                 "As effect size, K_mult is 0.62 (95% interval 0.52 to 0.72); 1 is what drift",
                 "Pagel’s λ is 0.73 (95% interval 0.60 to 0.90) by REML and 0.70 by ML",
                 "r = 0.25 (95% interval 0.15 to 0.35)",
                 "taxonomy alone, without an image, reaches more, r = 0.88",
                 "no sign that visual similarity follows lineage beyond the order level",
                 "these tests cannot tell"):  # fmt: skip
        assert part in signal.verdict, part
    assert signal.verdict == f"{signal.claim} {signal.rest}"
    assert "\n" not in signal.verdict


def test_k_is_held_against_1_only_where_brownian_motion_gives_1(make_signal):
    found = said(make_signal, lambda own: own.update(distance="cosine"))
    assert "of cosine distances no value stands for drift" in found.verdict
    assert "gives on average" not in found.verdict


def test_no_evidence_is_not_evidence_of_nothing(make_signal):
    found = said(make_signal, no_signal)
    assert found.kind == "no"
    assert found.claim.startswith("There is no evidence here that closely related families")
    assert "no evidence of the opposite" in found.verdict
    assert "than chance would" not in found.verdict
    assert "agree" not in found.rest


def test_a_finding_needs_both_tests_that_decide(make_signal):
    found = said(make_signal, not_confirmed)
    assert found.kind == "open"
    assert "The tests that decide disagree" in found.claim
    assert "Score test of Pagel’s λ finds a sign, PROTEST does not" in found.claim
    assert "look more alike" not in found.claim
    assert "Choosing the test that suits would be wrong" in found.rest


def test_descriptions_decide_nothing(make_signal):
    """Neither a Mantel test that rejects nor one that does not changes the verdict."""

    def only_described(found):
        no_signal(found)
        for name in DESCRIBING:
            found["tests"][name] |= {"p_value": 0.001, "p_holm": 0.006}

    assert said(make_signal, only_described).kind == "no"

    def none_described(found):
        for name in DESCRIBING:
            found["tests"][name] |= {"p_value": 0.5, "p_holm": 0.9}

    assert said(make_signal, none_described).kind == "yes"


def test_sampling_noise_is_told(make_signal, signal):
    assert any("12% was sampling noise of few specimens" in line for line in signal.points)
    own = {"debiased": False, "why_not": "features are of taxa", "n_pairs": 66,
           "n_pairs_at_zero": 0, "noise_share": 0.0}  # fmt: skip
    found = said(make_signal, lambda signal: signal.update(debiased=own))
    assert any("as measured" in line and "of taxa" in line for line in found.points)


def test_circular_figures_are_no_evidence(make_signal):
    why = "The embedding was fitted to a phylogeny of these very taxa."
    found = said(make_signal, lambda own: own.update(circular=True, circular_why=why))
    assert found.kind == "circular"
    assert found.verdict.startswith("In-sample")
    assert "than chance" not in found.verdict
    assert "agree" not in found.rest
    assert found.circular_why == why
    assert found.within.short.startswith("Within orders, in-sample")
    assert found.trees.sentence.startswith("In-sample")
    assert found.baselines[0].name == "images (in-sample)"


def test_too_few_taxa_decide_nothing(make_signal):
    def three(found):
        found["n_taxa"] = 3
        for test in found["tests"].values():
            test |= {"smallest_p": 1 / 6, "p_value": 1 / 6, "n": 3, "exact": True,
                     "n_permutations": 6}  # fmt: skip
        found["within_clades"]["pearson"] |= {"smallest_p": 0.5, "p_value": 0.5}
        found["tree"]["smallest_p"] = 0.33

    found = said(make_signal, three, TAXA[:6])
    assert found.kind == "undecided"
    assert "With 3 families the test cannot decide" in found.claim
    assert "Too few families share a order" not in found.verdict
    assert "Too few families share one order to decide" in found.verdict
    assert "no p below 0.33 is possible" in found.trees.sentence


def test_few_taxa_with_a_signal_are_told_apart_from_many(make_signal, signal):
    assert "size is known poorly" in said(make_signal, taxa=TAXA[:6]).rest
    assert "size is known poorly" not in signal.rest


def test_mantel_leads_where_only_a_matrix_was_given(make_signal):
    def matrix(found):
        found |= {"primary": "mantel_pearson", "covariance": "neighbour-joining tree of the matrix"}
        found["tests"]["mantel_pearson"].pop("p_holm")

    found = said(make_signal, matrix)
    assert [test.name for test in found.tests][:2] == ["mantel_pearson", "protest"]
    assert found.claim.startswith("Visual and genetic distances of families agree more")
    assert "(Mantel test, Pearson: r = 0.25, z = 3.2, p = 0.003; PROTEST" in found.claim
    assert "look more alike" not in found.claim


@pytest.mark.parametrize(
    ("pearson", "spearman", "beyond", "words"),
    [
        (0.001, 0.02, True, "follows lineage beyond the order level, too"),
        (0.001, 0.2, None, "stays open"),
        (0.3, 0.2, False, "no sign that visual similarity follows lineage beyond the order level"),
    ],
)
def test_what_pictures_add_to_taxonomy(make_signal, pearson, spearman, beyond, words):
    def edit(found):
        found["within_clades"]["pearson"]["p_value"] = pearson
        found["within_clades"]["spearman"]["p_value"] = spearman

    within = said(make_signal, edit).within
    assert within.beyond is beyond
    assert words in within.sentence
    assert "11 families moved, 999 permutations" in within.sentence


def test_without_clades_nothing_is_said_of_them(make_signal):
    def alone(found):
        found |= {"within_clades": None, "by_clade": []}
        found["tree"]["coherency"] = {"value": None}

    found = said(make_signal, alone)
    assert "could not be tested" in found.within.sentence
    assert "beyond the" not in found.verdict
    assert found.clades is None
    assert "coherency" not in [row.key for row in found.trees.rows]


def test_one_number_under_two_names_is_shown_once(make_signal, signal):
    names = [test.name for test in signal.tests]
    assert names == ["lambda_score", "protest", "kmult", "mantel_pearson", "mantel_spearman",
                     "dcor", "mantel_spearman_centred"]  # fmt: skip

    def differ(found):
        found["tests"]["dcor"]["statistic"] = 0.5

    assert len(said(make_signal, differ).tests) == 8


def test_correlogram_names_stretches_of_distance(signal):
    assert signal.correlogram.sentence == (
        "Families look more alike than other pairs at genetic distances of 0 to 0.800 and less "
        "alike than other pairs at 1.60 to 2.40 (p ≤ 0.05 after Holm)."
    )
    assert [row.p for row in signal.correlogram.rows][-1] == "not tested"


def significant_clade(found):
    found["by_clade"][0]["tests"]["lambda_score"]["p_holm"] = 0.01


def test_clades_carry_their_numbers(make_signal, signal):
    assert "in none is there a sign by score of λ after Holm" in signal.clades.sentence
    found = said(make_signal, significant_clade).clades
    assert found.sentence.startswith("Tested were 2 orders with at least 5 families: by score")
    assert "in 1: Order0 (n = 9); by Mantel’s test in none." in found.sentence
    assert [(row.clade, row.n_taxa) for row in found.rows] == [
        ("Order0", 9), ("Order1", 5)
    ]  # fmt: skip
    assert found.rows[1].cells[0] == Cell("0.20", "p = 0.600")
    alone = said(make_signal, lambda own: own["by_clade"].pop()).clades.sentence
    assert alone == (
        "Large enough to be tested by itself is Order0 (9 families): within it there is no sign "
        "by score of λ."
    )


def test_shuffles_within_clades_do_not_contradict_single_clades(make_signal):
    found = said(make_signal, significant_clade)
    assert found.within.beyond is None
    assert "stays open" in found.verdict
    assert "but score of λ does within 1 of 2 orders tested alone" in found.verdict
    assert "no sign that looks" not in found.verdict


def test_shuffles_that_change_nothing_decide_nothing(make_signal):
    def edit(found):
        found["within_clades"]["pearson"] |= {"z": None, "p_value": 1.0}

    assert "Too few families share one order" in said(make_signal, edit).verdict


def test_tree_measures_stand_beside_chance(signal):
    trees = signal.trees
    assert trees.sentence.startswith("By the clustering information distance, chosen beforehand")
    assert "Of the other measures 3 of 4 say the same." in trees.sentence  # not the coherency
    assert trees.rows[0].random == "0.90 ± 0.05"
    assert trees.rows[2].interval == "0.405 to 0.415"
    assert "one order only" in trees.rows[-1].means
    # 10 inner branches with support 100, 60, 20, 100, ...: 7 of at least 50%
    assert "Of 10 inner branches of the visual tree 7 (70%)" in trees.support


def test_several_trees_take_the_place_of_one(make_signal, signal):
    assert "98 of 100 trees of sample.trees" in signal.sample.sentence
    assert signal.sample.rows[0] == SampleRow("K_mult", "0.62", "0.60", "0.55 to 0.67")
    assert any("beyond the trees given" in line for line in signal.cannot_tell)
    alone = said(make_signal, lambda own: own.pop("tree_sample"))
    assert any("it is taken as given" in line for line in alone.cannot_tell)


def test_sampling_is_told_where_looks_follow_it(make_signal, signal):
    assert not any("number of images" in line for line in signal.points)

    def follow(found):
        found["baselines"]["image_counts"]["visual"] = {"pearson": 0.31, "p_pearson": 0.01}

    points = said(make_signal, follow).points
    assert any(
        "Visual distance goes with the number of images, too (r = 0.31, p = 0.010" in p
        for p in points
    )


def test_methods_paragraph_names_tests_permutations_seed_and_intervals(make_signal):
    text = summarize(make_signal(TAXA))["methods"]["paragraph"]
    for part in ("Primary test, chosen beforehand: the studentised score test of Pagel’s λ",
                 "which PROTEST (Peres-Neto & Jackson 2001) had to confirm",
                 "less the sampling noise of both means", "K_mult (Adams 2014)",
                 "covariance from the tree", "Holm’s method", "999 random permutations",
                 "seed 7", "parametric bootstrap: evolution repeated", "98 of 100 trees",
                 "neighbour joining",
                 "999 simulations of Brownian motion on the tree with λ = 0.73",
                 "false-discovery rate 5%"):  # fmt: skip
        assert part in text, part


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_lambda_has_its_meaning_beside_it(make_signal, value):
    words = {0.0: "no common history.", 0.5: "between 0", 1.0: "as if their traits had drifted"}
    found = said(make_signal, lambda own: own.update({"lambda": {"value": value}}))
    assert words[value] in found.points[-1]
    assert "p = " not in found.points[-1]


@pytest.mark.parametrize(("method", "n"), [("nj", 1), ("upgma", 2)])
def test_the_branch_that_bears_the_root_counts_once(make_signal, method, n):
    """Midpoint rooting makes one branch two; of a rooted tree they are two clades."""
    out = make_signal(TAXA, lambda own: own["tree"].update(method=method))
    (out / "signal/visual_tree.nwk").write_text("((A:1,B:1)90:1,(C:1,D:1)90:1);", encoding="utf-8")
    support = summarize(out)["signal"].trees.support
    assert f"Of {n} inner branch" in support


def test_sisters_too_near_are_named(make_signal):
    near = {"closest_pair": {"taxa": ["Arcidae", "Noetiidae"], "share": 0.001}}
    points = " ".join(said(make_signal, lambda found: found.update(near)).points)
    assert "Arcidae and Noetiidae are so close (0.1% of the largest distance)" in points
    near["closest_pair"]["share"] = 0.1
    assert "so close" not in " ".join(said(make_signal, lambda own: own.update(near)).points)
