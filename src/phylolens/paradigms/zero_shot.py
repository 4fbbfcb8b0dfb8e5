"""Networks trained on images and their names, as they are: nothing is fitted to the taxa here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from scipy.spatial.distance import pdist, squareform

from phylolens.errors import InputError
from phylolens.guided.sample import Sample
from phylolens.paradigms.data import BenchData, ranks_of
from phylolens.paradigms.material import Material
from phylolens.paradigms.tree_free import TreeFree
from phylolens.stats.correlation import CONSTANT

if TYPE_CHECKING:
    from phylolens.embedding.training_images import TrainingImages

TOP = 5
Seen = dict[tuple[Path, str], dict[str, np.ndarray]]
_SEEN: "WeakKeyDictionary[TrainingImages, Seen]" = WeakKeyDictionary()


class ZeroShot(TreeFree):
    """What an image tower makes of the images; no fit differs from another.

    Parameters
    ----------
    images : TrainingImages
        By the ids of the samples' rows.
    checkpoint : Path
        See :class:`phylolens.paradigms.clip_towers.Towers`.
    device : str
    """

    def __init__(self, images: "TrainingImages", checkpoint: Path, *, device: str = "cpu") -> None:
        self.images, self.checkpoint, self.device = images, checkpoint, device

    def learn(self, sample: Sample) -> None:
        """Learn nothing."""

    def embed(self, sample: Sample) -> np.ndarray:
        """Embed a sample's images, float32 of shape (N, k), each of length one.

        Raises
        ------
        InputError
            If an image has no file, or the checkpoint cannot be read.
        """
        missing = [name for name in sample.ids if name not in self.images.views]
        if missing:
            raise InputError("images without a file.", ids=missing)
        found = _seen(self.images, self.checkpoint, self.device)
        return np.stack([found[name] for name in sample.ids])

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Refuse: this embedding is of images.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError("this embedding is of images, not of their features.")


def _seen(images: "TrainingImages", checkpoint: Path, device: str) -> dict[str, np.ndarray]:
    """Embeddings of all images, by id: made once, as no fit changes them."""
    kept = _SEEN.setdefault(images, {})
    key = (checkpoint, device)
    if key not in kept:
        from phylolens.paradigms.clip_towers import Towers

        names = sorted(images.views)
        rows = Towers(checkpoint, device).see([images.views[name].path for name in names])
        kept[key] = dict(zip(names, rows, strict=True))
    return kept[key]


def written_names(
    material: Material, taxa: Sequence[str], sample: Sample, *, lineage: bool
) -> list[str]:
    """Write taxa as captions: ``a photo of`` their name, or of their names from the coarsest rank.

    Parameters
    ----------
    material : Material
    taxa : sequence of str
        Of the sample.
    sample : Sample
        Whose images tell the lineages.
    lineage : bool

    Returns
    -------
    list of str
        Ranks that a taxon has no name of are left out, and so are underscores.
    """
    ranks = ranks_of(material.labels, material.rank) if lineage else [material.rank]
    first = dict(zip(sample.taxa, sample.starts, strict=True))
    found = []
    for taxon in taxa:
        row = material.labels.loc[sample.row_ids[first[taxon]], ranks].dropna()
        names = [str(name) for name in row if str(name)]
        found.append(f"a photo of {' '.join(names).replace('_', ' ')}.")
    return found


def name_figures(
    material: Material, data: BenchData, *, name: str, lineage: bool
) -> Mapping[str, float | None]:
    """Name images by the nearest caption; and how far the names alone tell the tree.

    Parameters
    ----------
    material, data
        Of the bench.
    name : str
        Of the method, whose checkpoint it is.
    lineage : bool
        Whether captions have the whole lineage.

    Returns
    -------
    dict
        ``name_accuracy`` and ``name_accuracy_top5``, means over taxa, ``chance``, and
        ``names_alone_r``: the correlation of distances between captions with genetic ones, of which
        no image is part; None where all captions are alike.
    """
    from phylolens.paradigms.clip_towers import Towers

    assert material.images is not None, "needs says so"
    path = material.checkpoints[name]
    sample = data.sample
    seen = ZeroShot(material.images, path, device=material.device).embed(sample)
    texts = written_names(material, sample.taxa, sample, lineage=lineage)
    read = Towers(path, material.device).read(texts)
    order = np.argsort(-(seen @ read.T), axis=1, kind="stable")
    right = order == sample.codes[:, None]
    by_taxon = [
        np.bincount(sample.codes, right[:, :top].any(axis=1)) / sample.sizes for top in (1, TOP)
    ]
    return {
        "name_accuracy": float(by_taxon[0].mean()),
        "name_accuracy_top5": float(by_taxon[1].mean()),
        "chance": 1 / len(sample),
        "names_alone_r": _correlation(read, data.genetic),
    }


def _correlation(read: np.ndarray, genetic: np.ndarray) -> float | None:
    apart, wanted = pdist(read.astype(np.float64)), squareform(genetic, checks=False)
    if np.ptp(apart) <= CONSTANT * max(apart.max(), CONSTANT):
        return None
    return float(np.corrcoef(apart, wanted)[0, 1])
