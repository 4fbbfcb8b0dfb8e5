"""One paragraph: what the tests allow to be said, beside what is known without them."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.signal.baselines import beside, remarks
from phylolens.report.signal.tests import LEVEL, each_test, figure, orders_tried, significant
from phylolens.report.wording import count, listed, number, p_value

# Distances of which Brownian motion gives a K_mult of 1: 10 of cosine, 0.7 of rbf, in simulations.
EUCLIDEAN = ("chord", "euclidean", "manhattan")
TOO_NEAR = 0.005  # of the largest distance: sisters that near cost K_mult most of its power
FEW = 10  # taxa below which an effect is known poorly even where it is significant


def verdict(found: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, str]:
    """Say what the tests allow, no more than they carry.

    Returns
    -------
    dict
        ``kind``: ``circular``, ``undecided``, ``yes``, ``open`` or ``no``; ``claim``, one or two
        sentences; ``rest``, effect size, the other tests, the baselines, what cannot be
        concluded; ``verdict``, both: one paragraph.
    """
    kind = _kind(summary)
    history = _no_history(found, summary) if kind == "yes" else ""
    parts = [
        _effect(summary),
        _others(summary) if kind == "yes" else "",
        history,
        beside(found.get("baselines") or {}, summary["tests"]),
        _within(summary),
        _cannot("open" if history else kind, summary),
    ]
    rest = " ".join(part for part in parts if part)
    claim = _unexplained(summary) if history else _claim(kind, summary)
    kind = "open" if history else kind
    return {"kind": kind, "claim": claim, "rest": rest, "verdict": f"{claim} {rest}".strip()}


def _kind(summary: Mapping[str, Any]) -> str:
    tests = summary["tests"]
    if summary["circular"]:
        return "circular"
    if tests[0]["smallest_p"] and tests[0]["smallest_p"] > LEVEL:
        return "undecided"
    below = [significant(test) for test in tests]
    if tests[0]["primary"]:
        return "yes" if below[0] else "open" if any(below) else "no"
    return "yes" if all(below) else "open" if any(below) else "no"


def _claim(kind: str, summary: Mapping[str, Any]) -> str:
    """Say the finding with its figures."""
    first, n = summary["tests"][0], count(summary["n_taxa"], summary["rank"])
    what = summary["plural"]
    figures = f"{figure(first)}, {n}"
    if kind == "circular":
        return (
            f"In-sample: the features were fitted to this phylogeny, so this figure says nothing "
            f"about whether looks follow lineage ({figures})."
        )
    if kind == "undecided":
        return (
            f"With {n} the test cannot decide: the smallest p-value it could give is "
            f"{number(first['smallest_p'])} ({figures})."
        )
    if kind == "yes":
        return (
            f"Closely related {what} look more alike than chance would make them ({figures}; "
            f"{orders_tried(first)})."
        )
    if kind == "open":
        return f"The tests disagree, so the question stays open ({_disagreement(summary)}; {n})."
    return (
        f"There is no evidence here that closely related {what} look more alike ({figures}; "
        f"{orders_tried(first)})."
    )


def _unexplained(summary: Mapping[str, Any]) -> str:
    """Say that the primary test rejects, and that it need not be for a common history."""
    first, n = summary["tests"][0], count(summary["n_taxa"], summary["rank"])
    return (
        f"Whether closely related {summary['plural']} look more alike stays open: distances agree "
        f"with the tree ({figure(first)}, {n}; {orders_tried(first)}), but a common history need "
        "not be the reason."
    )


def _disagreement(summary: Mapping[str, Any]) -> str:
    """Name the test chosen beforehand and those against it; all of them where none was chosen."""
    first, *others = summary["tests"]
    if not first["primary"]:
        return each_test(summary["tests"])
    against = [test for test in others if significant(test)]
    return (
        f"the test chosen beforehand finds no sign, {figure(first)}; "
        f"{len(against)} of {len(others)} others do, {each_test(against)}"
    )


def _effect(summary: Mapping[str, Any]) -> str:
    """Say what the primary statistic would be with and without lineage at work.

    Not whether it is less or more than 1: over trees of 50 tips the interval over taxa leaves 1 out
    in half of the worlds of Brownian motion, since relatives are no independent draws.
    """
    first = summary["tests"][0]
    if first["name"] != "kmult":
        return ""
    if summary["distance"] in EUCLIDEAN:
        text = (
            "K_mult is 1 on average, not in every case, where relatives look as alike as drift "
            "along the tree (Brownian motion) makes them"
        )
    else:
        text = (
            f"Of {summary['distance']} distances no value of K_mult stands for drift along the "
            "tree (Brownian motion), as 1 does of chord distances"
        )
    if first["shuffled"]:
        text += f"; shuffled {summary['plural']} give {first['shuffled']} (median)"
    return text + "."


def _others(summary: Mapping[str, Any]) -> str:
    """Say how many of the other tests agree; all of them have to where none was chosen."""
    first, *others = summary["tests"]
    if not others or not first["primary"]:
        return ""
    agree = [test for test in others if significant(test)]
    if len(agree) == len(others):
        return f"All {len(others)} other tests agree (p ≤ {LEVEL} after Holm)."
    if not agree:
        return f"None of the {len(others)} other tests confirms it, so it is weak ground."
    missing = listed([test["words"] for test in others if not significant(test)])
    return f"Of {len(others)} other tests {len(agree)} agree; no sign by {missing}."


def _no_history(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Say so where the tests may rest on long branches that merely look odd.

    Looks that vary more on longer branches, with no shared history, let K_mult and Mantel's test
    reject in up to all worlds: odd taxa are far from all others on both sides. The test of lambda
    allows for it.
    """
    own = found.get("lambda")
    if not isinstance(own, Mapping) or own.get("p_value") is None or own["p_value"] <= LEVEL:
        return ""
    return (
        f"Pagel’s λ, which lets long branches vary more, shows no common history "
        f"(λ = {number(own['value'])}, p = {p_value(own['p_value'])}): it may be that "
        f"long-branched {summary['plural']} look odd, each in its own way, and not that "
        "relatives look alike."
    )


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
    first, lines = summary["tests"][0], []
    if first["interval"]:
        text = f"{_statistic(first)} is uncertain by the choice of taxa (95% interval "
        text += first["interval"]
        lines.append(f"{text}).")
    near = found.get("closest_pair")
    if near and first["name"] == "kmult" and near["share"] < TOO_NEAR and not significant(first):
        lines.append(
            f"K_mult divides by branch lengths: {listed(near['taxa'])} are so close "
            f"({near['share']:.1%} of the largest distance) that it can miss a weak signal."
        )
    if summary["influential"]:
        lines.append(
            f"Without the single most influential {summary['rank']}, "
            f"{summary['influential']['taxon']}, r would be "
            f"{number(summary['influential']['pearson'])}."
        )
    lines += remarks(found.get("baselines") or {}, summary["tests"])
    return [*lines, *([summary["lambda"]] if summary["lambda"] else [])]


def _statistic(test: Mapping[str, Any]) -> str:
    return "The correlation" if test["symbol"] == "r" else str(test["symbol"])
