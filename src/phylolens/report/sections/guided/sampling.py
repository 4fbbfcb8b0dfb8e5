"""What each way of sampling does to held-out skill, and whether that is more than noise."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from phylolens.report.text import count, listed, number, sentence

Row = Mapping[str, Any]


def _times(row: Row, key: str) -> str:
    """Write a value, with its standard deviation over draws where there were several."""
    value, spread = row.get(key), (row.get("sd") or {}).get(key)
    if value is None:
        return "–"
    return number(value, 3) if spread is None else f"{number(value, 3)} ± {number(spread, 3)}"


def _changed(row: Row) -> str:
    return _signed(row["change"]) if row.get("change") else "–"


# Heading, the key without which no row has the column, and how a row's cell is written.
COLUMNS: tuple[tuple[str, str, Callable[[Row], str]], ...] = (
    ("images", "n_images", lambda row: _whole(row, "n_images")),
    ("fewest a taxon", "min_images", lambda row: _whole(row, "min_images")),
    ("skill", "skill", lambda row: _times(row, "skill")),
    ("change of skill", "change", _changed),
    ("Pearson r", "pearson", lambda row: _times(row, "pearson")),
)


def about_sampling(rows: Sequence[Row] | None, held: str = "clades") -> dict[str, Any] | None:
    """Table of ways of sampling, held out, and in words what is more than noise.

    Parameters
    ----------
    rows : sequence of mapping, optional
        ``sampling`` of ``guide.json``; the first takes every image.
    held : str
        What was held out, as a plural.

    Returns
    -------
    dict or None
        ``columns``, headings; ``rows``, each with ``name``, ``note`` and ``cells``; ``sentences``;
        ``draws``, of the ways that leave images to chance; ``learner``. None where nothing was
        tried.
    """
    if not rows:
        return None
    shown = [one for one in COLUMNS if any(row.get(one[1]) is not None for row in rows)]
    return {
        "columns": [heading for heading, _, _ in shown],
        "rows": [
            {
                "name": str(row.get("name") or ""),
                "note": _note(row),
                "cells": [write(row) for _, _, write in shown],
            }
            for row in rows
        ],
        "sentences": _sentences(rows),
        "draws": max(row.get("draws", 1) for row in rows),
        "held": held,
        "learner": rows[0].get("learner") or "",
    }


def _whole(row: Row, key: str) -> str:
    return "–" if row.get(key) is None else f"{row[key]:,}"


def _signed(change: Row) -> str:
    gain = number(change["skill"], 3)
    return f"{gain if gain.startswith('−') else f'+{gain}'} ± {number(change['se'], 3)}"


def _note(row: Row) -> str:
    parts = [row.get("note") or "", *([f"refused: {row['refused']}"] if row.get("refused") else [])]
    if row.get("same"):
        parts.append(f"comes to the same: {'; '.join(row['same'])}")
    if row.get("beside"):
        parts.append(f"skill against {row['beside']['from']}: {_signed(row['beside'])}")
    return "; ".join(part for part in parts if part)


def _sentences(rows: Sequence[Row]) -> list[str]:
    """Say what to do where differences exceed the noise, and else that they do not."""
    if len(rows) < 2:
        return ["All ways of sampling that were tried take the same images here."]
    changes = [(row["name"], row["change"]) for row in rows if row.get("change")]
    if not changes:
        return []
    first = rows[0]["name"]
    if max(row.get("skill") or 0.0 for row in rows) <= 0:
        return ["However the images are drawn, they add nothing to a prediction without them here."]
    clear = [(name, change) for name, change in changes if change["beyond_noise"]]
    lines = []
    for better, words in ((True, "more"), (False, "less")):
        told = [
            f"{name} ({_signed(change)})"
            for name, change in clear
            if (change["skill"] > 0) is better
        ]
        if told:
            lines.append(f"{words.capitalize()} skill than {first}, beyond noise: {listed(told)}.")
    rest = len(changes) - len(clear)
    if rest and clear:
        lines.append(f"{_others(rest)} from {first} by no more than noise.")
    elif rest:
        lines.append(f"No way of sampling differs from {first} by more than noise.")
    if not any(change["skill"] > 0 for _, change in clear):
        lines.append(sentence(f"nothing here is a reason not to take {first}"))
    return [*lines, *_beside(rows)]


def _others(rest: int) -> str:
    return f"The other {count(rest, 'way')} {'differs' if rest == 1 else 'differ'}"


def _beside(rows: Sequence[Row]) -> list[str]:
    """Tell what keeping every finer taxon, or adding copies, is worth at the same size."""
    return [
        f"{sentence(row['name'])[:-1]} gives {'more' if one['skill'] > 0 else 'less'} skill than "
        f"{one['from']}, beyond noise ({_signed(one)})."
        for row in rows
        if (one := row.get("beside")) and one["beyond_noise"]
    ]
