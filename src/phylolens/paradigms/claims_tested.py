"""All claims of the study, and the test of those that a judged method has."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from time import process_time
from typing import Any

from threadpoolctl import threadpool_limits

from phylolens.errors import InputError
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evaluate import Figures, Refits, judge_method
from phylolens.paradigms.evidence import OPEN
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.progress import Progress, silent
from phylolens.results.bench import DONE

PACKAGE = "phylolens.paradigms.claims"


@cache
def claims() -> Mapping[str, Claim]:
    """Every claim, by name: a file of ``claims`` each."""
    modules = sorted(one.name for one in pkgutil.iter_modules(import_module(PACKAGE).__path__))
    found = [import_module(f"{PACKAGE}.{module}").CLAIM for module in modules]
    return {claim.name: claim for claim in found}


def judge_with_claims(
    method: Method,
    material: Material,
    data: BenchData,
    refits: Refits,
    *,
    progress: Progress = silent,
) -> Figures:
    """Judge a method, then test what the study claims of it; as a row of ``bench.json``.

    Parameters are those of :func:`phylolens.paradigms.evaluate.judge_method`. Of a method that
    cannot be run nothing can be said, and its row says why.
    """
    row = judge_method(method, material, data, refits, progress=progress)
    found = []
    for claim in claims().values():
        if claim.method == method.name:
            progress(f"bench: {claim.text}", 0, 1)
            why = "" if row["status"] == DONE else f"not tested: {row['why_not']}"
            found.append(_tested(claim, material, data, why))
    if not found:
        return row
    first = {f"claim{key}": found[0][name] for key, name in KEYS.items()}
    return row | first | {"claims": found}


KEYS = {"": "text", "_holds": "holds", "_figure": "figure"}  # of the first claim, in the row itself


def _tested(claim: Claim, material: Material, data: BenchData, why_not: str) -> dict[str, Any]:
    start = process_time()
    verdict = Verdict(OPEN, why_not)
    if not why_not:
        try:
            with threadpool_limits(1, "blas"):  # the same bytes whatever the number of cores
                verdict = claim.test(material, data)
        except InputError as error:
            verdict = Verdict(OPEN, f"not tested: {error}")
    return {
        "name": claim.name,
        "text": claim.text,
        "holds": verdict.holds,
        "figure": verdict.figure,
        "values": dict(verdict.values),
        "seconds": process_time() - start,
    }
