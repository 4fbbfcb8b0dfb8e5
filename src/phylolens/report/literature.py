"""The literature of each part of the report, read from ``references.bib``."""

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

REFERENCES = Path(__file__).parent / "references.bib"
ENTRY = re.compile(r"^@(\w+)\{([^,]+),\n(.*?)\n\}", re.DOTALL | re.MULTILINE)
FIELD = re.compile(r"^\s*(\w+) = \{(.*)\},?$", re.MULTILINE)
SOURCES = ("journal", "booktitle", "publisher", "school", "howpublished")
Entry = dict[str, str]


def references(used: Collection[str]) -> list[str]:
    """List the literature of the parts shown, as it is printed.

    Parameters
    ----------
    used : collection of str
        Parts; an entry is listed where its ``keywords`` is among them.
    """
    return [printed(entry) for entry in entries() if entry["keywords"] in used]


@cache
def entries() -> tuple[Entry, ...]:
    """Read the fields of every entry, in the order of the file."""
    text = REFERENCES.read_text(encoding="utf-8")
    return tuple(dict(FIELD.findall(body)) for _, _, body in ENTRY.findall(text))


def printed(entry: Entry) -> str:
    """Write an entry: authors, year, title, where it appeared."""
    where = next(entry[name] for name in SOURCES if name in entry)
    if "volume" in entry:
        where += f" {entry['volume']}:{entry['pages'].replace('--', '–')}"
    title = entry["title"] + ("" if entry["title"].endswith(("?", "!")) else ".")
    note = f" ({entry['note']}.)" if "note" in entry else ""
    return f"{_authors(entry['author'])} ({entry['year']}) {title} {where}.{note}"


def _authors(field: str) -> str:
    names = field.split(" and ")
    if names[-1] == "others":
        return f"{', '.join(names[:-1])} et al."
    return " & ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
