"""BYOL on cached views: one view predicts how a following copy of the head sees the other."""

from functools import partial

from phylolens.paradigms.method import Method
from phylolens.paradigms.self_supervised.learner import head_of

METHODS = (
    Method(
        name="byol",
        cell="self-supervised/contrastive",
        fit=partial(head_of, method="byol"),
        sees="images",
        about="BYOL: one view predicts how a slowly following copy sees the other; no image is "
        "compared with another (Grill et al. 2020). A head on altered views' features.",
        needs=("views",),
        packages=("torch",),
        extra="torch",
        cost="moderate",
    ),
)
