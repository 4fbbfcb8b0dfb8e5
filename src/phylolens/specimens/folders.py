"""Labels from nested folders, coarse outside: ``order/family/genus/species/image.jpg``."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.specimens.given_split import are_splits, given_split

FOLDER_RANKS = ("class", "subclass", "order", "family", "genus", "species")
SEVERAL_FIELDS = 3  # so many separators in every folder of a level: it holds a lineage, not a name


def from_folders(
    names: Sequence[str], ranks: Sequence[str] | None, root: Path
) -> tuple[pd.DataFrame, Sequence[str], list[Problem]]:
    """Read one rank from each level of nested folders.

    A first or last level of folders that are called ``train``, ``val`` or ``test`` is a split.

    Parameters
    ----------
    names : sequence of str
        Files, relative to ``root``, with forward slashes.
    ranks : sequence of str, optional
        What the levels are called.
    root : Path
        For messages.
    """
    levels = [list(PurePosixPath(name).parts[:-1]) for name in names]
    parts, levels = _split_level(levels)
    problems: list[Problem] = []
    depth = max(map(len, levels))
    if depth == 0:
        raise InputError(
            "the images lie in no sub-folders, so they have no labels.",
            where=root,
            hint="Give a table with --meta, a --pattern of the file names, or one folder a taxon.",
        )
    if ranks is None:
        _refuse_lineages(levels, root)
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
    shallow = [name for name, found in zip(names, levels, strict=True) if len(found) < depth]
    if shallow:
        message = f"images less than {depth} folders deep have unknown finer labels"
        problems.append(Problem("shallow-file", "warning", message, tuple(shallow)))
    rows = [[*found, *[None] * (depth - len(found))] for found in levels]
    table = pd.DataFrame(rows, columns=list(ranks), dtype=object)
    if parts is not None:
        problems.append(Problem("split-folders", "note", _said(parts)))
        split, found_problems = given_split(parts)
        problems += found_problems
        if split is not None:
            table["split"] = split
    return table, ranks, problems


def _split_level(levels: list[list[str]]) -> tuple[list[str] | None, list[list[str]]]:
    """Take out the level of folders that is a split, if there is one."""
    for place in (0, -1):
        if all(levels) and are_splits({found[place] for found in levels}):
            parts = [found[place] for found in levels]
            return parts, [found[1:] if place == 0 else found[:-1] for found in levels]
    return None, levels


def _said(parts: list[str]) -> str:
    counts = pd.Series(parts).value_counts().sort_index()
    named = ", ".join(f"{name} ({n} images)" for name, n in counts.items())
    return f"a level of folders is taken as a split, not as a rank: {named}"


def _refuse_lineages(levels: list[list[str]], root: Path) -> None:
    """Stop where a folder holds a whole lineage, as ``00012_Animalia_Chordata_Aves_...``."""
    last = sorted({found[-1] for found in levels if found})
    counts = {name.count("_") for name in last}
    if len(last) < 2 or min(counts) < SEVERAL_FIELDS or len(counts) > 2:
        return
    numbered = all(name.split("_")[0].isdigit() for name in last)
    ranks = ("kingdom", "phylum", "class", "order", "family", "genus", "species")
    n = min(counts) + 1 - numbered
    fields = [f"{{{rank}}}" for rank in ranks[-n:]] if n <= len(ranks) else ["{...}"]
    example = "_".join([*(["{n}"] if numbered else []), *fields])
    raise InputError(
        f"each folder seems to hold a whole lineage, such as '{last[0]}', not one taxon.",
        where=root,
        hint=f"Say what its parts are, such as --pattern '{example}'; or, if a folder is one taxon "
        "all the same, name its rank with --ranks.",
    )
