"""The losses of ``phylolens guide --learner metric``: heads that pull relatives together."""

from functools import partial

from phylolens.guided.learners import make_learner
from phylolens.guided.learners.base import Learner
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method

QUICK, FULL = 12, 40  # epochs
RANKING, EMBEDDING = "supervised/ranking", "supervised/embedding"


def _fit(material: Material, loss: str) -> Learner:
    epochs = QUICK if material.quick else FULL
    return make_learner("metric", material.seed, loss=loss, epochs=epochs)


def _metric(name: str, cell: str, about: str, *, library: bool = True, loss: str = "") -> Method:
    packages = ("torch", "pytorch_metric_learning") if library else ("torch",)
    return Method(
        name=name,
        cell=cell,
        fit=partial(_fit, loss=loss or name),
        sees="tree",
        about=about,
        packages=packages,
        extra="metric",
        cost="moderate",
    )


METHODS = (
    _metric(
        "ranknet",
        RANKING,
        "Of two taxa the nearer relative is to be nearer (Burges et al. 2005).",
        library=False,
    ),
    _metric(
        "listwise",
        RANKING,
        "Who of all others is nearest, ListNet (Cao et al. 2007).",
        library=False,
    ),
    _metric(
        "contrastive",
        EMBEDDING,
        "Relatives near, strangers apart by a margin (Hadsell et al. 2006).",
    ),
    _metric(
        "triplet",
        EMBEDDING,
        "Nearer to one's own taxon than to another, by their distance (Schroff et al. 2015).",
    ),
    _metric(
        "triplet-hard",
        EMBEDDING,
        "The same with the hardest triplets of a batch (Hermans et al. 2017).",
    ),
    _metric(
        "ranked-list",
        EMBEDDING,
        "Relatives in a ball, strangers beyond it (Wang et al. 2019).",
    ),
    _metric(
        "multilevel",
        EMBEDDING,
        "Triplets at every depth, margins by depth (after Duan et al. 2023).",
    ),
    _metric(
        "hierarchical-triplet",
        EMBEDDING,
        "Triplets over all depths of the tree (after Ge et al. 2018).",
        library=False,
    ),
    _metric(
        "multi-similarity",
        EMBEDDING,
        "Weighted pairs above and below a base similarity (Wang et al. 2019).",
    ),
    _metric(
        "arcface",
        EMBEDDING,
        "Angles with a margin, for taxa and for clades (Deng et al. 2019).",
    ),
)
