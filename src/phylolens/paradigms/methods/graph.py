"""Networks on the tree: message passing and graph attention."""

from collections.abc import Mapping
from functools import partial

from phylolens.paradigms.data import BenchData
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.paradigms.tree_graph import TreeGraph, places_without_images

QUICK, FULL = 150, 600  # steps


def _fit(material: Material, attention: bool) -> TreeGraph:
    steps = QUICK if material.quick else FULL
    return TreeGraph(attention=attention, steps=steps, seed=material.seed)


def _more(material: Material, data: BenchData, attention: bool) -> Mapping[str, float | None]:
    return places_without_images(material, data, _fit(material, attention))


METHODS = tuple(
    Method(
        name=name,
        cell="advanced/graph",
        fit=partial(_fit, attention=attention),
        sees="tree",
        about=about,
        packages=("torch",),
        extra="torch",
        cost="moderate",
        more=partial(_more, attention=attention),
    )
    for name, attention, about in (
        ("message-passing", False, "Messages along the branches (Kipf & Welling 2017)."),
        ("graph-attention", True, "Messages with attention (Veličković et al. 2018)."),
    )
)
