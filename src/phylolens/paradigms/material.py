"""What methods can ask for besides the features of images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.paradigms.data import ranks_of

if TYPE_CHECKING:
    from phylolens.embedding.training_images import TrainingImages

Budget = Literal["quick", "full"]


@dataclass(frozen=True)
class Views:
    """Features of altered copies of images: the views that self-supervised methods compare.

    Parameters
    ----------
    ids : tuple of str
        Of the N images.
    matrix : array of float32, shape (N, V, d)
        Features of V altered copies of each.
    """

    ids: tuple[str, ...]
    matrix: np.ndarray

    def of(self, ids: Sequence[str]) -> np.ndarray:
        """Return the views of some images, shape (n, V, d), in the order of ``ids``.

        Raises
        ------
        InputError
            If an image has none.
        """
        place = {name: row for row, name in enumerate(self.ids)}
        missing = [name for name in ids if name not in place]
        if missing:
            raise InputError("images without altered views.", ids=missing)
        return self.matrix[[place[name] for name in ids]]


@dataclass(frozen=True)
class Material:
    """What a bench offers its methods.

    Everything is keyed by id. A learner may only read the rows of the sample that it is fitted to:
    clades held out are in here, too.

    Parameters
    ----------
    labels : DataFrame
        One row an image, indexed by id: ``specimen_id`` and rank columns, coarse to fine, down to
        the finest that is known.
    rank : str
        Of the taxa compared.
    seed : int
    budget : {'quick', 'full'}
        Methods train longer with ``full``.
    root : bool
        Whether the sample's features are square roots; views are to be treated alike, and are here
        already.
    views : Views, optional
    images : TrainingImages, optional
        By the ids of the samples' rows.
    barcodes : DistanceMatrix, optional
        Distances between DNA barcodes of the taxa, where those stand beside a tree.
    backbone, weights, device : str
        Of the network that made the features.
    checkpoints : mapping of str to Path
        Files or folders of weights that cannot be bundled, by name of method.
    """

    labels: pd.DataFrame
    rank: str
    seed: int = 0
    budget: Budget = "quick"
    root: bool = False
    views: Views | None = None
    images: "TrainingImages | None" = None
    barcodes: DistanceMatrix | None = None
    backbone: str = ""
    weights: str | None = None
    device: str = "cpu"
    checkpoints: Mapping[str, Path] = field(default_factory=dict)

    @property
    def quick(self) -> bool:
        """Whether methods are to be trained shortly."""
        return self.budget == "quick"

    @property
    def finer(self) -> tuple[str, ...]:
        """Ranks below that of the taxa."""
        ranks = ranks_of(self.labels)
        return tuple(ranks[ranks.index(self.rank) + 1 :])
