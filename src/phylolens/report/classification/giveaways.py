"""What else may give a taxon away: the source of an image, or a near copy in training."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.classification.words import headline
from phylolens.report.wording import count, listed, number, p_value, percent, plural

LEVEL = 0.05


def about_sources(metrics: Mapping[str, Any]) -> list[str]:
    """Sentences on what the sources of the images give away; empty where unknown."""
    found = metrics.get("sources")
    if not found:
        return []
    lines = [_telling(found), _within(found.get("within_taxa")), _one_source(found)]
    left = [
        f"{rank} {percent(scores['accuracy'])} (macro-F1 {number(scores.get('macro_f1'))})"
        for rank, scores in (found.get("held_out") or {}).items()
    ]
    if left:
        lines.append(f"Trained without a source and tested on it: {listed(left)} named correctly.")
    return [line for line in lines if line]


def _telling(found: Mapping[str, Any]) -> str:
    told = found.get("can_tell") or {}
    if told.get("balanced_accuracy") is None:
        return ""
    return (
        f"The features name the source of an image (one of {found.get('n_sources')}) with "
        f"balanced accuracy {number(told['balanced_accuracy'])}; guessing gives "
        f"{number(told.get('chance'))}. Taxa that differ between sources raise this."
    )


def _within(found: Mapping[str, Any] | None) -> str:
    """Say whether sources are told apart among images of one taxon, where taxa can not help."""
    if not found or found.get("balanced_accuracy") is None:
        return ""
    rank, p = found["rank"], found["p_value"]
    text = (
        f"Among images of one {rank} ({count(found['n_taxa'], rank)} with several sources) it is "
        f"{number(found['balanced_accuracy'])}, and {number(found['permuted_mean'])} with the "
        f"sources shuffled within {plural(rank)}"
    )
    if not found.get("finest", True):
        return f"{text}; sources may still go with the finer taxa, so this is no test."
    verdict = (
        "images give their source away, so a taxon of one source may be recognised by it"
        if p <= LEVEL
        else "no evidence that images give their source away"
    )
    return f"{text}, p = {p_value(p)}: {verdict}."


def _one_source(found: Mapping[str, Any]) -> str:
    shares = {rank: share for rank, share in (found.get("one_source") or {}).items() if share}
    if not shares:
        return ""
    parts = [f"{percent(share)} by {rank}" for rank, share in shares.items()]
    return f"Images of taxa that one source alone supplies: {listed(parts)}."


def about_near_duplicates(metrics: Mapping[str, Any]) -> str:
    """Say how many tested images nearly repeat a training image; empty where not looked for."""
    found = metrics.get("near_duplicates")
    if not found:
        return ""
    text = (
        f"{format(found['n_near'], ',') if found['n_near'] else 'None'} of "
        f"{count(found['n_tested'], 'tested image')} "
        f"({percent(found['share'])}) nearly repeat{'s' if found['n_near'] < 2 else ''} a "
        "training image, far more alike than such images usually are (cosine of the "
        f"features {number(found['threshold'], 3)} or more)"
    )
    without = found.get("accuracy_without") or {}
    if not found["n_near"] or not without:
        return text + "."
    models = metrics["models"]
    before = {rank: own["accuracy"] for rank, own in models[headline(models)].items()}
    parts = [
        f"{percent(share)}" + (f" instead of {percent(before[rank])}" if rank in before else "")
        + f" by {rank}"
        for rank, share in without.items()
    ]  # fmt: skip
    return f"{text}. Without them the accuracy is {listed(parts)}."
