"""A variational autoencoder of features, and of images 64 pixels wide."""

from phylolens.paradigms.drawn import Drawn
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method


def _of_features(material: Material) -> Drawn:
    return Drawn(kind="vae", epochs=30 if material.quick else 200, seed=material.seed)


def _of_images(material: Material) -> Drawn:
    return Drawn(kind="vae", images=material.images, epochs=60, width=32, seed=material.seed)


METHODS = (
    Method(
        name="vae",
        cell="unsupervised/generative",
        fit=_of_features,
        sees="images",
        about="Mean codes of a variational autoencoder, of features (Kingma & Welling 2014).",
        packages=("torch",),
        extra="torch",
        cost="moderate",
    ),
    Method(
        name="vae-images",
        cell="unsupervised/generative",
        fit=_of_images,
        sees="images",
        about="Mean codes of a variational autoencoder, of images 64 pixels wide.",
        needs=("images",),
        packages=("torch",),
        extra="torch",
        cost="costly",
    ),
)
