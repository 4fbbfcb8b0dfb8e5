"""The files of a stored classifier: the model itself, and its answers to new images."""

from typing import Any, ClassVar

import pandas as pd
from pydantic import Field

from phylolens.results.base import Number, Part, StageResult


class HeadChoice(Part):
    """The classifier that a model chose by itself, on training images alone."""

    head: str | None = Field(default=None, description="Kind and setting, such as 'lda:0.1'.")
    scores: dict[str, Number] | None = Field(
        default=None, description="Macro-F1 of inner cross-validation, by head tried."
    )
    rule: str | None = Field(default=None, description="How the choice was made, in words.")
    how: str | None = Field(
        default=None,
        description="Whether answers are blended over the taxonomy or of one rank alone.",
    )


class StoredModel(Part):
    """The calibrated model that was stored."""

    ranks: list[str] | None = Field(
        default=None, description="Ranks it answers at, coarse to fine."
    )
    chosen: HeadChoice | None = Field(default=None, description="The classifier it chose.")


class ModelCalibration(Part):
    """What a stored model learnt about its own confidence."""

    temperatures: dict[str, Number] = Field(description="By rank; above 1 makes it less sure.")
    alpha: Number = Field(description="Accepted share of wrong names.")
    mix: dict[str, Number] = Field(description="Expected share of each kind of specimens.")
    thresholds: dict[str, Number | None] = Field(
        description="By guarantee; null: no answer is safe."
    )
    set_thresholds: dict[str, Number | None] = Field(
        description="Of the sets of finest taxa, by guarantee."
    )
    acceptance: list[list[Number]] = Field(
        description="Weights of the evidence, one row a rank: intercept, then four slopes."
    )
    alpha_unknown: Number = Field(description="Accepted share of wrong names, unknown taxa.")
    promised: list[str] = Field(description="Kinds of unknown taxa the guarantee holds for.")


class ModelCard(Part):
    """What the user of a stored model should know."""

    n_images: int | None = Field(default=None, description="Training images.")
    n_specimens: int | None = Field(default=None, description="Training specimens.")
    calibration: str | None = Field(default=None, description="'cross' or 'split'.")
    seed: int | None = Field(default=None, description="Seed.")
    head: str | None = Field(default=None, description="Classifier.")
    n_taxa: dict[str, int] | None = Field(default=None, description="Taxa by rank.")
    data_hash: str | None = Field(default=None, description="SHA-256 of images and labels.")
    performance: dict[str, str] | None = Field(
        default=None, description="Scores in words, by rank and split."
    )


class ClassifierFile(StageResult):
    """A stored classifier: how features are made, calibration, card."""

    FILE: ClassVar[str] = "classify/model/model.json"

    format: int = Field(description="Of the folder; another one is refused.")
    phylolens: str | None = Field(default=None, description="Version that wrote it.")
    scikit_learn: str | None = Field(default=None, description="Version that wrote it.")
    ranks: list[str] = Field(description="Ranks it answers at, coarse to fine.")
    features: dict[str, Any] = Field(description="How its features are made.")
    n_features: int | None = Field(default=None, description="Features of an image.")
    calibration: ModelCalibration = Field(description="Temperatures and thresholds.")
    card: ModelCard = Field(description="What its user should know.")

    def table(self) -> pd.DataFrame:
        """Return the thresholds, a row a guarantee."""
        found = self.calibration
        return pd.DataFrame({"threshold": found.thresholds, "of_sets": found.set_thresholds})


class AnswersSummary(StageResult):
    """Counts of the new images that a stored model named."""

    FILE: ClassVar[str] = "classify/new/summary.json"

    n_files: int = Field(description="Images or rows of features given.")
    n_answered: int = Field(description="Of them, those that were read.")
    not_readable: list[str] = Field(description="Images that could not be read.")
    guarantee: str = Field(description="'each', 'mixed' or 'known_only'.")
    alpha: Number = Field(description="Accepted share of wrong names.")
    alpha_unknown: Number = Field(description="The same among each kind of unknown taxa.")
    promised: list[str] = Field(description="Kinds of unknown taxa the guarantee holds for.")
    accepted_at: dict[str, int] = Field(
        description="Images named to each rank and no deeper; 'none of these' gets no name."
    )
    n_unlike_known: int = Field(description="Images with a novelty p-value below the limit.")
    unlike_known_below_p: Number = Field(description="That limit.")

    def table(self) -> pd.DataFrame:
        """Return how many images were named to each rank."""
        return pd.Series(self.accepted_at, name="n_images").rename_axis("rank").reset_index()
