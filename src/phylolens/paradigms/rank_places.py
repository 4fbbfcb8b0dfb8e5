"""Places by the layer that heads of all ranks share; whether such heads contradict themselves."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from phylolens.classification.heads.parallel import Parallel
from phylolens.classification.heads.ranks import RankHeads
from phylolens.classification.heads.sequential import Sequential
from phylolens.guided.learners.inputs import reduced
from phylolens.guided.sample import Sample, with_rows
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.material import Material
from phylolens.paradigms.tree_free import OfLabels
from phylolens.random import stream

COMPONENTS = 128
KINDS: Mapping[str, type[RankHeads]] = {"sequential": Sequential, "parallel": Parallel}


class RankPlaces(OfLabels):
    """The hidden layer of heads that name every rank at once.

    Parameters
    ----------
    kind : {'sequential', 'parallel'}
        Whether a coarser rank reads what the finer one found.
    lineage : DataFrame
        One row a taxon; rank columns coarse to fine, the last being that of the taxa.
    soft : bool
        Whether relatives share in the target, by genetic distance between the training taxa.
    steps : int
    seed : int
    """

    def __init__(
        self,
        kind: str = "sequential",
        lineage: pd.DataFrame | None = None,
        *,
        soft: bool = False,
        steps: int = 200,
        seed: int = 0,
    ) -> None:
        self.kind, self.lineage, self.soft = kind, lineage, soft
        self.steps, self.seed = steps, seed

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "RankPlaces":
        """Learn; distances are looked at where relatives share in the target."""
        self._distances_given = (tuple(sample.taxa), genetic)
        return super().fit(sample, genetic, groups)

    def learn(self, sample: Sample) -> None:
        """Learn to name the taxa and their clades."""
        assert self.lineage is not None, "the bench tells it"
        own = self.lineage.loc[list(sample.taxa)]
        rank = str(own.columns[-1])
        coarser = {str(name): own[name].dropna().astype(str).to_dict() for name in own.columns[:-1]}
        self._map = reduced(sample, COMPONENTS, stream(self.seed, "paradigms.ranks"))
        self.head_ = KINDS[self.kind](
            lineage=coarser,
            distances={rank: self._distances_given} if self.soft else None,
            rank=rank,
            steps=self.steps,
            target="softmax-distance" if self.soft else "one-hot",
            seed=self.seed,
        )
        names = np.array(sample.taxa, dtype=str)[sample.codes]
        self.head_.fit(self._map(sample.matrix()), names)

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, units of the layer)."""
        return self.head_.transform(self._map(matrix))

    def answers(self, matrix: np.ndarray) -> dict[str, np.ndarray]:
        """Name images at every rank, finest first; each rank by itself."""
        shares = self.head_.predict_rank_proba(self._map(matrix))
        return {
            rank: classes[found.argmax(axis=1)]
            for (rank, classes), found in zip(self.classes_by_rank.items(), shares, strict=True)
        }

    @property
    def classes_by_rank(self) -> dict[str, np.ndarray]:
        """Taxa that can be answered at every rank, finest first."""
        ranks, classes = self.head_.level_ranks_, self.head_.level_classes_
        return {
            rank: np.asarray(names, dtype=str) for rank, names in zip(ranks, classes, strict=True)
        }

    @property
    def trained_parameters(self) -> int:
        """Weights of the layer and of all heads."""
        return self.head_.trained_parameters


def contradictions(
    material: Material, data: BenchData, learner: RankPlaces
) -> Mapping[str, float | None]:
    """Name images of species never seen at every rank: macro-F1, and how often ranks disagree.

    Returns
    -------
    dict
        ``macro_f1_RANK`` of each rank, over the images whose taxon was trained on (the rank of the
        species held out has none and is left out), and ``contradictions``: share of images whose
        coarser name is not that of the finer name's clade.
    """
    new = data.new_species
    if new is None:
        return {"contradictions": None}
    training = with_rows(data.sample, ~new.test)
    places = [data.sample.taxa.index(taxon) for taxon in training.taxa]
    learner.fit(training, data.genetic[np.ix_(places, places)], data.folds[places])
    said = learner.answers(data.sample.matrix()[new.test])
    taxa = np.array(data.sample.taxa, dtype=str)[data.sample.codes[new.test]]
    known = learner.classes_by_rank
    found: dict[str, float | None] = {}
    for rank, names in said.items():
        truth = data.lineage[rank].loc[taxa].fillna("").to_numpy(dtype=str)
        asked = np.isin(truth, known[rank])
        if not asked.any():
            continue
        found[f"macro_f1_{rank}"] = float(
            f1_score(
                truth[asked],
                names[asked],
                labels=np.unique(truth[asked]),
                average="macro",
                zero_division=0,
            )
        )
    return found | {"contradictions": share_contradicted(said, data.lineage)}


def share_contradicted(said: Mapping[str, np.ndarray], lineage: pd.DataFrame) -> float | None:
    """Share of answers in which two neighbouring ranks cannot both be right; None of one rank.

    Parameters
    ----------
    said : mapping of str to array of str
        By rank, finest first.
    lineage : DataFrame
        One row a taxon; rank columns coarse to fine.
    """
    ranks = list(said)
    if len(ranks) < 2:
        return None
    wrong = np.zeros(len(said[ranks[0]]), dtype=bool)
    for fine, coarse in pairwise(ranks):
        known = lineage.dropna(subset=[fine, coarse]).astype(str)
        pairs = set(zip(known[fine], known[coarse], strict=True))
        wrong |= np.array(
            [pair not in pairs for pair in zip(said[fine], said[coarse], strict=True)]
        )
    return float(wrong.mean())
