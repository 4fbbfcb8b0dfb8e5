"""Pictures to features with a pretrained network; imported lazily, torch only when needed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phylolens.embed.augment import AUGMENTATIONS
    from phylolens.embed.backbones import (
        BACKBONES,
        DEFAULT_BACKBONE,
        BackboneSpec,
        backbone_table,
        find_backbone,
    )
    from phylolens.embed.engine import embed
    from phylolens.embed.fuse import fuse_features
    from phylolens.embed.preprocess import FITS
    from phylolens.embed.store import FeatureStore, spec_id
    from phylolens.embed.views import Embedding, View

_HOME = {
    "AUGMENTATIONS": "augment",
    "BACKBONES": "backbones",
    "DEFAULT_BACKBONE": "backbones",
    "FITS": "preprocess",
    "BackboneSpec": "backbones",
    "Embedding": "views",
    "FeatureStore": "store",
    "View": "views",
    "backbone_table": "backbones",
    "embed": "engine",
    "find_backbone": "backbones",
    "fuse_features": "fuse",
    "spec_id": "store",
}

__all__ = [
    "AUGMENTATIONS",
    "BACKBONES",
    "DEFAULT_BACKBONE",
    "FITS",
    "BackboneSpec",
    "Embedding",
    "FeatureStore",
    "View",
    "backbone_table",
    "embed",
    "find_backbone",
    "fuse_features",
    "spec_id",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
