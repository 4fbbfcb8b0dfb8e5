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
    from phylolens.embed.files import embed_files
    from phylolens.embed.fuse import block_sizes, fuse_features
    from phylolens.embed.preprocess import FITS
    from phylolens.embed.same_spec import differences, require_same
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
    "block_sizes": "fuse",
    "differences": "same_spec",
    "embed": "engine",
    "embed_files": "files",
    "find_backbone": "backbones",
    "fuse_features": "fuse",
    "require_same": "same_spec",
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
    "block_sizes",
    "differences",
    "embed",
    "embed_files",
    "find_backbone",
    "fuse_features",
    "require_same",
    "spec_id",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
