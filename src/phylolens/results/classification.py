"""What the classification stage found: scores on every split, confidence, depth, novelty."""

from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import Field

from phylolens.results.base import Limits, Number, Part, StageResult
from phylolens.results.calibration import Confidence, Conformal, ConformalSet, Novelty, Trial
from phylolens.results.checks import (
    AblationStep,
    Consistency,
    FeatureRanking,
    FewShot,
    NearDuplicates,
    Sources,
)
from phylolens.results.classifier import HeadChoice, StoredModel


class ClassScores(Part):
    """Scores of one class."""

    label: str = Field(description="Taxon.")
    precision: Number = Field(description="Share of its answers that are right; 0 if never named.")
    recall: Number = Field(description="Share of its images that are named correctly.")
    f1: Number = Field(description="Harmonic mean of precision and recall.")
    support: int = Field(description="Tested images.")


class Confusion(Part):
    """Which class was called which."""

    labels: list[str] = Field(description="Classes, in the order of rows and columns.")
    matrix: list[list[int]] = Field(description="Images; rows are true classes, columns answers.")


class SignTest(Part):
    """Exact two-sided sign test over specimens; with one image a specimen it is McNemar's."""

    n_better: int = Field(description="Specimens of which more images are named correctly.")
    n_worse: int = Field(description="Specimens of which fewer are; ties are left out.")
    p_value: Number = Field(description="Two-sided, 0 to 1.")


class RankScores(Part):
    """Scores of one model, or of always naming the most frequent class, at one rank.

    Macro averages run over the classes that are tested or named.
    """

    label: str | None = Field(
        default=None, description="Of the majority baseline: the answer given."
    )
    accuracy: Number = Field(description="Share of images named correctly, 0 to 1.")
    balanced_accuracy: Number | None = Field(
        default=None, description="Mean recall of tested classes."
    )
    macro_f1: Number | None = Field(
        default=None, description="Mean F1, every class counting alike."
    )
    weighted_f1: Number | None = Field(
        default=None, description="Mean F1, weighted by tested images."
    )
    macro_precision: Number | None = Field(
        default=None, description="Mean precision, every class counting alike; 0 if never named."
    )
    macro_recall: Number | None = Field(
        default=None, description="Mean recall, named classes included."
    )
    weighted_precision: Number | None = Field(
        default=None, description="Mean precision, weighted by tested images."
    )
    weighted_recall: Number | None = Field(
        default=None, description="Mean recall, weighted by tested images: the accuracy."
    )
    per_class: list[ClassScores] = Field(default=[], description="Every class tested or named.")
    confusion: Confusion | None = Field(default=None, description="Which class was called which.")
    accuracy_interval: Limits | None = Field(
        default=None,
        description="95% interval of accuracy: Wilson's over specimens where the split is random, "
        "else bootstrap over held-out taxa; null with fewer than six of these.",
    )
    macro_f1_interval: Limits | None = Field(
        default=None,
        description="95% interval of macro_f1: score ± 1.96 standard deviations over 1,000 "
        "bootstrap samples of specimens or held-out taxa; null with fewer than six.",
    )
    beside_majority: SignTest | None = Field(
        default=None,
        description="The model against always naming the most frequent training class.",
    )


class RandomScores(Part):
    """Scores of guessing each training class with equal chance, mean over draws."""

    accuracy: Number = Field(description="Share of images named correctly, 0 to 1.")
    balanced_accuracy: Number | None = Field(
        default=None, description="Mean recall of tested classes."
    )
    macro_f1: Number | None = Field(
        default=None, description="Mean F1, every class counting alike."
    )
    weighted_f1: Number | None = Field(
        default=None, description="Mean F1, weighted by tested images."
    )
    macro_precision: Number | None = Field(
        default=None, description="Mean precision, every class counting alike; 0 if never named."
    )
    macro_recall: Number | None = Field(
        default=None, description="Mean recall, named classes included."
    )
    weighted_precision: Number | None = Field(
        default=None, description="Mean precision, weighted by tested images."
    )
    weighted_recall: Number | None = Field(
        default=None, description="Mean recall, weighted by tested images: the accuracy."
    )
    expected_accuracy: Number | None = Field(
        default=None, description="What accuracy is on average."
    )
    n_draws: int | None = Field(default=None, description="Draws.")


