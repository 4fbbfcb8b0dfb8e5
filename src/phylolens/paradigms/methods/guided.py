"""The learners of ``phylolens guide``, registered as they are."""

from functools import partial

from phylolens.guided.learners import make_learner
from phylolens.guided.learners.base import Learner
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Cost, Method


def _fit(material: Material, spec: str) -> Learner:
    return make_learner(spec, material.seed)


def _guided(name: str, cell: str, about: str, *, cost: Cost = "cheap", spec: str = "") -> Method:
    return Method(
        name=name,
        cell=cell,
        fit=partial(_fit, spec=spec or name),
        sees="tree",
        about=about,
        cost=cost,
    )


CLOSED, POOLED = "guided/closed-form", "guided/attention"
METHODS = (
    _guided("default", CLOSED, "The guided default: the learner that did best on inner folds."),
    _guided("gp", CLOSED, "Gaussian process on the distances."),
    _guided("kernel-ridge", CLOSED, "Kernel ridge regression of the tree's coordinates."),
    _guided("phylo-ridge", CLOSED, "Ridge regression of the tree's coordinates on features."),
    _guided("soft", CLOSED, "Distances expected under a shrunken discriminant over taxa."),
    _guided("attention", POOLED, "Attention-weighted means of images, compared by cosine.",
            cost="moderate"),
    _guided("attention+projection", POOLED, "The same, with a linear map learned after it.",
            cost="moderate"),
)  # fmt: skip
