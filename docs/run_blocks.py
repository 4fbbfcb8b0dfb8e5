"""Run the Python blocks of the pages; what they print stands below them.

The blocks of one page share their names and a folder of their own. A block of text titled "Output"
right below a block of Python holds what it prints. ``python docs/run_blocks.py`` writes outputs
that are no longer true (not those of README, which shows none); the tests fail on them.
"""

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(
    r'^```python\n(?P<code>.*?)^```\n(?:\n```text title="Output"\n(?P<output>.*?)^```\n)?',
    re.DOTALL | re.MULTILINE,
)
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
CLOSE = 0.02  # of numbers with a point, which differ between processors


def pages() -> list[Path]:
    """List the pages: README and all below docs."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def outputs(page: Path) -> list[tuple[str, str]]:
    """Run the blocks of a page, in a new folder; list what each shows and what it prints."""
    names = {"__name__": "__docs__"}
    found = []
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(compile(block["code"], str(page), "exec"), names)
                found.append((block["output"] or "", tidy(printed.getvalue())))
        finally:
            os.chdir(home)
    return found


def tidy(text: str) -> str:
    """Drop blanks at the ends of lines."""
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


def same(shown: str, printed: str) -> bool:
    """Say whether two outputs agree: words exactly, numbers with a point nearly."""
    if NUMBER.sub("#", shown).split() != NUMBER.sub("#", printed).split():
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=True)
    return all(abs(float(a) - float(b)) <= CLOSE * max(1, abs(float(a))) for a, b in pairs)


def written(page: Path) -> str:
    """Return the page with true outputs."""
    left = iter(outputs(page))

    def block(found: re.Match[str]) -> str:
        shown, printed = next(left)
        if not printed or same(shown, printed):
            return found[0]
        return f'```python\n{found["code"]}```\n\n```text title="Output"\n{printed}```\n'

    return BLOCK.sub(block, page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for one in [Path(name).resolve() for name in sys.argv[1:]] or pages()[1:]:
        text = written(one)
        if text != one.read_text(encoding="utf-8"):
            one.write_text(text, encoding="utf-8")
