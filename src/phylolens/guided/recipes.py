"""Named recipes of guided embedding."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class GuideRecipe:
    """Settings of the published experiment.

    Parameters
    ----------
    name, source : str
        Name, and the study it follows.
    backbone, fit : str
        The backbone the study used, and how it made images square; others may be chosen.
    per_taxon : int
        Images of each taxon after sampling down or augmenting up.
    augmentation : str
        Image alteration of the added copies (see ``phylolens.embedding``).
    epochs, learning_rate : int, float
        Of Adam.
    divisor : float
        The genetic distance that the study mapped to similarity -1; used only where asked for,
        since the largest distance of other data is another.
    """

    name: str
    source: str
    backbone: str
    fit: str
    per_taxon: int
    augmentation: str
    epochs: int
    learning_rate: float
    divisor: float


@dataclass(frozen=True)
class HeldOutRecipe:
    """Settings of an experiment that judges learners on clades held out.

    Parameters
    ----------
    name, source : str
    learner : tuple of str
        Learners, see :data:`phylolens.guided.learners.LEARNERS`; the first is the headline.
    refits : int
        To permuted taxa, for the p-value of each learner.
    draws : int
        Sets of traits drawn along the tree, for each number of them, that skill is compared with.
    per_taxon : int
        Images of each taxon after sampling down or augmenting up; 0 takes them as they are.
    sample_down_to : int
        Images that frequent taxa are sampled down to, no genus or species lost; 0: not at all.
    augmentation : str
        Image alteration of added copies.
    sampling_table : bool
        Whether to compare ways of sampling.
    backbone, fit : None
        Any.
    """

    name: str
    source: str
    learner: tuple[str, ...] = ("default",)
    refits: int = 99
    draws: int = 5
    per_taxon: int = 0
    sample_down_to: int = 0
    augmentation: str = "flip-rotate-jitter-affine"
    sampling_table: bool = False
    backbone: None = None
    fit: None = None


GUIDE_RECIPES: Mapping[str, GuideRecipe | HeldOutRecipe] = MappingProxyType(
    {
        "default": HeldOutRecipe(name="default", source="PhyloLens"),
        "roy2025": GuideRecipe(
            name="roy2025",
            source="Roy (2025), TU Ilmenau, experiment 2: distance-guided embedding learning",
            backbone="swav-resnet50",
            fit="squash",
            per_taxon=150,
            augmentation="flip-rotate-jitter-affine",
            epochs=5000,
            learning_rate=1e-4,
            divisor=1.7,
        ),
    }
)
