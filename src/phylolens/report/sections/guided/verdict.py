"""One paragraph: how much of the tree the images can learn, judged on clades never seen."""

from dataclasses import dataclass

from phylolens.report.sections.guided.learners import Judged
from phylolens.report.sections.guided.meaning import beyond_words, power_words
from phylolens.report.text import count, number, p_value, percent, sentence
from phylolens.results.guided_scores import HeldOutScores

LEVEL = 0.05
NOTICED = 0.01  # skill that is worth a sentence


@dataclass(frozen=True)
class Verdict:
    """What the held-out figures allow, no more than they carry.

    Parameters
    ----------
    kind : str
        ``yes``, ``trace`` (more than chance, but of no use), ``no``, ``undecided`` (too few
        refits), ``untested`` (none) or ``fallback``.
    claim : str
        One sentence.
    rest : str
        What stands beside it.
    """

    kind: str
    claim: str
    rest: str

    @property
    def verdict(self) -> str:
        """Claim and rest: one paragraph."""
        return f"{self.claim} {self.rest}".strip()


def verdict(judged: Judged) -> Verdict:
    """Say what was found on clades held out."""
    kind, found = _kind(judged), judged.found
    parts = [
        _free(kind, judged),
        _few(kind, judged),
        _ranks(judged),
        _names(judged),
        _beside(judged),
        _left(kind, judged),
        beyond_words(judged),
        power_words(found.attainable or []) if kind in ("no", "fallback") else "",
        _in_sample(judged),
        _cannot(kind),
    ]
    return Verdict(kind, _claim(kind, judged), " ".join(part for part in parts if part))


def _kind(judged: Judged) -> str:
    skill, null = judged.held.skill, judged.null
    if judged.found.fallback:
        return "fallback"
    if null.p_value is None or skill is None:
        return "untested"
    if null.least_p > LEVEL:
        return "undecided"
    if null.p_value > LEVEL:
        return "no"
    return "yes" if skill >= NOTICED else "trace"


def _claim(kind: str, judged: Judged) -> str:
    """Say the finding with its figures."""
    figures, what = _figures(judged), judged.unseen
    skill, words = judged.held.skill, judged.words
    if kind == "yes":
        tell = "tell" if _sure(judged.held) else "may tell"
        return (
            f"Images {tell} part of the tree for {what}: they reduce the "
            f"squared error of {words.of} by {percent(skill)} ({figures})."
        )
    if kind == "trace":
        return (
            f"Images hold a trace of the tree, more than chance explains, but too little to be of "
            f"use for {what}: {words.does} as well or better ({figures})."
        )
    if kind == "no":
        return f"There is no evidence here that images can tell the tree for {what} ({figures})."
    if kind == "fallback":
        return (
            f"Nothing was learnt that holds for {what}: {_why(judged.found.fallback)} The unguided "
            f"features are used for all taxa. With a learner chosen anew for each clade held out: "
            f"{figures}."
        )
    if kind == "undecided":
        return (
            f"With {count(judged.null.n_refits or 0, 'refit')} chance cannot be excluded: no p "
            f"below {p_value(judged.null.least_p)} is possible ({figures})."
        )
    return _untested(judged)


def _untested(judged: Judged) -> str:
    """Say what was found where nothing was refitted to permuted images."""
    skill, figures, what, words = judged.held.skill, _figures(judged), judged.unseen, judged.words
    if skill is not None and skill <= 0:
        return f"Images add nothing for {what}: {words.does} as well or better ({figures})."
    found = f"reduce the squared error of {words.of} by {percent(skill)}"
    return (
        f"Images {'were tried' if skill is None else found} for {what}, but this was not compared "
        f"with chance: nothing was refitted to permuted images ({figures})."
    )


def _why(why: str | None) -> str:
    if why and why.strip():
        return sentence(why)
    return "on clades left out of the training taxa no fit was better than none."


def _figures(judged: Judged) -> str:
    """Write skill, p, refits, taxa and clades: ``skill 0.29, p = 0.010 from 99 refits; …``."""
    held, null, text = judged.held, judged.null, []
    if held.skill is not None:
        text.append(f"skill {number(held.skill)}{_interval(judged)}")
    if null.p_value is not None:
        text.append(
            f"p = {p_value(null.p_value)} from {count(null.n_refits or 0, 'refit')} with images "
            f"permuted among {judged.plural}"
        )
    return "; ".join([", ".join(text), _sample(judged)] if text else [_sample(judged)])


def _interval(judged: Judged) -> str:
    low, high = judged.held.skill_interval or (None, None)
    if low is None or high is None:
        return ""
    return f" (jackknife over {judged.clades}: {number(low)} to {number(high)})"


def _sure(held: HeldOutScores) -> bool:
    """Whether the skill is above zero without any single clade; true where that is not known."""
    return held.low_skill is None or held.low_skill > 0


