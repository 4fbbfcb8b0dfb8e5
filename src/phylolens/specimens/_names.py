"""Labels from folder names or file names."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from phylolens.errors import InputError, Problem

FOLDER_RANKS = ("class", "subclass", "order", "family", "genus", "species")
NOT_RANKS = ("n", "specimen_id", "view", "source", "split")


def from_folders(
    names: Sequence[str], pattern: str | None, ranks: Sequence[str] | None, root: Path
) -> tuple[pd.DataFrame, Sequence[str], list[Problem]]:
    """Read one rank from each level of nested folders, coarse outside."""
    parts = [PurePosixPath(name).parts[:-1] for name in names]
    depth = max(map(len, parts))
    if depth == 0:
        raise InputError(
            "the images lie in no sub-folders, so they have no labels.",
            where=root,
            hint="Give a table with --meta, a --pattern of the file names, or one folder a taxon.",
        )
    problems: list[Problem] = []
    if ranks is None:
        if depth > len(FOLDER_RANKS):
            raise InputError(
                f"folders are nested {depth} deep.",
                where=root,
                hint="Name the levels with --ranks.",
            )
        ranks = FOLDER_RANKS[-depth:]
        message = f"folder levels are taken as {', '.join(ranks)} (other names: --ranks)"
        problems.append(Problem("assumed-ranks", "note", message))
    if len(ranks) != depth:
        raise InputError(
            f"--ranks names {len(ranks)} levels but folders are nested {depth} deep.", where=root
        )
    shallow = [name for name, levels in zip(names, parts, strict=True) if len(levels) < depth]
    if shallow:
        message = f"images less than {depth} folders deep have unknown finer labels"
        problems.append(Problem("shallow-file", "warning", message, tuple(shallow)))
    rows = [[*levels, *[None] * (depth - len(levels))] for levels in parts]
    return pd.DataFrame(rows, columns=list(ranks), dtype=object), ranks, problems


def from_pattern(
    names: Sequence[str], pattern: str | None, ranks: Sequence[str] | None, root: Path
) -> tuple[pd.DataFrame, Sequence[str] | None, list[Problem]]:
    """Read labels from file names; the fields' order in the pattern is coarse to fine."""
    assert pattern is not None
    expression, fields = _compile(pattern)
    matches = [expression.fullmatch(PurePosixPath(name).stem) for name in names]
    wrong = tuple(name for name, match in zip(names, matches, strict=True) if match is None)
    if len(wrong) == len(names):
        raise InputError(
            f"no file name fits --pattern '{pattern}'.",
            where=root,
            ids=wrong,
            hint="The pattern is for the whole name without folder and ending.",
        )
    problems = []
    if wrong:
        message = f"file names do not fit the pattern '{pattern}'"
        problems.append(Problem("pattern-mismatch", "error", message, wrong))
    rows = [match.groupdict() if match else dict.fromkeys(fields) for match in matches]
    table = pd.DataFrame(rows, columns=fields, dtype=object)
    found = [name for name in fields if name not in NOT_RANKS]
    return table.drop(columns="n", errors="ignore"), ranks or found, problems


def _compile(pattern: str) -> tuple[re.Pattern[str], list[str]]:
    """Turn ``{family}_{n}`` into a regular expression; a field stops at the next literal."""
    pieces = re.split(r"\{([^\W\d]\w*)\}", pattern)
    literals, fields = pieces[::2], pieces[1::2]
    if not fields or len(set(fields)) != len(fields) or "" in literals[1:-1]:
        raise InputError(
            f"--pattern needs different {{fields}} with something between them; got '{pattern}'.",
            hint="Example: --pattern '{order}_{family}_{genus}_{species}_{n}'.",
        )
    expression = re.escape(literals[0])
    for field, literal in zip(fields, literals[1:], strict=True):
        stop = f"[^{re.escape(literal[0])}]+" if literal else ".+"
        expression += f"(?P<{field}>{stop}){re.escape(literal)}"
    return re.compile(expression), fields


def full_species_names(
    table: pd.DataFrame, ranks: Sequence[str], problems: list[Problem]
) -> pd.DataFrame:
    """Write species given by their epithet alone as ``Genus epithet``."""
    table = table.copy()
    if "species" not in ranks or "genus" not in ranks:
        return table
    known = table["species"].notna() & table["genus"].notna()
    epithet = known & table["species"].astype(str).str.fullmatch(r"[a-z][\w.-]*")
    if epithet.any():
        full = table.loc[epithet, "genus"] + " " + table.loc[epithet, "species"]
        table.loc[epithet, "species"] = full
        message = f"{int(epithet.sum())} rows give the epithet alone; genus and epithet were joined"
        problems.append(Problem("joined-species", "note", message))
    return table
