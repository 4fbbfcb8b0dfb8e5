"""One paragraph: what the tests allow to be said, beside what is known without them."""

from collections.abc import Sequence
from dataclasses import dataclass

from phylolens.report.sections.signal.clades import WithinFacts
from phylolens.report.sections.signal.tests import (
    CONFIRMING,
    LEVEL,
    OF_APPEARANCE,
    Subject,
    TestRow,
    beside,
    orders_tried,
    remarks,
)
from phylolens.report.text import count, listed, number, p_value, percent, span
from phylolens.results.base import Number
from phylolens.results.signal import SignalResult
from phylolens.results.signal_parts import Debiased, LambdaFit

NEAR = 0.05


def about_lambda(own: LambdaFit | Number | None, rank_plural: str) -> str:
    """Say what the fitted lambda means; empty where it was not fitted."""
    value = own.value if isinstance(own, LambdaFit) else own
    if value is None:
        return ""
    test = ""
    if isinstance(own, LambdaFit) and own.p_value is not None and own.n_permutations:
        test = (
            f" (against 0: p = {p_value(own.p_value)}, {own.n:,} {rank_plural}, "
            f"{own.n_permutations:,} permutations)"
        )
    text = f"Pagel’s λ = {number(value)}{test}: "
    if value <= NEAR:
        return text + f"{rank_plural} vary visually as if they had no common history."
    if value >= 1 - NEAR:
        return text + (
            f"{rank_plural} vary visually as if their traits had drifted along the tree (Brownian "
            "motion)."
        )
    return text + (
        "between 0 (no visual trace of a common history) and 1 (as if their traits had drifted "
        "along the tree, by Brownian motion)."
    )


# Distances of which Brownian motion gives a K_mult of 1: 10 of cosine, 0.7 of rbf, in simulations.
EUCLIDEAN = ("chord", "euclidean", "manhattan")
TOO_NEAR = 0.005  # of the largest distance: sisters that near cost K_mult much of its value
UNNAMED = "visual"  # distances, in results that do not say which
FEW = 10  # taxa below which an effect is known poorly even where it is significant


@dataclass(frozen=True)
class Verdict:
    """What the tests allow to be said.

    Parameters
    ----------
    kind : str
        ``circular``, ``undecided``, ``yes``, ``open`` or ``no``.
    claim : str
        One or two sentences.
    rest : str
        Effect size, the baselines, what cannot be concluded.
    """

    kind: str
    claim: str
    rest: str

    @property
    def verdict(self) -> str:
        """Both, as one paragraph."""
        return f"{self.claim} {self.rest}".strip()


def verdict(
    found: SignalResult, tests: Sequence[TestRow], subject: Subject, within: WithinFacts | None
) -> Verdict:
    """Say what the tests allow, no more than they carry."""
    deciding = _deciding(tests)
    kind = _kind(deciding, circular=bool(found.circular))
    parts = [
        _effect(found, tests),
        beside(found.baselines, tests),
        within.short if within and within.rows else "",
        _cannot(kind, subject),
    ]
    return Verdict(kind, _claim(kind, deciding, subject), " ".join(part for part in parts if part))


def _deciding(tests: Sequence[TestRow]) -> list[TestRow]:
    """Choose the tests that decide: the primary one, and the one that has to confirm it.

    Without a declared primary test, as older results are, all of them.
    """
    first, *others = tests
    if not first.primary:
        return [first, *others]
    return [first, *(test for test in others if test.name == CONFIRMING)]


def _kind(deciding: Sequence[TestRow], *, circular: bool) -> str:
    if circular:
        return "circular"
    if deciding[0].smallest_p and deciding[0].smallest_p > LEVEL:
        return "undecided"
    below = [test.reaches for test in deciding]
    return "yes" if all(below) else "open" if any(below) else "no"


