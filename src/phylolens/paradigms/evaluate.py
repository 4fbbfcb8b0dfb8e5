"""Judge one method by what all are judged by."""

import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix
from threadpoolctl import threadpool_limits

from phylolens import stats
from phylolens.errors import InputError
from phylolens.guided.by_clade import skill_interval
from phylolens.guided.held_out import HeldOut, Maker, leave_clades_out, skill
from phylolens.guided.learners.base import Learner
from phylolens.guided.null import null_of_refits
from phylolens.guided.row_rank import RowRank
from phylolens.guided.sample import Sample, with_rows
from phylolens.paradigms.cost import Cost, trained_parameters
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.paradigms.probe import cluster_scores, probe_score
from phylolens.paradigms.retrieval import Retrieval
from phylolens.progress import Progress, silent
from phylolens.results.bench import DONE, NOT_MADE
from phylolens.values import Features

Figures = dict[str, Any]
SECONDS = {"quick": 100.0, "full": 3600.0}  # of the processor that refits of one method may take
NO_TIME = "not made: the refits would take about {:.0f} s; --refit-seconds allows more"
SLOW = "not made: a fit takes too long to be repeated"
NOT_ASKED = "not made: no refits were asked for"


@dataclass(frozen=True)
class Refits:
    """How a p-value is got: by refits to permuted taxa, of methods that are cheap.

    Parameters
    ----------
    number : int
        0 for none.
    seconds : float, optional
        Of the processor that those of one method may take; no p-value where it would be more. By
        default as the budget has it.
    jobs : int
        Threads; the result does not depend on their number.
    """

    number: int
    seconds: float | None = None
    jobs: int = 1


def judge_method(
    method: Method,
    material: Material,
    data: BenchData,
    refits: Refits,
    *,
    progress: Progress = silent,
) -> Figures:
    """Judge a method; as a row of ``bench.json``.

    Parameters
    ----------
    method : Method
    material : Material
    data : BenchData
    refits : Refits
    progress : callable
    """
    row: Figures = {
        "name": method.name,
        "cell": method.cell,
        "about": method.about,
        "sees": method.sees,
        "note": method.note or None,
        "status": NOT_MADE,
        "why_not": method.why_not(material) or None,
    }
    if row["why_not"]:
        return row
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what libraries could use besides
        for name in method.packages:
            import_module(name)  # not to be counted as the method's own seconds and memory
    make = partial(method.fit, material)
    try:
        with threadpool_limits(1, "blas"):  # the same bytes whatever the number of cores
            with Cost() as cost:
                found, retrieval, a_refit = _held_out(make, method, data, progress)
                more = _new_species(make, method, data, material.seed) | _of_all(make, method, data)
            if method.more is not None:
                more["own"] = dict(method.more(material, data))
    except InputError as error:
        return row | {"why_not": str(error)}
    row |= {"status": DONE, "why_not": None, **_skill(found, data), **retrieval, **more}
    row |= {"seconds": cost.seconds, "peak_mb": cost.peak_mb}
    limit = SECONDS[material.budget] if refits.seconds is None else refits.seconds
    why = _why_no_refits(method, refits.number, a_refit * refits.number, limit)
    if why:
        return row | {"p_value": None, "p_why": why, "n_refits": 0}
    null = null_of_refits(
        make,
        data.sample,
        data.genetic,
        data.folds,
        found,
        refits=refits.number,
        inner_folds=data.inner,
        seed=material.seed,
        jobs=refits.jobs,
        progress=progress,
    )
    return row | {"p_value": null["p_value"], "p_why": None, "n_refits": null["n_refits"]}


def _why_no_refits(method: Method, number: int, expected: float, limit: float) -> str:
    if not number:
        return NOT_ASKED
    if method.cost != "cheap":
        return SLOW
    return NO_TIME.format(expected) if expected > limit else ""


def embed_rows(learner: Learner, sample: Sample) -> np.ndarray:
    """Embed a sample's images, rows as ``sample.matrix()``: those that need more than features too.

    Returns
    -------
    array of float64, shape (N, k)
    """
    own: Any = getattr(learner, "embed", None)
    found = own(sample) if own is not None else learner.transform(sample.matrix())
    return np.asarray(found, dtype=np.float64)


