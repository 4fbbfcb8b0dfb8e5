"""What unknowns are compared with: images of taxa on a tree."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.errors import InputError, TooFew
from phylolens.guided.sample import Sample, with_rows
from phylolens.placement.branches import Branches

FEWEST_TAXA = 5


@dataclass(frozen=True, eq=False)
class Reference:
    """Taxa with images and a place on the tree.

    Parameters
    ----------
    sample : Sample
        Images of the T taxa, in the order of ``branches.taxa``.
    branches : Branches
    lineage : DataFrame, shape (T, ranks)
        Indexed by taxon in the same order; coarse to fine, the last being the taxa themselves.
        Missing values are unknown.
    """

    sample: Sample
    branches: Branches
    lineage: pd.DataFrame

    def __post_init__(self) -> None:
        if self.sample.taxa != self.branches.taxa or tuple(self.lineage.index) != self.sample.taxa:
            raise InputError("images, tree and lineages must have the same taxa in one order.")

    @classmethod
    def of(cls, sample: Sample, branches: Branches, lineage: pd.DataFrame) -> "Reference":
        """Bring images and lineages to the order of the tree, which is cut to the taxa with images.

        Raises
        ------
        TooFew
            If fewer than five taxa have both.
        """
        there = np.isin(branches.taxa, list(sample.taxa))
        if there.sum() < FEWEST_TAXA:
            raise TooFew(
                f"only {there.sum()} taxa have both images and a place on the tree; at least "
                f"{FEWEST_TAXA} are needed to place others.",
                ids=[name for name, known in zip(branches.taxa, there, strict=True) if known],
                hint="Give more reference specimens, or a tree with more of their taxa.",
            )
        small = branches.without(~there)[0] if not there.all() else branches
        place = {name: number for number, name in enumerate(sample.taxa)}
        ordered = sample.take(np.array([place[name] for name in small.taxa]))
        return cls(ordered, small, lineage.loc[list(small.taxa)])

    def __len__(self) -> int:
        return len(self.branches.taxa)

    def without(self, away: np.ndarray) -> tuple["Reference", np.ndarray]:
        """Leave taxa out, bool of shape (T,); as :meth:`Branches.without`."""
        small, places = self.branches.without(away)
        kept = np.flatnonzero(~away)
        return Reference(self.sample.take(kept), small, self.lineage.iloc[kept]), places

    @property
    def ranks(self) -> tuple[str, ...]:
        """Ranks, coarse to fine."""
        return tuple(str(rank) for rank in self.lineage.columns)

    def clades(self, rank: str) -> np.ndarray:
        """Return the number of each taxon's clade, shape (T,); one of unknown clade is alone."""
        codes, known = pd.factorize(self.lineage[rank], sort=True)
        lost = np.flatnonzero(codes < 0)
        codes[lost] = len(known) + np.arange(len(lost))
        return np.asarray(codes)


def noise_shares(sample: Sample) -> np.ndarray:
    """Variance of each taxon's mean, as a share of that of single specimens, shape (T,)."""
    starts = np.concatenate([[0], np.cumsum(sample.sizes)[:-1]])
    found: np.ndarray = np.add.reduceat(sample.weights**2, starts)
    return found


def first_images(sample: Sample, most: int | None) -> Sample:
    """Keep at most so many images of each taxon, evenly spaced; all by default."""
    if most is None or sample.sizes.max() <= most:
        return sample
    kept = np.zeros(int(sample.sizes.sum()), dtype=bool)
    starts = np.concatenate([[0], np.cumsum(sample.sizes)[:-1]])
    for start, size in zip(starts, sample.sizes, strict=True):
        kept[start + _spaced(int(size), most)] = True
    return with_rows(sample, kept)


def _spaced(size: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(int))
