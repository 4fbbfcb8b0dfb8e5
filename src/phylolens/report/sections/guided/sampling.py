"""What each sampling scheme does to held-out skill, and whether that is more than noise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from phylolens.report.text import count, listed, number, sentence
from phylolens.results.base import Number
from phylolens.results.guided_parts import SamplingScheme, SkillChange

NONE = "–"


@dataclass(frozen=True)
class SchemeRow:
    """One sampling scheme in the table."""

    name: str
    note: str
    cells: list[str]


@dataclass(frozen=True)
class Sampling:
    """Sampling schemes, held out, and in words what is more than noise.

    Parameters
    ----------
    columns : list of str
        Headings of the cells.
    rows : list of SchemeRow
    sentences : list of str
    draws : int
        Of the schemes that leave images to chance.
    held : str
        What was held out, as a plural.
    learner : str
    """

    columns: list[str]
    rows: list[SchemeRow]
    sentences: list[str]
    draws: int
    held: str
    learner: str


def _spread(value: Number | None, spread: Number | None) -> str:
    """Write a value, with its standard deviation over draws where there were several."""
    if value is None:
        return NONE
    return number(value, 3) if spread is None else f"{number(value, 3)} ± {number(spread, 3)}"


def _whole(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"


# Heading, what no row lacks, and how a row's cell is written.
COLUMNS: tuple[
    tuple[str, Callable[[SamplingScheme], object], Callable[[SamplingScheme], str]], ...
] = (
    ("images", lambda row: row.n_images, lambda row: _whole(row.n_images)),
    ("fewest a taxon", lambda row: row.min_images, lambda row: _whole(row.min_images)),
    (
        "skill",
        lambda row: row.skill,
        lambda row: _spread(row.skill, row.sd.skill if row.sd else None),
    ),
    (
        "change of skill",
        lambda row: row.change,
        lambda row: _signed(row.change) if row.change else NONE,
    ),
    (
        "Pearson r",
        lambda row: row.pearson,
        lambda row: _spread(row.pearson, row.sd.pearson if row.sd else None),
    ),
)


def about_sampling(rows: Sequence[SamplingScheme] | None, held: str = "clades") -> Sampling | None:
    """Sum up ``sampling`` of ``guide.json``, the first row with every image; None without it."""
    if not rows:
        return None
    shown = [
        (heading, write)
        for heading, read, write in COLUMNS
        if any(read(row) is not None for row in rows)
    ]
    return Sampling(
        columns=[heading for heading, _ in shown],
        rows=[SchemeRow(row.name, _note(row), [write(row) for _, write in shown]) for row in rows],
        sentences=_sentences(rows),
        draws=max(row.draws for row in rows),
        held=held,
        learner=rows[0].learner or "",
    )


def _signed(change: SkillChange) -> str:
    gain = number(change.skill, 3)
    return f"{gain if gain.startswith('−') else f'+{gain}'} ± {number(change.se, 3)}"


def _note(row: SamplingScheme) -> str:
    parts = [row.note or "", f"refused: {row.refused}" if row.refused else ""]
    if row.same:
        parts.append(f"comes to the same: {'; '.join(row.same)}")
    if row.beside:
        parts.append(f"skill against {row.beside.from_}: {_signed(row.beside)}")
    return "; ".join(part for part in parts if part)


def _sentences(rows: Sequence[SamplingScheme]) -> list[str]:
    """Say what to do where differences exceed the noise, and else that they do not."""
    if len(rows) < 2:
        return ["All sampling schemes that were tried take the same images here."]
    changes = [(row.name, row.change) for row in rows if row.change]
    if not changes:
        return []
    first = rows[0].name
    if max(row.skill or 0.0 for row in rows) <= 0:
        return ["However the images are drawn, they add nothing to a prediction without them here."]
    clear = [(name, change) for name, change in changes if change.beyond_noise]
    lines = []
    for better, words in ((True, "more"), (False, "less")):
        told = [
            f"{name} ({_signed(change)})" for name, change in clear if (change.skill > 0) is better
        ]
        if told:
            lines.append(f"{words.capitalize()} skill than {first}, beyond noise: {listed(told)}.")
    rest = len(changes) - len(clear)
    if rest and clear:
        lines.append(f"{_others(rest)} from {first} by no more than noise.")
    elif rest:
        lines.append(f"No sampling scheme differs from {first} by more than noise.")
    if not any(change.skill > 0 for _, change in clear):
        lines.append(sentence(f"nothing here is a reason not to take {first}"))
    return [*lines, *_beside(rows)]


def _others(rest: int) -> str:
    return f"The other {count(rest, 'scheme')} {'differs' if rest == 1 else 'differ'}"


def _beside(rows: Sequence[SamplingScheme]) -> list[str]:
    """Tell what keeping every finer taxon, or adding copies, is worth at the same size."""
    return [
        f"{sentence(row.name)[:-1]} gives {'more' if row.beside.skill > 0 else 'less'} skill than "
        f"{row.beside.from_}, beyond noise ({_signed(row.beside)})."
        for row in rows
        if row.beside and row.beside.beyond_noise
    ]
