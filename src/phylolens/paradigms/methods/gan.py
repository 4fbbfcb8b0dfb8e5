"""A generative adversarial network of features, and of images 64 pixels wide."""

from phylolens.paradigms.drawn import Drawn
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method


def _of_features(material: Material) -> Drawn:
    return Drawn(kind="gan", epochs=20 if material.quick else 200, seed=material.seed)


def _of_images(material: Material) -> Drawn:
    return Drawn(kind="gan", images=material.images, epochs=60, width=32, seed=material.seed)


METHODS = (
    Method(
        name="gan",
        cell="unsupervised/generative",
        fit=_of_features,
        sees="images",
        about="The discriminator's last hidden layer, of features (Goodfellow et al. 2014).",
        packages=("torch",),
        extra="torch",
        cost="moderate",
    ),
    Method(
        name="gan-images",
        cell="unsupervised/generative",
        fit=_of_images,
        sees="images",
        about="The last hidden layer of a GAN's discriminator, of images 64 pixels wide.",
        needs=("images",),
        packages=("torch",),
        extra="torch",
        cost="costly",
    ),
)
