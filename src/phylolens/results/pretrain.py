"""``pretrain.json``: how a backbone was trained on one's own images, without labels."""

from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from phylolens.results.base import Number, StageResult


class PretrainResult(StageResult):
    """A self-supervised training of a backbone."""

    FILE: ClassVar[str] = "pretrain/pretrain.json"

    method: str = Field(description="simclr, byol, moco, swav or deepcluster.")
    backbone: str = Field(description="Name of the network.")
    weights: str = Field(
        description="The trained network, relative to the results directory: for `--weights`."
    )
    weights_sha256: str | None = Field(default=None, description="Of that file.")
    started_from: str = Field(description="SHA-256 of the checkpoint that training started from.")
    train: Literal["blocks", "all"] = Field(description="What was trained.")
    blocks: int | None = Field(
        default=None, description="Groups of layers trained, from the end; null: all."
    )
    trained_parameters: int = Field(description="Numbers of the network that were trained.")
    image_size: int = Field(description="Side of the images in training, pixels.")
    views: int = Field(description="Altered views of each image.")
    batch: int = Field(description="Images of a batch, as asked for.")
    batches: int = Field(description="Batches of an epoch.")
    rate: Number = Field(description="Step of AdamW.")
    temperature: Number | None = Field(
        default=None, description="Of the softmax; null: of no use to the method."
    )
    seed: int = Field(description="Of everything random.")
    device: str = Field(description="As used.")
    n_images: int = Field(description="Images trained on.")
    n_left_out: int = Field(description="Images that training never saw.")
    left_out_why: str | None = Field(default=None, description="Why.")
    seen_sha256: str = Field(
        description="SHA-256 of the sorted hashes of the images; each is in `seen.safetensors`."
    )
    epochs: int = Field(description="Finished.")
    epochs_wanted: int = Field(description="As asked for.")
    stopped_why: str | None = Field(default=None, description="Why it stopped before that.")
    losses: list[Number] = Field(description="Mean loss of every epoch.")
    seconds: Number = Field(description="Wall time of all epochs.")
    note: str = Field(description="What the training has seen, and what follows for tests.")

    def table(self) -> pd.DataFrame:
        """Return the mean loss by epoch."""
        numbers = range(1, len(self.losses) + 1)
        return pd.DataFrame({"epoch": list(numbers), "loss": self.losses})
