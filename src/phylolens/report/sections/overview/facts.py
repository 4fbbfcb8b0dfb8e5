"""Answers for the first screen: one sentence a question, in words that need no glossary.

Every sentence is made from a field of the sections below it, and says no more than they do.
"""

from collections.abc import Mapping
from typing import Any

from phylolens.report.columns import quoted
from phylolens.report.sections.classification.models import left_out_rank
from phylolens.report.sections.guided.facts import GuideFacts
from phylolens.report.sections.signal.confounds import NOT_WITHIN, UNTOLD, ConfoundFacts
from phylolens.report.sections.signal.facts import SignalFacts
from phylolens.report.text import count, listed, percent, plural

FEW = 10  # taxa below which a real pattern is easily missed
MOST_WARNINGS = 4
Card = dict[str, Any]


def about_overview(summary: Mapping[str, Any]) -> list[Card]:
    """Answer each question that these results can speak of.

    Parameters
    ----------
    summary : mapping
        ``classify``, ``signal`` and ``guide`` as their sections sum them up, ``rank``.

    Returns
    -------
    list of dict
        ``key``, also the anchor of the evidence; ``question``; ``answer``; ``bars``, each with
        ``name``, ``share`` and ``words``; ``figure``, the name of a drawing, or empty; ``taxa``, a
        pair with its images.
    """
    classify, signal, guide = (summary[key] for key in ("classify", "signal", "guide"))
    cards = []
    if classify:
        cards.append(_what_is_it(classify, main_rank(classify, summary["rank"])))
    if signal:
        cards.append(_follow(signal))
    if guide:
        cards.append(_learn(guide))
    if signal and signal.pairs and not signal.circular:
        cards.append(_disagree(signal))
    return cards


def main_rank(classify: Mapping[str, Any], rank: str | None) -> dict[str, Any]:
    """Choose the rank that is shown unfolded: that of comparison, else the finest tested."""
    ranks = classify["ranks"]
    return dict(next((found for found in ranks if found["rank"] == rank), ranks[-1]))


def of_hundred(share: float) -> str:
    """Write a share as a curator counts: ``97 of 100``, never rounded up to all or down to none."""
    if 0 < share < 0.005:
        return "fewer than 1 of 100"
    rounded = round(100 * share)
    return f"{min(rounded, 99) if share < 1 else 100} of 100"


def _card(key: str, question: str, answer: str, **more: Any) -> Card:
    return {"key": key, "question": question, "answer": answer, "bars": [], "figure": "",
            "taxa": [], **more}  # fmt: skip


def _bar(name: str, share: float, words: str) -> dict[str, Any]:
    return {"name": name, "share": min(max(share, 0.0), 1.0), "words": words}


def _what_is_it(classify: Mapping[str, Any], found: Mapping[str, Any]) -> Card:
    """Say how often the rank of comparison is named right, for taxa known and unknown."""
    question, rank = "What is it?", found["rank"]
    if classify["circular"]:
        answer = "Not judged: the images tested had a part in making the features."
        return _card("classify", question, answer)
    own, commonest = found["accuracy"], found["majority"]["accuracy"]
    new = {left_out_rank(name): one["accuracy"] for name, one in found["left_out_accuracy"].items()}
    new = {plural(out): share for out, share in new.items() if out}
    known = f"known {next(iter(new), classify['ranks'][-1]['plural'])}"
    if not classify["random"]:
        known = "taxa that are not in the collection"
    bars = [_bar(known, own, of_hundred(own))]
    bars += [_bar(f"new {taxa}", share, of_hundred(share)) for taxa, share in new.items()]
    if found["beside"] in ("better than", ""):
        answer = f"The {rank} is named right in {of_hundred(own)} images of {known}."
        for taxa, share in new.items():
            answer += (
                f" For {taxa} that are not in the collection it is right in {of_hundred(share)}."
            )
    else:
        answer = f"The {rank} cannot be named: always giving the commonest {rank} does as well."
    bars.append(_bar(f"always the commonest {rank}", commonest, of_hundred(commonest)))
    return _card("classify", question, answer, bars=bars)


def _follow(signal: SignalFacts) -> Card:
    """Say what the tests that decide allow to be said."""
    kind, what, n = signal.kind, signal.plural, signal.n_taxa
    decided = kind in ("yes", "no", "open")
    answers = {
        "yes": f"Yes: {_agreeing(signal)} than chance would make them.",
        "no": f"Not shown: there is no clear sign that {_agreeing(signal)} than others.",
        "open": "Open: of the two tests that decide only one finds a sign.",
        "undecided": f"Not decided: {count(n, signal.rank)} are too few for a test.",
        "circular": "Not judged: the features were fitted to this very tree.",
    }
    answer = answers[kind]
    own = signal.confounds
    if kind == "open" and own and own.conclusion in (UNTOLD, NOT_WITHIN):
        answer = _by_source(own, what)
    elif kind in ("yes", "no") and n < FEW:
        more = "how strong this is stays open" if kind == "yes" else "too few to rule it out"
        answer += f" Only {count(n, signal.rank)} were compared: {more}."
    shown = decided and any(test.primary or test.histogram for test in signal.tests)
    return _card("signal", "Do looks follow lineage?", answer, figure="answer" if shown else "")


def _agreeing(signal: SignalFacts) -> str:
    """Word the finding by what the first test looks at."""
    what = signal.plural
    if signal.claim.startswith(("Closely", "There is no evidence here that closely")):
        return f"closely related {what} look more alike"
    return f"{what} that are close in the tree look more alike"