def _held_out(
    make: Maker, method: Method, data: BenchData, progress: Progress
) -> tuple[HeldOut, Figures, float]:
    """Leave clades out; query with their images. Last: seconds that it took without the queries."""
    retrieval = Retrieval(data.sample, data.labels["specimen_id"])
    start, queries = process_time(), 0.0

    def watch(learner: Learner, out: np.ndarray) -> None:
        nonlocal queries
        before = process_time()
        if method.gives == "embedding":
            own = getattr(learner, "compare", None)
            retrieval.add(embed_rows(learner, data.sample), out, own)
        queries += process_time() - before

    found = leave_clades_out(
        make,
        data.sample,
        data.genetic,
        data.folds,
        inner_folds=data.inner,
        watch=watch,
        progress=progress,
    )
    seconds = process_time() - start - queries
    figures = {
        "recall_at_1": retrieval.recall_at_1,
        "map": retrieval.mean_average_precision,
        "n_queried_taxa": retrieval.n_taxa,
    }
    return found, figures, seconds


def _skill(found: HeldOut, data: BenchData) -> Figures:
    rank = RowRank(data.genetic, data.folds)
    interval = skill_interval(found.guided, found.image_free, data.genetic, data.clades.groups)
    return {
        "skill": skill(found, data.genetic),
        "interval": interval,
        "row_rank_gain": rank.of(found.guided) - rank.of(found.image_free),
    }


def _new_species(make: Maker, method: Method, data: BenchData, seed: int) -> Figures:
    """Fit without the species held out; probe and cluster them."""
    new = data.new_species
    if new is None or method.gives != "embedding":
        return {"macro_f1_unseen_species": None, "ari": None, "nmi": None, "clusters": {}}
    training = with_rows(data.sample, ~new.test)
    places = [data.sample.taxa.index(taxon) for taxon in training.taxa]
    learner = make().fit(training, data.genetic[np.ix_(places, places)], data.folds[places])
    embedded = embed_rows(learner, data.sample)
    clusters = cluster_scores(embedded, data, seed)
    own = clusters.get(new.target, {})
    return {
        "macro_f1_unseen_species": probe_score(embedded, new),
        "ari": own.get("ari"),
        "nmi": own.get("nmi"),
        "clusters": clusters,
    }


def _of_all(make: Maker, method: Method, data: BenchData) -> Figures:
    """Fit to all taxa: parameters; K_mult and Mantel of what saw no tree."""
    learner = make().fit(data.sample, data.genetic, data.folds)
    found: Figures = {"trained_parameters": trained_parameters(learner)}
    if method.sees == "tree":
        return found | {"kmult": None, "mantel": None}
    if method.gives == "embedding":
        metric = getattr(learner, "visual_distance", "euclidean")
        visual: Any = _visual(embed_rows(learner, data.sample), data, metric)
    else:
        between = np.asarray(learner.between(data.sample), dtype=float)
        visual = DistanceMatrix(_symmetric(between), data.sample.taxa)
    genetic = DistanceMatrix(data.genetic, data.sample.taxa)
    tests: Mapping[str, Any] = {}
    with suppress(InputError):  # all visual distances may be equal
        tests = stats.main_tests(visual, genetic, data.covariance, permutations=99).by_name
    for name, test in (("kmult", "kmult"), ("mantel", "mantel_pearson")):
        one = tests.get(test)
        found[name] = None if one is None else one.statistic
    return found


def _visual(embedded: np.ndarray, data: BenchData, metric: str) -> Any:
    ids = data.sample.ids
    features = Features(ids, embedded.astype(np.float32), {})
    taxa = pd.Series(np.array(data.sample.taxa, dtype=object)[data.sample.codes], index=list(ids))
    specimens = data.labels["specimen_id"]
    return stats.debiased_distances(features, taxa, specimens, metric)


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.maximum((matrix + matrix.T) / 2, 0.0)
    np.fill_diagonal(found, 0.0)
    return found
