"""SwAV on cached views: from one view, predict the cluster of the other."""

from functools import partial

from phylolens.paradigms.method import Method
from phylolens.paradigms.self_supervised.learner import head_of

METHODS = (
    Method(
        name="swav",
        cell="self-supervised/clustering",
        fit=partial(head_of, method="swav"),
        sees="images",
        about="SwAV: one view predicts the cluster that the other is given, clusters being equally "
        "large (Caron et al. 2020). A head on altered views' features.",
        needs=("views",),
        packages=("torch",),
        extra="torch",
        cost="moderate",
    ),
)
