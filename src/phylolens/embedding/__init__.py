"""Images to features with a pretrained network; imported lazily, torch only when needed."""

from typing import TYPE_CHECKING

from phylolens.lazy import lazy_names

if TYPE_CHECKING:
    from phylolens.embedding.augment import AUGMENTATIONS, Embedding, View
    from phylolens.embedding.backbones import (
        BACKBONES,
        DEFAULT_BACKBONE,
        BackboneSpec,
    )
    from phylolens.embedding.engine import embed
    from phylolens.embedding.files import embed_files
    from phylolens.embedding.fuse import block_sizes, fuse_features
    from phylolens.embedding.preprocess import FITS
    from phylolens.embedding.registry import backbone_table, find_backbone
    from phylolens.embedding.same_spec import differences, require_same
    from phylolens.embedding.store import FeatureStore, spec_id

_HOME = {
    "AUGMENTATIONS": "augment",
    "BACKBONES": "backbones",
    "DEFAULT_BACKBONE": "backbones",
    "FITS": "preprocess",
    "BackboneSpec": "backbones",
    "Embedding": "augment",
    "FeatureStore": "store",
    "View": "augment",
    "backbone_table": "registry",
    "block_sizes": "fuse",
    "differences": "same_spec",
    "embed": "engine",
    "embed_files": "files",
    "find_backbone": "registry",
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


__getattr__ = lazy_names(__name__, _HOME)
