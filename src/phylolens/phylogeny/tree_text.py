"""Cut a file of trees into Newick texts, one at a time, and parse them as people write them.

A quotation mark opens a label only where a label may begin, and closes it only where a separator
follows: in ``(Hers's_maple:1,Roth's_birch:2)`` both are apostrophes.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TextIO

from skbio import TreeNode

CHUNK = 1 << 20  # characters read at once
LONGEST_COMMENT = 1 << 24  # one that goes on for longer was never closed
LONGEST_LABEL = 500  # characters in quotes; a bound on the work a hostile file can cause
_SEPARATOR = r"[\s(),:;=\[\]]|\Z"
_BEFORE, _AFTER = r"(?<![^\s(),:=;\[\]])", rf"(?={_SEPARATOR})"
# Within quotes, '' and Bio.Phylo's \' are one apostrophe, and so is one that no separator follows.
_ESCAPE = rf"\\'(?=[^'\n(),:;\[\]]*'(?:{_SEPARATOR}))"
_INSIDE = rf"(?:{_ESCAPE}|''|[^'\n]|'(?!{_SEPARATOR}))"
QUOTED = rf"{_BEFORE}'{_INSIDE}{{0,{LONGEST_LABEL}}}?'{_AFTER}"
_COMMENT = r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]"  # one comment may stand in another
_MARK = re.compile(rf"{QUOTED}|{_COMMENT}|[;\[]|{_BEFORE}'")
_ASIDE = re.compile(rf"({QUOTED}|\[&[UuRr]\])|{_COMMENT}")
_ROOT_MARK = re.compile(r"\[&([UuRr])\]")
_WORD = rf"(?:{QUOTED}|[^\s=,;]+)"
_TREE = re.compile(rf"(U?)TREE\s*\*?\s*{_WORD}\s*=\s*(.*)", re.IGNORECASE | re.DOTALL)
_PAIR = re.compile(rf"\s*({_WORD})\s+({_WORD})\s*(?:,|$)")
_NTAX = re.compile(r"NTAX\s*=\s*(\d+)", re.IGNORECASE)
DEEPEST = 20_000  # nodes above one another; beyond it nothing that works on trees does
_PART = re.compile(rf"\s+|{QUOTED}|[(),:;]|\"[^\"\n]*\"(?=\s*[(),:;])|[^(),:;]+?(?=[(),:;]|\Z)")
# Within a label, these look like two tips that ran into one.
_GLUED = re.compile(r":\s*[-+]?\.?\d[^,()]*[,()]|[,()].*:\s*[-+]?\.?\d")
_PLAIN = re.compile(r"[^\s'\"()\[\],:;]+")


class NotATree(ValueError):
    """The text is no Newick or NEXUS tree; says why."""


@dataclass(frozen=True)
class TreeText:
    """One tree as written.

    Parameters
    ----------
    newick : str
        Without comments; ends in a semicolon.
    names : dict
        What the tips stand for, where a NEXUS file says it.
    rooted : bool or None
        What ``[&R]``, ``[&U]`` or ``UTREE`` say; None where nothing does.
    labels : tuple of str
        The TAXLABELS of a NEXUS file; empty where there are none.
    """

    newick: str
    names: dict[str, str] = field(default_factory=dict)
    rooted: bool | None = None
    labels: tuple[str, ...] = ()


def tree_texts(handle: TextIO) -> Iterator[TreeText]:
    """Yield the trees of an open Newick or NEXUS file, in order.

    Newick trees stand one after another; of NEXUS the TREES blocks are read, with their TRANSLATE
    command (or numbers of TAXLABELS). A file that was cut within its last tree raises there.

    Raises
    ------
    NotATree
        If something else stands there, a comment or parenthesis is never closed, or a NEXUS file
        has no tree. A file of blanks yields nothing.
    """
    commands = _commands(handle)
    first = next(commands, None)
    if first is None:
        return
    if first[:6].upper() == "#NEXUS":
        yield from _of_nexus(first[6:].lstrip(), commands)
        return
    for command in chain([first], commands):
        newick, rooted = _without_root_mark(command)
        yield TreeText(_checked(newick), rooted=rooted)


def bare(word: str) -> str:
    """Return a label without its quotes, with single apostrophes.

    Examples
    --------
    >>> bare("'Hers''s maple'")
    "Hers's maple"
    """
    if len(word) > 1 and word[0] == word[-1] == "'":
        return word[1:-1].replace("\\'", "'").replace("''", "'")
    return word


def _commands(handle: TextIO) -> Iterator[str]:
    """Text up to and with each semicolon outside quotes and comments; comments left out."""
    text, seen, ended = "", 0, False
    while not ended:
        chunk = handle.read(CHUNK)
        text, ended = text + chunk, not chunk
        start = 0
        while mark := _MARK.search(text, seen):
            found = mark.group()
            if found == "[" and (ended or len(text) - mark.start() > LONGEST_COMMENT):
                raise NotATree(f"a comment is never closed: {text[mark.start() :][:30]!r}")
            if found == "[" or (not ended and _is_open(text, mark)):
                seen = mark.start()  # more is needed to see its end
                break
            seen = mark.end()
            if found == ";":
                yield _ASIDE.sub(_kept, text[start:seen]).strip()
                start = seen
        else:
            seen = len(text)
        text, seen = text[start:], seen - start
    rest = _ASIDE.sub(_kept, text).strip()
    if rest:
        yield rest


def _is_open(text: str, mark: re.Match[str]) -> bool:
    """Say whether a label in quotes may go on beyond what was read."""
    if mark.group()[0] != "'":
        return False
    if len(mark.group()) > 1:
        return mark.end() == len(text)  # what follows tells whether the quotes are closed
    rest = text[mark.start() :]
    return "\n" not in rest and len(rest) <= LONGEST_LABEL + 2


def _kept(aside: re.Match[str]) -> str:
    return aside.group(1) or ""


def _without_root_mark(text: str) -> tuple[str, bool | None]:
    marks = _ROOT_MARK.findall(text)
    rooted = None if not marks else marks[0] in "Rr"
    return _ROOT_MARK.sub("", text).strip(), rooted


def _checked(newick: str) -> str:
    """Refuse what is plainly no tree in words a reader understands, before the parser does."""
    plain = re.sub(QUOTED, "", newick)
    if not plain.startswith("("):
        raise NotATree(f"it starts with {newick[:20]!r}, not with a parenthesis")
    opened, closed = plain.count("("), plain.count(")")
    if opened != closed:
        raise NotATree(f"{opened} opening but {closed} closing parentheses")
    if not newick.endswith(";"):
        raise NotATree("the semicolon at its end is missing")
    return newick


def _of_nexus(first: str, commands: Iterator[str]) -> Iterator[TreeText]:
    block, blocks, n = "", 0, 0
    labels: tuple[str, ...] = ()
    n_taxa: int | None = None
    names: dict[str, str] = {}
    for command in chain([first], commands):
        command, _ = (command, None) if block == "TREES" else _without_root_mark(command)
        word = re.match(r"\w*", command)
        key = word.group().upper() if word else ""
        rest = command[len(key) :].rstrip(";").strip()
        if key == "BEGIN":
            block, names = rest.upper(), {}
            blocks += block == "TREES"
        elif key in ("END", "ENDBLOCK"):
            block = ""
        elif key == "DIMENSIONS" and (told := _NTAX.search(rest)):
            n_taxa = int(told.group(1))
        elif key == "TAXLABELS":
            labels = _labels(rest, n_taxa)
        elif block == "TREES" and key == "TRANSLATE":
            names = _translation(rest)
        elif block == "TREES" and (tree := _TREE.match(command)):
            n += 1
            newick, rooted = _without_root_mark(tree.group(2))
            rooted = False if tree.group(1) and rooted is None else rooted
            yield TreeText(_checked(newick), names or _numbered(labels), rooted, labels)
    if not n:
        raise NotATree("its TREES block holds no tree" if blocks else "no TREES block")


def _translation(text: str) -> dict[str, str]:
    names, place = {}, 0
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None:
            raise NotATree(f"TRANSLATE has no pair of names at {text[place:].strip()[:30]!r}")
        names[bare(pair.group(1))] = bare(pair.group(2))
        place = pair.end()
    return names


def _labels(text: str, n_taxa: int | None) -> tuple[str, ...]:
    labels = tuple(bare(label) for label in re.findall(_WORD, text))
    if n_taxa is not None and n_taxa != len(labels):
        raise NotATree(
            f"TAXLABELS hold {len(labels)} names, but NTAX is {n_taxa}; names with blanks or "
            "apostrophes need quotes"
        )
    return labels


def _numbered(labels: tuple[str, ...]) -> dict[str, str]:
    """Let numbers stand for the taxa in their order, unless they are names themselves."""
    numbers = {str(place): label for place, label in enumerate(labels, start=1)}
    return {number: numbers[number] for number in numbers.keys() - set(labels)}


def parse_newick(text: str) -> TreeNode:
    """Parse a Newick text.

    Parameters
    ----------
    text : str
        Without comments, from its first parenthesis to its semicolon.

    Raises
    ------
    NotATree
        If it cannot be parsed, is nested too deeply, or a quoted name seems to hold several tips.
    """
    try:
        return TreeNode.read(
            io.StringIO(standard_newick(text)),
            format="newick",
            verify=False,  # its sniffer would say less than the parser about what is wrong
            convert_underscores=False,
        )
    except NotATree:
        raise
    except Exception as error:  # the parser raises many kinds; all mean the same to the user
        raise NotATree(str(error).rstrip(".") or type(error).__name__) from error


def standard_newick(text: str) -> str:
    """Quote the labels of a Newick text as the standard wants it."""
    parts: list[str] = []
    depth = 0
    after_colon = after_label = False
    for found in _PART.finditer(text):
        part = found.group().strip()
        if not part:
            continue
        if part in "(),:;":
            depth += (part == "(") - (part == ")")
            if depth > DEEPEST:
                raise NotATree(f"it is nested more than {DEEPEST:,} deep")
            after_colon, after_label = part == ":", False
            parts.append(part)
        elif after_label:
            raise NotATree(f"two names in a row at {part[:30]!r}; look for apostrophes and quotes")
        else:
            parts.append(part if after_colon else _label(part))
            after_label = True
    return "".join(parts)


def _label(part: str) -> str:
    name = bare(part)
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
    if _GLUED.search(name):
        raise NotATree(
            f"the name {name[:60]!r} seems to hold several tips; look for apostrophes and quotes"
        )
    if _PLAIN.fullmatch(name):
        return name
    return "'" + " ".join(name.split()).replace("'", "''") + "'"
