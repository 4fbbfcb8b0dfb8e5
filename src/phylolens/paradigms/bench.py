"""Judge every method on the same folds, one after the other; finished ones are kept."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from phylolens.guided.held_out import leave_clades_out, share_saved
from phylolens.guided.learners import make_learner
from phylolens.named_settings import file_name
from phylolens.paradigms.claims_tested import judge_with_claims
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evaluate import Refits
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.progress import Progress, silent
from phylolens.results.bench import DONE, BenchResult
from phylolens.stats._permutation import holm
from phylolens.taxonomy import taxonomic_steps

Keep = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]
REFITS = {"quick": 99, "full": 999}


def run_bench(
    methods: Sequence[Method],
    material: Material,
    data: BenchData,
    *,
    refits: int | None = None,
    refit_seconds: float | None = None,
    jobs: int = 1,
    keep: Keep | None = None,
    progress: Progress = silent,
) -> BenchResult:
    """Judge methods.

    Parameters
    ----------
    methods : sequence of Method
    material : Material
    data : BenchData
    refits : int, optional
        To permuted taxa, of cheap methods; by default as the budget has it.
    refit_seconds : float, optional
        What the refits of one method may take.
    jobs : int
        Threads for the refits.
    keep : callable, optional
        Given a name and a function, returns what the function returns, or what it returned when a
        run was stopped.
    progress : callable
    """
    number = REFITS[material.budget] if refits is None else refits
    how = Refits(number, refit_seconds, jobs)
    rows: list[dict[str, Any]] = []
    for number, method in enumerate(methods):
        progress(f"bench: {method.name}", number, len(methods))
        judge = partial(judge_with_claims, method, material, data, how)
        rows.append(judge() if keep is None else keep(file_name(method.name), judge))
    progress("bench", len(methods), len(methods))
    _adjust(rows)
    skills = {row["name"]: row["skill"] for row in rows if row.get("skill") is not None}
    return BenchResult.of(
        {
            "budget": material.budget,
            "seed": material.seed,
            "folds": _folds(data),
            "baselines": _baselines(data, material.seed),
            "n_compared": len(skills),
            "best": max(skills, key=lambda name: skills[name]) if skills else None,
            "methods": rows,
        }
    )


def _adjust(rows: Sequence[dict[str, Any]]) -> None:
    """Correct p-values for the number of rows that have one."""
    tested = [row for row in rows if row["status"] == DONE and row.get("p_value") is not None]
    if tested:
        for row, p in zip(tested, holm([row["p_value"] for row in tested]), strict=True):
            row["p_holm"] = p


def _folds(data: BenchData) -> dict[str, Any]:
    new = data.new_species
    return {
        "rank": str(data.lineage.columns[-1]),
        "held_out": data.clades.rank,
        "n_taxa": len(data.sample),
        "n_images": int(data.sample.sizes.sum()),
        "n_clades": data.clades.n,
        "n_folds": len(np.unique(data.folds)),
        "inner_folds": data.inner,
        "unit": new.unit if new else None,
        "target": new.target if new else None,
        "n_probe_images": int(new.test.sum()) if new else None,
    }


def _baselines(data: BenchData, seed: int) -> dict[str, Any]:
    """Judge what needs no image, and the Gaussian process, on the same pairs."""
    steps = None
    if data.lineage.shape[1] > 1:
        steps = taxonomic_steps(data.lineage.loc[list(data.sample.taxa)])
    found = leave_clades_out(
        partial(make_learner, "gp", seed),
        data.sample,
        data.genetic,
        data.folds,
        inner_folds=data.inner,
        steps=steps,
    )

    def saved(predicted: np.ndarray | None) -> float | None:
        if predicted is None:
            return None
        return share_saved(predicted, found.image_free, data.genetic)

    return {
        "image_free": 0.0,
        "column_means": saved(found.column_means),
        "names": saved(found.named),
        "gp": saved(found.guided),
    }
