"""SimCLR on cached views: the other view of the same image is to be the nearest of the batch."""

from functools import partial

from phylolens.paradigms.method import Method
from phylolens.paradigms.self_supervised.learner import head_of

METHODS = (
    Method(
        name="simclr",
        cell="self-supervised/contrastive",
        fit=partial(head_of, method="simclr"),
        sees="images",
        about="SimCLR: of all views of a batch, the other one of the same image is to be the "
        "nearest (Chen et al. 2020). A head on altered views' features.",
        needs=("views",),
        packages=("torch",),
        extra="torch",
        cost="moderate",
    ),
)
