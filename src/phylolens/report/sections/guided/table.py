"""Scores of every learner beside the baselines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from phylolens.report.sections.guided.learners import Judged, words
from phylolens.report.sections.guided.verdict import says_no_more
from phylolens.report.text import count, distance, number, p_value
from phylolens.results.base import Number
from phylolens.results.guided_parts import LearnerResult, Refits
from phylolens.results.guided_scores import Agreement, HeldOutScores

NONE = "–"
NO_REFITS = "no p-value: no refits were made"
UNGUIDED, SAW_NONE = "unguided", "all pairs; only the scale was fitted to them"
FREE = {  # without images: name, note
    "image_free": ("best without images", "no images; skill is what is added to it"),
    "names": ("with names of ranks", "no images; the same with the names of {ranks}"),
    "column_means": ("column means", "no images; each taxon’s mean distance to all others"),
    "other_clades": ("other clades’ means", "no images; each taxon’s mean over other clades"),
    "taxonomy_only": ("taxonomy alone", "no images; steps over {ranks}"),
    "constant": ("constant", "no images; one value for all pairs"),
}


@dataclass(frozen=True)
class Row:
    """A learner, baseline, mean of refits or in-sample fit in the table of scores.

    Parameters
    ----------
    kind : str
        ``mine``, ``learner``, ``baseline`` or ``insample``.
    name, note : str
    skill, pearson, spearman, mse, p : str
        Cells.
    interval : str
        Of a learner's skill; empty where there is none.
    """

    kind: str
    name: str
    note: str
    skill: str = NONE
    pearson: str = NONE
    spearman: str = NONE
    mse: str = NONE
    interval: str = ""
    p: str = NONE


def about_table(judged: Judged) -> list[Row]:
    """Rows of learners, baselines, permuted refits and in-sample figures, in this order."""
    learners, base = judged.found.judged(), judged.base
    rows = _learners(learners)
    if base.unguided and base.unguided.held_out and UNGUIDED not in learners:
        rows.append(_row("baseline", UNGUIDED, words(UNGUIDED), base.unguided.held_out))
    rows += _without_images(judged)
    rows += _refits(judged.null)
    for name, own in learners.items():
        if own.in_sample:
            note = SAW_NONE if name == UNGUIDED else "fitted to and judged on the same taxa"
            rows.append(_row("insample", f"{name}, in-sample", note, own.in_sample))
    return rows + _in_sample_baselines(judged, learners)


def _learners(learners: Mapping[str, LearnerResult]) -> list[Row]:
    rows = []
    told = len(learners) == 1 or any_p(learners)  # else it is said once, below the table
    for place, (name, own) in enumerate(learners.items()):
        p = own.null.p_value if own.null else None
        note = f"{words(name)}; {NO_REFITS}".lstrip("; ") if told and p is None else words(name)
        row = _row("learner" if place else "mine", name, note, own.held_out or HeldOutScores())
        rows.append(replace(row, p=NONE if p is None else p_value(p)))
    return rows


def _without_images(judged: Judged) -> list[Row]:
    rows, base = [], judged.base
    for key, scores in base.free():
        name, note = FREE[key]
        named = scores.ranks or (base.taxonomy_only.ranks if base.taxonomy_only else None)
        note = note.format(ranks=", ".join(named or ["coarser ranks"]))
        if key == "taxonomy_only" and says_no_more(scores, base.standard):
            note += f", of which {judged.clades} held out share none: {judged.words.name} is left"
        row = _row("baseline", name, note, scores)
        if key == judged.words.key and scores.skill is None:
            row = replace(row, skill=_cell(0.0))
        rows.append(row)
    return rows


def any_p(learners: Mapping[str, LearnerResult]) -> bool:
    """Whether refits gave some learner a p-value."""
    return any(own.null is not None and own.null.p_value is not None for own in learners.values())


def _row(kind: str, name: str, note: str, scores: Agreement | HeldOutScores) -> Row:
    held = scores if isinstance(scores, HeldOutScores) else HeldOutScores()
    ends = held.skill_interval if kind in ("mine", "learner") else None
    return Row(
        kind=kind,
        name=name,
        note=note,
        skill=_cell(held.skill),
        pearson=_cell(scores.pearson),
        spearman=_cell(scores.spearman),
        mse=NONE if scores.mse is None else distance(scores.mse),
        interval=" to ".join(number(end) for end in ends) if ends else "",
    )


def _cell(value: float | None) -> str:
    return NONE if value is None else number(round(value, 9), 3)


def _refits(null: Refits) -> list[Row]:
    """Show what chance gives: the mean of the permuted refits."""
    if not null.n_refits or null.skill_mean is None:
        return []
    note = f"mean of {count(null.n_refits, 'refit')}, images permuted among taxa"
    if null.skill_q95 is not None:
        note += f"; 95% of skills below {number(null.skill_q95, 3)}"
    mean = HeldOutScores(skill=null.skill_mean, pearson=null.pearson_mean)
    return [_row("baseline", "by chance", note, mean)]


def _in_sample_baselines(judged: Judged, learners: Mapping[str, LearnerResult]) -> list[Row]:
    """Baselines that were computed on all pairs, none held out."""
    rows, base, fitted = [], judged.base, learners.get(UNGUIDED)
    own = base.unguided.in_sample if base.unguided else None
    if own and not (fitted and fitted.in_sample):
        rows.append(_row("insample", "unguided, in-sample", SAW_NONE, own))
    if base.row_means:
        note = "no images; each taxon’s mean genetic distance"
        rows.append(_row("insample", "row means, in-sample", note, base.row_means))
    return rows


@dataclass(frozen=True)
class Column:
    """Another score."""

    name: str
    note: str


@dataclass(frozen=True)
class MoreRow:
    """Other scores of a learner or baseline."""

    name: str
    kind: str
    cells: list[str]


@dataclass(frozen=True)
class MoreScores:
    """Other scores, one row a learner or baseline."""

    columns: list[Column]
    rows: list[MoreRow]


MORE: tuple[tuple[Column, Callable[[HeldOutScores], Number | None]], ...] = (
    (
        Column("by clade", "rank correlation for each taxon held out, mean by clade, then over"),
        lambda scores: scores.row_rank,
    ),
    (
        Column("over means", "skill over calibrated column means"),
        lambda scores: scores.skill_over_column_means,
    ),
    (
        Column("over names", "skill over the best with names of coarser ranks in it"),
        lambda scores: scores.skill_over_names,
    ),
    (
        Column("r alone", "the learner’s own predictions"),
        lambda scores: scores.alone.pearson if scores.alone else None,
    ),
    (
        Column("by taxon", "rank correlation for each taxon held out, mean"),
        lambda scores: scores.row_spearman,
    ),
    (
        Column("r centred", "row and column effects removed"),
        lambda scores: scores.centred.pearson if scores.centred else None,
    ),
    (
        Column("Spearman centred", "the same of ranks"),
        lambda scores: scores.centred.spearman if scores.centred else None,
    ),
    (
        Column("r together", "between taxa held out together"),
        lambda scores: scores.held_held.pearson if scores.held_held else None,
    ),
    (
        Column("r within", "the same within each clade"),
        lambda scores: scores.held_held.within_clades if scores.held_held else None,
    ),
)


def more_scores(judged: Judged) -> MoreScores | None:
    """Give further scores, one row a learner or baseline; None without any."""
    scores = {name: own.held_out or HeldOutScores() for name, own in judged.found.judged().items()}
    kinds = dict.fromkeys(scores, "learner") | {next(iter(scores), ""): "mine"}
    scores |= {FREE[key][0]: own for key, own in judged.base.free()}
    shown = [
        (column, read)
        for column, read in MORE
        if any(read(own) is not None for own in scores.values())
    ]
    rows = []
    for name, own in scores.items():
        cells = [_cell(read(own)) for _, read in shown]
        if set(cells) - {NONE}:
            rows.append(MoreRow(name, kinds.get(name, "baseline"), cells))
    return MoreScores([column for column, _ in shown], rows) if shown else None


def nearest_relative(judged: Judged) -> str:
    """Say how near the relative is that images name as nearest; empty where it was not judged."""
    own, free = judged.held.nearest_relative, judged.base.standard.nearest_relative
    if own is None or own.median is None:
        return ""
    best = judged.words.key == "image_free"
    named = "named without images" if best else "column means name"
    beside = (
        ("the nearest there is", own.best_possible),
        (f"the one {named}", free.median if free else None),
        ("any one", own.by_chance),
    )
    notes = [f"{name} at {distance(value)}" for name, value in beside if value is not None]
    text = (
        f"The training {judged.rank} predicted as nearest to a held-out one lies at a genetic "
        f"distance of {distance(own.median)} (median)"
    )
    return f"{text}; {', '.join(notes)}." if notes else f"{text}."
