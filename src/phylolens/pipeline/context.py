"""What every stage has at hand, and where it departs from the published settings."""

from dataclasses import dataclass
from typing import Any

from phylolens.embedding.feature_file import without_rows
from phylolens.pipeline.dataset import Dataset
from phylolens.pipeline.image_features import ImageFeatures
from phylolens.pipeline.settings import Settings
from phylolens.progress import Progress
from phylolens.values import Features


@dataclass(frozen=True)
class RunContext:
    """What every stage has at hand."""

    settings: Settings
    dataset: Dataset
    images: ImageFeatures
    progress: Progress
    mark: str = ""  # fingerprint of what the stage at work depends on


def settings_used(
    recipe: Any, images: ImageFeatures, features: Features, more: dict[str, Any]
) -> dict[str, Any]:
    """Say where a run departs from the published settings."""
    altered = recipe.augmentation if images.can_alter else None
    return {
        "published_backbone": recipe.backbone,
        "published_fit": recipe.fit,
        "features": without_rows(features.spec),
        "augmentation": altered,
        **more,
    }
