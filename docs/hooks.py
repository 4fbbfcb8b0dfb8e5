"""What the site adds to the pages: the literature, links to it, and the table of settings."""

import posixpath
import re
from html import escape

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from phylolens.pipeline.settings import Settings
from phylolens.report.literature import ENTRY, FIELD, REFERENCES, Entry, printed

PAGE = "literature.md"
SETTINGS = "<!-- settings -->"
SHIM = "https://unpkg.com/iframe-worker/shim"  # the theme would fetch it; a copy lies in assets


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


def settings() -> str:
    """Write the fields of ``Settings`` as a table: name, default and meaning."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows += [_row(f"{name}.{key}", inner) for key, inner in kind.model_fields.items()]
        else:
            rows.append(_row(name, field))
    return "\n".join(rows)


def _row(name: str, field: FieldInfo) -> str:
    default = "" if field.default in (None, ()) else f"`{field.default}`"
    said = escape(field.description or "", quote=False)
    for sign in "|_*":
        said = said.replace(sign, f"&#{ord(sign)};")
    return f"| `{name}` | {default} | {said} |"


def on_page_markdown(markdown: str, page: object, **_: object) -> str:
    """Change a page before it is rendered (called by MkDocs)."""
    source = page.file.src_uri  # type: ignore[attr-defined]
    if source == PAGE:
        return f"{markdown}\n\n{literature()}\n"
    markdown = markdown.replace(SETTINGS, settings())
    return linked(markdown, posixpath.relpath(PAGE, posixpath.dirname(source) or "."))


def on_page_content(html: str, **_: object) -> str:
    """Drop the roles of Sphinx, such as ``:func:``, in front of names (called by MkDocs)."""
    return re.sub(r":(?:class|func|meth|mod):(?=<code>)", "", html)


def on_post_page(output: str, page: object, **_: object) -> str:
    """Take the copy of the one script that the theme would fetch (called by MkDocs)."""
    folder = posixpath.dirname(page.file.dest_uri) or "."  # type: ignore[attr-defined]
    return output.replace(SHIM, posixpath.relpath("assets/iframe-worker.js", folder))


def on_post_template(output_content: str, template_name: str, **_: object) -> str:
    """Do the same in pages that are no page of ours, such as 404 (called by MkDocs)."""
    return output_content.replace(SHIM, "assets/iframe-worker.js")
