"""What the site adds to the pages: the literature, and links from citations to it."""

import posixpath
import re

from phylolens.report.literature import ENTRY, FIELD, REFERENCES, Entry, printed

PAGE = "literature.md"


def bibliography() -> dict[str, Entry]:
    """Read the one bibliography, by key."""
    text = REFERENCES.read_text(encoding="utf-8")
    return {key: dict(FIELD.findall(body)) for _, key, body in ENTRY.findall(text)}


def forms(entry: Entry) -> list[str]:
    """List how a text may cite an entry, without the year."""
    names = [name for name in entry["author"].split(" and ") if name != "others"]
    if len(names) < len(entry["author"].split(" and ")):
        return [f"{names[0]} et al."]
    if len(names) == 1:
        return names
    every = f"{', '.join(names[:-1])} & {names[-1]}"
    return [every] if len(names) == 2 else [every, f"{names[0]} et al."]


def citations() -> dict[re.Pattern[str], str]:
    """Map patterns of citations, such as ``Adams 2014`` or ``Adams (2014)``, to keys."""
    found = {}
    for key, entry in bibliography().items():
        for form in forms(entry):
            words = r"\s+".join(re.escape(word) for word in form.split())
            found[re.compile(rf"(?<!& ){words},?\s+\(?{entry['year']}\b\)?")] = key
    return found


def linked(text: str, target: str) -> str:
    """Make citations links."""
    for pattern, key in citations().items():
        text = pattern.sub(lambda found, key=key: f"[{found[0]}]({target}#{key})", text)  # type: ignore[misc]
    return text


def literature() -> str:
    """Write the page of the literature, by author and year."""
    entries = bibliography()
    order = sorted(entries, key=lambda key: (entries[key]["author"].lower(), entries[key]["year"]))
    return "\n\n".join(f'<a id="{key}"></a>{printed(entries[key])}' for key in order)


def on_page_markdown(markdown: str, page: object, **_: object) -> str:
    """Change a page before it is rendered (called by MkDocs)."""
    source = page.file.src_uri  # type: ignore[attr-defined]
    if source == PAGE:
        return f"{markdown}\n\n{literature()}\n"
    return linked(markdown, posixpath.relpath(PAGE, posixpath.dirname(source) or "."))
