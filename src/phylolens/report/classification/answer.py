"""What a curator needs to know of the classification, in a few sentences."""

from typing import Any

from phylolens.report.classification.depth import NONE, known_row
from phylolens.report.classification.words import left_out_rank
from phylolens.report.glossary import CANNOT_TELL
from phylolens.report.wording import listed, number, percent, plural


def answer(summary: dict[str, Any], rank: str | None) -> str:
    """Answer at the rank of comparison where it was tested, else at the finest.

    Parameters
    ----------
    summary : dict
        As :func:`phylolens.report.classification.about_classify` makes it.
    rank : str or None
        The rank of comparison.
    """
    ranks = summary["ranks"]
    chosen = next((found for found in ranks if found["rank"] == rank), ranks[-1])
    leak = f"These figures are circular. {summary['circular_why']}" if summary["circular"] else ""
    found = [_right(chosen), _unseen(chosen), _depth(summary["depth"]), _new(summary["novelty"])]
    parts = [leak, *found]
    return " ".join(part for part in parts if part)


def _right(found: dict[str, Any]) -> str:
    low, high = found["interval"]
    return (
        f"On {found['tested_on']['image']} it had not been trained on, the classifier named "
        f"the {found['rank']} correctly for {percent(found['accuracy'])} "
        f"(95% interval {percent(low)} to {percent(high)}); always naming the most frequent "
        f"{found['rank']} is right for {percent(found['majority']['accuracy'])}. Rare "
        f"{found['plural']} counted like frequent ones, macro-F1 is {number(found['macro_f1'])}."
    )


def _unseen(found: dict[str, Any]) -> str:
    parts = []
    for name, own in found["left_out_accuracy"].items():
        out = left_out_rank(name)
        if out:
            text = f"{percent(own['accuracy'])} of images of {plural(out)} it was never shown"
            if own["majority"] is not None:
                text += f" (most frequent: {percent(own['majority'])})"
            parts.append(text)
    return f"It is right for {listed(parts)}." if parts else ""


def _depth(found: dict[str, Any] | None) -> str:
    """Say to which rank names are safe, and for whom they are not."""
    if not found:
        return ""
    row = known_row(found)
    parts = [f"{row['percents'][rank]} to {rank}" for rank in reversed(found["ranks"])]
    text = f"Asked for {found['promised']} certainty, it goes as deep as is safe"
    text += f" (for {row['plural']})" if row["name"].startswith("known ") else ""
    text += f": {listed(parts)}; {row['percents'][NONE]} get no name."
    short = [one for one in found["groups"][0]["rows"] if one["short"]]
    if short:
        short.sort(key=lambda one: -one["coverage"])
        missed = [f"{percent(one['coverage'])} of {one['plural']}" for one in short]
        ends = missed if len(missed) < 3 else [missed[0], missed[-1]]
        text += f" These names are right for only {' to '.join(ends)}."
    return text


def _new(found: dict[str, Any] | None) -> str:
    if not found:
        return ""
    return (
        f"An unknown {found['rank']} looks stranger to it than a known one in "
        f"{100 * found['auroc']:.0f} of 100 pairs."
    )


def cannot_tell(summary: dict[str, Any]) -> list[str]:
    """List what the classification leaves open, given what was tried."""
    lines = list(CANNOT_TELL["classify"])
    left = [one for one in summary["divisions"] if left_out_rank(one["name"])]
    if left:
        ranks = listed([plural(left_out_rank(one["name"])) for one in left])
        lines[1] = (
            "A random division leaves other specimens of the same species in training, so it tells "
            "how well known species are told apart. The honest figure for taxa that are not in "
            f"the training set is that of {ranks} left out; it is right only at coarser ranks, as "
            "the taxon itself cannot be answered."
        )
    if summary["depth"]:
        lines.append(
            "What is promised for one taxon or one picture: the guarantee is about many specimens "
            "that come like those it was calibrated on, in the stated mix of known and unknown "
            "taxa. It does not cover another mix, another place or another camera."
        )
    if summary["ablation"]:
        lines.append(
            "Which setting is best: settings compared on the same test images favour the luckiest."
        )
    return lines
