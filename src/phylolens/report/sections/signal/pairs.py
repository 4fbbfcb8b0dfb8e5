"""Pairs that look similar though far apart, or different though close, with their images."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from phylolens.report.results import Results
from phylolens.report.text import count, distance, listed, number, p_value
from phylolens.results.signal import SignalResult
from phylolens.results.signal_parts import AdjustedDisagreement, Disagreement

SHOWN, SHOWN_ANYHOW = 12, 4  # pairs a group: significant ones, and others for looking at
NUMBERS = ("visual", "genetic", "expected", "ratio", "p_value", "q_value")


@dataclass(frozen=True)
class Kind:
    """One kind of disagreement: its name in the file, its title, where its number stands."""

    name: str
    title: str
    counted: str
    smallest_first: bool  # of the ratio visual / expected
    cause: str = ""  # other than the one in the title
    suspect: str = ""  # column of the file; pairs that a source may have made name it there
    title_of_suspects: str = ""
    counted_apart: str = ""


KINDS = (
    Kind(
        "convergence",
        "Look alike though far apart",
        "n_convergent",
        True,
        suspect="same_source",
        title_of_suspects="Look alike, but their images have one source",
        counted_apart="n_convergent_same_source",
    ),
    Kind(
        "divergence",
        "Look apart though close",
        "n_divergent",
        False,
        " Traits that change faster in some branches, and few images, give such pairs, too.",
        suspect="other_source",
        title_of_suspects="Look apart, but their images have different sources",
        counted_apart="n_divergent_other_source",
    ),
)


@dataclass(frozen=True)
class PairTaxon:
    """One taxon of a pair, its clade and the file of an image of it, if known."""

    name: str
    clade: str
    file: str | None


@dataclass(frozen=True)
class Pair:
    """One pair, its figures as text."""

    taxa: tuple[PairTaxon, PairTaxon]
    visual: str
    genetic: str
    expected: str
    ratio: str
    q: str
    explained: str


@dataclass(frozen=True)
class PairGroup:
    """Pairs of one kind.

    Parameters
    ----------
    kind, title, note : str
    significant : bool
        Whether they are.
    n : int
        How many there are in all.
    pairs : list of Pair
        At most twelve.
    """

    kind: str
    title: str
    significant: bool
    n: int
    note: str
    pairs: list[Pair]

    @property
    def has_images(self) -> bool:
        """Whether an image of any taxon is known."""
        return any(taxon.file for pair in self.pairs for taxon in pair.taxa)


@dataclass(frozen=True)
class PairFacts:
    """Pairs that contradict the tree.

    Parameters
    ----------
    sentence : str
    groups : list of PairGroup
        Those that a source may have made last.
    pictures : bool
        Whether there are images.
    """

    sentence: str
    groups: list[PairGroup]
    pictures: bool


def about_pairs(results: Results, found: SignalResult) -> PairFacts | None:
    """Sum up ``signal/pairs.csv`` and ``disagreement``; None where there is no such file."""
    table = results.table("signal/pairs.csv")
    if table is None or not {"kind", "taxon_1", "taxon_2"} <= set(table.columns):
        return None
    for name in NUMBERS:
        values = table[name] if name in table else pd.Series(float("nan"), index=table.index)
        table[name] = pd.to_numeric(values, errors="coerce")
    known = table["significant"] if "significant" in table else pd.Series("", index=table.index)
    table["significant"] = known.astype(str).str.lower().isin(("true", "1"))
    own = found.disagreement or Disagreement()
    portraits = _portraits(results)
    groups = [_group(table, own, portraits, kind) for kind in KINDS]
    groups = [group for group in groups if group.pairs]
    apart = [_suspects(table, own, portraits, kind) for kind in KINDS]
    apart = [group for group in apart if group.pairs]
    if not groups and not apart:
        return None
    return PairFacts(
        _sentence(own, groups) + _adjusted(found.disagreement_adjusted, apart),
        [*groups, *apart],
        bool(portraits),
    )


def _portraits(results: Results) -> dict[str, str]:
    table = results.table("signal/portraits.csv")
    if table is None or not results.has_images or not {"taxon", "file"} <= set(table.columns):
        return {}
    table = table.dropna(subset=["taxon", "file"]).drop_duplicates("taxon")
    return dict(zip(table["taxon"], table["file"], strict=True))


def _group(
    table: pd.DataFrame, own: Disagreement, portraits: Mapping[str, str], kind: Kind
) -> PairGroup:
    """Choose the pairs of one kind: significant ones by q and p, else the most extreme."""
    rows = _ordered(table, kind, suspect=False)
    real = rows[rows["significant"]]
    shown = real.head(SHOWN) if len(real) else rows.head(SHOWN_ANYHOW)
    n = max(getattr(own, kind.counted) or 0, len(real))
    pairs = [_pair(row, portraits) for row in shown.to_dict("records")]
    return PairGroup(
        kind=kind.name,
        title=kind.title,
        significant=bool(len(real)),
        n=n,
        note=_note(n, len(shown), bool(len(real)), kind.cause),
        pairs=pairs,
    )


def _ordered(table: pd.DataFrame, kind: Kind, *, suspect: bool) -> pd.DataFrame:
    """Choose pairs of one kind that a source may have made, or the others; the surest first."""
    rows = table[table["kind"] == kind.name]
    if kind.suspect in rows:
        rows = rows[rows[kind.suspect].notna() == suspect]
    elif suspect:
        rows = rows.head(0)
    rows = rows.assign(extreme=rows["ratio"] * (1 if kind.smallest_first else -1))
    return rows.sort_values(["q_value", "p_value", "extreme", "taxon_1", "taxon_2"])


def _suspects(
    table: pd.DataFrame, own: Disagreement, portraits: Mapping[str, str], kind: Kind
) -> PairGroup:
    """Choose significant pairs that the source of their images may have made: no finding."""
    rows = _ordered(table, kind, suspect=True)
    rows = rows[rows["significant"]]
    n = max(getattr(own, kind.counted_apart) or 0, len(rows))
    columns = listed(sorted({f"“{name}”" for text in rows.get(kind.suspect, ()) for name in
                             str(text).split("; ")}))  # fmt: skip
    of = "agree" if kind.smallest_first else "differ"
    pairs = [_pair(row, portraits) for row in rows.head(SHOWN).to_dict("records")]
    return PairGroup(
        kind=f"{kind.name}-apart",
        title=kind.title_of_suspects,
        significant=False,
        n=n,
        note=f"{count(n, 'pair').capitalize()} that {of} in {columns}: not counted above, since "
        "the source may be the reason.",
        pairs=pairs,
    )


def _note(n: int, shown: int, real: bool, cause: str) -> str:
    if not real:
        only = "the most extreme one is" if shown == 1 else f"the {shown} most extreme are"
        return f"Not significant: chance makes such pairs, too; {only} shown for looking at."
    if n > shown:
        return f"The {shown} surest of {count(n, 'pair')}.{cause}"
    return (f"All {count(n, 'pair')}." if n > 1 else "The only pair.") + cause


def _pair(row: Mapping[Hashable, object], portraits: Mapping[str, str]) -> Pair:
    figures = {name: _number(row[name]) for name in NUMBERS}
    q = figures["q_value"]
    return Pair(
        taxa=(_taxon(row, 1, portraits), _taxon(row, 2, portraits)),
        visual=distance(figures["visual"]),
        genetic=distance(figures["genetic"]),
        expected=distance(figures["expected"]),
        ratio=number(figures["ratio"]),
        q=p_value(q) if q is not None else "–",
        explained=_text(row.get("explained_by")),
    )


def _taxon(row: Mapping[Hashable, object], side: int, portraits: Mapping[str, str]) -> PairTaxon:
    name = str(row[f"taxon_{side}"])
    return PairTaxon(name, _text(row.get(f"clade_{side}")), portraits.get(name))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not pd.isna(value) else None


def _text(value: object) -> str:
    return str(value) if isinstance(value, str) else ""


def _sentence(own: Disagreement, groups: list[PairGroup]) -> str:
    n = {group.kind: group.n if group.significant else 0 for group in groups}
    alike, apart = (n.get(kind.name, 0) for kind in KINDS)
    judged = own.n_candidates
    if judged:
        far, close = int(judged.convergence or 0), int(judged.divergence or 0)
        text = (
            f"Of {count(far, 'pair')} of far relatives {_many(alike)} far more alike than "
            f"relatedness explains, of {count(close, 'pair')} of near ones {_many(apart)} far "
            "less alike"
        )
    else:
        of = f"Of {count(own.n_pairs, 'pair')} " if own.n_pairs else "Among all pairs "
        text = (
            f"{of}{_many(alike)} far more alike than relatedness explains, {_many(apart)} far "
            "less alike"
        )
    if own.fdr is not None:
        drawn = own.n_simulations
        text += f" (false-discovery rate {100 * own.fdr:g}%"
        text += f"; {count(drawn, 'simulation')} of Brownian motion)" if drawn else ")"
    if own.n_convergent_same_source or own.n_divergent_other_source:
        text += ", pairs left out that the source of their images may have made (below)"
    return (
        f"{text}. Taxa may look alike by descent, by way of life or by the background of the "
        "images: judge by eye."
    )


def _adjusted(found: AdjustedDisagreement | None, apart: list[PairGroup]) -> str:
    """Say what is left of all pairs once the effect of the sources is taken out."""
    if not found:
        return ""
    text = (
        f" With the effect of the sources taken out of the features, of all pairs "
        f"{_many(found.n_convergent)} far more alike and {_many(found.n_divergent)} far less alike"
    )
    n = sum(group.n for group in apart)
    return f"{text}, {found.n_kept:,} of the {n:,} left out among them." if n else f"{text}."


def _many(n: int) -> str:
    return "none looks" if not n else f"{n:,} look{'s' if n == 1 else ''}"
