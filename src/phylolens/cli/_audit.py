"""``phylolens signal --audit``: two matrices instead of a study."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from phylolens import pipeline
from phylolens.cli._console import show
from phylolens.errors import InputError

USED = ("ids", "meta", "ranks", "rank", "seed", "out", "permutations")
OUT = Path("phylolens-out")


def run_audit(
    matrices: tuple[Path, Path], settings: dict[str, Any], own: Mapping[str, Any], *, json: bool
) -> None:
    """Audit two matrices and print what came out; options that it has no use for are refused."""
    given = {**settings, **own}
    unused = [f"--{name.replace('_', '-')}" for name in given if name not in USED]
    if unused:
        raise InputError(
            "two matrices are audited by themselves; these options have no use.",
            where="--audit",
            ids=unused,
            hint="Leave them out; --meta with --ranks sets the taxonomy beside.",
        )
    _require(given, "permutations", 1)
    _require(given, "seed", 0)
    summary = pipeline.audit_files(*matrices, given.pop("out", OUT), **given)
    if json:
        show(summary, json=True)
    else:
        for line in _lines(summary):
            typer.echo(line)


def _require(given: Mapping[str, Any], name: str, least: int) -> None:
    if given.get(name, least) < least:
        raise InputError(f"at least {least} is needed; got {given[name]}.", where=f"--{name}")


def _lines(summary: Mapping[str, Any]) -> Iterator[str]:
    head = ("statistic", "value", "p, taxa shuffled", "taxa shuffled (95%)", "random centroids")
    rows: list[tuple[str, ...]] = [head]
    for kind in ("published", "honest"):
        for name, entry in summary[kind].items():
            rows.append((f"{name} ({kind})", *_cells(entry)))
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    for row in rows:
        cells = zip(row[1:], widths[1:], strict=True)
        yield "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in cells)])
    yield ""
    said = summary["conclusions"]
    yield from (said["honest"], *said["baselines"], *said["published"].values())
    yield from (f"note: {text}" for text in summary["notes"])
    for side, ids in summary["dropped"].items():
        if ids:
            yield f"{side}: {len(ids)} left out ({', '.join(ids[:5])}{' ...' if ids[5:] else ''})"
    yield f"Page: {summary['page']}"


def _cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    if entry["statistic"] is None:
        return ("-",) * 4
    null, noise = entry["null_quantiles"], entry["noise"]["gaussian"]
    spread = f"{noise['mean']:.3f} ± {noise['sd']:.3f}" if noise else "-"
    return (
        f"{entry['statistic']:.3f}",
        f"{entry['p_value']:.3g}",
        f"{null['0.025']:.3f} to {null['0.975']:.3f}",
        spread,
    )
