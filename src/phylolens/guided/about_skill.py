"""What skill means: on what scale, and of which taxa.

No skill may mean that images say nothing of the tree, or that these taxa cannot show it: few
clades, a bush of lineages of one age, noisy images. Traits drawn by Brownian motion on the same
distances, for the same taxa with as many images that scatter as much, tell one from the other, and
give skill a scale: the number of independent traits that do as well.
"""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from phylolens.guided.by_clade import by_clade, heaviest
from phylolens.guided.clades import Clades
from phylolens.guided.held_out import HeldOut, Keep, Maker, leave_clades_out, skill, under
from phylolens.guided.learners.base import LeavesOut
from phylolens.guided.learners.closed_form import axes_of
from phylolens.guided.null import null_of_refits
from phylolens.guided.sample import Sample, to_sample
from phylolens.guided.scores import column_mean_scores, held_out_scores, image_free_scores
from phylolens.progress import Progress, silent
from phylolens.random import stream
from phylolens.values import Features

FEWEST_CLADES = 3  # clades: one to hold out, two to calibrate on
BESIDE = (
    "skill",
    "skill_interval",
    "skill_over_column_means",
    "row_rank",
    "row_rank_gain",
    "pearson",
)


def about_skill(
    make: Maker,
    sample: Sample,
    genetic: np.ndarray,
    clades: Clades,
    found: HeldOut,
    *,
    refits: int,
    draws: int,
    seed: int = 0,
    jobs: int = 1,
    keep: Keep | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Put skill on a scale, and judge the learner again without what most of the error comes from.

    Parameters
    ----------
    make, sample, genetic, clades, refits, seed, jobs, keep
        As for :func:`phylolens.guided.evaluate.evaluate_learners`.
    found : HeldOut
        Of all taxa.
    draws : int
        See :func:`phylolens.guided.about_skill.skill_scale`.

    Returns
    -------
    dict
        ``by_clade``: see :func:`phylolens.guided.by_clade.by_clade`; ``attainable``: see
        :func:`phylolens.guided.about_skill.skill_scale`; ``beyond``: None, or, where a few clades
        hold half of the error (:func:`phylolens.guided.by_clade.heaviest`), what is found without
        their taxa: ``without``, ``share``, ``n_taxa``, ``n_clades``, ``skill``, ``skill_interval``,
        ``skill_over_column_means``, ``row_rank``, ``row_rank_gain``, ``pearson``,
        ``image_free_pearson``, ``column_means_pearson``, ``n_refits``, ``p_value`` and
        ``attainable``. The last two of closed-form learners only: one that iterates would take as
        long again.
    """
    rows = by_clade(found, genetic, clades.names)
    told: dict[str, Any] = {"by_clade": rows, "attainable": [], "beyond": None}
    if not isinstance(make(), LeavesOut):  # a learner that iterates would take as long again
        return told
    common: dict[str, Any] = {"seed": seed, "progress": progress}
    told["attainable"] = skill_scale(
        make, sample, genetic, clades.groups, draws=draws, keep=under(keep, "attainable"), **common
    )
    without = heaviest(found, genetic)
    left = np.flatnonzero(~np.isin(clades.groups, without))
    groups = np.unique(clades.groups[left], return_inverse=True)[1]
    if not len(without) or groups.max() + 1 < FEWEST_CLADES:
        return told
    some, distances = sample.take(left), genetic[np.ix_(left, left)]
    kept = under(keep, "beyond")
    with threadpool_limits(1, "blas"):
        again = leave_clades_out(make, some, distances, groups)
    null: dict[str, Any] = {"n_refits": 0, "p_value": None}
    if refits:
        null = null_of_refits(
            make, some, distances, groups, again, refits=refits, jobs=jobs, keep=kept, **common
        )
    scores = held_out_scores(again, distances)
    told["beyond"] = {
        "without": [clades.names[clade] for clade in without],
        "share": sum(row["share"] for row in rows[: len(without)]),
        "n_taxa": len(left),
        "n_clades": int(groups.max()) + 1,
        **{key: scores[key] for key in BESIDE},
        "image_free_pearson": image_free_scores(again, distances)["pearson"],
        "column_means_pearson": column_mean_scores(again, distances)["pearson"],
        "n_refits": null["n_refits"],
        "p_value": null["p_value"],
        "attainable": skill_scale(
            make, some, distances, groups, draws=draws, keep=under(kept, "attainable"), **common
        ),
    }
    return told


TRAITS = (10, 30, 100, 300)
DRAWS = 5
LEAST_BETWEEN = 0.01  # share of the variance of taxon means that is taken to be between taxa


def scatter_of(sample: Sample) -> float:
    """Measure the variance within taxa in units of that between them, over all features.

    Zero where every taxon has one image.
    """
    squares = np.add.reduceat(sample.shares[sample.rows] ** 2, _starts(sample))
    several = squares < 1
    if not several.any():
        return 0.0
    within = (sample.moments[1] - sample.moments[0] ** 2).sum(axis=1)
    # Weighted squares about the weighted mean fall short by the sum of squared weights.
    own = float((within[several] / (1 - squares[several])).mean())
    total = float(sample.means.var(axis=0, ddof=1).sum())
    between = max(total - own * float(squares.mean()), LEAST_BETWEEN * total)
    return own / between if between > 0 else 0.0


def _starts(sample: Sample) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sample.sizes)[:-1]])


def draw_traits(
    sample: Sample, genetic: np.ndarray, traits: int, rng: np.random.Generator
) -> Sample:
    """Draw independent traits of the same taxa by Brownian motion; as many images of each.

    Parameters
    ----------
    sample : Sample
        T taxa; numbers and scatter of their images are used.
    genetic : array, shape (T, T)
        Distances of a tree. Of others, axes with negative eigenvalues are left out.
    traits : int
    rng : Generator
    """
    axes = axes_of(genetic)
    places = axes.places[:, axes.signs > 0]
    means = places @ rng.standard_normal((places.shape[1], traits))
    spread = np.sqrt(scatter_of(sample) * float(means.var(axis=0, ddof=1).mean()))
    images = means[sample.codes] + spread * rng.standard_normal((len(sample.rows), traits))
    # Images are numbered anew, in their order: permuted samples share ids.
    ids = [f"{place:09d}" for place in range(len(images))]
    taxa = pd.Series([sample.taxa[code] for code in sample.codes], index=ids)
    features = Features(tuple(ids), images.astype(np.float32), {})
    return to_sample(features, taxa, pd.Series(ids, index=ids), sample.taxa)


def skill_scale(
    make: Maker,
    sample: Sample,
    genetic: np.ndarray,
    groups: np.ndarray,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    keep: Keep | None = None,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Try a learner on drawn traits, few to many, that follow the tree.

    Parameters
    ----------
    make, sample, genetic, groups
        As for :func:`phylolens.guided.held_out.leave_clades_out`.
    draws : int
        Sets drawn for each number of traits.
    seed : int
    keep : callable, optional
        See :func:`phylolens.guided.null.null_of_refits`.

    Returns
    -------
    list of dict
        ``traits``, ``n_draws``, ``skill_mean``, ``skill_min``, ``skill_max``.
    """
    rows: list[dict[str, Any]] = []
    total = len(TRAITS) * draws

    def tried(traits: int) -> dict[str, Any]:
        skills = []
        for draw in range(draws):
            progress("traits drawn along the tree", len(rows) * draws + draw, total)
            rng = stream(seed, "guided.skill_scale", traits, draw)
            drawn = draw_traits(sample, genetic, traits, rng)
            skills.append(skill(leave_clades_out(make, drawn, genetic, groups), genetic))
        return {
            "traits": traits,
            "n_draws": draws,
            "skill_mean": float(np.mean(skills)),
            "skill_min": min(skills),
            "skill_max": max(skills),
        }

    with threadpool_limits(1, "blas"):
        for traits in TRAITS:
            one = partial(tried, traits)
            rows.append(one() if keep is None else keep(f"{traits}-traits", one))
    progress("traits drawn along the tree", total, total)
    return rows
