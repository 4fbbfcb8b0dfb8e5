"""Audit two matrices: what published statistics say of them, and what they should have said."""

import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError, Problem, require_file, require_folder
from phylolens.phylogeny import read_distances
from phylolens.phylogeny.names import match
from phylolens.provenance import RunRecord, command_line, file_hash
from phylolens.report.audit import conclusions, write_page
from phylolens.results.audit import AuditResult
from phylolens.specimens import read_specimens
from phylolens.stats.audit import audit
from phylolens.stats.baselines import baselines
from phylolens.taxonomy import lineages, require_rank
from phylolens.writing import write_csv

FOLDER = "audit"
FEWEST_TAXA = 3


def audit_files(
    a: Path,
    b: Path,
    out: Path,
    *,
    ids: Path | None = None,
    meta: Path | None = None,
    ranks: Sequence[str] | None = None,
    rank: str | None = None,
    permutations: int = 999,
    seed: int = 0,
) -> AuditResult:
    """Audit two files; write ``audit/audit.json``, ``audit.csv`` and ``audit.html`` into ``out``.

    Parameters
    ----------
    a, b : Path
        Square matrices of distances: visual (or predicted), and genetic. Rows match by name; one
        published formula depends on the order of the taxa, and takes that of ``b``.
    out : Path
        Results directory.
    ids : Path, optional
        Names of the rows, one a line, for matrices without names.
    meta, ranks, rank : optional
        A taxonomy, its rank columns (coarse to fine) and the rank of the taxa compared; by default
        the rank that matches most. What it explains alone is set beside.
    permutations, seed : int
        Of the permutation tests.

    Returns
    -------
    AuditResult
        As ``audit.json`` holds it.

    Raises
    ------
    InputError
        If a file cannot be used (a matrix without names needs ``ids``; an asymmetric one is
        refused: make it symmetric first), or fewer than three taxa are in both.
    """
    started = time.perf_counter()
    require_folder(out)
    for path in (a, b):
        require_file(path, "Give two existing matrices to --audit.")
    notes: list[Problem] = []
    matrices = [read_distances(path, notes, ids=ids) for path in (a, b)]
    visual, genetic, dropped = _shared(matrices[0], matrices[1], (a, b))
    for path, matrix in ((a, visual), (b, genetic)):
        if len(set(matrix.condensed_form())) == 1:
            raise InputError("all distances between the shared taxa are equal.", where=path)
    lineage = None if meta is None else _lineage(meta, ranks, rank, genetic.ids)
    found = audit(visual, genetic, permutations=permutations, seed=seed)
    tested = found.honest["mantel_pearson"]
    values = {
        "files": {"a": a.name, "b": b.name},
        "dropped": dropped,
        "notes": [note.message for note in notes],
        "n_permutations": tested.n_permutations,
        "exact": tested.exact,
        **found.to_dict(),
        "baselines": baselines(genetic, lineage).to_dict(),
    }
    result = AuditResult.of(values)
    result = result.model_copy(update={"conclusions": conclusions(result)})
    record = RunRecord(out, command_line(), {"permutations": permutations}, seed)
    record.note(inputs={
        name: {"path": str(path), "sha256": file_hash(path)}
        for name, path in (("a", a), ("b", b), ("ids", ids), ("meta", meta)) if path
    })  # fmt: skip
    result.write(out)
    write_csv(out / FOLDER / "audit.csv", result.table())
    write_page(out / result.PAGE, result, record.values["version"])
    record.finish_stage("audit", seconds=time.perf_counter() - started)
    return result


def _shared(
    visual: DistanceMatrix, genetic: DistanceMatrix, where: tuple[Path, Path]
) -> tuple[DistanceMatrix, DistanceMatrix, dict[str, list[str]]]:
    """Keep the taxa of both, named and ordered as in the second, and say which are left out."""
    named = match(visual.ids, genetic.ids)
    taxa = [name for name in genetic.ids if name in set(named.values())]
    dropped = {
        "only_in_a": sorted(set(visual.ids) - set(named)),
        "only_in_b": sorted(set(genetic.ids) - set(taxa)),
    }
    if len(taxa) < FEWEST_TAXA:
        raise InputError(
            f"only {len(taxa)} taxa are in both matrices; at least three are needed.",
            where=f"{where[0]}, {where[1]}",
            ids=[*dropped["only_in_a"], *dropped["only_in_b"]],
            hint="Rows are matched by name.",
        )
    kept = visual.filter(list(named))
    renamed = DistanceMatrix(kept.data, [named[name] for name in kept.ids])
    return renamed.filter(taxa), genetic.filter(taxa), dropped


def _lineage(
    meta: Path, ranks: Sequence[str] | None, rank: str | None, taxa: Sequence[str]
) -> pd.DataFrame:
    """Lineages of the taxa compared; an unknown taxon shares its parents with no other."""
    read = read_specimens(meta=meta, ranks=ranks, need_files=False)
    matches = {column: match(taxa, read.table[column].dropna().unique()) for column in read.ranks}
    rank = rank or max(reversed(read.ranks), key=lambda column: len(matches[column]))
    require_rank(read.ranks, rank)
    if not matches[rank]:
        raise InputError(f"no taxon of the matrices is a {rank} of this table.", where=meta)
    found = lineages(read.table, read.ranks, rank)
    known = matches[rank]
    rows = found.reindex([known.get(name, name) for name in taxa])
    return rows.set_axis(pd.Index(taxa, name="taxon"))
