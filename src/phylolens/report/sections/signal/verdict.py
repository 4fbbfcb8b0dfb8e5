"""One paragraph: what the tests allow to be said, beside what is known without them."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.sections.signal.tests import (
    CONFIRMING,
    LEVEL,
    OF_LOOKS,
    beside,
    figure,
    orders_tried,
    reaches,
    remarks,
)
from phylolens.report.text import count, listed, number, p_value, percent, span

NEAR = 0.05


def about_lambda(found: Mapping[str, Any], rank_plural: str) -> str:
    """Say what the fitted lambda means; empty where it was not fitted."""
    own = found.get("lambda")
    value = own.get("value") if isinstance(own, Mapping) else own
    if value is None:
        return ""
    test = ""
    if isinstance(own, Mapping) and own.get("p_value") is not None and own.get("n_permutations"):
        test = (
            f" (against 0: p = {p_value(own['p_value'])}, {own['n']:,} {rank_plural}, "
            f"{own['n_permutations']:,} permutations)"
        )
    text = f"Pagel’s λ = {number(value)}{test}: "
    if value <= NEAR:
        return text + f"looks of {rank_plural} vary as if they had no common history."
    if value >= 1 - NEAR:
        return text + "looks vary as if they had drifted along the tree (Brownian motion)."
    return text + (
        "between 0 (looks vary as if there were no common history) and 1 (as if they had drifted "
        "along the tree, by Brownian motion)."
    )


# Distances of which Brownian motion gives a K_mult of 1: 10 of cosine, 0.7 of rbf, in simulations.
EUCLIDEAN = ("chord", "euclidean", "manhattan")
TOO_NEAR = 0.005  # of the largest distance: sisters that near cost K_mult much of its value
FEW = 10  # taxa below which an effect is known poorly even where it is significant


def verdict(found: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, str]:
    """Say what the tests allow, no more than they carry.

    Returns
    -------
    dict
        ``kind``: ``circular``, ``undecided``, ``yes``, ``open`` or ``no``; ``claim``, one or two
        sentences; ``rest``, effect size, the baselines, what cannot be concluded; ``verdict``,
        both: one paragraph.
    """
    kind = _kind(summary)
    parts = [
        _effect(found, summary),
        beside(found.get("baselines") or {}, summary["tests"]),
        _within(summary),
        _cannot(kind, summary),
    ]
    rest = " ".join(part for part in parts if part)
    claim = _claim(kind, summary)
    return {"kind": kind, "claim": claim, "rest": rest, "verdict": f"{claim} {rest}".strip()}


def _deciding(summary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Choose the tests that decide: the primary one, and the one that has to confirm it.

    Without a declared primary test, as older results are, all of them.
    """
    first, *others = summary["tests"]
    if not first["primary"]:
        return [first, *others]
    return [first, *(test for test in others if test["name"] == CONFIRMING)]


def _kind(summary: Mapping[str, Any]) -> str:
    deciding = _deciding(summary)
    if summary["circular"]:
        return "circular"
    if deciding[0]["smallest_p"] and deciding[0]["smallest_p"] > LEVEL:
        return "undecided"
    below = [reaches(test) for test in deciding]
    return "yes" if all(below) else "open" if any(below) else "no"


def _claim(kind: str, summary: Mapping[str, Any]) -> str:
    """Say the finding with its figures."""
    deciding, n = _deciding(summary), count(summary["n_taxa"], summary["rank"])
    first, what = deciding[0], summary["plural"]
    each = "; ".join(_named(test) for test in deciding)
    if kind == "circular":
        return (
            f"In-sample: the features were fitted to this phylogeny, so this figure says nothing "
            f"about whether looks follow lineage ({_named(first)}, {n})."
        )
    if kind == "undecided":
        return (
            f"With {n} the test cannot decide: the smallest p-value it could give is "
            f"{number(first['smallest_p'])} ({_named(first)}, {n})."
        )
    if kind == "open":
        yes = listed([test["words"] for test in deciding if reaches(test)])
        no = listed([test["words"] for test in deciding if not reaches(test)])
        return (
            f"The tests that decide disagree, so the question stays open: {yes} finds a sign, "
            f"{no} does not ({each}; {n})."
        )
    of_looks = first["name"] in OF_LOOKS
    if kind == "yes":
        said = (
            f"Closely related {what} look more alike than chance would make them"
            if of_looks
            else f"Visual and genetic distances of {what} agree more than chance would make them"
        )
        return f"{said} ({each}; {n}; {orders_tried(first)})."
    said = (
        f"closely related {what} look more alike"
        if of_looks
        else f"visual and genetic distances of {what} agree"
    )
    return f"There is no evidence here that {said} ({each}; {n}; {orders_tried(first)})."


