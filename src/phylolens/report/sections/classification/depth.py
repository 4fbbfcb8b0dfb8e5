"""How deep can we go? The rank to which a name is safe at the chosen certainty."""

from typing import Any

from phylolens.report.ordering import coarse_to_fine
from phylolens.report.results import Results
from phylolens.report.text import count, listed, percent, plural
from phylolens.results.calibration import Guarantee, Stratum, Trial
from phylolens.results.classification import ClassificationResult

NONE = "none"
OVERALL = "all, in the assumed mix"
MIXED = "with unknown taxa mixed into the calibration"
EACH = "calibrated for each kind of unknown taxa"


def about_depth(results: Results, metrics: ClassificationResult) -> dict[str, Any] | None:
    """Sum up ``conformal``; None where it was not made."""
    found = metrics.conformal
    if not found or not found.resolved_at or found.alpha is None:
        return None
    alpha, known = float(found.alpha), found.known_only
    ranks = [name for name in coarse_to_fine(results, found.resolved_at) if name != NONE]
    unknown = found.alpha_unknown  # None: one promise for all
    title = MIXED if unknown is None else EACH
    groups = [_group(title, found, ranks, alpha, unknown)]
    if known and known.resolved_at:
        groups.append(_group("calibrated on known taxa alone", known, ranks, alpha))
    named = results.has_specimen_ids
    summary: dict[str, Any] = {
        "alpha": alpha,
        "promised": percent(1 - alpha),
        "promised_unknown": None if unknown is None else percent(1 - float(unknown)),
        "noun": "specimen" if named else "image",
        "ranks": ranks,
        "groups": groups,
        "assessed": _assessed(metrics.trial),
    }
    summary["sentences"] = _sentences(summary)
    summary["alt"] = " ".join(summary["sentences"])
    return summary


def _assessed(found: Trial | None) -> str:
    """Say how the images of the assessment were split."""
    if not found or not found.rule:
        return ""
    text = found.rule
    if found.n_train and found.n_test:
        text += f" Trained on {count(found.n_train, 'image')}, tested on {found.n_test:,}."
    return text


def _group(
    title: str,
    found: Guarantee,
    ranks: list[str],
    alpha: float,
    unknown: float | None = None,
) -> dict[str, Any]:
    """Sum up one calibration; ``unknown`` is what it accepts of wrong names of unknown taxa."""
    by_stratum = found.by_stratum or {}
    strata = sorted(by_stratum, key=lambda name: _novel(name, ranks))
    mix = {name: share for name, share in (found.mix or {}).items() if share > 0}
    rows = [
        _row(
            name,
            by_stratum[name],
            ranks,
            alpha if unknown is None or name.startswith("known ") else unknown,
        )
        for name in strata
        if by_stratum[name].n
    ]
    if len(mix) != 1 or not rows:  # of one stratum, the sum is that stratum
        total = _row(OVERALL if mix else "all tested", found, ranks, alpha)
        rows.insert(0, total | {"stratum": False})
    ordered = sorted(mix, key=lambda name: _novel(name, ranks))
    return {
        "title": title,
        "guarantee": found.guarantee or "",
        "mix": listed([f"{percent(mix[name])} {plural_of(name)}" for name in ordered]),
        "rows": rows,
    }


def _novel(stratum: str, ranks: list[str]) -> tuple[int, int, str]:
    """Sort key: known taxa first, then unknown ones from the finest rank up."""
    kind, _, rank = stratum.partition(" ")
    place = ranks.index(rank) if rank in ranks else len(ranks)
    return kind != "known", -place, stratum


def plural_of(stratum: str) -> str:
    """Turn ``unknown genus`` into ``unknown genera``."""
    kind, _, rank = stratum.partition(" ")
    return f"{kind} {plural(rank)}" if kind in ("known", "unknown") and rank else stratum


def _row(name: str, found: Guarantee | Stratum, ranks: list[str], alpha: float) -> dict[str, Any]:
    shares, ends, coverage = found.resolved_at or {}, found.interval, found.coverage
    high = coverage if ends is None else ends[1]
    words = percent(coverage) if coverage is not None else ""
    if ends:
        words += f" ({percent(ends[0]).rstrip('%')}–{percent(ends[1])})"
    return {
        "name": name,
        "stratum": True,
        "plural": plural_of(name),
        "n": found.n,
        "coverage": coverage,
        "depth": found.mean_depth,
        "words": words,
        "promised": percent(1 - alpha),
        # Short only where chance does not explain it: the whole interval lies below.
        "short": coverage is not None and high is not None and high < 1 - alpha,
        "shares": {key: float(shares.get(key, 0.0)) for key in (NONE, *ranks)},
        "percents": {key: percent(float(shares.get(key, 0.0))) for key in (NONE, *ranks)},
    }


def known_row(found: dict[str, Any]) -> dict[str, Any]:
    """Return the row of known taxa with unknown ones mixed in; the first where there is none."""
    rows = found["groups"][0]["rows"]
    return next((row for row in rows if row["name"].startswith("known ")), rows[0])


def _sentences(summary: dict[str, Any]) -> list[str]:
    """Say how deep names go, and for whom the promise holds."""
    row = known_row(summary)
    whose = f" of {row['plural']}" if row["name"].startswith("known ") else ""
    n = f" ({count(row['n'], summary['noun'])})" if row["n"] else ""
    parts = [f"{row['percents'][rank]} to {rank}" for rank in reversed(summary["ranks"])]
    nouns = plural(summary["noun"])
    lines = [
        f"Asked for {summary['promised']} certainty, the classifier names {nouns}{whose}{n} as "
        f"deep as is safe: {listed(parts)}; {row['percents'][NONE]} get no name."
    ]
    lines += [_kept(group) for group in summary["groups"]]
    return lines + _cost(summary["groups"])


def _cost(groups: list[dict[str, Any]]) -> list[str]:
    """Say what the promise for unknown taxa costs known ones."""
    rows = [
        row
        for group in groups
        for row in group["rows"]
        if row["name"].startswith("known ") and row["depth"] is not None
    ]
    if len(rows) < 2 or groups[0]["title"] != EACH:
        return []
    one, two = (f"{row['depth']:.1f}" for row in rows[:2])
    return [
        f"That costs depth: {rows[0]['plural']} are named to {one} ranks on average, and to {two} "
        "when the classifier is calibrated on known taxa alone."
    ]


def _kept(group: dict[str, Any]) -> str:
    strata = [row for row in group["rows"] if row["stratum"]] or group["rows"]
    good = [f"{row['words']} of {row['plural']}" for row in strata if not row["short"]]
    bad = [f"{row['words']} of {row['plural']}" for row in strata if row["short"]]
    text = f"{group['title'].capitalize()}, the name is right as far as it goes for "
    text += listed(good or bad)
    if good and bad:
        text += f", but only for {listed(bad)}"
    promised = sorted({row["promised"] for row in strata if row["short"]}, reverse=True)
    return text + (f": less than the {listed(promised)} asked for." if bad else ".")
