"""What skill was measured against, in words: the best prediction without images, or column means.

Results of PhyloLens before that baseline have column means alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BaselineWords:
    """How the baseline of skill is called.

    Parameters
    ----------
    key : str
        Its name under ``baselines``.
    name : str
        In a table or in the middle of a sentence.
    leaves, does : str
        With the verb: what it leaves of the squared error, and that it does as well.
    """

    key: str
    name: str
    leaves: str
    does: str


BEST = BaselineWords(
    "image_free",
    "the best prediction without images",
    "the best prediction without images leaves",
    "the best prediction without images does",
)
MEANS = BaselineWords(
    "column_means",
    "column means alone",
    "calibrated column means, which look at no picture, leave",
    "column means, which look at no picture, do",
)


def baseline_words(base: Mapping[str, Any]) -> BaselineWords:
    """Choose the words by what ``baselines`` of ``guide.json`` holds."""
    return BEST if base.get("image_free") else MEANS