class Baselines(Part):
    """What naming without looking at an image achieves, by rank."""

    majority: dict[str, RankScores] = Field(
        default={}, description="Always the most frequent class."
    )
    random: dict[str, RandomScores] = Field(default={}, description="Random guessing.")


class RankCounts(Part):
    """How many classes and images of one rank there were."""

    n_classes: int | None = Field(default=None, description="Classes trained on.")
    n_train: int | None = Field(default=None, description="Training images.")
    n_train_with_copies: int | None = Field(
        default=None, description="With altered copies of them."
    )
    n_test: int | None = Field(default=None, description="Tested images.")
    untested: list[str] | None = Field(default=None, description="Classes with no tested image.")
    n_not_trained: int | None = Field(
        default=None,
        description="Images of the test part left out: their class was not trained on.",
    )
    n_specimens: int | None = Field(default=None, description="Tested specimens.")
    interval_unit: str | None = Field(
        default=None, description="What bootstrap samples draw: 'specimen', or the rank held out."
    )
    n_interval_units: int | None = Field(default=None, description="How many of these there are.")


class Repeated(Part):
    """One score over repeated splits, which share images."""

    mean: Number = Field(description="Mean.")
    sd: Number | None = Field(default=None, description="Standard deviation (n - 1); null of one.")
    n: int | None = Field(default=None, description="Repeats.")


class RepeatedScores(Part):
    """Scores of one model at one rank over repeated splits."""

    accuracy: Repeated = Field(description="Share of images named correctly.")
    macro_f1: Repeated = Field(description="Mean F1, every class counting alike.")


class Repeats(Part):
    """The tests once more, each with another seed and split."""

    seeds: list[int] | None = Field(default=None, description="One a repeat.")
    splits: dict[str, dict[str, dict[str, RepeatedScores]]] | None = Field(
        default=None, description="By split, model (and 'majority') and rank."
    )


class SplitResult(Part):
    """Scores of every model on one split of the images."""

    recipe: str | None = Field(default=None, description="Preset: 'default' or 'roy2025'.")
    source: str | None = Field(default=None, description="The study that the preset follows.")
    seed: int | None = Field(default=None, description="Seed of models, split and random guessing.")
    n_train: int = Field(description="Training images.")
    n_test: int = Field(description="Tested images.")
    split: str | None = Field(default=None, description="How the images were split, in words.")
    held_out: list[str] | None = Field(default=None, description="Taxa (or sources) held out.")
    ranks: dict[str, RankCounts] | None = Field(default=None, description="Counts by rank.")
    skipped: dict[str, str] | None = Field(default=None, description="Ranks not tested, and why.")
    models: dict[str, dict[str, RankScores]] = Field(
        description="By model, then rank; the first model is primary."
    )
    chosen: (
        dict[str, Annotated[dict[str, HeadChoice] | HeadChoice, Field(union_mode="left_to_right")]]
        | None
    ) = Field(default=None, description="What models that choose by themselves chose, by rank.")
    baselines: Baselines = Field(description="What guessing achieves.")
    circular: bool | None = Field(
        default=None, description="Of guided features: whether they were fitted to what is tested."
    )
    circular_why: str | None = Field(default=None, description="Why, in words.")

    @property
    def primary(self) -> str:
        """The model the text speaks of: the first, named before any result was known.

        The best of several on the same test images would be chosen by luck in part.
        """
        return next(iter(self.models))


