"""Few-shot learners: prototypes, matching and relation networks, MAML, on episodes of taxa."""

from functools import partial

from phylolens.paradigms.few_shot import Episodic, few_shot_accuracy
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method

QUICK, FULL = 100, 1000  # episodes


def _fit(material: Material, method: str) -> Episodic:
    return Episodic(method, episodes=QUICK if material.quick else FULL, seed=material.seed)


METHODS = tuple(
    Method(
        name=name,
        cell="supervised/few-shot",
        fit=partial(_fit, method=name),
        sees="labels",
        about=about,
        packages=("torch",),
        extra="torch",
        cost="moderate",
        more=partial(few_shot_accuracy, fit=partial(_fit, method=name)),
    )
    for name, about in (
        ("prototypes", "Nearest mean of a few images of each taxon (Snell et al. 2017)."),
        ("matching-network", "Attention to single images by cosine (Vinyals et al. 2016)."),
        ("relation-network", "A network says how related two images are (Sung et al. 2018)."),
        ("maml", "Weights from which a few steps suffice (Finn et al. 2017), second order."),
    )
)
