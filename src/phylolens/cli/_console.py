"""What a verb shows: a progress bar and messages on stderr, the summary on stdout."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer

import phylolens as pl
from phylolens.errors import some
from phylolens.pipeline.settings import make_settings
from phylolens.progress import Progress, silent


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Draw one bar a task on a terminal; say nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeRemainingColumn(), console=console) as bars:
        tasks: dict[str, Any] = {}

        def show(task: str, done: int, total: int) -> None:
            if task not in tasks:
                tasks[task] = bars.add_task(task, total=total)
            bars.update(tasks[task], completed=done, total=total)

        yield show


def run_and_show(
    settings: Mapping[str, Any], stages: Sequence[str], *, json: bool, where: object = "options"
) -> None:
    """Run stages of a study and print what came out."""
    study = make_settings(settings, where=where)
    with progress_bar() as progress:
        summary = pl.run(study, stages, progress=progress)
    show(summary, json=json)


def show(summary: Mapping[str, Any], *, json: bool) -> None:
    """Print a summary as JSON or as indented lines."""
    if json:
        from phylolens.writing import to_json  # pandas, which --help does without

        typer.echo(to_json(summary), nl=False)
    else:
        for line in _lines(summary, 0):
            typer.echo(line)


def _lines(values: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, value in values.items():
        if key == "spec":
            continue  # hashes and pixel statistics: in run.json and --json for those who look
        space = "  " * depth
        if isinstance(value, Mapping) and value:
            yield f"{space}{key}:"
            yield from _lines(value, depth + 1)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield f"{space}{key}:"
            for item in value:
                yield f"{space}  - {_one_line(item)}"
        elif key == "ranks_read":
            yield f"{space}ranks read: {value}"
        elif key == "examples":
            yield f"{space}{key}:"
            yield from (f"{space}  {text}" for text in value)
        elif isinstance(value, list):
            yield f"{space}{key}: {len(value)}{f' ({some(value)})' if value else ''}"
        elif isinstance(value, float):
            yield f"{space}{key}: {value:.4g}"
        else:
            yield f"{space}{key}: {value}"


def _one_line(item: Mapping[str, Any]) -> str:
    if {"kind", "severity", "message", "count"} <= set(item):
        ids = ", ".join(item["ids"])
        more = " ..." if item["count"] > len(item["ids"]) else ""
        named = f" ({item['count']}: {ids}{more})" if item["count"] else ""
        return f"{item['severity']}: {item['message']}{named}"
    return ", ".join(f"{key} {value}" for key, value in item.items())
