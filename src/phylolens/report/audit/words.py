"""What would have been concluded wrongly, in sentences."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.text import number, p_value

LEVEL = 0.05
SMALLEST_PRINTED = 1e-300
MEANT = {
    "mantel_pearson": "Mantel r, off the diagonal",
    "mantel_spearman": "Mantel correlation of ranks",
    "dcor": "Distance correlation, bias-corrected",
    "mantel_spearman_centred": "Mantel correlation of ranks, double-centred",
}
ALONE = "One number a taxon, fitted to the genetic distances without any picture,"
NOISE_WORDS = {
    "gaussian": "random centroids in 16 dimensions",
    "outliers": "random centroids, some far out",
    "uniform": "uniform random distances",
    "one_outlier": "all taxa alike but one",
}
Entry = Mapping[str, Any]


def conclusions(found: Mapping[str, Any]) -> dict[str, Any]:
    """Say of every statistic what a paper would conclude from it, and what is so.

    Parameters
    ----------
    found : mapping
        As :func:`phylolens.stats.audit.audit` gives it, with ``baselines``.

    Returns
    -------
    dict
        ``honest``: the answer; ``baselines``: sentences on what needs no picture; ``published``: a
        paragraph a statistic.
    """
    honest = found["honest"]["mantel_pearson"]
    return {
        "honest": _honest(found),
        "baselines": _baselines(found),
        "published": {
            name: _error(entry, found["constant_error"])
            if entry["is_error"]
            else _published(name, entry, honest, found)
            for name, entry in found["published"].items()
        },
    }


def _baselines(found: Mapping[str, Any]) -> list[str]:
    said = []
    taxonomy = found["baselines"].get("taxonomy_only")
    if taxonomy and taxonomy["pearson"] is not None:
        said.append(
            f"Taxonomy alone ({', '.join(taxonomy['ranks'])}) reaches "
            f"r = {number(taxonomy['pearson'], 3)} with the genetic distances, "
            f"{number(taxonomy['spearman'], 3)} by ranks: a visual r must be read beside it."
        )
    alone = found["taxon_numbers_fit"]
    if alone is not None:
        said.append(f"{ALONE} reaches r = {number(alone, 3)}.")
    return said


def _honest(found: Mapping[str, Any]) -> str:
    test = found["honest"]["mantel_pearson"]
    rank = found["honest"]["mantel_spearman"]
    least = min(test["p_value"], rank["p_value"])
    answer = "the two matrices agree more than chance explains"
    if least > LEVEL:
        answer = "nothing shows that the two matrices agree"
    elif max(test["p_value"], rank["p_value"]) > LEVEL:
        answer = "the two matrices agree by one of two tests only"
    interval = _interval(test["interval"]) if test.get("interval") else ""
    return (
        f"What is so: over {found['n_taxa']} taxa {answer}: Mantel "
        f"r = {number(test['statistic'], 3)}{interval}, p = {p_value(test['p_value'])}; by ranks "
        f"{number(rank['statistic'], 3)}, p = {p_value(rank['p_value'])}. Taxa are permuted; the "
        f"smallest p that this can give is {p_value(test['smallest_p'])}."
    )


def _interval(interval: tuple[float, float]) -> str:
    low, high = (number(end, 2) for end in interval)
    return f" (95% interval {low} to {high})"


def _published(name: str, entry: Entry, honest: Entry, found: Mapping[str, Any]) -> str:
    if entry["statistic"] is None:
        return f"{_named(entry)}: no value, because {entry['why_absent'].rstrip('.')}."
    parts = [
        f"{_named(entry)}: a paper that prints r = {number(entry['statistic'], 3)}, "
        f"{printed(entry)} (n = {entry['n_as_printed']:,}) would conclude that "
        f"{_paper_says(entry)}.",
        f"With the taxa shuffled the same formula gives {_spread(entry)} "
        f"(p = {p_value(entry['p_value'])}), so {_verdict(entry, honest)}.",
        f"It {entry['fault']}.",
    ]
    if name == "weighted_error":
        parts.append(_range(entry))
    if name == "in_sample_fit" and found["taxon_numbers_fit"] is not None:
        parts.append(f"{ALONE} reaches {number(found['taxon_numbers_fit'], 3)}.")
    return " ".join(parts)


def _paper_says(entry: Entry) -> str:
    if entry["p_as_printed"] > LEVEL:
        return "nothing is shown"
    if entry["statistic"] < 0:
        return "the two disagree"
    strength = "closely" if entry["statistic"] >= 0.5 else "clearly"
    return f"looks follow lineage {strength}"


def _verdict(entry: Entry, honest: Entry) -> str:
    claimed = entry["p_as_printed"] <= LEVEL and entry["statistic"] > 0
    if entry["p_value"] > LEVEL:
        return "this value is what noise gives" if claimed else "nothing wrong would be concluded"
    if not claimed:
        return "an agreement would be missed"
    gap = abs(entry["statistic"] - honest["statistic"])
    if gap >= 0.05:  # further apart than rounding and wording allow
        return (
            f"there is agreement, but not of this size: off the diagonal r is "
            f"{number(honest['statistic'], 3)}"
        )
    return "the agreement stands; the printed p counts cells that are not independent"


def _range(entry: Entry) -> str:
    """Where noise and perfection lie: a formula that cannot tell them apart says nothing."""
    noise = "; ".join(
        f"{NOISE_WORDS[kind]}: {number(spread['mean'], 3)}"
        for kind, spread in entry["noise"].items()
        if spread
    )
    almost = entry["nearly_perfect"]
    perfect = f"{number(almost['mean'], 2)} ± {number(almost['sd'], 2)}" if almost else "no value"
    return (
        f"Its scale has no top: noise scores ({noise}); agreement perfect to a millionth scores "
        f"{perfect}, and exact agreement is zero divided by zero.{_listings(entry)}"
    )


def _listings(entry: Entry) -> str:
    other = entry["other_listings"]
    if not other:
        return ""
    return (
        " The value depends on the order in which the taxa are listed: the same matrices in other "
        f"orders give {number(other['low'], 2)} to {number(other['high'], 2)} (95%)."
    )


def _error(entry: Entry, constant: float) -> str:
    value = entry["statistic"]
    worse = "worse than" if value > constant else "better than"
    return (
        f"{_named(entry)}: {number(value, 3)}, {worse} saying the mean similarity for every pair "
        f"({number(constant, 3)}); with the taxa shuffled {_spread(entry)} "
        f"(p = {p_value(entry['p_value'])}). An error printed alone tells nothing."
    )


def _named(entry: Entry) -> str:
    return str(entry["title"])


def _spread(entry: Entry) -> str:
    return f"{number(entry['null_mean'], 3)} ± {number(entry['null_sd'], 3)}"


def printed(entry: Entry) -> str:
    """Write the p-value as such papers print it."""
    p = entry["p_as_printed"]
    return "p < 1e-300" if p < SMALLEST_PRINTED else f"p = {p_value(p)}"
