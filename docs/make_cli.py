"""Write docs/cli.md from the commands themselves; a test fails when the two differ."""

from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from phylolens.cli import app

TARGET = Path(__file__).with_name("cli.md")
ENVIRONMENT = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
INTRODUCTION = """# Command line

Every verb takes `--out DIR` and `--seed`, prints a summary (`--json` for programs) on standard
output and everything else on standard error, shows a progress bar on a terminal, and goes on where
it stopped when the same command is given again. Exit codes: 0 done; 2 bad input, with one message;
1 a bug; 130 interrupted.
"""


def text() -> str:
    """Return the page."""
    runner = CliRunner()
    parts = [INTRODUCTION]
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        shown = runner.invoke(app, [name, "--help"], env=ENVIRONMENT, prog_name="phylolens")
        lines = "\n".join(line.rstrip() for line in shown.output.strip().splitlines())
        parts.append(f"## `phylolens {name}`\n\n```text\n{lines}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
