"""Columns that may make taxa look alike: parts of ``check``, ``guide`` and ``signal``."""

from typing import Literal

from pydantic import Field

from phylolens.results.base import Number, Part
from phylolens.results.permutation import ShortTest

Conclusion = Literal[
    "nothing can be told", "not within sources", "holds within sources", "no matter"
]


class ColumnValue(Part):
    """One value of a column."""

    value: str = Field(description="As in the table.")
    n_images: int | None = Field(None, description="Images that have it.")
    n_taxa: int = Field(description="Taxa whose commonest value it is.")


class ConfoundColumn(Part):
    """A column that is no rank, taxon by taxon."""

    column: str = Field(description="Its name in the table.")
    asked: bool | None = Field(None, description="Whether `--confound` names it.")
    named: bool | None = Field(
        None,
        description="Whether it is a possible confound: 90% of the images have the commonest "
        "value of their taxon, and two or more taxa have another commonest value than most.",
    )
    also: list[str] | None = Field(
        None, description="Other columns that divide the rows in the same way."
    )
    constant: Number | None = Field(
        None, description="Share of the images that have the commonest value of their taxon."
    )
    n_taxa: int = Field(description="Taxa with a known value.")
    n_taxa_several_images: int | None = Field(
        None, description="Taxa of two images or more with a known value."
    )
    n_values: int | None = Field(None, description="Different values.")
    values: list[ColumnValue] = Field(description="At most twenty, those of most taxa first.")


class GuideConfound(ConfoundColumn):
    """A possible confound among the taxa that a guided embedding is fitted to."""

    coincide: bool | None = Field(
        None, description="Whether the values and the clades are the same contrast."
    )


class Contrast(Part):
    """How a column goes with a distance between taxa."""

    pearson: Number | None = Field(
        None,
        description="Correlation of differing in value (the chance that two random images of the "
        "two taxa do) with distance; null where it is not defined.",
    )
    p_value: Number | None = Field(None, description="By permuted taxa.")
    same_mean: Number | None = Field(None, description="Mean distance of pairs of one value.")
    other_mean: Number | None = Field(None, description="Mean distance of pairs of two values.")
    n_same: int | None = Field(None, description="Pairs of one value.")
    n_other: int | None = Field(None, description="Pairs of two values.")


class TreeContrast(Contrast):
    """The same of genetic distance, with the changes of the value along the tree."""

    changes: int | None = Field(
        None, description="Changes of the commonest value along the tree, by parsimony."
    )
    fewest_changes: int | None = Field(None, description="Changes that cannot be avoided.")
    changes_by_chance: Number | None = Field(
        None, description="Median of the changes with permuted tips."
    )


class WithinValues(Part):
    """Tests with taxa permuted only among those of one commonest value."""

    n_moved: int | None = Field(None, description="Taxa that can change places.")
    n_values_moved: int | None = Field(None, description="Values with two such taxa or more.")
    tests: dict[str, ShortTest] = Field(
        description="By name: `lambda_score` (which decides), `protest`, `mantel_pearson`; those "
        "that could be made."
    )


class _Way(Part):
    """How the effect of the values was taken out."""

    way: Literal["within taxa", "taxon means"] = Field(
        description="`within taxa`: the effect was measured within taxa that have images of "
        "several values (20 images or more of other values than the commonest); `taxon means`: "
        "it is the mean of the taxa of a value, shared history included."
    )
    n_taxa_several: int | None = Field(None, description="Taxa with images of several values.")
    removed: Number | None = Field(
        None, description="Share of the variance between taxon means that is gone."
    )


class AdjustedTests(WithinValues, _Way):
    """Tests within values, the mean effect of each value taken out of the features."""


class JudgedColumn(ConfoundColumn):
    """A column held against visual distance and against the phylogeny."""

    visual: Contrast = Field(description="How it goes with visual distance.")
    phylogeny: TreeContrast = Field(description="How it goes with the phylogeny.")
    used: bool | None = Field(
        None,
        description="Whether it is in use: asked for, or, without `--confound`, named and going "
        "with visual distance (p ≤ .05). The keys below are of columns in use only.",
    )
    coincide: bool | None = Field(
        None,
        description="Whether values and clades are the same contrast: 95% of the taxa lie in the "
        "main clade (next coarser rank) of their value, or every value is one connected piece of "
        "the tree.",
    )
    within: WithinValues | None = Field(
        None, description="Tests with taxa permuted among those of one value."
    )
    adjusted: AdjustedTests | None = Field(
        None, description="The same on features without the effect of the values."
    )
    conclusion: Conclusion | None = Field(
        None,
        description="`no matter`; `holds within sources`: the score of lambda, adjusted where "
        "that can be had, has p ≤ .05; `not within sources`; `nothing can be told`: no sign "
        "within sources, where source and clade coincide or too few orders differ.",
    )

    @property
    def deciding_tests(self) -> dict[str, ShortTest]:
        """Tests within values: adjusted where they can be had."""
        best = self.adjusted or self.within
        return best.tests if best else {}


class Confounds(Part):
    """Columns that may make taxa look alike."""

    asked: list[str] | None = Field(None, description="What `--confound` names; null without.")
    columns: list[JudgedColumn] = Field(
        default_factory=list, description="Columns that are no rank."
    )
    conclusion: Conclusion | None = Field(
        None, description="The worst of the columns in use; `no matter` without any."
    )

    @property
    def used(self) -> list[JudgedColumn]:
        """The columns in use."""
        return [column for column in self.columns if column.used]


class PossibleConfounds(Part):
    """Columns that may make taxa look alike, before they are held against anything."""

    asked: list[str] | None = Field(None, description="What `--confound` names; null without.")
    columns: list[ConfoundColumn] = Field(
        default_factory=list, description="Columns that are no rank."
    )

    @property
    def named(self) -> list[ConfoundColumn]:
        """The columns that the user named, or else those found unasked."""
        return [one for one in self.columns if (one.asked if self.asked else one.named)]
