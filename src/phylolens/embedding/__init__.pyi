"""The names of this package, and the files they stand in."""

from .augment import AUGMENTATIONS as AUGMENTATIONS
from .augment import Embedding as Embedding
from .augment import View as View
from .backbones import BACKBONES as BACKBONES
from .backbones import DEFAULT_BACKBONE as DEFAULT_BACKBONE
from .backbones import BackboneSpec as BackboneSpec
from .engine import embed as embed
from .extractor import backbone_names as backbone_names
from .files import embed_files as embed_files
from .fuse import block_sizes as block_sizes
from .fuse import fuse_features as fuse_features
from .preprocess import FITS as FITS
from .registry import backbone_table as backbone_table
from .registry import find_backbone as find_backbone
from .same_spec import differences as differences
from .same_spec import require_same as require_same
from .store import FeatureStore as FeatureStore
from .store import spec_id as spec_id
from .training_images import NO_IMAGES as NO_IMAGES
from .training_images import TrainingImages as TrainingImages
from .training_images import require_training as require_training