def _claim(kind: str, deciding: Sequence[TestRow], subject: Subject) -> str:
    """Say the finding with its figures."""
    first, what, n = deciding[0], subject.plural, subject.taxa
    each = "; ".join(test.named for test in deciding)
    if kind == "circular":
        return (
            f"In-sample: the features were fitted to this phylogeny, so this figure says nothing "
            f"about whether visual similarity follows lineage ({first.named}, {n})."
        )
    if kind == "undecided":
        return (
            f"With {n} the test cannot decide: the smallest p-value it could give is "
            f"{number(first.smallest_p)} ({first.named}, {n})."
        )
    if kind == "open":
        yes = listed([test.words for test in deciding if test.reaches])
        no = listed([test.words for test in deciding if not test.reaches])
        return (
            f"The tests that decide disagree, so the question stays open: {yes} finds a sign, "
            f"{no} does not ({each}; {n})."
        )
    of_appearance = first.name in OF_APPEARANCE
    if kind == "yes":
        said = (
            f"Closely related {what} look more alike than chance would make them"
            if of_appearance
            else f"Visual and genetic distances of {what} agree more than chance would make them"
        )
        return f"{said} ({each}; {n}; {orders_tried(first)})."
    said = (
        f"closely related {what} look more alike"
        if of_appearance
        else f"visual and genetic distances of {what} agree"
    )
    return f"There is no evidence here that {said} ({each}; {n}; {orders_tried(first)})."


def _effect(found: SignalResult, tests: Sequence[TestRow]) -> str:
    """Say how strong the signal is: K_mult and lambda describe, they do not decide."""
    own = next((test for test in tests if test.name == "kmult"), None)
    if own is None:
        return ""
    interval = f" (95% interval {own.interval})" if own.interval else ""
    text = f"As effect size, K_mult is {own.r}{interval}"
    distance = found.distance or UNNAMED
    if distance in EUCLIDEAN:
        text += (
            "; 1 is what drift along the tree (Brownian motion) gives on average, not in every case"
        )
    else:
        text += (
            f"; of {distance} distances no value stands for drift along the tree "
            "(Brownian motion), as 1 does of chord distances"
        )
    fit = found.lambda_
    if isinstance(fit, LambdaFit) and fit.value is not None:
        limits = span(fit.interval)
        text += f". Pagel’s λ is {number(fit.value)}"
        text += f" (95% interval {limits})" if limits else ""
        by_ml = fit.ml.value if fit.ml else None
        text += f" by REML and {number(by_ml)} by ML" if by_ml is not None else ""
    return text + "."


def _cannot(kind: str, subject: Subject) -> str:
    """Say what must not be concluded."""
    few = subject.n_taxa < FEW
    if kind == "yes":
        text = (
            "Why relatives look alike, by descent, by habitat or by the way they were "
            "photographed, these tests cannot tell."
        )
        return f"With so few {subject.plural} the size is known poorly. {text}" if few else text
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


def points(found: SignalResult, tests: Sequence[TestRow], subject: Subject) -> list[str]:
    """Single remarks below the verdict: what carries the figure, and how far."""
    lines = []
    if one := found.most_influential:
        lines.append(
            f"Without the single most influential {subject.rank}, {one.taxon}, r would be "
            f"{number(one.pearson)}."
        )
    near = found.closest_pair
    if near and near.share < TOO_NEAR and any(test.name == "kmult" for test in tests):
        lines.append(
            f"K_mult divides by branch lengths: {listed(near.taxa)} are so close "
            f"({near.share:.1%} of the largest distance) that it can come out far too small."
        )
    lines += _noise(found.debiased) + remarks(found.baselines)
    fitted = about_lambda(found.lambda_, subject.plural)
    return [*lines, fitted] if fitted else lines


def _noise(own: Debiased | None) -> list[str]:
    """Say how much of the visual distances was sampling noise, and whether it was taken out."""
    if not own:
        return []
    if not own.debiased:
        return [
            f"Visual distances are as measured, with the sampling noise of few specimens in them: "
            f"{own.why_not}."
        ]
    text = f"Of squared visual distances {percent(own.noise_share)} was sampling noise of few "
    text += "specimens and was taken out"
    if own.n_pairs_at_zero:
        text += f"; of {count(own.n_pairs_at_zero, 'pair')} that left nothing"
    return [text + "."]
