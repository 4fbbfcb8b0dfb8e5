"""Transfer: a pretrained network as it is, its last blocks trained further, or all of it."""

from functools import partial

from phylolens.guided.learners import make_learner
from phylolens.guided.learners.base import Learner
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method

ALL_BLOCKS = 99  # more than any network has
CELL = "supervised/transfer"


def _frozen(material: Material) -> Learner:
    return make_learner("unguided", material.seed)


def _finetune(material: Material, blocks: int) -> Learner:
    return make_learner(
        "finetune",
        material.seed,
        images=material.images,
        backbone=material.backbone,
        weights=material.weights,
        device=material.device,
        blocks=blocks,
        epochs=2 if material.quick else 5,
        head={"epochs": 12 if material.quick else 40},
    )


def _tuned(name: str, blocks: int, about: str) -> Method:
    return Method(
        name=name,
        cell=CELL,
        fit=partial(_finetune, blocks=blocks),
        sees="tree",
        about=about,
        needs=("images",),
        packages=("torch", "timm"),
        extra="torch",
        cost="costly",
    )


METHODS = (
    Method(
        name="frozen",
        cell=CELL,
        fit=_frozen,
        sees="nothing",
        about="Features of the network as published, standardised; no training.",
    ),
    _tuned("finetune-blocks", 1, "The last block trained further, relatives to come near."),
    _tuned("finetune-all", ALL_BLOCKS, "The whole network trained further, in the same way."),
)
