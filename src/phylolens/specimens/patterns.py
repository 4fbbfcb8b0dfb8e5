"""Labels from nested folders, and from file names by a pattern.

A pattern is such as ``{order}_{family}_{genus}_{species}_{n}``. A field never holds a separator of
the pattern: a name with more of them than the pattern has is a mismatch, so that
``Perna_novae_zelandiae_3`` cannot lose half an epithet. One field may be marked with a star,
``{species*}``, to hold separators.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.specimens.split import are_splits, given_split

NUMBER = "n"
NOT_RANKS = (NUMBER, "specimen_id", "view", "source", "split")
_FIELD = re.compile(r"\{([^\W\d]\w*)(\*?)\}")
EXAMPLE = "--pattern '{order}_{family}_{genus}_{species}_{n}'"
FOLDER_RANKS = ("class", "subclass", "order", "family", "genus", "species")
SEVERAL_FIELDS = 3  # so many separators in every folder of a level: it holds a lineage, not a name


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern.

    Parameters
    ----------
    text : str
        As given.
    expression : re.Pattern
    fields : list of str
        In their order: ranks are coarse to fine.
    literals : list of str
        What stands between fields.
    starred : bool
        Whether a field may hold separators.
    """

    text: str
    expression: re.Pattern[str]
    fields: list[str]
    literals: list[str]
    starred: bool

    @property
    def of_path(self) -> bool:
        """Whether the pattern is for the path below the folder of images, not the name alone."""
        return "/" in self.text


def from_pattern(
    names: Sequence[str], pattern: str, ranks: Sequence[str] | None, root: Path
) -> tuple[pd.DataFrame, Sequence[str], list[Problem]]:
    """Read labels from file names; the order of fields in the pattern is coarse to fine.

    A pattern with ``/`` is for the path below ``root`` without its ending, any other one for the
    name alone, or for the name of the folder where that fits and no file name does.

    Raises
    ------
    InputError
        If the pattern cannot be used, or no name fits.
    """
    compiled = compile_pattern(pattern)
    problems: list[Problem] = []
    texts = [_text(name, compiled) for name in names]
    matches = [compiled.expression.fullmatch(text) for text in texts]
    if not any(matches) and not compiled.of_path:
        folders = [PurePosixPath(name).parent.name for name in names]
        of_folder = [compiled.expression.fullmatch(_plain(folder)) for folder in folders]
        if all(of_folder):
            matches = of_folder
            said = "the pattern fits the names of the folders, not of the files: labels are theirs"
            problems.append(Problem("folder-pattern", "note", said))
    wrong = [place for place, match in enumerate(matches) if match is None]
    if len(wrong) == len(names):
        raise InputError(
            f"no file name fits --pattern '{pattern}'.",
            where=root,
            ids=[names[place] for place in wrong],
            hint=_advice([texts[place] for place in wrong], compiled),
        )
    if wrong:
        advice = _advice([texts[place] for place in wrong], compiled)
        message = f"file names do not fit the pattern '{pattern}' ({advice.rstrip('.')})"
        files = tuple(names[place] for place in wrong)
        problems.append(Problem("pattern-mismatch", "error", message, files))
    rows = [match.groupdict() if match else dict.fromkeys(compiled.fields) for match in matches]
    table = pd.DataFrame(rows, columns=compiled.fields, dtype=object)
    if "split" in table:
        parts, found = given_split(table["split"])
        problems += found
        table = table.drop(columns="split") if parts is None else table.assign(split=parts)
    found_ranks = [name for name in compiled.fields if name not in NOT_RANKS]
    return table.drop(columns=NUMBER, errors="ignore"), ranks or found_ranks, problems


def compile_pattern(text: str) -> Pattern:
    """Turn a pattern into a regular expression.

    Raises
    ------
    InputError
        If fields repeat, touch one another, or more than one is starred.
    """
    pieces = _FIELD.split(text)
    literals, fields, stars = pieces[::3], pieces[1::3], pieces[2::3]
    between = literals[1:-1]
    if not fields or len(set(fields)) != len(fields) or "" in between:
        raise InputError(
            f"--pattern needs different {{fields}} with something between them; got '{text}'.",
            hint=f"Example: {EXAMPLE}.",
        )
    if sum(map(bool, stars)) > 1:
        raise InputError(
            f"only one field of --pattern can hold separators; got '{text}'.",
            hint="Leave one star, as in {species*}.",
        )
    stop = "|".join(re.escape(one) for one in dict.fromkeys((*between, "/")))
    expression = re.escape(literals[0])
    for field, star, literal in zip(fields, stars, literals[1:], strict=True):
        if field == NUMBER:
            content = r"\d+"
        elif star:
            content = "[^/]+"
        else:
            content = f"(?:(?!{stop}).)+"
        expression += f"(?P<{field}>{content}){re.escape(literal)}"
    return Pattern(text, re.compile(expression), fields, between, any(stars))


def _text(name: str, pattern: Pattern) -> str:
    path = PurePosixPath(name)
    return _plain(path.with_suffix("").as_posix() if pattern.of_path else path.stem)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _advice(texts: Sequence[str], pattern: Pattern) -> str:
    """Say what the names have more or less of than the pattern."""
    separators = dict.fromkeys(one for one in pattern.literals if one != "/")
    more = [
        text
        for text in texts
        if any(text.count(one) > pattern.literals.count(one) for one in separators)
    ]
    last = next((one for one in reversed(pattern.fields) if one not in NOT_RANKS), "species")
    if more and not pattern.starred:
        return (
            f"{len(more)} of them have more separators than the pattern, such as '{more[0]}'; "
            f"mark a field that may hold separators with a star: {{{last}*}}."
        )
    whole = "path below the folder" if pattern.of_path else "name without folder and ending"
    return (
        f"The pattern is for the whole {whole}, {{n}} stands for digits, and other fields hold no "
        "separator."
    )


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
