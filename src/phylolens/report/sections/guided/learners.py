"""Learners and baselines in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WORDS = {
    "attention": "a weighted mean of each taxon’s images",
    "attention+projection": "a weighted mean of each taxon’s images, then a linear map",
    "phylo-ridge": "ridge regression to coordinates of the phylogeny",
    "kernel-ridge": "kernel ridge regression to genetic distances",
    "gp": "a Gaussian process, Brownian motion on the tree as its prior",
    "metric": "a map trained on triples and pairs of images, margins by genetic distance",
    "finetune": "the last layers of the network trained further",
    "soft": "each image votes for the known taxa it resembles; their distances are averaged",
    "unguided": "plain means of the images; no genetic distance was fitted",
    "default": "whichever does best on clades left out of the training taxa",
}
PARTS = ("held_out", "in_sample", "null", "chosen")
PUBLISHED = "attention"  # of results that do not name their learner


def learner_of(found: Mapping[str, Any]) -> str:
    """Name the learner that the headline figures are of."""
    return str(found.get("learner") or PUBLISHED)


def learners_of(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Figures of every learner that was held out, the headline's first.

    Returns
    -------
    dict
        Name to ``held_out``, ``in_sample``, ``null`` and ``chosen``; what was not made is empty.
    """
    leader = learner_of(found)
    told = {leader: {}, **(found.get("learners") or {})}
    told[leader] = {key: (told[leader] or {}).get(key) or found.get(key) for key in PARTS}
    return {
        name: {key: figures.get(key) or {} for key in PARTS}
        for name, figures in told.items()
        if figures.get("held_out")
    }


def words(name: str) -> str:
    """Say what a learner does; empty for one unknown here."""
    return WORDS.get(name, "")


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
    "calibrated column means, which look at no image, leave",
    "column means, which look at no image, do",
)


def baseline_words(base: Mapping[str, Any]) -> BaselineWords:
    """Choose the words by what ``baselines`` of ``guide.json`` holds."""
    return BEST if base.get("image_free") else MEANS