def _by_source(confounds: ConfoundFacts, what: str) -> str:
    worst = confounds.worst
    if confounds.conclusion == UNTOLD:
        goes = "goes" if len(worst) == 1 else "go"
        return (
            f"Nothing can be said: visual similarity follows the tree, but {quoted(worst)} {goes} "
            "with the clades and with visual similarity, too."
        )
    return (
        f"Open: visual similarity follows the tree, but not among {what} of one "
        f"{' or one '.join(quoted([one]) for one in worst)}."
    )


def _learn(guide: GuideFacts) -> Card:
    """Say what images predict of clades that the fit never saw."""
    judged, question = guide.judged, guide.question
    if not judged:
        answer = (
            "Images were fitted to the tree and judged on the same tree; this says nothing about "
            f"other {guide.plural}."
        )
        return _card("guide", question, answer)
    kind, skill, what, groups = judged.kind, judged.skill, judged.unseen, judged.clades
    taken = percent(skill) if skill is not None else ""
    answers = {
        "yes": f"In part: for {what}, images make the predicted distances {taken} less wrong.",
        "trace": f"Hardly: for {what}, images hold a trace of the tree, too little to be of use.",
        "no": f"Not shown: for {what}, images do not clearly improve the prediction.",
        "fallback": f"Not shown: what images taught about some {groups} did not hold for others.",
        "undecided": "Not decided: too few repeats with permuted images were made to judge it.",
        "untested": f"Not judged: for {what}, images were not compared with chance.",
    }
    answer = answers[kind]
    if kind == "untested" and skill is not None and skill <= 0:
        answer = f"Not shown: for {what}, images do not improve the prediction."
    if kind == "yes" and judged.low_skill is not None and judged.low_skill <= 0:
        answer = f"{answer.replace('In part', 'Perhaps')} This rests on few {groups}."
    bars = []
    if kind in ("yes", "trace", "no") and skill is not None and skill > -1:
        with_images = 1 - skill
        widest = max(1.0, with_images)
        bars = [
            _bar("error without images", 1 / widest, "100"),
            _bar("error with images", with_images / widest, f"{100 * with_images:.0f}"),
        ]
    return _card("guide", question, answer, bars=bars)


def _disagree(signal: SignalFacts) -> Card:
    """Name the pair that contradicts the tree most, with its images."""
    question = "Where do looks and genes disagree?"
    groups = signal.pairs.groups if signal.pairs else []
    found = [one for one in groups if one.significant and "source" not in one.title]
    if not found:
        answer = f"No pair of {signal.plural} clearly contradicts the tree."
        if any("source" in one.title for one in groups):
            answer = "The pairs that contradict the tree go with the source of their images."
        return _card("disagree", question, answer)
    first = found[0]
    pair = first.pairs[0]
    names = listed([taxon.name for taxon in pair.taxa])
    alike = first.kind == "convergence"
    answer = (
        f"{names} look alike, though they are far apart in the tree."
        if alike
        else f"{names} look different, though they are close in the tree."
    )
    if (others := sum(one.n for one in found) - 1) > 0:
        verb = "contradicts" if others == 1 else "contradict"
        answer += f" {count(others, 'other pair')} {verb} the tree, too."
    return _card("disagree", question, answer, taxa=list(pair.taxa) if first.has_images else [])


def about_warnings(summary: Mapping[str, Any]) -> list[str]:
    """Say what a reader has to beware of, the worst first."""
    classify, signal = summary["classify"], summary["signal"]
    lines = [*_circular(classify, signal), *_sources(summary), *_few(classify, signal)]
    specimens = summary["specimens"]
    if specimens:
        if not specimens["has_specimen_ids"] and classify:
            lines.append(
                "No specimen ids were given. If several images show one specimen, too many answers "
                "count as right."
            )
        if specimens["n_left_out"]:
            lines.append(f"{count(specimens['n_left_out'], 'row').capitalize()} could not be used.")
    if classify:
        lines.append(
            "Background, light or the habits of one collection may give a taxon away; check the "
            "images below."
        )
    return lines[:MOST_WARNINGS]


def _circular(classify: Mapping[str, Any] | None, signal: SignalFacts | None) -> list[str]:
    lines = []
    if classify and classify["circular"]:
        lines.append("The scores are circular: features were fitted to the images tested.")
    if signal and signal.circular:
        lines.append("The comparison with the tree is circular: features were fitted to it.")
    return lines


def _sources(summary: Mapping[str, Any]) -> list[str]:
    """Name columns of the table that may make taxa look alike."""
    columns = (summary["specimens"] or {}).get("possible_confounds") or []
    if not columns:
        return []
    verb = "differs" if len(columns) == 1 else "differ"
    what = plural(summary["rank"] or "taxon")
    return [f"{quoted(columns)} {verb} between {what}, which may look alike or apart for it."]


def _few(classify: Mapping[str, Any] | None, signal: SignalFacts | None) -> list[str]:
    """Say where names of unknown taxa are often wrong, and where repeats were tested."""
    lines = []
    depth = (classify or {}).get("depth")
    short = [row for row in depth["groups"][0]["rows"] if row["short"]] if depth else []
    if short:
        worst = min(short, key=lambda row: row["coverage"])
        lines.append(
            f"Of {worst['plural']} the program often names too much: only "
            f"{of_hundred(worst['coverage'])} of these names are right."
        )
    if signal and signal.n_dropped.no_phylogeny:
        n = count(signal.n_dropped.no_phylogeny, signal.rank)
        lines.append(f"{n.capitalize()} had no place in the tree and could not be compared.")
    return lines