def _few(kind: str, judged: Judged) -> str:
    """Say where a skill rests on so few clades that it could as well be none."""
    if kind != "yes" or _sure(judged.held):
        return ""
    return (
        f"The interval reaches down to {number(judged.held.low_skill)}: the figure rests on few "
        f"{judged.clades}, and without them there may be no skill."
    )


def _free(kind: str, judged: Judged) -> str:
    """Say how much means over other clades reduce the error, which need no image either.

    Nothing where skill was measured against the best prediction without images, which knows them.
    """
    other, skill, text = judged.base.other_clades, judged.held.skill, ""
    free = other.skill if other else None
    if judged.base.image_free or kind != "yes" or skill is None or free is None or free < NOTICED:
        return ""
    if free >= skill:
        text = ", so that this skill needs no image"
    elif free < 1:
        text = f"; images reduce what remains by {percent((skill - free) / (1 - free))}"
    return (
        f"Each training {judged.rank}’s mean distance to other {judged.clades}, "
        f"which uses no image either, reduces that error by {percent(free)}{text}."
    )


def _ranks(judged: Judged) -> str:
    """Say how well the order of known taxa was told, each clade counting alike."""
    own, gain = judged.held.row_rank, judged.held.row_rank_gain
    if own is None or gain is None:
        return ""
    return (
        f"The order of the known {judged.plural} by distance is told with a rank correlation "
        f"of {number(own)}, {judged.clades} counting alike ({number(own - gain)} without images)."
    )


def _names(judged: Judged) -> str:
    """Say what images add to the names of coarser ranks, where these tell anything."""
    skill, names = judged.held.skill_over_names, judged.base.names
    named = names.skill if names else None
    if skill is None or named is None or abs(named) < NOTICED:
        return ""
    if skill <= 0:
        return "To the names of the coarser ranks they add nothing."
    return (
        "Where the names of the coarser ranks are known as well, images reduce the error that "
        f"remains by {percent(skill)}."
    )


def _sample(judged: Judged) -> str:
    held, taxa = judged.held, count(judged.found.n_taxa, judged.rank)
    if judged.alone:
        return f"{taxa}, each held out once"
    if held.n_clades and held.rank:
        return f"{taxa}, {count(held.n_clades, held.rank)} held out one at a time"
    return f"{taxa}, {held.scheme}" if held.scheme else taxa


def _beside(judged: Judged) -> str:
    """Set correlations on the same pairs side by side."""
    own, base, words = judged.held.pearson, judged.base, judged.words
    if own is None:
        return ""
    text = f"On held-out pairs predicted and genetic distance correlate with r = {number(own)}"
    free = base.standard.pearson
    reach = "reach" if words.key == "column_means" else "reaches"
    if free is not None:
        more = "more, " if free > own else ""
        if number(free) == number(own):
            text += f"; {words.name} {reach} as much"
        else:
            text += f"; {words.name} {reach} {more}r = {number(free)}"
        text += ", so most of it needs no image" if _mostly_free(own, free) else ""
    named = base.taxonomy_only
    if says_no_more(named, base.standard):
        text += f"; the named ranks tell no more, since {judged.clades} share none"
    elif named and named.pearson is not None:
        how = "with the named ranks" if named.skill is not None else "the named ranks alone"
        text += f"; {how}, r = {number(named.pearson)}"
    return text + "."


def says_no_more(named: HeldOutScores | None, free: HeldOutScores) -> bool:
    """Whether taxonomy predicts what is predicted without: clades held out share no named rank."""
    if named is None:
        return False
    pairs = ((named.pearson, free.pearson), (named.mse, free.mse))
    return all(
        one is not None and other is not None and abs(one - other) <= 1e-6 * abs(other)
        for one, other in pairs
    )


def _mostly_free(pearson: float, free: float) -> bool:
    """Whether column means explain most, but not all, of the variation that predictions do."""
    return 0 < free <= pearson and free**2 > 0.5 * pearson**2


def _left(kind: str, judged: Judged) -> str:
    """Say how much these images do not tell."""
    if kind != "yes" or judged.held.skill is None:
        return ""
    return f"{percent(1 - judged.held.skill)} of that error remains."


def _in_sample(judged: Judged) -> str:
    if judged.fit.pearson is None:
        return ""
    return (
        f"In-sample, fitted to and judged on the same {judged.plural}, "
        f"r = {number(judged.fit.pearson)}: that figure says nothing about {judged.unseen}."
    )


def _cannot(kind: str) -> str:
    """Say what must not be concluded."""
    if kind in ("no", "fallback"):
        return (
            "That is no evidence that the visual similarity of the organisms holds nothing of the "
            "tree: other images, other features or more taxa may show it."
        )
    if kind == "yes":
        return (
            "Whether it is the organism that tells, or its habitat and the way it was "
            "photographed, these figures cannot say."
        )
    return "More refits may settle it." if kind == "undecided" else ""
