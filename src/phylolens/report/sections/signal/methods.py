"""How looks and lineage were compared: a paragraph to cite."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.sections.signal.tests import CONFIRMING
from phylolens.report.sections.signal.trees import METHODS, SUPPORTED
from phylolens.report.text import count, listed, plural

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


def methods(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Write the paragraph from what ``signal.json`` records."""
    parts = (_data(found, summary), _tests(found, summary), _intervals(found, summary),
             _beside(found, summary), _trees(found, summary), _pairs(found))  # fmt: skip
    return " ".join(part for part in parts if part)


def _data(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    taxa = count(summary["n_taxa"], summary["rank"])
    if summary["n_images"]:
        return (
            f"Signal: images were averaged within specimens and specimens within "
            f"{summary['plural']}; {summary['distance']} distances between the means of {taxa}"
            f"{_without_noise(found)} were compared with the phylogeny."
        )
    return (
        f"Signal: {summary['distance']} distances between the features given for {taxa} were "
        "compared with the phylogeny."
    )


def _without_noise(found: Mapping[str, Any]) -> str:
    if not (found.get("debiased") or {}).get("debiased"):
        return ""
    return ", less the sampling noise of both means (variance within a taxon by its specimens),"


def _tests(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    first, *others = summary["tests"]
    orders = f"{first['n_permutations']:,}"
    orders = f"all {orders}" if first["exact"] else f"{orders} random"
    seed = f", seed {first['seed']}" if first["seed"] is not None else ""
    how = f"{orders} permutations of the taxa{seed}, alternative ‘{first['alternative']}’"
    if not first["primary"]:
        names = _names(summary["tests"])
        return f"Tests: {names}, {how}."
    text = f"Primary test, chosen beforehand: {CITED.get(first['name'], first['name'])}"
    confirming = [test for test in others if test["name"] == CONFIRMING]
    if confirming:
        text += f", which {_names(confirming)} had to confirm"
        text += " (both at 5%; a finding that needs both needs no correction)"
    described = [test for test in others if test["name"] != CONFIRMING]
    text += (
        f"; to describe, p-values corrected by Holm’s method: {_names(described)}"
        if described
        else ""
    )
    if found.get("covariance") and any(test["name"] == "kmult" for test in summary["tests"]):
        text += f"; covariance from the {found['covariance']}"
    if any(test["tested"] for test in summary["tests"]):
        text += (
            ". p-values of all but the score test are of directions: taxa set at one distance "
            "from their weighted centre, so that unequal variances and numbers of images cannot "
            "make them small"
        )
    return f"{text}. All by {how}; p counts the observed order, so it is never 0."


def _names(tests: list[dict[str, Any]]) -> str:
    return listed([CITED[test["name"]] for test in tests if test["name"] in CITED])


def _intervals(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    methods = [test["interval_method"] for test in summary["tests"] if test["interval_method"]]
    text = f"Intervals (95%): {methods[0].removeprefix('95% interval, ')}." if methods else ""
    if any(test["specimen_interval"] for test in summary["tests"]):
        how = (found.get("specimen_bootstrap") or {}).get("method", "")
        how = how.removeprefix("95% interval, ").split(";")[0]
        text += f" Specimens: {how or 'specimens drawn again within each taxon'}."
    if summary["sample"]:
        text += f" {summary['sample']['sentence']}"
    return text.strip()


def _beside(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    within, parts = found.get("within_clades"), []
    if within:
        parts.append(
            f"What images add to taxonomy was tested by permuting {summary['plural']} within "
            f"{plural(within['rank'])}."
        )
    if summary["clades"]:
        parts.append("Tests within single clades were corrected by Holm’s method.")
    return " ".join(parts)


def _trees(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    if not summary["trees"]:
        return ""
    own = found["tree"]
    method = METHODS.get(own.get("method", ""), str(own.get("method", "")))
    text = f"A tree was built from the visual distances by {method} and compared with the "
    text += f"reference by {listed(summary['trees']['names'])}"
    if own.get("n_null"):
        n_random = own.get("n_random") or own["n_null"]
        text += f", beside {n_random:,} random trees and {own['n_null']:,} permutations of its tips"
    support = f" Support: bootstrap of specimens, branches of {SUPPORTED}% or more are counted."
    return f"{text}.{support if summary['trees']['support'] else ''}"


def _pairs(found: Mapping[str, Any]) -> str:
    own = found.get("disagreement") or {}
    if own.get("n_simulations") is None:
        return ""
    text = (
        f"Pairs that disagree were found by {count(own['n_simulations'], 'simulation')} of "
        "Brownian motion on the tree"
    )
    text += f" with λ = {own['lambda']:.2f}" if own.get("lambda") is not None else ""
    text += f", false-discovery rate {100 * own['fdr']:g}%" if own.get("fdr") is not None else ""
    return text + "."
