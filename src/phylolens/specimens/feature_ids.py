"""Which row of a table each row of features belongs to, by its id."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import PurePosixPath

import pandas as pd

from phylolens.errors import InputError, Problem, some
from phylolens.specimens.names import key
from phylolens.values import Features

Form = Callable[[str], str]


def match_ids(
    table: pd.DataFrame, given: Features, rank: str
) -> tuple[str, Features, list[Problem]]:
    """Say what the ids of features name: files, specimens, or taxa of ``rank``.

    Files are also known by their name without folder, as pybioclip writes whole paths, and without
    ending; taxa by any spelling of their name. Only what is unambiguous is matched so, and said.

    Returns
    -------
    by : str
        ``file``, ``specimen_id`` or ``rank``: the column the ids are of.
    given : Features
        With ids as the column has them.
    problems : list of Problem

    Raises
    ------
    InputError
        If no id is any of these.
    """
    ids = set(given.ids)
    for by in ("file", "specimen_id", rank):
        if table[by].isin(ids).any():
            if by == rank:
                return by, *_renamed(given, table[rank].dropna().unique(), key, "")
            return by, given, []
    forms: tuple[tuple[str, Form, str], ...] = (
        (rank, key, "spellings of their names"),
        ("file", _name, "the names of files without folders"),
        ("file", _stem, "the names of files without folders and endings"),
    )
    for by, form, said in forms:
        found, problems = _renamed(given, table[by].dropna().unique(), form, said)
        if found is not given:
            return by, found, problems
    raise InputError(
        f"no id of the features is a file, specimen or {rank} of the table; ids: "
        f"{some(given.ids, 3)}; files: {some(table['file'], 3)}.",
        where="--features",
    )


def _renamed(
    given: Features, names: Iterable[str], form: Form, said: str
) -> tuple[Features, list[Problem]]:
    """Call rows as the table does where both sides have one name of a form."""
    known = _unique(names, form)
    own = _unique(given.ids, form)
    new = {one: known[short] for short, one in own.items() if short in known}
    changed = {one: name for one, name in new.items() if one != name}
    if not changed:
        return given, []
    ids = tuple(new.get(one, one) for one in given.ids)
    if len(set(ids)) < len(ids):
        return given, []
    problems = []
    if said:
        text = f"{len(changed)} ids of features were matched by {said}"
        problems.append(Problem("matched-ids", "note", text, tuple(changed)))
    return replace(given, ids=ids), problems


def _unique(names: Iterable[str], form: Form) -> dict[str, str]:
    """Short form to name, where only one name has it."""
    found = [(form(str(name)), str(name)) for name in names]
    counts = Counter(short for short, _ in found)
    return {short: name for short, name in found if short and counts[short] == 1}


def _name(text: str) -> str:
    return PurePosixPath(text.replace("\\", "/")).name


def _stem(text: str) -> str:
    return PurePosixPath(text.replace("\\", "/")).stem
