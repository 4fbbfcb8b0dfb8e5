"""What would have been concluded wrongly, in sentences."""

from phylolens.report.text import number, p_value, span
from phylolens.results.audit import AuditResult, HonestTest, PublishedTest, Said
from phylolens.results.base import Limits, Number

LEVEL = 0.05
SMALLEST_PRINTED = 1e-300
MEANT = {
    "mantel_pearson": "Mantel r, off the diagonal",
    "mantel_spearman": "Mantel correlation of ranks",
    "dcor": "Distance correlation, bias-corrected",
    "mantel_spearman_centred": "Mantel correlation of ranks, double-centred",
}
ALONE = "One number a taxon, fitted to the genetic distances without any image,"
NOISE_WORDS = {
    "gaussian": "random centroids in 16 dimensions",
    "outliers": "random centroids, some far out",
    "uniform": "uniform random distances",
    "one_outlier": "all taxa the same but one",
}


def conclusions(found: AuditResult) -> Said:
    """Say of every statistic what a paper would conclude from it, and what is so.

    Parameters
    ----------
    found : AuditResult
        All but its conclusions.

    Returns
    -------
    Said
        ``honest``: the answer; ``baselines``: sentences on what needs no image; ``published``: a
        paragraph a statistic.
    """
    return Said(
        honest=_honest(found),
        baselines=_baselines(found),
        published={
            name: _error(test, found.constant_error)
            if test.is_error
            else _published(name, test, found)
            for name, test in found.published.items()
        },
    )


def _baselines(found: AuditResult) -> list[str]:
    said = []
    taxonomy = found.baselines.taxonomy_only
    if taxonomy and taxonomy.pearson is not None:
        said.append(
            f"Taxonomy alone ({', '.join(taxonomy.ranks or [])}) reaches "
            f"r = {number(taxonomy.pearson, 3)} with the genetic distances, "
            f"{number(taxonomy.spearman, 3)} by ranks: a visual r must be read beside it."
        )
    alone = found.taxon_numbers_fit
    if alone is not None:
        said.append(f"{ALONE} reaches r = {number(alone, 3)}.")
    return said


def _honest(found: AuditResult) -> str:
    test, rank = found.honest["mantel_pearson"], found.honest["mantel_spearman"]
    both = _p(test), _p(rank)
    answer = "the two matrices agree more than chance explains"
    if min(both) > LEVEL:
        answer = "nothing shows that the two matrices agree"
    elif max(both) > LEVEL:
        answer = "the two matrices agree by one of two tests only"
    interval = _interval(test.interval) if test.interval else ""
    return (
        f"What is so: over {found.n_taxa} taxa {answer}: Mantel "
        f"r = {number(test.statistic, 3)}{interval}, p = {p_value(_p(test))}; by ranks "
        f"{number(rank.statistic, 3)}, p = {p_value(_p(rank))}. Taxa are permuted; the "
        f"smallest p that this can give is {p_value(_known(test.smallest_p))}."
    )


def _interval(interval: Limits) -> str:
    return f" (95% interval {span(interval, 2)})"


def _known(value: Number | None) -> Number:
    """Of a test that could be made, every figure is there."""
    assert value is not None
    return value


def _p(test: HonestTest) -> Number:
    return _known(test.p_value)


def _published(name: str, test: PublishedTest, found: AuditResult) -> str:
    if test.statistic is None:
        return f"{test.title}: no value, because {(test.why_absent or '').rstrip('.')}."
    parts = [
        f"{test.title}: a paper that prints r = {number(test.statistic, 3)}, "
        f"{printed(test)} (n = {test.n_as_printed:,}) would conclude that "
        f"{_paper_says(test, test.statistic)}.",
        f"With the taxa permuted the same formula gives {_spread(test)} "
        f"(p = {p_value(_p(test))}), so {_verdict(test, found.honest['mantel_pearson'])}.",
        f"It {test.fault}.",
    ]
    if name == "weighted_error":
        parts.append(_range(test))
    if name == "in_sample_fit" and found.taxon_numbers_fit is not None:
        parts.append(f"{ALONE} reaches {number(found.taxon_numbers_fit, 3)}.")
    return " ".join(parts)


def _paper_says(test: PublishedTest, value: Number) -> str:
    if _known(test.p_as_printed) > LEVEL:
        return "nothing is shown"
    if value < 0:
        return "the two disagree"
    strength = "closely" if value >= 0.5 else "clearly"
    return f"visual distance follows genetic distance {strength}"


def _verdict(test: PublishedTest, honest: HonestTest) -> str:
    value, own = _known(test.statistic), _known(honest.statistic)
    claimed = _known(test.p_as_printed) <= LEVEL and value > 0
    if _p(test) > LEVEL:
        return "this value is what noise gives" if claimed else "nothing wrong would be concluded"
    if not claimed:
        return "an agreement would be missed"
    if abs(value - own) >= 0.05:  # further apart than rounding and wording allow
        return f"there is agreement, but not of this size: off the diagonal r is {number(own, 3)}"
    return "the agreement stands; the printed p counts cells that are not independent"


def _range(test: PublishedTest) -> str:
    """Where noise and perfection lie: a formula that gives both the same value says nothing."""
    noise = "; ".join(
        f"{NOISE_WORDS[kind]}: {number(spread.mean, 3)}"
        for kind, spread in test.noise.by_kind.items()
        if spread
    )
    almost = test.nearly_perfect
    perfect = f"{number(almost.mean, 2)} ± {number(almost.sd, 2)}" if almost else "no value"
    return (
        f"Its scale has no top: noise scores ({noise}); agreement perfect to a millionth scores "
        f"{perfect}, and exact agreement is zero divided by zero.{_listings(test)}"
    )


def _listings(test: PublishedTest) -> str:
    other = test.other_listings
    if not other:
        return ""
    return (
        " The value depends on the order in which the taxa are listed: the same matrices in other "
        f"orders give {number(other.low, 2)} to {number(other.high, 2)} (95%)."
    )


def _error(test: PublishedTest, constant: Number) -> str:
    value = _known(test.statistic)
    worse = "worse than" if value > constant else "better than"
    return (
        f"{test.title}: {number(value, 3)}, {worse} saying the mean similarity for every pair "
        f"({number(constant, 3)}); with the taxa permuted {_spread(test)} "
        f"(p = {p_value(_p(test))}). An error printed alone tells nothing."
    )


def _spread(test: HonestTest) -> str:
    return f"{number(test.null_mean, 3)} ± {number(test.null_sd, 3)}"


def printed(test: HonestTest) -> str:
    """Write the p-value as such papers print it."""
    p = _known(test.p_as_printed)
    return "p < 1e-300" if p < SMALLEST_PRINTED else f"p = {p_value(p)}"
