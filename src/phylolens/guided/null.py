"""Whether skill on clades never seen is more than chance: the whole procedure on permuted taxa.

Each refit gives every taxon the images of another one and repeats everything: leaving clades out,
choice of settings, calibrations. Distances and clades stay as they are, so whatever they alone
bring about is in the null, too.
"""

from itertools import permutations
from math import factorial
from typing import Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from phylolens.errors import InputError
from phylolens.guided.clades import INNER_FOLDS
from phylolens.guided.held_out import HeldOut, Keep, Maker, leave_clades_out, skill
from phylolens.guided.sample import Sample
from phylolens.progress import Progress, silent
from phylolens.random import stream
from phylolens.stats._permutation import result_of
from phylolens.stats.correlation import correlation

__all__ = ["CHUNK", "Keep", "null_of_refits", "statistics"]

CHUNK = 20  # refits between two reports, and that a stopped run loses
DIGITS = 10  # sums of the same terms may round apart
QUANTILE = 0.95
STATISTICS = ("skill", "pearson")

Rows = list[dict[str, float]]


def null_of_refits(
    make: Maker,
    sample: Sample,
    genetic: np.ndarray,
    groups: np.ndarray,
    observed: HeldOut,
    *,
    refits: int = 99,
    inner_folds: int = INNER_FOLDS,
    seed: int = 0,
    jobs: int = 1,
    chunk: int = CHUNK,
    keep: Keep | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Refit to permuted taxa, and hold the observed skill against those refits.

    Parameters
    ----------
    make : callable
        Gives an unfitted learner that chooses its settings in ``fit``.
    sample, genetic, groups, inner_folds
        As for :func:`phylolens.guided.held_out.leave_clades_out`.
    observed : HeldOut
        Of the taxa as they are.
    refits : int
        Random permutations; where the taxa have no more orders than that, all of them are tried.
    seed : int
        Refit k is drawn from the seed ``[seed, k]``: its result depends on no other refit.
    jobs : int
        Threads. The result does not depend on their number.
    chunk : int
        Refits between two reports, and that a stopped run loses.
    keep : callable, optional
        Given a name and a function, returns what the function returns, or what it returned when a
        run was stopped (see ``phylolens.pipeline.checkpoints``).

    Returns
    -------
    dict
        ``n_refits``, ``exact``, ``p_value`` of the skill, one-sided
        (count(null >= observed) + 1) / (n_refits + 1), ``smallest_p``, ``z``, ``skill_mean``,
        ``skill_q95``, the same of ``pearson``, ``quantiles`` and
        ``histogram`` of the skill.

    Raises
    ------
    InputError
        For less than one refit.
    """
    if refits < 1:
        raise InputError(f"at least one refit is needed; got {refits}.", where="--refits")
    n = len(sample)
    exact = n <= 12 and factorial(n) <= refits
    chosen = _all(n) if exact else None
    total = len(chosen) if chosen is not None else refits
    rows: Rows = []
    progress("refitting to permuted taxa", 0, total)
    # One thread of the linear algebra each: the same bytes whatever the number of jobs, which
    # share the cores. Threads, since refits spend their time in it and share one large matrix.
    with (
        threadpool_limits(1, "blas"),
        joblib.Parallel(n_jobs=jobs, backend="threading") as pool,
    ):
        for start in range(0, total, chunk):
            places = range(start, min(start + chunk, total))

            def some(places: range = places) -> dict[str, Any]:
                work = (
                    joblib.delayed(_refit)(
                        make,
                        sample,
                        genetic,
                        groups,
                        chosen[k] if chosen is not None else _order(n, seed, k),
                        inner_folds,
                    )
                    for k in places
                )
                return {"rows": list(pool(work))}

            found = some() if keep is None else keep(f"refits-{start}-{places.stop}", some)
            rows += found["rows"]
            progress("refitting to permuted taxa", len(rows), total)
    return _summary(statistics(observed, genetic), rows, exact, n, seed)


def _order(n: int, seed: int, k: int) -> np.ndarray:
    return stream(seed, "guided.permutations", k).permutation(n)


def _all(n: int) -> np.ndarray:
    return np.array(list(permutations(range(n))))


def _refit(
    make: Maker,
    sample: Sample,
    genetic: np.ndarray,
    groups: np.ndarray,
    order: np.ndarray,
    inner_folds: int,
) -> dict[str, float]:
    permuted = sample.permuted(order)
    found = leave_clades_out(make, permuted, genetic, groups, inner_folds=inner_folds)
    return statistics(found, genetic)


def statistics(found: HeldOut, genetic: np.ndarray) -> dict[str, float]:
    """Skill, and Pearson correlation of the guided predictions; 0 where they do not vary."""
    known = np.isfinite(found.guided)
    r = correlation(found.guided[known], genetic[known])
    return {
        "skill": round(skill(found, genetic), DIGITS),
        "pearson": round(r or 0.0, DIGITS),
    }


def _summary(
    observed: dict[str, float], rows: Rows, exact: bool, n: int, seed: int
) -> dict[str, Any]:
    null = {name: np.array([row[name] for row in rows]) for name in STATISTICS}
    tests = {
        name: result_of(f"held_out_{name}", observed[name], null[name], exact, n, seed=seed)
        for name in STATISTICS
    }
    test = tests["skill"]
    found: dict[str, Any] = {
        "n_refits": len(rows),
        "exact": exact,
        "p_value": test.p_value,
        "p_pearson": tests["pearson"].p_value,
        "smallest_p": test.smallest_p,
        "z": test.z,
        "quantiles": dict(test.null_quantiles),
        "histogram": dict(test.null_histogram),
        "seed": seed,
    }
    for name in STATISTICS:
        found[f"{name}_mean"] = float(null[name].mean())
        found[f"{name}_q95"] = float(np.quantile(null[name], QUANTILE))
    return found
