"""What is it? Classify specimens at every rank, beside what guessing achieves.

The names are imported when first used: scikit-learn is heavy.
"""

from typing import TYPE_CHECKING

from phylolens.lazy import lazy_names

if TYPE_CHECKING:
    from phylolens.classification.experiment import ClassifyResult, classify
    from phylolens.classification.heads import HEADS, make_head

_HOME = {
    "HEADS": "heads",
    "ClassifyResult": "experiment",
    "classify": "experiment",
    "make_head": "heads",
}

__all__ = [
    "HEADS",
    "ClassifyResult",
    "classify",
    "make_head",
]


__getattr__ = lazy_names(__name__, _HOME)
