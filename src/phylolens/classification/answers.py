"""Answers as tables: a long one for programs, a wide one for people."""

import numpy as np
import pandas as pd

from phylolens.classification.calibrated import Answers, CalibratedModel
from phylolens.classification.conformal import along
from phylolens.classification.novelty import combined, p_value

NONE = "none of these"
LARGEST_SET = 10  # taxa written out; beyond, a count


def long_table(model: CalibratedModel, answers: Answers) -> pd.DataFrame:
    """One row a file and rank; ranks where the path has no taxon are left out.

    Columns ``file``, ``rank``, ``taxon``, ``probability``, ``accepted``.
    """
    ranks = model.tree.ranks
    depth = _depth(model, answers.accepted)
    table = pd.DataFrame(
        {
            "file": np.repeat(answers.ids, len(ranks)),
            "rank": np.tile(ranks, len(answers)),
            "taxon": model.tree.labels(answers.path).ravel(),
            "probability": along(answers.marginals, answers.path).ravel(),
            "accepted": (np.arange(len(ranks)) <= depth[:, None]).ravel(),
        }
    )
    return table[table["taxon"].notna()].reset_index(drop=True)


def wide_table(model: CalibratedModel, answers: Answers) -> pd.DataFrame:
    """One row a file: the answer at every rank, how deep it is safe, and how novel it looks.

    Columns ``file``; one a rank; ``accepted_rank`` and ``accepted_taxon``, ``none of these`` where
    no rank is safe; ``accepted_probability``, missing there; ``conformal_set``, the finest taxa
    within the accepted one that may be meant if the specimen's is a known one, separated by ``|``
    (all taxa where no rank is safe); ``conformal_set_size``; ``novelty_p_value``, small where known
    specimens hardly ever look as unfamiliar.
    """
    tree = model.tree
    ranks = np.array([*tree.ranks, NONE], dtype=object)
    taxa = tree.labels(answers.path)
    chance = along(answers.marginals, answers.path)
    depth = _depth(model, answers.accepted)
    rows = np.arange(len(answers))
    names, of_tips = tree.labels(tree.tips), answers.marginals[:, tree.tips]
    safe = depth >= 0
    return pd.DataFrame(
        {
            "file": answers.ids,
            **{rank: taxa[:, place] for place, rank in enumerate(tree.ranks)},
            "accepted_rank": ranks[depth],
            "accepted_taxon": np.where(safe, tree.labels(answers.accepted), NONE),
            "accepted_probability": np.where(safe, chance[rows, depth], np.nan),
            "conformal_set": [
                _set(names, row, p) for row, p in zip(answers.sets, of_tips, strict=True)
            ],
            "conformal_set_size": answers.sets.sum(axis=1),
            "novelty_p_value": novelty_p(model, answers),
        }
    )


def novelty_p(model: CalibratedModel, answers: Answers) -> np.ndarray:
    """P-value of "this taxon is known", from both scores together.

    The combined score of each row is held against those of the known calibration specimens, so
    of new specimens of known taxa a share p has such a value or a smaller one.
    """
    known = model.calibration.novelty
    of_known = combined({name: p_value(v, v, among=True) for name, v in known.items()})
    of_new = combined({name: p_value(answers.novelty[name], v) for name, v in known.items()})
    return p_value(of_new, of_known)


def _depth(model: CalibratedModel, accepted: np.ndarray) -> np.ndarray:
    """Place of each accepted node's rank; -1 for none."""
    place = {rank: number for number, rank in enumerate(model.tree.ranks)}
    of_node = np.array([*model.tree.nodes["rank"].map(place), -1])
    return of_node[accepted]


def _set(names: np.ndarray, chosen: np.ndarray, probabilities: np.ndarray) -> str:
    """Name the leaves of a set, the most probable first; beyond ten the rest are counted."""
    order = np.flatnonzero(chosen)[np.argsort(-probabilities[chosen], kind="stable")]
    shown = "|".join(map(str, names[order[:LARGEST_SET]]))
    hidden = len(order) - LARGEST_SET
    return f"{shown}|and {hidden} more" if hidden > 0 else shown