def _named(test: Mapping[str, Any]) -> str:
    return figure(test) if test["words"] == test["symbol"] else f"{test['words']}: {figure(test)}"


def _effect(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Say how strong the signal is: K_mult and lambda describe, they do not decide."""
    own = next((test for test in summary["tests"] if test["name"] == "kmult"), None)
    if own is None:
        return ""
    interval = f" (95% interval {own['interval']})" if own["interval"] else ""
    text = f"As effect size, K_mult is {own['r']}{interval}"
    if summary["distance"] in EUCLIDEAN:
        text += (
            "; 1 is what drift along the tree (Brownian motion) gives on average, not in every case"
        )
    else:
        text += (
            f"; of {summary['distance']} distances no value stands for drift along the tree "
            "(Brownian motion), as 1 does of chord distances"
        )
    lambda_ = found.get("lambda")
    if isinstance(lambda_, Mapping) and lambda_.get("value") is not None:
        limits = span(lambda_.get("interval"))
        text += f". Pagel’s λ is {number(lambda_['value'])}"
        text += f" (95% interval {limits})" if limits else ""
        by_ml = (lambda_.get("ml") or {}).get("value")
        text += f" by REML and {number(by_ml)} by ML" if by_ml is not None else ""
    return text + "."


def _within(summary: Mapping[str, Any]) -> str:
    within = summary["within"]
    return str(within["short"]) if within and within["rows"] else ""


def _cannot(kind: str, summary: Mapping[str, Any]) -> str:
    """Say what must not be concluded."""
    few = summary["n_taxa"] < FEW
    if kind == "yes":
        text = (
            "Why relatives look alike, by descent, by habitat or by the way they were "
            "photographed, these tests cannot tell."
        )
        return f"With so few {summary['plural']} the size is known poorly. {text}" if few else text
    if kind == "no":
        return (
            "That is no evidence of the opposite: with few taxa, or features that miss what "
            "matters, a real signal can go unseen."
        )
    if kind == "open":
        return "Choosing the test that suits would be wrong; more taxa may settle it."
    if kind == "undecided":
        return "More taxa are needed; nothing follows from this either way."
    return "Only taxa held out of the fit, or features that never saw the phylogeny, could answer."


def points(found: Mapping[str, Any], summary: Mapping[str, Any]) -> list[str]:
    """Single remarks below the verdict: what carries the figure, and how far."""
    lines = []
    if summary["influential"]:
        lines.append(
            f"Without the single most influential {summary['rank']}, "
            f"{summary['influential']['taxon']}, r would be "
            f"{number(summary['influential']['pearson'])}."
        )
    near = found.get("closest_pair")
    if near and near["share"] < TOO_NEAR and any(t["name"] == "kmult" for t in summary["tests"]):
        lines.append(
            f"K_mult divides by branch lengths: {listed(near['taxa'])} are so close "
            f"({near['share']:.1%} of the largest distance) that it can come out far too small."
        )
    lines += _noise(found.get("debiased"))
    lines += remarks(found.get("baselines") or {})
    return [*lines, *([summary["lambda"]] if summary["lambda"] else [])]


def _noise(own: Mapping[str, Any] | None) -> list[str]:
    """Say how much of the visual distances was sampling noise, and whether it was taken out."""
    if not own:
        return []
    if not own["debiased"]:
        return [
            f"Visual distances are as measured, with the sampling noise of few specimens in them: "
            f"{own['why_not']}."
        ]
    text = f"Of squared visual distances {percent(own['noise_share'])} was sampling noise of few "
    text += "specimens and was taken out"
    if own["n_pairs_at_zero"]:
        text += f"; of {count(own['n_pairs_at_zero'], 'pair')} that left nothing"
    return [text + "."]