class UsedSettings(Part):
    """Where a run departs from the published settings, and how its features were made."""

    published_backbone: str | None = Field(
        default=None, description="Network of the published study."
    )
    published_fit: str | None = Field(default=None, description="How it made images square.")
    features: dict[str, Any] | None = Field(default=None, description="How the features were made.")
    augmentation: str | None = Field(
        default=None, description="How copies were altered; null: none can."
    )
    upsample_to: int | None = Field(default=None, description="Images rare classes were raised to.")
    published_augmentation: str | None = Field(default=None, description="Of the published study.")
    published_upsample_to: int | None = Field(default=None, description="Of the published study.")
    published_models: list[str] | None = Field(default=None, description="Of the published study.")


class ClassificationResult(SplitResult, StageResult):
    """Scores of every model at every rank, and how far answers can be relied on.

    Figures at the top level are of the first split. ``confidence`` and ``conformal`` come from an
    assessment in which specimens and whole taxa were held out from a model made like the stored
    one; the stored model is then fitted to everything.
    """

    FILE: ClassVar[str] = "classify/metrics.json"

    splits: dict[str, SplitResult] | None = Field(
        default=None, description="The other splits, by name."
    )
    splits_not_possible: dict[str, str] | None = Field(
        default=None, description="Splits that could not be tested, and why."
    )
    repeats: Repeats | None = Field(default=None, description="Means over repeated splits.")
    not_possible: dict[str, str] | None = Field(
        default=None, description="Parts that the data were too few for, and why."
    )
    consistency: Consistency | None = Field(default=None, description="Do the ranks agree?")
    near_duplicates: NearDuplicates | None = Field(
        default=None, description="Tested images that nearly repeat a training image."
    )
    sources: Sources | None = Field(
        default=None,
        description="Whether features tell the source of an image; null without sources.",
    )
    few_shot: FewShot | None = Field(
        default=None, description="Scores with few training specimens."
    )
    ablation: list[AblationStep] | None = Field(default=None, description="What each choice adds.")
    feature_ranking: FeatureRanking | None = Field(
        default=None, description="Which features a forest relies on; null where not asked for."
    )
    confidence: dict[str, Confidence] | None = Field(
        default=None, description="Calibration of probabilities, by rank."
    )
    temperature: Number | dict[str, Number] | None = Field(
        default=None,
        description="By rank (one number in older results); above 1 makes it less sure.",
    )
    conformal_set: ConformalSet | None = Field(
        default=None, description="Sets of finest taxa, tested."
    )
    conformal: Conformal | None = Field(default=None, description="How deep names are safe.")
    trial: Trial | None = Field(
        default=None, description="What confidence and conformal were assessed on."
    )
    novelty: Novelty | None = Field(default=None, description="Whether unknown taxa are noticed.")
    model: StoredModel | None = Field(default=None, description="The stored model.")
    settings: UsedSettings | None = Field(
        default=None, description="Settings used, and published ones."
    )

    def table(self) -> pd.DataFrame:
        """Return accuracy and macro-F1 with their intervals, a row a split, rank and model."""
        rows = [
            {"split": name, "rank": rank, "model": model, "n_test": _tested(split, rank),
             "accuracy": own.accuracy, "accuracy_low": _end(own.accuracy_interval, 0),
             "accuracy_high": _end(own.accuracy_interval, 1), "macro_f1": own.macro_f1,
             "macro_f1_low": _end(own.macro_f1_interval, 0),
             "macro_f1_high": _end(own.macro_f1_interval, 1)}
            for name, split in (("first", self), *(self.splits or {}).items())
            for model, ranks in (*split.models.items(), ("majority", split.baselines.majority))
            for rank, own in ranks.items()
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        shown = self.table().drop(columns=["macro_f1_low", "macro_f1_high"])
        text = shown.to_string(index=False, float_format="{:.3f}".format, na_rep="")
        return f"Classification ({self.recipe}): {self.n_train:,} images trained on\n{text}"


def _tested(split: SplitResult, rank: str) -> int | None:
    counts = (split.ranks or {}).get(rank)
    return counts.n_test if counts else None


def _end(limits: Limits | None, end: int) -> Number | None:
    return limits[end] if limits else None
