"""DeepCluster on cached views: sort the images anew every epoch, learn to tell clusters apart."""

from functools import partial

from phylolens.paradigms.method import Method
from phylolens.paradigms.self_supervised.learner import head_of

METHODS = (
    Method(
        name="deepcluster",
        cell="self-supervised/clustering",
        fit=partial(head_of, method="deepcluster"),
        sees="images",
        about="DeepCluster: k-means sorts the images anew before every epoch, and its clusters are "
        "learned as classes (Caron et al. 2018). A head on altered views' features.",
        needs=("views",),
        packages=("torch",),
        extra="torch",
        cost="moderate",
    ),
)
