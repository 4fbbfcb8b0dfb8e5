"""Parts of ``guide.json``: learners, refits, what the skill is made of, sampling schemes."""

from typing import Any

from pydantic import Field

from phylolens.results.base import Limits, Number, Part
from phylolens.results.guided_scores import Agreement, HeldOutScores
from phylolens.results.permutation import Histogram

Setting = (
    bool | Number | str | None | list[bool | Number | str | None] | dict[str, Number | str | None]
)


class Refits(Part):
    """The skill of refits with images permuted among taxa, choice of settings included."""

    n_refits: int | None = Field(
        default=None, description="Refits: random permutations, or all orders where `exact`."
    )
    exact: bool | None = Field(
        default=None, description="Whether all orders of the taxa were tried."
    )
    p_value: Number | None = Field(
        default=None,
        description="Of the skill, one-sided: (count(refits ≥ observed) + 1) / (n_refits + 1).",
    )
    p_pearson: Number | None = Field(
        default=None, description="The same of the Pearson correlation."
    )
    smallest_p: Number | None = Field(
        default=None, description="The smallest p-value that so many refits can give."
    )
    z: Number | None = Field(
        default=None, description="Standard deviations of the refits above their mean skill."
    )
    quantiles: dict[str, Number] | None = Field(
        default=None, description="Quantiles of the skill of refits, by share (`0.5`, `0.95`)."
    )
    histogram: Histogram | None = Field(default=None, description="The skill of refits in bins.")
    seed: int | None = Field(default=None, description="Seed of the permutations.")
    skill_mean: Number | None = Field(default=None, description="Mean skill of the refits.")
    skill_q95: Number | None = Field(default=None, description="95% of the refits have less skill.")
    pearson_mean: Number | None = Field(
        default=None, description="Mean Pearson correlation of the refits."
    )
    pearson_q95: Number | None = Field(
        default=None, description="95% of the refits have a smaller Pearson correlation."
    )

    @property
    def least_p(self) -> float:
        """The smallest p-value that so many refits can give; 1 without any."""
        return 1 / ((self.n_refits or 0) + 1) if self.smallest_p is None else float(self.smallest_p)


class LearnerResult(Part):
    """What was found of one learner."""

    held_out: HeldOutScores | None = Field(default=None, description="Scores on clades held out.")
    in_sample: Agreement | None = Field(
        default=None,
        description="Scores over the pairs it was fitted to: no evidence of prediction.",
    )
    chosen: dict[str, Setting] | None = Field(
        default=None,
        description="Settings chosen on clades left out of the training taxa; `learner`: which "
        "learner, where several were tried, `learners`: how often each was chosen with clades "
        "held out, `inner_skill`: skill there, `why`: why nothing was chosen.",
    )
    fallback: str | None = Field(
        default=None,
        description="Why nothing was learned and unguided features are used; else null.",
    )
    null: Refits | None = Field(
        default=None, description="Refits with permuted images; absent where none were made."
    )


class CladeSkill(Part):
    """The part of one clade in the skill."""

    clade: str = Field(description="Its name.")
    n_taxa: int = Field(description="Its taxa.")
    share: Number | None = Field(
        default=None, description="Share of the squared error of `image_free` over its pairs."
    )
    skill: Number | None = Field(
        default=None,
        description="Skill there; the skill of all is the mean, weighted by the shares.",
    )


class TraitSkill(Part):
    """The skill that simulated traits give the same learner."""

    traits: int = Field(
        description="Independent traits drawn by Brownian motion along the genetic distances."
    )
    n_draws: int = Field(description="Sets of traits that were drawn.")
    skill_mean: Number = Field(description="Mean skill over the sets.")
    skill_min: Number = Field(description="Lowest skill.")
    skill_max: Number = Field(description="Highest skill.")


class Beyond(Part):
    """Everything again without the few clades that hold half of the error without images."""

    without: list[str] = Field(description="The clades left out.")
    share: Number = Field(description="Their share of the error.")
    n_taxa: int = Field(description="Taxa that remain.")
    n_clades: int | None = Field(default=None, description="Clades that remain.")
    skill: Number | None = Field(default=None, description="As in `held_out`.")
    skill_interval: Limits | None = Field(default=None, description="As in `held_out`.")
    skill_over_column_means: Number | None = Field(default=None, description="As in `held_out`.")
    row_rank: Number | None = Field(default=None, description="As in `held_out`.")
    row_rank_gain: Number | None = Field(default=None, description="As in `held_out`.")
    pearson: Number | None = Field(default=None, description="As in `held_out`.")
    image_free_pearson: Number | None = Field(
        default=None, description="Pearson correlation of the best prediction without images."
    )
    column_means_pearson: Number | None = Field(
        default=None, description="Pearson correlation of column means."
    )
    n_refits: int | None = Field(default=None, description="Refits with permuted images.")
    p_value: Number | None = Field(default=None, description="Of the skill; null without refits.")
    attainable: list[TraitSkill] | None = Field(
        default=None, description="Skill of simulated traits on the taxa that remain."
    )

    @property
    def low_skill(self) -> Number | None:
        """Lower end of the interval of the skill."""
        return self.skill_interval[0] if self.skill_interval else None


