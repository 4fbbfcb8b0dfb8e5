"""Named recipes of classification."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class ClassifyRecipe:
    """Settings of one experiment.

    Parameters
    ----------
    name, source : str
        Name, and the study it follows.
    backbone, fit : str
        The backbone the study used, and how it made images square; others may be chosen.
    models : tuple of str
        Heads to fit, one independent head a rank.
    upsample_to : int
        Rare training classes are raised to this many images with altered copies.
    augmentation : str
        How the copies are altered (see ``phylolens.embedding``).
    test_share : float
        Share of specimens, or of taxa left out, to test on.
    splits : tuple of str
        How training and test part are divided, the headline first (see
        ``phylolens.specimens.make_split``).
    imbalance : str
        What is done about rare classes besides copies (see ``phylolens.classification.imbalance``).
    copies : int
        Altered copies made of every training image.
    sample_down_to : int
        Frequent training classes are sampled down to this many images; 0 keeps all.
    steps : tuple of str
        Transforms of the features ahead of every head, fitted on training rows only.
    repeats : int
        How often the tests are repeated, each time with another split.
    trust : bool
        Whether to calibrate a model over all ranks, test its confidence, and store it.
    """

    name: str
    source: str
    backbone: str
    fit: str
    models: tuple[str, ...]
    upsample_to: int
    augmentation: str
    test_share: float
    splits: tuple[str, ...] = ("random",)
    imbalance: str = "none"
    copies: int = 0
    sample_down_to: int = 0
    steps: tuple[str, ...] = ()
    repeats: int = 1
    trust: bool = False


CLASSIFY_RECIPES: Mapping[str, ClassifyRecipe] = MappingProxyType(
    {
        "default": ClassifyRecipe(
            name="default",
            source="PhyloLens",
            backbone="",
            fit="",
            models=("default", "rf"),
            upsample_to=0,
            augmentation="flip-rotate-jitter-affine",
            test_share=0.2,
            splits=("random", "leave-species-out"),
            trust=True,
        ),
        "roy2025": ClassifyRecipe(
            name="roy2025",
            source="Roy (2025), TU Ilmenau, experiment 1: classification with feature transfer",
            backbone="convnext-tiny",
            fit="squash",
            models=("rf", "rf-weighted", "rf-balanced-bagging"),
            upsample_to=1000,
            augmentation="gaussian-noise",
            test_share=0.2,
        ),
    }
)
