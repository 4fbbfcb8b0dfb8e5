"""What learners do on clades held out, summed by clade, for claims that compare two of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from phylolens.errors import InputError
from phylolens.guided.by_clade import clade_errors
from phylolens.guided.clades import clade_folds
from phylolens.guided.held_out import Maker, leave_clades_out
from phylolens.guided.learners.base import Learner
from phylolens.guided.sample import Sample, with_rows
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.evaluate import embed_rows
from phylolens.paradigms.evidence import Difference, over_units
from phylolens.paradigms.material import Material
from phylolens.paradigms.registry import registered
from phylolens.paradigms.retrieval import Retrieval
from phylolens.random import stream


@dataclass(frozen=True)
class CladeScores:
    """Sums over the taxa of each of C clades, by models that have not seen them.

    Parameters
    ----------
    errors, free : array, shape (C,)
        Squared errors of predicted distances, with images and of the best prediction without; both
        zero where they were not asked for.
    precision : array, shape (C,)
        Average precision of the taxa's queries.
    queried : int array, shape (C,)
        Taxa with queries.
    """

    errors: np.ndarray
    free: np.ndarray
    precision: np.ndarray
    queried: np.ndarray

    @property
    def skill(self) -> float:
        """Of all clades together."""
        return float(1 - self.errors.sum() / self.free.sum())

    @property
    def mean_average_precision(self) -> float:
        """Mean over taxa."""
        return float(self.precision.sum() / max(self.queried.sum(), 1))


def clade_scores(
    make: Maker, data: BenchData, inner: int | None = None, folds: int | None = None
) -> CladeScores:
    """Hold whole clades out of a learner.

    Parameters
    ----------
    make : callable
        Gives an unfitted learner.
    data : BenchData
    inner : int, optional
        Inner folds; without, predicted distances are not judged, and each fold takes one fit.
    folds : int, optional
        So many groups of clades instead of the folds of the bench.
    """
    groups = _groups(data, folds)
    retrieval = Retrieval(data.sample, data.labels["specimen_id"])

    def watch(learner: Learner, out: np.ndarray) -> None:
        own = getattr(learner, "compare", None)
        retrieval.add(embed_rows(learner, data.sample), out, own)

    codes = np.unique(data.clades.groups, return_inverse=True)[1]
    errors = free = np.zeros(data.clades.n)
    if inner is None:
        for fold in np.unique(groups):
            kept, out = np.flatnonzero(groups != fold), np.flatnonzero(groups == fold)
            known = data.genetic[np.ix_(kept, kept)]
            watch(make().fit(data.sample.take(kept), known, groups[kept]), out)
    else:
        found = leave_clades_out(
            make, data.sample, data.genetic, groups, inner_folds=inner, watch=watch
        )
        _, free, errors = clade_errors(replace(found, groups=codes), data.genetic)
    queried = np.array(list(retrieval.averages), dtype=int)
    averages = np.array(list(retrieval.averages.values()))
    return CladeScores(
        errors,
        free,
        np.bincount(codes[queried], averages, data.clades.n),
        np.bincount(codes[queried], minlength=data.clades.n),
    )


def _groups(data: BenchData, folds: int | None) -> np.ndarray:
    if folds is None:
        return data.folds
    groups = np.empty(len(data.sample), dtype=int)
    for number, places in enumerate(clade_folds(data.clades.groups, folds)):
        groups[places] = number
    return groups


def gain_of_skill(
    name: str, better: Sequence[CladeScores], worse: Sequence[CladeScores]
) -> Difference:
    """Skill of one learner less that of another, draw by draw."""
    saved = np.array([b.errors - a.errors for a, b in zip(better, worse, strict=True)])
    return over_units(name, saved, better[0].free)


def gain_of_precision(
    name: str, better: Sequence[CladeScores], worse: Sequence[CladeScores]
) -> Difference:
    """Mean average precision of one learner less that of another, draw by draw."""
    gains = np.array([a.precision - b.precision for a, b in zip(better, worse, strict=True)])
    return over_units(name, gains, better[0].queried)


def lighter(data: BenchData, most: int, seed: int) -> BenchData:
    """Keep at most so many images of each taxon, drawn at random: experiments are to be short."""
    sample = few_images(data.sample, most, seed)
    return replace(data, sample=sample, labels=data.labels.loc[list(sample.ids)], new_species=None)


def few_images(sample: Sample, most: int, seed: int) -> Sample:
    """Keep at most so many images of each taxon of a sample."""
    rng = stream(seed, "paradigms.claims.images")
    order = rng.permutation(len(sample.codes))
    kept = np.zeros(len(order), dtype=bool)
    for taxon in range(len(sample)):
        kept[order[sample.codes[order] == taxon][:most]] = True
    return with_rows(sample, kept)


def variant(name: str, material: Material, draw: int, **settings: Any) -> Maker:
    """Make a method's learner with other settings, and a seed for each draw.

    Raises
    ------
    InputError
        If its learner has no such setting.
    """
    seed = int(stream(material.seed, "paradigms.claims.seeds", draw).integers(2**31))
    method, own = registered()[name], replace(material, seed=seed)
    known = _settings(method.fit(own))
    if unknown := sorted(set(settings) - set(known)):
        raise InputError("a method has no such setting.", where=name, ids=unknown)
    return partial(_made, method.fit, own, settings)


def _made(fit: Any, material: Material, settings: dict[str, Any]) -> Learner:
    learner: Any = fit(material)
    return learner.set_params(**settings) if settings else learner


def _settings(learner: Any) -> dict[str, Any]:
    own: dict[str, Any] = learner.get_params(deep=False) if hasattr(learner, "get_params") else {}
    return own
