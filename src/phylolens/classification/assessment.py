"""How reliable is a calibrated model? Assessed on specimens and taxa held out from it.

Heads fitted to fewer taxa are surer and their nearest rows lie elsewhere, so scores of novelty of
different folds do not compare. Each fold that leaves taxa out answers about known specimens, too,
and these are held against the unknown ones within the same heads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.classification.blend import tempered
from phylolens.classification.calibrated import Answers, CalibratedModel
from phylolens.classification.confidence import confidence_summary
from phylolens.classification.coverage import Each, Tested, conformal_summary
from phylolens.classification.cross_fit import OutOfFold
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.novelty import msp, novelty_summary, of_primary, p_value
from phylolens.classification.strata import strata, units_of
from phylolens.errors import TooFew
from phylolens.random import stream
from phylolens.results.calibration import (
    Confidence,
    Conformal,
    ConformalSet,
    Novelty,
    NoveltyOfRank,
)
from phylolens.specimens import Split, group_folds, split_specimens
from phylolens.values import Features

UNKNOWN_FOLDS = 10  # about a tenth of the taxa of each rank are held out
LARGEST_HOLE = 1.5  # a fold may hold this many times its even share of the images


def assessment_split(
    table: pd.DataFrame, ranks: Sequence[str], *, test_share: float = 0.2, seed: int = 0
) -> Split:
    """Hold out some taxa of every rank, and specimens of the taxa that stay.

    Rank by rank, coarse to fine, about a tenth of the taxa leave the training part; of what is
    left, specimens are tested as in a random split. Taxa with too many of the images stay (an order
    with half of them), and all taxa of a rank with less than three.

    Raises
    ------
    TooFew
        If no specimen can be spared for testing.
    """
    left, held = table, []
    for place, rank in enumerate(ranks):
        if left[rank].nunique() < 3:  # without one, two have to stay, to be distinguished
            continue
        try:
            folds = group_folds(left, ranks[: place + 1], rank, UNKNOWN_FOLDS, seed)
        except TooFew:
            continue
        order = stream(seed, "classification.assessment", place).permutation(len(folds))
        largest = LARGEST_HOLE * len(table) / UNKNOWN_FOLDS
        fold = next((folds[k] for k in order if 0 < len(folds[k].test) <= largest), None)
        if fold is not None:
            held += list(fold.held_out)
            left = left[left["file"].isin(set(fold.train))]
    known = split_specimens(
        left.drop(columns="split", errors="ignore"), ranks, test_share=test_share, seed=seed
    )
    train = set(known.train)
    unknown = 1 - len(left) / len(table)
    return Split(
        tuple(name for name in table["file"] if name in train),
        tuple(name for name in table["file"] if name not in train),
        f"{len(held)} taxa of the ranks {', '.join(ranks)} were held out, {unknown:.0%} of the "
        f"images, and of the others {test_share:.0%} of the specimens.",
        tuple(held),
    )


@dataclass(frozen=True)
class Assessment:
    """What a model's confidence proved to be worth.

    Parameters
    ----------
    confidence : dict of str to Confidence
        By rank, known taxa only.
    temperature : dict of str to float
        By rank.
    conformal_set : ConformalSet
    conformal : Conformal
    """

    confidence: dict[str, Confidence]
    temperature: dict[str, float]
    conformal_set: ConformalSet
    conformal: Conformal


def assess(
    model: CalibratedModel,
    features: Features,
    train: pd.DataFrame,
    test: pd.DataFrame,
    n_calibration: dict[str, int],
    *,
    seed: int = 0,
) -> Assessment:
    """Score a model's confidence on rows it was neither fitted nor calibrated on.

    Parameters
    ----------
    model : CalibratedModel
        Fitted on the rows of ``train``.
    features : Features
        Rows of the files of ``test``.
    train, test : DataFrame
        Columns ``file``, ``specimen_id`` and the model's ranks.
    n_calibration : dict
        Specimens each threshold was learnt on.

    """
    answers = model.answer(features.take(list(test["file"])))
    found = strata(train, test, model.tree.ranks)
    tested = Tested(
        marginals=answers.marginals,
        path=answers.path,
        truth=model.tree.node_of(test),
        strata=found,
        specimens=test["specimen_id"].to_numpy(str),
        depth=model.tree.depth_of(test),
        values=model.path_values(answers.marginals, answers.path, answers.novelty["knn"]),
        units=units_of(found, test),
    )
    calibration = model.calibration
    known = np.char.startswith(found.astype(str), "known")
    return Assessment(
        confidence=_confidence(model, answers, features, test, known, seed),
        temperature=dict(model.blend.temperatures),
        conformal_set=_sets(model, answers, test, known),
        conformal=conformal_summary(
            model.tree,
            tested,
            alpha=calibration.alpha,
            mix=dict(calibration.mix),
            thresholds=calibration.thresholds,
            n_calibration=n_calibration,
            proven=model.card.calibration == "split",
            each=Each(calibration.alpha_unknown, calibration.promised),
        ),
    )


def _sets(
    model: CalibratedModel, answers: Answers, test: pd.DataFrame, known: np.ndarray
) -> ConformalSet:
    """Coverage and mean size of the sets of finest taxa, on known ones; images count alike."""
    tips, truth = model.tree.tips, model.tree.node_of(test)
    rows = known & np.isin(truth, tips)
    if not rows.any():
        return ConformalSet(n=0, coverage=None, mean_size=None)
    sets = answers.sets[rows]
    return ConformalSet(
        n=int(rows.sum()),
        coverage=float(sets[np.arange(len(sets)), np.searchsorted(tips, truth[rows])].mean()),
        mean_size=float(sets.sum(axis=1).mean()),
    )


def _confidence(
    model: CalibratedModel,
    answers: Answers,
    features: Features,
    test: pd.DataFrame,
    known: np.ndarray,
    seed: int,
) -> dict[str, Confidence]:
    """Sum up each rank on known taxa, before and after temperature scaling."""
    raw = model.blend.raw(features.take(list(test["file"])).matrix)
    before = model.tree.capped(raw)
    specimens = test["specimen_id"].to_numpy(str)
    summary = {}
    for rank in model.tree.ranks:
        nodes = model.tree.at_rank(rank)
        classes = model.tree.labels(nodes).astype(str)
        rows = known & test[rank].isin(classes).to_numpy(bool)
        if len(nodes) > 1 and rows.any():
            summary[rank] = confidence_summary(
                answers.marginals[np.ix_(rows, nodes)],
                classes,
                test[rank].to_numpy(object)[rows].astype(str),
                specimens[rows],
                seed=seed,
                uncalibrated=before[np.ix_(rows, nodes)],
            )
    return summary


def n_calibrated(found: OutOfFold, specimen_of: pd.Series) -> dict[str, int]:
    """Count the specimens behind each threshold."""
    units = specimen_of.loc[found.files].to_numpy(str)
    labelled = found.strata != "no label"
    return {
        "each": len(np.unique(units[labelled])),
        "mixed": len(np.unique(units[labelled])),
        "known_only": len(np.unique(units[found.known])),
    }


def novelty_of_folds(
    found: OutOfFold, tree: TaxonTree, temperatures: dict[str, float], rows: pd.DataFrame, seed: int
) -> Novelty | None:
    """Measure how well unknown taxa of each rank are distinguished from known ones.

    Parameters
    ----------
    found : OutOfFold
        With known specimens in the folds that leave taxa out.
    tree : TaxonTree
        Its columns.
    temperatures : dict
        By rank.
    rows : DataFrame
        Indexed by file; ``specimen_id`` and the ranks.
    seed : int
        Of the resampling.

    Returns
    -------
    Novelty or None
        The primary figures are the family's, or else those of the middle one of the ranks whose
        taxa were left out.
    """
    by_rank: dict[str, NoveltyOfRank] = {}
    for rank in tree.ranks:
        part = found.take(found.left_out == rank)
        known = np.char.startswith(part.strata, "known ")
        unknown = part.strata == f"unknown {rank}"
        part = part.take(known | unknown)
        if not known.any() or not unknown.any():
            continue
        marginals = tempered(tree, part.raw, temperatures)
        finest = marginals[:, tree.at_rank(tree.ranks[-1])]
        values = {"msp": msp(finest), "knn": part.distances}
        tested_rows = rows.loc[part.files]
        summary = novelty_summary(
            {name: within_folds(score, part.strata, part.folds) for name, score in values.items()},
            part.strata,
            tested_rows["specimen_id"].to_numpy(str),
            tested_rows[list(tree.ranks)],
            seed=seed,
            rank=rank,
        )
        own = (summary.by_rank or {}).get(rank) if summary else None
        if own is not None:
            by_rank[rank] = own
    if not by_rank:
        return None
    ranks = list(by_rank)
    return of_primary("family" if "family" in by_rank else ranks[(len(ranks) - 1) // 2], by_rank)


def within_folds(scores: np.ndarray, strata: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Replace each score by the share of its fold's known rows that are less novel, 0 to 1.

    Rows of folds without a known one get 0.5: nothing is known of them.
    """
    known = np.char.startswith(np.asarray(strata, dtype=str), "known ")
    shares = np.full(len(scores), 0.5)
    for fold in np.unique(folds):
        here = folds == fold
        reference = scores[here & known]
        if len(reference):
            for rows, among in ((here & known, True), (here & ~known, False)):
                shares[rows] = 1 - p_value(scores[rows], reference, among=among)
    return shares
