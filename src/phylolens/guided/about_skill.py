"""What the skill of the headline learner means: on what scale, and of which taxa."""

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from phylolens.guided.by_clade import by_clade, heaviest
from phylolens.guided.clades import Clades
from phylolens.guided.held_out import HeldOut, Keep, Maker, leave_clades_out, under
from phylolens.guided.learners.base import LeavesOut
from phylolens.guided.null import null_of_refits
from phylolens.guided.sample import Sample
from phylolens.guided.scores import column_mean_scores, held_out_scores, image_free_scores
from phylolens.guided.skill_scale import skill_scale
from phylolens.progress import Progress, silent

FEWEST = 3  # clades: one to hold out, two to calibrate on
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
        See :func:`phylolens.guided.skill_scale.skill_scale`.

    Returns
    -------
    dict
        ``by_clade``: see :func:`phylolens.guided.by_clade.by_clade`; ``attainable``: see
        :func:`phylolens.guided.skill_scale.skill_scale`; ``beyond``: None, or, where a few clades
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
    if not len(without) or groups.max() + 1 < FEWEST:
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
