"""Scores of ``guide.json``: of learners on clades held out, in-sample, and without images."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from phylolens.results.base import Limits, Number, Part


class Agreement(Part):
    """How predictions agree with genetic distances, or similarities, over pairs of taxa."""

    pearson: Number | None = Field(default=None, description="Pearson correlation.")
    spearman: Number | None = Field(default=None, description="Spearman rank correlation.")
    mse: Number | None = Field(
        default=None, description="Mean squared error, in squared units of the distances."
    )


class Correlations(Part):
    """The two correlations alone."""

    pearson: Number | None = Field(default=None, description="Pearson correlation.")
    spearman: Number | None = Field(default=None, description="Spearman rank correlation.")


class HeldTogether(Correlations):
    """Over pairs of one clade, both taxa held out."""

    within_clades: Number | None = Field(
        default=None, description="Pearson correlation after each clade's mean is subtracted."
    )
    n_pairs: int | None = Field(default=None, description="Pairs.")


class NearestRelative(Part):
    """Genetic distance to the training taxon predicted as nearest to a held-out one."""

    median: Number | None = Field(default=None, description="Median over held-out taxa.")
    best_possible: Number | None = Field(
        default=None, description="The same to the nearest there is."
    )
    by_chance: Number | None = Field(
        default=None, description="The same to all training taxa, mean."
    )


class HeldOutScores(Part):
    """Scores over ordered pairs of a held-out and a training taxon.

    Each pair of taxa of different clades counts twice, with either of them held out.
    """

    scheme: str | None = Field(
        default=None, description="`leave-order-out`, with the rank of the clades."
    )
    rank: str | None = Field(default=None, description="Of the clades held out.")
    n_clades: int | None = Field(default=None, description="Clades held out, one at a time.")
    unknown_clade: list[str] | None = Field(
        default=None, description="Taxa of unknown clade, each held out alone."
    )
    pearson: Number | None = Field(default=None, description="Pearson correlation.")
    spearman: Number | None = Field(default=None, description="Spearman rank correlation.")
    mse: Number | None = Field(
        default=None, description="Mean squared error, in squared units of the distances."
    )
    row_spearman: Number | None = Field(
        default=None,
        description="Rank correlation along the row of each held-out taxon, mean over taxa.",
    )
    nearest_relative: NearestRelative | None = Field(
        default=None, description="How near the relative is that is predicted as nearest."
    )
    centred: Correlations | None = Field(
        default=None,
        description="After row and column effects are removed, by least squares over the known "
        "pairs.",
    )
    n_pairs: int | None = Field(default=None, description="Ordered pairs.")
    skill: Number | None = Field(
        default=None,
        description="Share by which the squared error of `image_free` is reduced; 0: images add "
        "nothing; it may be negative.",
    )
    skill_interval: Limits | None = Field(
        default=None,
        description="95% interval by a jackknife over clades; null with fewer than five clades. It "
        "says how far the skill rests on single clades, not how it would be on another tree.",
    )
    skill_over_column_means: Number | None = Field(
        default=None, description="Skill over calibrated column means alone."
    )
    skill_over_names: Number | None = Field(
        default=None,
        description="Skill of images and the names of coarser ranks over these names; null where "
        "there is no coarser rank.",
    )
    skill_over_names_interval: Limits | None = Field(
        default=None, description="95% interval of `skill_over_names`, as `skill_interval`."
    )
    row_rank: Number | None = Field(
        default=None, description="As `row_spearman`, averaged within clades, then over clades."
    )
    row_rank_gain: Number | None = Field(
        default=None, description="`row_rank` less that of `image_free`."
    )
    alone: Correlations | None = Field(
        default=None, description="Of the learner's own predictions, before they are stacked."
    )
    held_held: HeldTogether | None = Field(
        default=None, description="Over pairs of one clade, both taxa held out."
    )

    @property
    def low_skill(self) -> Number | None:
        """Lower end of the interval of the skill."""
        return self.skill_interval[0] if self.skill_interval else None


class BaselineScores(HeldOutScores):
    """Scores of a prediction without images."""

    in_sample: Agreement | None = Field(
        default=None, description="Scores over all pairs, none held out."
    )
    ranks: list[str] | None = Field(
        default=None, description="The ranks that it knows, coarse to fine."
    )


class Unguided(Part):
    """Means of the features of each taxon; no genetic distance was fitted."""

    in_sample: Agreement | None = Field(default=None, description="Scores over all pairs.")
    held_out: HeldOutScores | None = Field(default=None, description="Scores over held-out pairs.")


class GuideBaselines(Part):
    """What images have to beat."""

    constant: BaselineScores | None = Field(
        default=None, description="The same value for every pair."
    )
    image_free: BaselineScores | None = Field(
        default=None,
        description="The best prediction without images: means over all taxa, over other clades "
        "and over their means, with and without the floor (the distance of a training taxon to "
        "its nearest other clade), calibrated, weighed without negative weights on training pairs.",
    )
    column_means: BaselineScores | None = Field(
        default=None, description="Each training taxon's mean distance to all others, calibrated."
    )
    other_clades: BaselineScores | None = Field(
        default=None, description="Each training taxon's mean distance to taxa of other clades."
    )
    names: BaselineScores | None = Field(
        default=None,
        description="`image_free` with the names of coarser ranks in it; null or absent without a "
        "coarser rank.",
    )
    taxonomy_only: BaselineScores | None = Field(
        default=None, description="Steps between the named ranks, as a learner."
    )
    unguided: Unguided | None = Field(
        default=None, description="Features without a fit to the genetic distances."
    )
    row_means: Agreement | None = Field(
        default=None, description="Each taxon's mean genetic distance, in-sample."
    )

    @model_serializer(mode="wrap")
    def _as_written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Put the keys of a fit that holds no clade out in the order of its recipe."""
        found: dict[str, Any] = write(self)
        first = () if self.column_means else ("constant", "unguided", "row_means")
        return {key: found[key] for key in first if key in found} | found

    def free(self) -> Iterator[tuple[str, BaselineScores]]:
        """Predictions without images that were made, by name."""
        found = {
            "image_free": self.image_free,
            "names": self.names,
            "column_means": self.column_means,
            "other_clades": self.other_clades,
            "taxonomy_only": self.taxonomy_only,
            "constant": self.constant,
        }
        for name, scores in found.items():
            if scores is not None:
                yield name, scores

    @property
    def standard(self) -> BaselineScores:
        """What skill is measured against: the best without images; column means in older files."""
        return self.image_free or self.column_means or BaselineScores()

    @property
    def unguided_fit(self) -> Agreement:
        """In-sample scores of features without a fit."""
        return (self.unguided.in_sample if self.unguided else None) or Agreement()
