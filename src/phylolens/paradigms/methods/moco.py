"""MoCo on cached views, by lightly: the other view against a queue of views of earlier images."""

from functools import partial

from phylolens.paradigms.method import Method
from phylolens.paradigms.self_supervised.learner import head_of

METHODS = (
    Method(
        name="moco",
        cell="self-supervised/contrastive",
        fit=partial(head_of, method="moco"),
        sees="images",
        about="MoCo v2: the other view of an image is to be nearer than a queue of earlier images "
        "(He et al. 2020; loss and queue of lightly). A head on altered views' features.",
        needs=("views",),
        packages=("torch", "lightly"),
        extra="ssl",
        cost="moderate",
    ),
)
