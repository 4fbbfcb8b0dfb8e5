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
        The backbone the study used, and how it made pictures square; others may be chosen.
    models : tuple of str
        Heads to fit, one independent head a rank.
    upsample_to : int
        Rare training classes are raised to this many images with altered copies.
    augmentation : str
        How the copies are altered (see ``phylolens.embed``).
    test_share : float
        Share of specimens tested on.
    """

    name: str
    source: str
    backbone: str
    fit: str
    models: tuple[str, ...]
    upsample_to: int
    augmentation: str
    test_share: float


CLASSIFY_RECIPES: Mapping[str, ClassifyRecipe] = MappingProxyType(
    {
        "roy2025": ClassifyRecipe(
            name="roy2025",
            source="Roy (2025), TU Ilmenau, experiment 1: classification with feature transfer",
            backbone="convnext-tiny",
            fit="squash",
            models=("rf", "rf-weighted", "rf-balanced-bagging"),
            upsample_to=1000,
            augmentation="gaussian-noise",
            test_share=0.2,
        )
    }
)
