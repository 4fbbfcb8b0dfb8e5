"""What a skill means: of which clades it comes, and how many traits along the tree do as well."""

from collections.abc import Sequence
from dataclasses import dataclass

from phylolens.report.sections.guided.learners import Judged
from phylolens.report.text import count, number, p_value, percent, plural
from phylolens.results.guided_parts import Beyond, CladeSkill, TraitSkill

LEVEL = 0.05
SHOWN = 8  # clades with a row of their own
NOTICED = 0.01  # skill below which nothing is claimed, whatever p
NOTHING = 0.05  # skill of the most traits below which they cannot be told from none
NAMED = 5  # clades named in a sentence


@dataclass(frozen=True)
class CladeRow:
    """One clade, or all further ones together."""

    name: str
    taxa: str
    share: str
    skill: str


@dataclass(frozen=True)
class ScaleRow:
    """The skill of a number of traits."""

    traits: str
    skill: str
    range: str


@dataclass(frozen=True)
class Meaning:
    """What a skill is made of.

    Parameters
    ----------
    clades : list of CladeRow
        The last one of all others together where there are many.
    beyond, traits : str
        A sentence each, or empty.
    scale, scale_beyond : list of ScaleRow
        Of all taxa, and without the clades that hold most of the error.
    """

    clades: list[CladeRow]
    beyond: str
    traits: str
    scale: list[ScaleRow]
    scale_beyond: list[ScaleRow]


def about_meaning(judged: Judged) -> Meaning | None:
    """Sum up ``by_clade``, ``beyond`` and ``attainable`` of ``guide.json``; None without them."""
    found = judged.found
    if not found.by_clade:
        return None
    scale, beyond = found.attainable or [], found.beyond
    return Meaning(
        clades=_clade_rows(found.by_clade, judged.held.rank or "clade"),
        beyond=beyond_words(judged),
        traits=traits_words(scale, judged.held.skill),
        scale=_scale(scale),
        scale_beyond=_scale((beyond.attainable if beyond else None) or []),
    )


def beyond_words(judged: Judged) -> str:
    """Say what is found without the few clades that hold half of the error."""
    beyond, n, taxa = judged.found.beyond, judged.found.n_taxa, judged.plural
    if not beyond or beyond.skill is None:
        return ""
    without = beyond.without
    named = ", ".join(without[:NAMED]) + (" and others" if len(without) > NAMED else "")
    of = f"{n - beyond.n_taxa} of {n} {taxa}"
    groups = count(len(without), judged.held.rank or "clade")
    who = f"{named}, {of}" if judged.alone else f"{groups} ({named}: {of})"
    left = "remains without images" if judged.base.image_free else "column means leave"
    text = (
        f"{percent(beyond.share)} of the error that {left} comes from {who}. Judged "
        f"anew without them, skill is {number(beyond.skill)}"
    )
    if beyond.p_value is not None:
        text += f" (p = {p_value(beyond.p_value)} from {count(beyond.n_refits or 0, 'refit')})"
    return f"{text}{_correlations(beyond)}.{_told(beyond, beyond.skill)}"


def _correlations(beyond: Beyond) -> str:
    best = beyond.image_free_pearson
    free = beyond.column_means_pearson if best is None else best
    if beyond.pearson is None or free is None:
        return ""
    name = "column means alone" if best is None else "without images"
    text = f", r = {number(beyond.pearson)} ({name} {number(free)})"
    if beyond.row_rank is not None and beyond.row_rank_gain is not None:
        without = number(beyond.row_rank - beyond.row_rank_gain)
        text += f", rank correlation {number(beyond.row_rank)} (without images {without})"
    return text


def _told(beyond: Beyond, skill: float) -> str:
    p, low = beyond.p_value, beyond.low_skill
    if p is None or 1 / ((beyond.n_refits or 0) + 1) > LEVEL:
        return ""
    if p > LEVEL or skill < NOTICED:
        return " So for the others there is no evidence that images tell the tree."
    if low is None or low <= 0:
        return " So for the others it is more than chance, but it rests on few clades or is small."
    return " So images tell something of the others, too."


def traits_words(scale: Sequence[TraitSkill], skill: float | None) -> str:
    """Say between which numbers of traits a skill lies."""
    if not scale or skill is None:
        return ""
    first, last = scale[0], scale[-1]
    kind = "independent traits that evolve along this tree by Brownian motion"
    of = f"mean of {count(first.n_draws, 'drawn set')} each"
    if last.skill_mean < max(NOTHING, first.skill_mean):
        low, high = min(one.skill_min for one in scale), max(one.skill_max for one in scale)
        return (
            f"No number of {kind} tells it here: drawn sets of {first.traits} to "
            f"{last.traits} reach skills from {number(low)} to {number(high)}, without a "
            "rise. That is how far chance alone carries with so few taxa and clades."
        )
    above = next((place for place, one in enumerate(scale) if one.skill_mean >= skill), None)
    if above == 0:
        return (
            f"Skill {number(skill)} is no more than that of {first.traits} {kind} "
            f"({number(first.skill_mean)}, {of})."
        )
    if above is None:
        return (
            f"Skill {number(skill)} is more than that of {last.traits} {kind} "
            f"({number(last.skill_mean)}, {of})."
        )
    fewer, more = scale[above - 1], scale[above]
    return (
        f"Skill {number(skill)} is that of between {fewer.traits} and {more.traits} {kind} "
        f"({number(fewer.skill_mean)} and {number(more.skill_mean)}, {of})."
    )


def power_words(scale: Sequence[TraitSkill]) -> str:
    """Say what these taxa would show if visual distance followed the tree."""
    if not scale:
        return ""
    told = ", ".join(f"{one.traits} traits {number(one.skill_mean)}" for one in scale)
    return (
        "Had independent traits that evolve along this tree been seen in as many images, skill "
        f"would be: of {told}."
    )


def _scale(scale: Sequence[TraitSkill]) -> list[ScaleRow]:
    return [
        ScaleRow(
            traits=f"{one.traits:,}",
            skill=number(one.skill_mean),
            range=f"{number(one.skill_min)} to {number(one.skill_max)}",
        )
        for one in scale
    ]


def _clade_rows(rows: Sequence[CladeSkill], rank: str) -> list[CladeRow]:
    """Rows of the clades with most error; the others in one, if they are more than one."""
    shown = list(rows) if len(rows) <= SHOWN + 1 else list(rows[:SHOWN])
    told = [_clade_row(one.clade, one.n_taxa, one.share, one.skill) for one in shown]
    others = rows[len(shown) :]
    if others:
        share = sum(one.share or 0.0 for one in others)
        weighed = sum((one.share or 0.0) * (one.skill or 0.0) for one in others)
        name = f"{len(others)} other {plural(rank)}"
        taxa = sum(one.n_taxa for one in others)
        told.append(_clade_row(name, taxa, share, weighed / share if share > 0 else None))
    return told


def _clade_row(name: str, taxa: int, share: float | None, skill: float | None) -> CladeRow:
    return CladeRow(
        name=name,
        taxa=f"{taxa:,}",
        share="–" if share is None else percent(share),
        skill="–" if skill is None else number(skill),
    )
