"""Pairs that look alike though far apart, or apart though close, with the very images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from phylolens.report.results import Results
from phylolens.report.text import count, distance, listed, number, p_value

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
        " Looks that change faster in some branches, and few images, give such pairs, too.",
        suspect="other_source",
        title_of_suspects="Look apart, but their images have different sources",
        counted_apart="n_divergent_other_source",
    ),
)


def about_pairs(results: Results, found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Sum up ``signal/pairs.csv`` and ``disagreement``; None where there is no such file.

    Returns
    -------
    dict or None
        ``sentence``; ``groups``, each with ``title``, ``note`` and at most twelve ``pairs``, which
        hold the figures as text and the file of an image of either taxon, if known.
    """
    table = results.table("signal/pairs.csv")
    if table is None or not {"kind", "taxon_1", "taxon_2"} <= set(table.columns):
        return None
    for name in NUMBERS:
        values = table[name] if name in table else pd.Series(float("nan"), index=table.index)
        table[name] = pd.to_numeric(values, errors="coerce")
    known = table["significant"] if "significant" in table else pd.Series("", index=table.index)
    table["significant"] = known.astype(str).str.lower().isin(("true", "1"))
    own = found.get("disagreement") or {}
    portraits = _portraits(results)
    groups = [_group(table, own, portraits, kind) for kind in KINDS]
    groups = [group for group in groups if group["pairs"]]
    apart = [_suspects(table, own, portraits, kind) for kind in KINDS]
    apart = [group for group in apart if group["pairs"]]
    if not groups and not apart:
        return None
    return {
        "sentence": _sentence(own, groups) + _adjusted(found.get("disagreement_adjusted"), apart),
        "groups": [*groups, *apart],
        "pictures": bool(portraits),
    }


def _portraits(results: Results) -> dict[str, str]:
    table = results.table("signal/portraits.csv")
    if table is None or not results.has_pictures or not {"taxon", "file"} <= set(table.columns):
        return {}
    table = table.dropna(subset=["taxon", "file"]).drop_duplicates("taxon")
    return dict(zip(table["taxon"], table["file"], strict=True))


def _group(
    table: pd.DataFrame, own: Mapping[str, Any], portraits: Mapping[str, str], kind: Kind
) -> dict[str, Any]:
    """Choose the pairs of one kind: significant ones by q and p, else the most extreme."""
    rows = _ordered(table, kind, suspect=False)
    real = rows[rows["significant"]]
    shown = real.head(SHOWN) if len(real) else rows.head(SHOWN_ANYHOW)
    n = max(int(own.get(kind.counted) or 0), len(real))
    pairs = [_pair(row, portraits) for row in shown.to_dict("records")]
    return {
        "kind": kind.name,
        "title": kind.title,
        "significant": bool(len(real)),
        "n": n,
        "note": _note(n, len(shown), bool(len(real)), kind.cause),
        "pairs": pairs,
        "pictured": any(taxon["file"] for pair in pairs for taxon in pair["taxa"]),
    }


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
    table: pd.DataFrame, own: Mapping[str, Any], portraits: Mapping[str, str], kind: Kind
) -> dict[str, Any]:
    """Choose significant pairs that the source of their images may have made: no finding."""
    rows = _ordered(table, kind, suspect=True)
    rows = rows[rows["significant"]]
    n = max(int(own.get(kind.counted_apart) or 0), len(rows))
    columns = listed(sorted({f"“{name}”" for text in rows.get(kind.suspect, ()) for name in
                             str(text).split("; ")}))  # fmt: skip
    of = "agree" if kind.smallest_first else "differ"
    pairs = [_pair(row, portraits) for row in rows.head(SHOWN).to_dict("records")]
    return {
        "kind": f"{kind.name}-apart",
        "title": kind.title_of_suspects,
        "significant": False,
        "n": n,
        "note": f"{count(n, 'pair').capitalize()} that {of} in {columns}: not counted above, since "
        "the source may be the reason.",
        "pairs": pairs,
        "pictured": any(taxon["file"] for pair in pairs for taxon in pair["taxa"]),
    }


def _note(n: int, shown: int, real: bool, cause: str) -> str:
    if not real:
        only = "the most extreme one is" if shown == 1 else f"the {shown} most extreme are"
        return f"Not significant: chance makes such pairs, too; {only} shown for looking at."
    if n > shown:
        return f"The {shown} surest of {count(n, 'pair')}.{cause}"
    return (f"All {count(n, 'pair')}." if n > 1 else "The only pair.") + cause


def _pair(row: Mapping[str, Any], portraits: Mapping[str, str]) -> dict[str, Any]:
    figures = {name: None if pd.isna(row[name]) else float(row[name]) for name in NUMBERS}
    return {
        "taxa": [
            {
                "name": str(row[f"taxon_{side}"]),
                "clade": _text(row.get(f"clade_{side}")),
                "file": portraits.get(str(row[f"taxon_{side}"])),
            }
            for side in (1, 2)
        ],
        "visual": distance(figures["visual"]),
        "genetic": distance(figures["genetic"]),
        "expected": distance(figures["expected"]),
        "ratio": number(figures["ratio"]),
        "q": p_value(figures["q_value"]) if figures["q_value"] is not None else "–",
        "explained": _text(row.get("explained_by")),
    }


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _sentence(own: Mapping[str, Any], groups: list[dict[str, Any]]) -> str:
    n = {group["kind"]: group["n"] if group["significant"] else 0 for group in groups}
    alike, apart = (n.get(kind.name, 0) for kind in KINDS)
    judged = own.get("n_candidates") or {}
    if judged:
        far, close = (judged.get(kind.name, 0) for kind in KINDS)
        text = (
            f"Of {count(far, 'pair')} of far relatives {_many(alike)} far more alike than "
            f"relatedness explains, of {count(close, 'pair')} of near ones {_many(apart)} far "
            "less alike"
        )
    else:
        of = f"Of {count(own['n_pairs'], 'pair')} " if own.get("n_pairs") else "Among all pairs "
        text = (
            f"{of}{_many(alike)} far more alike than relatedness explains, {_many(apart)} far "
            "less alike"
        )
    if own.get("fdr") is not None:
        drawn = own.get("n_simulations")
        text += f" (false-discovery rate {100 * own['fdr']:g}%"
        text += f"; {count(drawn, 'simulation')} of Brownian motion)" if drawn else ")"
    if own.get("n_convergent_same_source") or own.get("n_divergent_other_source"):
        text += ", pairs left out that the source of their images may have made (below)"
    return (
        f"{text}. Looks may agree by descent, by way of life or by the background of the "
        "images: judge by eye."
    )


def _adjusted(found: Mapping[str, Any] | None, apart: list[dict[str, Any]]) -> str:
    """Say what is left of all pairs once the effect of the sources is taken out."""
    if not found:
        return ""
    alike, apart_ = found["n_convergent"], found["n_divergent"]
    text = (
        f" With the effect of the sources taken out of the features, of all pairs {_many(alike)} "
        f"far more alike and {_many(apart_)} far less alike"
    )
    n = sum(group["n"] for group in apart)
    return f"{text}, {found['n_kept']:,} of the {n:,} left out among them." if n else f"{text}."


def _many(n: int) -> str:
    return "none looks" if not n else f"{n:,} look{'s' if n == 1 else ''}"
