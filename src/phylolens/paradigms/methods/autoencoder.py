"""An autoencoder of features, and of images 64 pixels wide."""

from phylolens.paradigms.drawn import Drawn
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method


def _of_features(material: Material) -> Drawn:
    return Drawn(kind="autoencoder", epochs=30 if material.quick else 200, seed=material.seed)


def _of_images(material: Material) -> Drawn:
    return Drawn(
        kind="autoencoder", images=material.images, epochs=60, width=32, seed=material.seed
    )


METHODS = (
    Method(
        name="autoencoder",
        cell="unsupervised/generative",
        fit=_of_features,
        sees="images",
        about="The code of an autoencoder, of features (Hinton & Salakhutdinov 2006).",
        packages=("torch",),
        extra="torch",
        cost="moderate",
    ),
    Method(
        name="autoencoder-images",
        cell="unsupervised/generative",
        fit=_of_images,
        sees="images",
        about="The code of an autoencoder, of images 64 pixels wide.",
        needs=("images",),
        packages=("torch",),
        extra="torch",
        cost="costly",
    ),
)
