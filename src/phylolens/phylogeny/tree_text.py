"""Cut a file of trees into Newick texts, one at a time; the file is never held as a whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TextIO

CHUNK = 1 << 20  # characters read at once
LONGEST_COMMENT = 1 << 24  # one that goes on for longer was never closed
_QUOTED = r"'(?:[^'\n]|'')*'"
_COMMENT = r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]"  # one comment may stand in another
_MARK = re.compile(rf"{_QUOTED}|{_COMMENT}|[;'\[]")
_ASIDE = re.compile(rf"({_QUOTED})|{_COMMENT}")
_WORD = rf"(?:{_QUOTED}|[^\s'=,;]+)"
_TREE = re.compile(rf"U?TREE\s*\*?\s*{_WORD}\s*=\s*(.*)", re.IGNORECASE | re.DOTALL)
_PAIR = re.compile(rf"\s*({_WORD})\s+({_WORD})\s*(?:,|$)")


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
    """

    newick: str
    names: dict[str, str] = field(default_factory=dict)


def tree_texts(handle: TextIO) -> Iterator[TreeText]:
    """Yield the trees of an open Newick or NEXUS file, in order.

    Newick trees stand one after another; of NEXUS the TREES blocks are read, with their TRANSLATE
    command (or numbers of TAXLABELS). A file that was cut within its last tree raises there.

    Raises
    ------
    NotATree
        If something else stands there, a quote, comment or parenthesis is never closed, or a NEXUS
        file has no tree. A file of blanks yields nothing.
    """
    commands = _commands(handle)
    first = next(commands, None)
    if first is None:
        return
    if first[:6].upper() == "#NEXUS":
        yield from _of_nexus(first[6:].lstrip(), commands)
        return
    yield TreeText(_checked(first))
    for command in commands:
        yield TreeText(_checked(command))


def _commands(handle: TextIO) -> Iterator[str]:
    """Text up to and with each semicolon outside quotes and comments; comments left out."""
    text, seen, ended = "", 0, False
    while not ended:
        chunk = handle.read(CHUNK)
        text, ended = text + chunk, not chunk
        start = 0
        while mark := _MARK.search(text, seen):
            found = mark.group()
            if found in "'[" and not _goes_on(text, mark.start(), ended):
                what = "quotation mark" if found == "'" else "comment"
                raise NotATree(f"a {what} is never closed: {text[mark.start() :][:30]!r}")
            if found in "'[" or (found[0] == "'" and mark.end() == len(text) and not ended):
                seen = mark.start()  # more is needed to see its end
                break
            seen = mark.end()
            if found == ";":
                yield _ASIDE.sub(r"\1", text[start:seen]).strip()
                start = seen
        else:
            seen = len(text)
        text, seen = text[start:], seen - start
    rest = _ASIDE.sub(r"\1", text).strip()
    if rest:
        yield rest


def _goes_on(text: str, start: int, ended: bool) -> bool:
    """Say whether a quote or comment that is open at the end of ``text`` may still close."""
    if ended or len(text) - start > LONGEST_COMMENT:
        return False
    return text[start] == "[" or "\n" not in text[start:]  # no name goes over a line's end


def _checked(newick: str) -> str:
    """Refuse what is plainly no tree in words a reader understands, before the parser does."""
    bare = re.sub(_QUOTED, "", newick)
    if not bare.startswith("("):
        raise NotATree(f"it starts with {newick[:20]!r}, not with a parenthesis")
    opened, closed = bare.count("("), bare.count(")")
    if opened != closed:
        raise NotATree(f"{opened} opening but {closed} closing parentheses")
    if not newick.endswith(";"):
        raise NotATree("the semicolon at its end is missing")
    return newick


def _of_nexus(first: str, commands: Iterator[str]) -> Iterator[TreeText]:
    block, blocks, n = "", 0, 0
    numbers: dict[str, str] = {}
    names: dict[str, str] = {}
    for command in chain([first], commands):
        word = re.match(r"\w*", command)
        key = word.group().upper() if word else ""
        rest = command[len(key) :].rstrip(";").strip()
        if key == "BEGIN":
            block, names = rest.upper(), {}
            blocks += block == "TREES"
        elif key in ("END", "ENDBLOCK"):
            block = ""
        elif key == "TAXLABELS":
            numbers = _numbered(rest)
        elif block == "TREES" and key == "TRANSLATE":
            names = _translation(rest)
        elif block == "TREES" and (tree := _TREE.match(command)):
            n += 1
            yield TreeText(_checked(tree.group(1).strip()), names or numbers)
    if not n:
        raise NotATree("its TREES block holds no tree" if blocks else "no TREES block")


def _translation(text: str) -> dict[str, str]:
    names, place = {}, 0
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None:
            raise NotATree(f"TRANSLATE has no pair of names at {text[place:].strip()[:30]!r}")
        names[_bare(pair.group(1))] = _bare(pair.group(2))
        place = pair.end()
    return names


def _numbered(text: str) -> dict[str, str]:
    """Let numbers stand for the taxa in their order, unless they are names themselves."""
    labels = [_bare(label) for label in re.findall(_WORD, text)]
    numbers = {str(place): label for place, label in enumerate(labels, start=1)}
    return {number: numbers[number] for number in numbers.keys() - set(labels)}


def _bare(word: str) -> str:
    return word[1:-1].replace("''", "'") if word.startswith("'") else word
