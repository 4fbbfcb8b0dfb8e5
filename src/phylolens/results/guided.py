"""``guide.json``: guided embeddings, judged on clades held out or, as published, in-sample."""

from typing import ClassVar

import pandas as pd
from pydantic import Field

from phylolens.results.base import Number, Part, StageResult
from phylolens.results.confounds import GuideConfound
from phylolens.results.guided_parts import (
    AttentionSummary,
    Beyond,
    CladeSkill,
    GuideSettings,
    ImageNumbers,
    LearnerResult,
    LeftOutTaxa,
    LossEnds,
    PublishedStatistic,
    Refits,
    SamplingScheme,
    Setting,
    TraitSkill,
)
from phylolens.results.guided_scores import Agreement, GuideBaselines, HeldOutScores

PUBLISHED = "attention"  # the learner of results that name none
SHOWN = ("skill", "p_value", "pearson", "spearman", "mse")


class GuidedResult(StageResult):
    """What ``phylolens guide`` found.

    Recipes that hold clades out give ``held_out``, ``null``, ``learners`` and what follows from
    them; the published recipe gives ``in_sample`` figures, ``epochs``, ``loss`` and ``attention``.
    """

    FILE: ClassVar[str] = "guide/guide.json"

    recipe: str | None = Field(default=None, description="Name of the recipe.")
    source: str | None = Field(default=None, description="Where the recipe comes from.")
    rank: str = Field(description="Of the taxa.")
    n_taxa: int = Field(description="Taxa compared.")
    n_images: int | None = Field(
        default=None, description="Images of them, altered copies included."
    )
    n_specimens: int | None = Field(default=None, description="Specimens of them.")
    images_per_taxon: ImageNumbers | None = Field(
        default=None, description="Fewest and most images."
    )
    epochs: int | None = Field(default=None, description="Steps of the published fit.")
    learning_rate: Number | None = Field(default=None, description="Of the published fit.")
    seed: int | None = Field(default=None, description="Random seed.")
    divisor: Number | None = Field(
        default=None, description="Genetic distance that becomes similarity -1."
    )
    unit: str | None = Field(default=None, description="Of the errors.")
    note: str | None = Field(default=None, description="What the figures can show.")
    loss: LossEnds | None = Field(default=None, description="Loss of the published fit, in-sample.")
    learner: str | None = Field(
        default=None,
        description="The primary learner; its figures stand at the top level, too. Absent of the "
        "published recipe.",
    )
    held_out: HeldOutScores | None = Field(
        default=None, description="Scores of the primary learner on clades held out."
    )
    in_sample: Agreement | None = Field(
        default=None,
        description="Scores over the pairs it was fitted to: no evidence of prediction.",
    )
    chosen: dict[str, Setting] | None = Field(
        default=None, description="Settings of the primary learner, as in `learners`."
    )
    fallback: str | None = Field(
        default=None,
        description="Why nothing was learned and unguided features are used; else null.",
    )
    null: Refits | None = Field(
        default=None,
        description="Refits with permuted images; absent with `--refits 0`, and of `finetune` "
        "unless `--refits` is given.",
    )
    learners: dict[str, LearnerResult] | None = Field(
        default=None, description="Every learner that was tried, by name."
    )
    baselines: GuideBaselines = Field(
        default_factory=GuideBaselines, description="What images have to beat."
    )
    by_clade: list[CladeSkill] | None = Field(
        default=None, description="The part of each clade in the skill of the primary learner."
    )
    attainable: list[TraitSkill] | None = Field(
        default=None,
        description="Skill of simulated traits, with as many images that scatter as much; of "
        "closed-form learners only. A scale to read the skill on, no test.",
    )
    beyond: Beyond | None = Field(
        default=None,
        description="Where a tenth of the taxa or fewer hold half of the error without images: "
        "everything again without their clades. Which ones depends on no image.",
    )
    dropped: LeftOutTaxa | None = Field(default=None, description="Taxa that are not compared.")
    sampling: list[SamplingScheme] | None = Field(
        default=None,
        description="One learner on images drawn by several schemes (`--sampling-table`).",
    )
    published_statistic: PublishedStatistic | None = Field(
        default=None, description="The correlation as the published study computed it."
    )
    attention: AttentionSummary | None = Field(
        default=None, description="Weights of images in the published fit."
    )
    settings: GuideSettings | None = Field(
        default=None, description="What the embedding was made with."
    )
    n_kept_for_testing: int | None = Field(
        default=None,
        description="Rows that `split` does not call `train`, where there is such a column.",
    )
    confounds: list[GuideConfound] | None = Field(
        default=None, description="Columns named or asked for that may make taxa look alike."
    )
    weighed_by: str | None = Field(
        default=None, description="The first learner that weighs images (`attention.csv`)."
    )
    stepped_by: str | None = Field(
        default=None, description="The first learner that takes steps (`loss.csv`)."
    )

    @property
    def primary(self) -> str:
        """Name of the primary learner."""
        return self.learner or PUBLISHED

    def judged(self) -> dict[str, LearnerResult]:
        """Return the learners that were judged on clades held out, the primary one first."""
        learners = self.learners or {}
        named = {
            self.primary: self._primary(learners.get(self.primary) or LearnerResult()),
            **{name: own for name, own in learners.items() if name != self.primary},
        }
        return {name: own for name, own in named.items() if own.held_out}

    def _primary(self, own: LearnerResult) -> LearnerResult:
        """Figures of the primary learner; those of older files stand at the top level alone."""
        return LearnerResult(
            held_out=own.held_out or self.held_out,
            in_sample=own.in_sample or self.in_sample,
            chosen=own.chosen or self.chosen,
            fallback=own.fallback or self.fallback,
            null=own.null or self.null,
        )

    def table(self) -> pd.DataFrame:
        """Scores of learners and baselines on clades held out; in-sample where none was.

        Returns
        -------
        DataFrame
            Index: names; ``skill``, ``p_value``, ``pearson``, ``spearman``, ``mse``.
        """
        base = self.baselines
        scored: dict[str, Part | None] = {name: own.held_out for name, own in self.judged().items()}
        if not scored:
            scored["guided, in-sample"] = self.in_sample
            scored["unguided, in-sample"] = base.unguided.in_sample if base.unguided else None
        elif base.unguided and "unguided" not in scored:
            scored["unguided"] = base.unguided.held_out
        scored |= {name.replace("_", " "): scores for name, scores in base.free()}
        rows = {
            name: {key: getattr(scores, key, None) for key in SHOWN}
            for name, scores in scored.items()
            if scores is not None
        }
        table = pd.DataFrame.from_dict(rows, orient="index", columns=list(SHOWN), dtype=float)
        for name, own in self.judged().items():
            if own.null and own.null.p_value is not None:
                table.loc[name, "p_value"] = own.null.p_value
        return table

    def __repr__(self) -> str:
        held = self.held_out
        how = f"{held.scheme}, {held.n_clades} clades" if held else "in-sample"
        lines = [
            f"Guided embedding of {self.n_taxa} taxa (rank {self.rank}): {self.primary}, {how}"
        ]
        if self.fallback:
            lines.append(f"Nothing was learned: {self.fallback}")
        table = self.table().map(lambda value: f"{value:.4g}").replace("nan", "")
        return "\n".join([*lines, "", table.to_string()])


