"""Judge learners on clades they have never seen, beside what needs no image."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from phylolens.guided.about_skill import about_skill
from phylolens.guided.baselines import baselines_of, calibrated
from phylolens.guided.clades import Clades
from phylolens.guided.held_out import (
    HeldOut,
    HeldOutPlaces,
    Keep,
    Maker,
    leave_clades_out,
    require_different,
    require_varied,
    taxon_places,
    under,
)
from phylolens.guided.learners import is_costly, make_learner, require_learners
from phylolens.guided.learners.base import Learner
from phylolens.guided.null import CHUNK, null_of_refits
from phylolens.guided.sample import Sample
from phylolens.guided.scores import (
    held_out_scores,
)
from phylolens.named_settings import file_name
from phylolens.progress import Progress, silent
from phylolens.stats.correlation import agreement
from phylolens.taxonomy import taxonomic_steps

UNGUIDED = "unguided"


@dataclass(frozen=True)
class Judged:
    """One learner: fitted to all taxa, and tried on clades it had not seen.

    Parameters
    ----------
    learner : Learner
        Fitted to all n taxa.
    found : HeldOut
        Predictions for held-out taxa.
    places : array, shape (n, k)
        Taxa as the learner places them, in-sample.
    held_out_places : array, shape (n, n)
        Taxa as models that had not seen their clade place them (see
        :class:`phylolens.guided.held_out.HeldOutPlaces`).
    in_sample : array, shape (n, n)
        Distances of all taxa by the learner that has seen them, calibrated on themselves.
    figures : dict
        As under ``learners`` in ``guide.json``.
    """

    learner: Learner
    found: HeldOut
    places: np.ndarray
    held_out_places: np.ndarray
    in_sample: np.ndarray
    figures: dict[str, Any]


@dataclass(frozen=True)
class Evaluation:
    """What came of several learners on the same taxa.

    Parameters
    ----------
    summary : dict
        As written to ``guide.json``.
    judged : dict of str to Judged
        By name of learner; the first is the primary one.
    """

    summary: dict[str, Any]
    judged: Mapping[str, Judged]

    @property
    def primary(self) -> Judged:
        """The learner that the main figures are of."""
        return next(iter(self.judged.values()))


def evaluate_learners(
    sample: Sample,
    genetic: np.ndarray,
    clades: Clades,
    lineage: pd.DataFrame | None,
    names: Sequence[str],
    *,
    refits: int | Mapping[str, int] = 99,
    draws: int = 0,
    makers: Mapping[str, Maker] | None = None,
    seed: int = 0,
    jobs: int = 1,
    keep: Keep | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Hold every clade out, score every learner, refit to permuted taxa.

    Parameters
    ----------
    sample : Sample
        n taxa.
    genetic : array, shape (n, n)
        Their distances, in the order of the sample.
    clades : Clades
        What is held out together.
    lineage : DataFrame, optional
        Taxonomy of the taxa, coarse to fine; without a coarser rank there is no baseline of it.
    names : sequence of str
        Learners, with settings or without (:func:`phylolens.guided.learners.make_learner`); the
        first is the primary one.
    refits : int or mapping of str to int
        Of the permutation null of each learner; 0 for none.
    makers : mapping of str to callable, optional
        What makes a learner, by name, where it needs more than a seed.
    draws : int
        Sets of traits drawn along the tree that the primary learner is tried on (see
        :func:`phylolens.guided.about_skill.about_skill`); 0 for nothing more on it.
    seed, jobs, keep
        See :func:`phylolens.guided.null.null_of_refits`; results depend on neither of the last two.

    Raises
    ------
    InputError
        If a learner is unknown, or all distances are equal.
    TooFew
        If there are too few clades or taxa.
    """
    require_learners(names)
    require_varied(genetic)
    require_different(sample)
    make: dict[str, Maker] = {
        name: partial(make_learner, name, seed) for name in dict.fromkeys(names)
    }
    make.update(makers or {})
    kept = {name: under(keep, file_name(name)) for name in make}
    steps = None
    if lineage is not None and lineage.shape[1] > 1:
        steps = taxonomic_steps(lineage.loc[list(sample.taxa)])
    judged = {
        name: judge(
            make[name],
            sample,
            genetic,
            clades,
            name=name,
            steps=steps,
            keep=kept[name] if is_costly(name) else None,
            progress=progress,
        )
        for name in dict.fromkeys(names)
    }
    for name, one in judged.items():
        wanted = refits if isinstance(refits, int) else refits[name]
        if wanted:
            one.figures["null"] = null_of_refits(
                make[name],
                sample,
                genetic,
                clades.groups,
                one.found,
                refits=wanted,
                seed=seed,
                jobs=jobs,
                chunk=jobs if is_costly(name) else CHUNK,
                keep=kept[name],
                progress=_of(progress, name, len(judged)),
            )
    first = next(iter(judged))
    plain = judged.get(UNGUIDED) or judge(
        partial(make_learner, UNGUIDED, seed), sample, genetic, clades
    )
    free = baselines_of(judged[first].found, plain.figures, sample, genetic, clades, lineage)
    figures = {name: one.figures for name, one in judged.items()}
    summary = {"learner": first, **figures[first], "learners": figures, "baselines": free}
    if draws:
        summary |= about_skill(
            make[first],
            sample,
            genetic,
            clades,
            judged[first].found,
            refits=judged[first].figures.get("null", {}).get("n_refits", 0),
            draws=draws,
            seed=seed,
            jobs=jobs,
            keep=keep,
            progress=progress,
        )
    return Evaluation(summary, judged)


def _of(progress: Progress, name: str, n: int) -> Progress:
    """Name the learner where there are several."""
    if n == 1:
        return progress
    return lambda task, done, total: progress(f"{task}: {name}", done, total)


def judge(
    make: Maker,
    sample: Sample,
    genetic: np.ndarray,
    clades: Clades,
    *,
    name: str = "",
    steps: np.ndarray | None = None,
    keep: Keep | None = None,
    progress: Progress = silent,
) -> Judged:
    """Fit a learner to all taxa, and to all but each clade in turn."""
    held_out, picked = HeldOutPlaces(sample), Counter[str]()

    def watch(learner: Learner, out: np.ndarray) -> None:
        held_out(learner, out)
        if told := chosen_of(learner).get("learner"):
            picked[str(told)] += 1

    with threadpool_limits(1, "blas"):  # the same bytes whatever the number of cores
        learner = make().fit(sample, genetic, clades.groups)
        found = leave_clades_out(
            make,
            sample,
            genetic,
            clades.groups,
            steps=steps,
            watch=watch,
            keep=keep,
            progress=_of(progress, name, 2),
        )
        in_sample = calibrated(learner.predict(sample), genetic)
        places = taxon_places(learner, sample)
    chosen = chosen_of(learner)
    if picked:
        chosen["learners"] = dict(sorted(picked.items()))
    figures: dict[str, Any] = {
        "held_out": {
            "scheme": f"leave-{clades.rank}-out",
            "rank": clades.rank,
            "n_clades": clades.n,
            "unknown_clade": list(clades.unknown),
            **held_out_scores(found, genetic),
        },
        "in_sample": agreement(in_sample, genetic),
        "chosen": chosen,
        "fallback": str(getattr(learner, "why_", "")) or None
        if chosen.get("learner") == UNGUIDED
        else None,
    }
    return Judged(learner, found, places, held_out.places, in_sample, figures)


def chosen_of(learner: Learner) -> dict[str, Any]:
    """Ask a learner what it chose in its fit (``chosen_``)."""
    return dict(getattr(learner, "chosen_", None) or {})
