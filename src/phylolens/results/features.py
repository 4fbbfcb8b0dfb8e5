"""What made the features, as stages record it under ``features``."""

from pydantic import Field

from phylolens.results.base import Part


class Pretraining(Part):
    """How `phylolens pretrain` trained the network; absent for any other."""

    method: str | None = Field(default=None, description="Of self-supervision.")
    n_images: int | None = Field(default=None, description="Images, without labels.")
    epochs: int | None = Field(default=None, description="Passes over them.")
    seen: str | None = Field(
        default=None, description="`seen_sha256` of `pretrain.json`, by which it is known again."
    )


class FeatureSpec(Part):
    """The network and how it saw the images, or a file of features.

    Further keys are kept: backbones record what tells them apart.
    """

    backbone: str | None = Field(default=None, description="Name of the pretrained network.")
    input_size: int | None = Field(default=None, description="Side of the images, in pixels.")
    fit: str | None = Field(default=None, description="How images were made square.")
    feature_size: int | None = Field(default=None, description="Values an image.")
    file: str | None = Field(default=None, description="Name of the file of features.")
    pretrained: Pretraining | None = Field(
        default=None, description="How the network was trained on own images, without labels."
    )
    fused: "list[FeatureSpec] | None" = Field(
        default=None, description="The networks whose features were joined."
    )