class ModelSkill(Part):
    """What a stored model was worth on clades held out."""

    rank: str | None = Field(default=None, description="Of its taxa.")
    n_taxa: int | None = Field(default=None, description="Taxa it was fitted to.")
    held_out: str | None = Field(default=None, description="Rank of the clades held out.")
    skill: Number | None = Field(default=None, description="Skill on them.")
    p_value: Number | None = Field(default=None, description="Of the skill; null without refits.")


class NewEmbeddings(StageResult):
    """What ``phylolens guide --model`` made of new images."""

    FILE: ClassVar[str] = "guide/new/summary.json"

    learner: str = Field(description="Of the model.")
    n_files: int = Field(description="Images given.")
    n_embedded: int = Field(description="Images that could be read.")
    n_fitted: int | None = Field(
        default=None,
        description="Images that the model was fitted to; null where that is not known.",
    )
    n_unlike: int | None = Field(
        default=None, description="Images unlike those of the fit; null where that is not known."
    )
    not_readable: list[str] = Field(
        default_factory=list, description="Images that could not be read."
    )
    dimensions: int = Field(description="Length of an embedding.")
    weights: bool = Field(description="Whether the model weighs images (`weights.csv`).")
    model: ModelSkill = Field(description="What the model was worth on clades held out.")

    def table(self) -> pd.DataFrame:
        """Return the counts of images, a row each."""
        counts = {
            "given": self.n_files,
            "embedded": self.n_embedded,
            "fitted": self.n_fitted,
            "unlike": self.n_unlike,
        }
        return pd.DataFrame({"images": pd.Series(counts, dtype="Int64")})

    def __repr__(self) -> str:
        return "\n".join(
            [
                f"{self.n_embedded} of {self.n_files} images embedded by {self.learner}, "
                f"{self.dimensions} dimensions",
                "",
                self.table().to_string(),
            ]
        )
