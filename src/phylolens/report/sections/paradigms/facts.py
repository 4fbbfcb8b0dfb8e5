"""Which way of learning similarity suits these images? One table, in the order of the map."""

from dataclasses import dataclass

from phylolens.paradigms.cells import BY_NAME, Cell
from phylolens.report.results import Results
from phylolens.report.text import count, number, p_value, percent, plural, span
from phylolens.results.base import Number
from phylolens.results.bench import DONE, BenchResult, ClaimVerdict, MethodRow

NONE = "–"
SEES = {
    "nothing": "learns nothing",
    "images": "images alone",
    "labels": "names of the taxa",
    "tree": "the tree",
}


@dataclass(frozen=True)
class Cells:
    """A row of the table.

    Parameters
    ----------
    name, about, note : str
        Of the method.
    skill, interval, p, probe, recall, average, ari, kmult, mantel, seconds, memory, trained : str
        Figures; a dash where there is none.
    own : list of str
        Figures of this method alone.
    """

    name: str
    about: str
    note: str
    skill: str
    interval: str
    p: str
    probe: str
    recall: str
    average: str
    ari: str
    kmult: str
    mantel: str
    seconds: str
    memory: str
    trained: str
    own: list[str]


@dataclass(frozen=True)
class Group:
    """The rows of one cell of the map."""

    title: str
    rows: list[Cells]


@dataclass(frozen=True)
class BenchFacts:
    """What the section shows.

    Parameters
    ----------
    answer : str
        The main sentence.
    how : str
        What was held out, and how many folds there were.
    beside : list of str
        Baselines, the number of methods compared, what has no p-value.
    groups : list of Group
        Methods that were made, in the order of the map.
    absent : list of (str, str)
        Those that were not, and why.
    claims : list of ClaimVerdict
        What the study says of the methods, and what came out.
    bars : list of (str, Number, Limits)
        Of the figure.
    alt : str
        Its description.
    """

    answer: str
    how: str
    beside: list[str]
    groups: list[Group]
    absent: list[tuple[str, str]]
    claims: list[ClaimVerdict]
    bars: list[tuple[str, str, Number, tuple[Number | None, Number | None] | None]]
    alt: str


def about_bench(results: Results) -> BenchFacts | None:
    """Sum up ``bench.json``; None where it is absent."""
    found = results.bench
    if found is None:
        return None
    made = [row for row in found.methods if row.status == DONE]
    cells = {row.name: _cells(row) for row in made}
    groups: dict[str, list[Cells]] = {}
    for row in made:
        groups.setdefault(_cell(row).title, []).append(cells[row.name])
    bars = [
        (row.name, _cell(row).category, row.skill, row.interval)
        for row in made
        if row.skill is not None
    ]
    return BenchFacts(
        answer=_answer(found, made),
        how=_how(found),
        beside=_beside(found, made),
        groups=[Group(title, rows) for title, rows in groups.items()],
        absent=[(row.name, row.why_not or "") for row in found.methods if row not in made],
        claims=[one for row in found.methods for one in row.claims],
        bars=bars,
        alt=_alt(found, made),
    )


def _cell(row: MethodRow) -> Cell:
    return BY_NAME.get(row.cell, Cell(row.cell, row.cell))


def _answer(found: BenchResult, made: list[MethodRow]) -> str:
    best = next((row for row in made if row.name == found.best), None)
    if best is None or best.skill is None:
        return "No method could be judged."
    rank = found.folds.rank
    if best.skill <= 0 or (best.interval and (best.interval[0] or 0) <= 0):
        return (
            f"No method clearly predicts genetic distances of {plural(rank)} of clades never seen "
            f"better than the best prediction without images; the highest skill is "
            f"{number(best.skill)} ({best.name})."
        )
    return (
        f"Of {count(found.n_compared, 'method')}, '{best.name}' predicts genetic distances of "
        f"{plural(rank)} of clades never seen best: the squared error is "
        f"{percent(float(best.skill))} below that of the best prediction without images. The best "
        "of many flatters, by chance alone."
    )


def _how(found: BenchResult) -> str:
    own = found.folds
    text = (
        f"{count(own.n_taxa, own.rank)} in {count(own.n_clades, own.held_out)} ({own.n_images:,} "
        f"images); {own.n_folds} folds of whole {plural(own.held_out)} were held out in turn."
    )
    if own.unit and own.target:
        text += (
            f" The probe and the clusters are of {own.n_probe_images:,} images of "
            f"{plural(own.unit)} that the method had not seen, sorted into {plural(own.target)}."
        )
    return text


def _beside(found: BenchResult, made: list[MethodRow]) -> list[str]:
    base = found.baselines
    lines = ["Without images: skill 0 is the best prediction that looks at none."]
    if base.names is not None:
        lines.append(f"The names of coarser ranks, without images, have {number(base.names)}.")
    if base.gp is not None:
        lines.append(f"The Gaussian process guided by the tree has {number(base.gp)}.")
    tested = [row for row in made if row.p_value is not None]
    if tested:
        lines.append(
            f"p-values are of refits to permuted taxa, corrected (Holm) for {len(tested)} tests; "
            "the other methods were not refitted."
        )
    elif made:
        lines.append("No method was refitted to permuted taxa, so there are no p-values.")
    return lines


def _cells(row: MethodRow) -> Cells:
    parts = [row.note or "", SEES.get(row.sees or "", "")]
    return Cells(
        name=row.name,
        about=row.about or "",
        note="; ".join(part for part in parts if part),
        skill=_number(row.skill),
        interval=span(row.interval) if row.interval else "",
        p=NONE if row.p_holm is None else p_value(float(row.p_holm)),
        probe=_number(row.macro_f1_unseen_species),
        recall=_number(row.recall_at_1),
        average=_number(row.map),
        ari=_number(row.ari),
        kmult=_number(row.kmult),
        mantel=_number(row.mantel),
        seconds=NONE if row.seconds is None else f"{row.seconds:,.0f}",
        memory=NONE if row.peak_mb is None else f"{row.peak_mb:,.0f}",
        trained=NONE if row.trained_parameters is None else f"{row.trained_parameters:,}",
        own=[f"{name.replace('_', ' ')} {_number(value)}" for name, value in _own(row)],
    )


def _own(row: MethodRow) -> list[tuple[str, Number | None]]:
    return list((row.own or {}).items())


def _number(value: Number | None) -> str:
    return NONE if value is None else number(float(value))


def _alt(found: BenchResult, made: list[MethodRow]) -> str:
    known = [row for row in made if row.skill is not None]
    if not known:
        return ""
    low = min(known, key=lambda row: row.skill or 0)
    return (
        f"Skill of {count(len(known), 'method')} on clades held out, from {low.name} with "
        f"{_number(low.skill)} to {found.best} with "
        f"{_number(max(row.skill or 0 for row in known))}."
    )
