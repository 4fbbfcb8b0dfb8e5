"""How visual and genetic distance were compared: a paragraph to cite."""

from collections.abc import Sequence

from phylolens.report.sections.signal.barcodes import BarcodeFacts
from phylolens.report.sections.signal.tests import CONFIRMING, Subject, TestRow
from phylolens.report.sections.signal.trees import SUPPORTED, SampleFacts, TreeFacts
from phylolens.report.sections.signal.verdict import UNNAMED
from phylolens.report.text import count, listed, plural
from phylolens.results.signal import SignalResult
from phylolens.results.signal_parts import Disagreement

CITED = {
    "lambda_score": "the studentised score test of Pagel’s λ (Pagel 1999)",
    "k_arithmetic": "K_A and K_G (Mitteroecker et al. 2025)",
    "kmult": "K_mult (Adams 2014)",
    "mantel_pearson": "the Mantel test (Pearson)",
    "mantel_spearman": "the Mantel test (Spearman)",
    "protest": "PROTEST (Peres-Neto & Jackson 2001)",
    "dcor": "bias-corrected distance correlation (Székely & Rizzo 2013)",
    "mantel_pearson_centred": "the Pearson Mantel test of double-centred matrices",
    "mantel_spearman_centred": "the Spearman Mantel test of double-centred matrices",
}


def methods(
    found: SignalResult,
    tests: Sequence[TestRow],
    subject: Subject,
    trees: TreeFacts | None,
    sample: SampleFacts | None,
    barcodes: BarcodeFacts | None = None,
) -> str:
    """Write the paragraph from what ``signal.json`` records."""
    parts = (_data(found, subject), barcodes.method if barcodes else "", _tests(found, tests),
             _intervals(found, tests, sample), _beside(found, subject), _trees(trees),
             _pairs(found.disagreement))  # fmt: skip
    return " ".join(part for part in parts if part)


def _data(found: SignalResult, subject: Subject) -> str:
    distance = found.distance or UNNAMED
    if found.n_images:
        return (
            f"Signal: images were averaged within specimens and specimens within "
            f"{subject.plural}; {distance} distances between the means of {subject.taxa}"
            f"{_without_noise(found)} were compared with the phylogeny."
        )
    return (
        f"Signal: {distance} distances between the features given for {subject.taxa} were "
        "compared with the phylogeny."
    )


def _without_noise(found: SignalResult) -> str:
    if not found.debiased or not found.debiased.debiased:
        return ""
    return ", less the sampling noise of both means (variance within a taxon by its specimens),"


def _tests(found: SignalResult, tests: Sequence[TestRow]) -> str:
    first, *others = tests
    orders = f"{first.n_permutations:,}"
    orders = f"all {orders}" if first.exact else f"{orders} random"
    seed = f", seed {first.seed}" if first.seed is not None else ""
    how = f"{orders} permutations of the taxa{seed}, alternative ‘{first.alternative}’"
    if not first.primary:
        return f"Tests: {_names(tests)}, {how}."
    text = f"Primary test, chosen beforehand: {CITED.get(first.name, first.name)}"
    confirming = [test for test in others if test.name == CONFIRMING]
    if confirming:
        text += f", which {_names(confirming)} had to confirm"
        text += " (both at 5%; a finding that needs both needs no correction)"
    described = [test for test in others if test.name != CONFIRMING]
    text += (
        f"; to describe, p-values corrected by Holm’s method: {_names(described)}"
        if described
        else ""
    )
    if found.covariance and any(test.name == "kmult" for test in tests):
        text += f"; covariance from the {found.covariance}"
    if any(test.tested for test in tests):
        text += (
            ". p-values of all but the score test are of directions: taxa set at one distance "
            "from their weighted centre, so that unequal variances and numbers of images cannot "
            "make them small"
        )
    return f"{text}. All by {how}; p counts the observed order, so it is never 0."


def _names(tests: Sequence[TestRow]) -> str:
    return listed([CITED[test.name] for test in tests if test.name in CITED])


def _intervals(found: SignalResult, tests: Sequence[TestRow], sample: SampleFacts | None) -> str:
    methods = [test.interval_method for test in tests if test.interval_method]
    text = f"Intervals (95%): {methods[0].removeprefix('95% interval, ')}." if methods else ""
    if any(test.specimen_interval for test in tests):
        how = (found.specimen_bootstrap.method if found.specimen_bootstrap else "") or ""
        how = how.removeprefix("95% interval, ").split(";")[0]
        text += f" Specimens: {how or 'specimens drawn again within each taxon'}."
    if sample:
        text += f" {sample.sentence}"
    return text.strip()


def _beside(found: SignalResult, subject: Subject) -> str:
    parts = []
    if found.within_clades:
        parts.append(
            f"What images add to taxonomy was tested by permuting {subject.plural} within "
            f"{plural(found.within_clades.rank)}."
        )
    if any(one.n_taxa for one in found.by_clade or []):
        parts.append("Tests within single clades were corrected by Holm’s method.")
    return " ".join(parts)


def _trees(trees: TreeFacts | None) -> str:
    if not trees:
        return ""
    text = f"A tree was built from the visual distances by {trees.method} and compared with the "
    text += f"reference by {listed([row.name for row in trees.rows])}"
    if trees.n_null:
        text += (
            f", beside {trees.n_random:,} random trees and {trees.n_null:,} permutations of its "
            "tips"
        )
    support = f" Support: bootstrap of specimens, branches of {SUPPORTED}% or more are counted."
    return f"{text}.{support if trees.support else ''}"


def _pairs(own: Disagreement | None) -> str:
    if own is None or own.n_simulations is None:
        return ""
    text = (
        f"Pairs that disagree were found by {count(own.n_simulations, 'simulation')} of "
        "Brownian motion on the tree"
    )
    text += f" with λ = {own.lambda_:.2f}" if own.lambda_ is not None else ""
    text += f", false-discovery rate {100 * own.fdr:g}%" if own.fdr is not None else ""
    return text + "."
