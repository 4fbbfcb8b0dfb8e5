"""Judge one method by what all are judged by."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
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
SECONDS = {"quick": 40.0, "full": 3600.0}  # of the processor that refits of one method may take
NO_TIME = "not made: the refits would take about {:.0f} s; --refit-seconds allows more"
NOT_ASKED = "not made: no refits were asked for"


def judge_method(
    method: Method,
    material: Material,
    data: BenchData,
    *,
    refits: int,
    refit_seconds: float | None = None,
    jobs: int = 1,
    progress: Progress = silent,
) -> Figures:
    """Judge a method; as a row of ``bench.json``.

    Parameters
    ----------
    method : Method
    material : Material
    data : BenchData
    refits : int
        To permuted taxa, for the p-value; 0 for none.
    refit_seconds : float, optional
        What they may take; no p-value where it is more. By default as the budget has it.
    jobs : int
        Threads for the refits; the result does not depend on their number.
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
    make = partial(method.fit, material)
    try:
        with threadpool_limits(1, "blas"):  # the same bytes whatever the number of cores
            with Cost() as cost:
                found, retrieval = _held_out(make, method, data, progress)
                more = _new_species(make, method, data, material.seed) | _of_all(make, method, data)
            if method.more is not None:
                more["own"] = dict(method.more(material, data))
    except InputError as error:
        return row | {"why_not": str(error)}
    row |= {"status": DONE, "why_not": None, **_skill(found, data), **retrieval, **more}
    row |= {"seconds": cost.seconds, "peak_mb": cost.peak_mb}
    return row | _p_value(make, method, data, found, cost.seconds, material, refits,
                          refit_seconds, jobs, progress)  # fmt: skip


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
) -> tuple[HeldOut, Figures]:
    """Leave clades out; query with their images."""
    retrieval = Retrieval(data.sample, data.labels["specimen_id"])

    def watch(learner: Learner, out: np.ndarray) -> None:
        if method.gives == "embedding":
            own = getattr(learner, "compare", None)
            retrieval.add(embed_rows(learner, data.sample), out, own)

    found = leave_clades_out(
        make,
        data.sample,
        data.genetic,
        data.folds,
        inner_folds=data.inner,
        watch=watch,
        progress=progress,
    )
    return found, {
        "recall_at_1": retrieval.recall_at_1,
        "map": retrieval.mean_average_precision,
        "n_queried_taxa": retrieval.n_taxa,
    }


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


def _p_value(
    make: Maker,
    method: Method,
    data: BenchData,
    found: HeldOut,
    seconds: float,
    material: Material,
    refits: int,
    limit: float | None,
    jobs: int,
    progress: Progress,
) -> Figures:
    """Refit to permuted taxa where that is cheap."""
    limit = SECONDS[material.budget] if limit is None else limit
    expected = seconds * refits
    if not refits:
        return {"p_value": None, "p_why": NOT_ASKED, "n_refits": 0}
    if method.cost != "cheap" or expected > limit:
        return {"p_value": None, "p_why": NO_TIME.format(expected), "n_refits": 0}
    null = null_of_refits(
        make,
        data.sample,
        data.genetic,
        data.folds,
        found,
        refits=refits,
        inner_folds=data.inner,
        seed=material.seed,
        jobs=jobs,
        progress=progress,
    )
    return {"p_value": null["p_value"], "p_why": None, "n_refits": null["n_refits"]}