class DrawScores(Part):
    """Scores of one sampling scheme."""

    skill: Number | None = Field(default=None, description="As in `held_out`.")
    pearson: Number | None = Field(default=None, description="As in `held_out`.")
    spearman: Number | None = Field(default=None, description="As in `held_out`.")
    mse: Number | None = Field(default=None, description="As in `held_out`.")
    row_spearman: Number | None = Field(default=None, description="As in `held_out`.")


class SkillChange(Part):
    """The change of skill between two sampling schemes."""

    from_: str = Field(alias="from", description="The scheme compared with.")
    skill: Number = Field(description="Gain in skill.")
    se_draws: Number | None = Field(
        default=None, description="Standard error of the mean over draws."
    )
    se_clades: Number | None = Field(
        default=None, description="Standard error by a delete-one-clade jackknife."
    )
    se: Number = Field(description="Both standard errors together.")
    beyond_noise: bool = Field(
        description="Whether the gain is significant at the 5% level of all comparisons of the "
        "table together (Bonferroni, t), approximately."
    )


class SamplingScheme(Part):
    """One learner on images drawn by one scheme; means over draws."""

    name: str = Field(default="", description="Of the scheme; the first takes every image.")
    note: str | None = Field(default=None, description="How the images are drawn.")
    same: list[str] | None = Field(
        default=None, description="Schemes that take the same images and were not tried again."
    )
    draws: int = Field(default=1, description="Draws: several where images are left to chance.")
    refused: str | None = Field(
        default=None,
        description="Why the learner could not use such images; then there are no scores.",
    )
    n_images: int | None = Field(default=None, description="Images drawn, altered copies included.")
    min_images: int | None = Field(default=None, description="Images of the taxon with fewest.")
    max_images: int | None = Field(default=None, description="Images of the taxon with most.")
    skill: Number | None = Field(default=None, description="As in `held_out`.")
    pearson: Number | None = Field(default=None, description="As in `held_out`.")
    spearman: Number | None = Field(default=None, description="As in `held_out`.")
    mse: Number | None = Field(default=None, description="As in `held_out`.")
    row_spearman: Number | None = Field(default=None, description="As in `held_out`.")
    sd: DrawScores | None = Field(default=None, description="Standard deviations over draws.")
    change: SkillChange | None = Field(default=None, description="From every image.")
    beside: SkillChange | None = Field(
        default=None, description="From the scheme without what is special of this one."
    )
    learner: str | None = Field(default=None, description="Name of the learner.")


class ImageNumbers(Part):
    """Images of the taxa with fewest and most."""

    min: int = Field(description="Fewest.")
    max: int = Field(description="Most.")


class LossEnds(Part):
    """The loss of a fit in steps."""

    first: Number | None = Field(default=None, description="Before the first step.")
    last: Number | None = Field(default=None, description="After the last one.")


class LeftOutTaxa(Part):
    """Taxa that are not compared."""

    no_images: list[str] = Field(default_factory=list, description="In the phylogeny, no image.")
    no_phylogeny: list[str] = Field(
        default_factory=list, description="With images, not in the phylogeny."
    )


class PublishedStatistic(Part):
    """The correlation as the published study computed it."""

    pearson_with_diagonal: Number | None = Field(
        default=None, description="Each taxon's similarity with itself counted as a pair."
    )
    note: str | None = Field(default=None, description="What it is good for.")


class AttentionSummary(Part):
    """How many images speak for a taxon."""

    median_effective_images: Number | None = Field(
        default=None, description="Exponential of the entropy of the weights, median over taxa."
    )
    median_images: Number | None = Field(default=None, description="Images of a taxon, median.")
    median_largest_weight: Number | None = Field(
        default=None, description="Largest weight in a taxon, median over taxa."
    )


class FineTuning(Part):
    """How the network was trained further."""

    blocks: int | None = Field(default=None, description="Last blocks that were trained.")
    epochs: int | None = Field(default=None, description="Most passes over the images.")
    patience: int | None = Field(default=None, description="Passes without gain before it stopped.")
    rate: Number | None = Field(default=None, description="Learning rate.")
    batch: int | None = Field(default=None, description="Taxa in a step.")
    bag: int | None = Field(default=None, description="Images of a taxon in a step.")


class GuideSettings(Part):
    """What the embedding was made with."""

    published_backbone: str | None = Field(
        default=None, description="Network of the published study."
    )
    published_fit: str | None = Field(default=None, description="How the study made images square.")
    features: dict[str, Any] | None = Field(
        default=None,
        description="What made the features: backbone, weights and preprocessing, or a file.",
    )
    augmentation: str | None = Field(
        default=None, description="Alteration of added copies of images."
    )
    per_taxon: int | None = Field(default=None, description="Images of each taxon, where balanced.")
    sample_down_to: int | None = Field(default=None, description="Most images of a taxon.")
    finetune: FineTuning | None = Field(
        default=None, description="Training of the network, if any."
    )
