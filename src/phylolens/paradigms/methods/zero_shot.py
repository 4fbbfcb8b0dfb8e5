"""Zero-shot: CLIP, BioCLIP and BioCLIP 2, of local checkpoints."""

from functools import partial

from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Cost, Method
from phylolens.paradigms.zero_shot import ZeroShot, name_figures

NOTE = (
    "circular: images and names of these taxa, and their lineages, may have been seen in "
    "pretraining, so neither its skill nor the accuracy of its names is of taxa never seen"
)
GENERAL_NOTE = (
    "images and names of these taxa may have been seen in pretraining: its skill and the accuracy "
    "of its names need not be of taxa never seen"
)


def _fit(material: Material, name: str) -> ZeroShot:
    assert material.images is not None, "needs says so"
    return ZeroShot(material.images, material.checkpoints[name], device=material.device)


def _towers(
    name: str, about: str, source: str, *, lineage: bool, note: str = NOTE, cost: Cost = "moderate"
) -> Method:
    return Method(
        name=name,
        cell="advanced/zero-shot",
        fit=partial(_fit, name=name),
        sees="nothing",
        about=about,
        needs=("checkpoint", "images"),
        packages=("open_clip",),
        extra="clip",
        cost=cost,
        note=note,
        get=f"hf download {source} --local-dir {name}, then --checkpoints {name}={name}",
        more=partial(name_figures, name=name, lineage=lineage),
    )


METHODS = (
    _towers(
        "clip",
        "Image tower of CLIP, trained on captions from the web (Radford et al. 2021).",
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        lineage=False,
        note=GENERAL_NOTE,
    ),
    _towers(
        "bioclip",
        "Image tower of BioCLIP, trained on lineages of ten million images (Stevens et al. 2024).",
        "imageomics/bioclip",
        lineage=True,
        cost="costly",  # half a second an image on one core; CLIP takes an eighth
    ),
    _towers(
        "bioclip-2",
        "Image tower of BioCLIP 2, the same on two hundred million (Gu et al. 2025).",
        "imageomics/bioclip-2",
        lineage=True,
        cost="costly",  # two seconds an image on one core
    ),
)
