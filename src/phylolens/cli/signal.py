"""``phylolens signal``."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phylolens import pipeline
from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show, show
from phylolens.errors import InputError

if TYPE_CHECKING:
    from phylolens.results.audit import AuditResult, HonestTest


USED = ("ids", "meta", "ranks", "rank", "seed", "out", "permutations")
OUT = Path("phylolens-out")


@o.takes(
    *o.SPECIMENS,
    *o.PHYLOGENY,
    "trees",
    "features",
    "rank",
    "confound",
    *o.EXTRACTION,
    section="signal",
)
def command(
    settings: dict[str, Any],
    *,
    audit: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="A B",
            help="Instead: two square matrices, visual and genetic. What published statistics "
            "make of them, beside the right ones, each with its own null.",
        ),
    ] = None,
    json: o.Json = False,
) -> None:
    """Test whether visual distance follows genetic distance; taxa are permuted."""
    if audit is not None:
        own = settings.pop("signal", {})
        run_audit(audit, settings, own, json=json)
        return
    run_and_show(settings, ("check", "signal"), json=json)


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
    out = given.pop("out", OUT)
    found = pipeline.audit_files(*matrices, out, **given)
    page = str(out / found.PAGE)
    if json:
        show(found.to_dict() | {"page": page}, json=True)
    else:
        for line in _lines(found, page):
            typer.echo(line)


def _require(given: Mapping[str, Any], name: str, least: int) -> None:
    if given.get(name, least) < least:
        raise InputError(f"at least {least} is needed; got {given[name]}.", where=f"--{name}")


def _lines(found: "AuditResult", page: str) -> Iterator[str]:
    head = ("statistic", "value", "p, taxa permuted", "taxa permuted (95%)", "random centroids")
    rows: list[tuple[str, ...]] = [head]
    rows += [(f"{name} (published)", *_cells(test)) for name, test in found.published.items()]
    rows += [(f"{name} (honest)", *_cells(test)) for name, test in found.honest.items()]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    for row in rows:
        cells = zip(row[1:], widths[1:], strict=True)
        yield "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in cells)])
    yield ""
    if said := found.conclusions:
        yield from (said.honest, *said.baselines, *said.published.values())
    yield from (f"note: {text}" for text in found.notes)
    for side, ids in (("a", found.dropped.only_in_a), ("b", found.dropped.only_in_b)):
        if ids:
            more = " ..." if ids[5:] else ""
            yield f"only_in_{side}: {len(ids)} left out ({', '.join(ids[:5])}{more})"
    yield f"Page: {page}"


def _cells(test: "HonestTest") -> tuple[str, ...]:
    if test.statistic is None or test.p_value is None:
        return ("-",) * 4
    null, noise = test.null_quantiles or {}, test.noise.gaussian
    spread = f"{noise.mean:.3f} ± {noise.sd:.3f}" if noise else "-"
    return (
        f"{test.statistic:.3f}",
        f"{test.p_value:.3g}",
        f"{null['0.025']:.3f} to {null['0.975']:.3f}",
        spread,
    )
