"""What a classifier's confidence is worth: calibration, depth, novelty."""

from pydantic import Field

from phylolens.results.base import Limits, Number, Part


class Reliability(Part):
    """Images of like certainty: one dot of a reliability diagram."""

    low: Number | None = Field(default=None, description="Smallest certainty in the group.")
    high: Number | None = Field(default=None, description="Largest certainty in the group.")
    confidence: Number = Field(description="Mean certainty stated.")
    accuracy: Number = Field(description="Share of right answers.")
    n: int = Field(description="Images.")


class RiskCoverage(Part):
    """Wrong answers when only the surest images are answered (at most 101 points)."""

    coverage: list[Number] | None = Field(default=None, description="Share of images answered.")
    risk: list[Number] | None = Field(
        default=None, description="Share of wrong answers among them."
    )
    aurc: Number | None = Field(default=None, description="Mean risk over all numbers of images.")


class Uncalibrated(Part):
    """The measures of calibration before the temperature."""

    ece: Number | None = Field(default=None, description="Expected calibration error, 0 to 1.")
    brier: Number | None = Field(default=None, description="Brier score, 0 to 2.")
    nll: Number | None = Field(default=None, description="Mean negative log-likelihood.")
    reliability: list[Reliability] | None = Field(
        default=None, description="Groups of like certainty."
    )


class Confidence(Part):
    """Whether probabilities of one rank mean what they say: known taxa, held-out specimens."""

    n: int | None = Field(default=None, description="Images tested.")
    accuracy: Number | None = Field(default=None, description="Share named correctly.")
    ece: Number = Field(description="Expected calibration error, 0 to 1; 15 bins of equal mass.")
    brier: Number | None = Field(default=None, description="Brier score, 0 to 2.")
    nll: Number | None = Field(
        default=None, description="Mean negative log-likelihood of the truth."
    )
    ece_interval: Limits | None = Field(
        default=None, description="95% bootstrap interval of ece over specimens."
    )
    ece_by_chance: Number | None = Field(
        default=None, description="ece of answers that are right exactly as often as stated."
    )
    reliability: list[Reliability] | None = Field(
        default=None, description="Groups of like certainty."
    )
    risk_coverage: RiskCoverage | None = Field(
        default=None, description="Risk against share answered."
    )
    uncalibrated: Uncalibrated | None = Field(
        default=None, description="The same without temperature."
    )


class ConformalSet(Part):
    """Sets of finest taxa within the accepted one, tested on known taxa; images count alike."""

    n: int = Field(description="Images.")
    coverage: Number | None = Field(description="Share whose set holds the true taxon.")
    mean_size: Number | None = Field(description="Mean number of taxa in a set.")


class Stratum(Part):
    """How deep names go and how often they are right, every specimen counting once."""

    n: int | None = Field(default=None, description="Specimens.")
    coverage: Number | None = Field(
        default=None, description="Share whose name is right as far as it goes."
    )
    interval: Limits | None = Field(default=None, description="95% interval of coverage (Wilson).")
    resolved_at: dict[str, Number] | None = Field(
        default=None, description="Share named to each rank and no deeper; 'none' gets no name."
    )
    mean_depth: Number | None = Field(default=None, description="Ranks named, mean.")
    n_taxa: int | None = Field(default=None, description="Unknown taxa.")
    coverage_over_taxa: Number | None = Field(
        default=None, description="Coverage with every unknown taxon counting once."
    )
    interval_over_taxa: Limits | None = Field(
        default=None, description="Its 95% interval (Wilson)."
    )


class Guarantee(Part):
    """One calibration, tested over the expected mix of known and unknown taxa."""

    alpha: Number | None = Field(default=None, description="Accepted share of wrong names.")
    mix: dict[str, Number] | None = Field(
        default=None, description="Expected share of each kind of specimens ('known species', ...)."
    )
    threshold: Number | None = Field(
        default=None, description="A taxon is accepted above this value; null: nothing is safe."
    )
    n_calibration: int | None = Field(
        default=None, description="Specimens the threshold was learnt on."
    )
    guarantee: str | None = Field(
        default=None, description="What is promised and what not, in words."
    )
    n: int | None = Field(default=None, description="Specimens tested.")
    coverage: Number | None = Field(
        default=None, description="Share whose name is right as far as it goes."
    )
    interval: Limits | None = Field(default=None, description="95% interval of coverage (Wilson).")
    resolved_at: dict[str, Number] | None = Field(
        default=None, description="Share named to each rank and no deeper; 'none' gets no name."
    )
    mean_depth: Number | None = Field(default=None, description="Ranks named, mean.")
    by_stratum: dict[str, Stratum] | None = Field(
        default=None, description="The same of each kind of specimens."
    )


class Conformal(Guarantee):
    """How deep names are safe: the default guarantee, and the others beside it."""

    mixed: Guarantee | None = Field(
        default=None,
        description="Guarantee on average over the mix; absent where it is the default.",
    )
    known_only: Guarantee | None = Field(
        default=None, description="Guarantee for known taxa alone."
    )
    alpha_unknown: Number | None = Field(
        default=None, description="Accepted share of wrong names among each kind of unknown taxa."
    )
    promised: list[str] | None = Field(
        default=None, description="Kinds of unknown taxa it holds for."
    )
    not_promised: list[str] | None = Field(default=None, description="Kinds with too few taxa.")
    resolution_lost: dict[str, Number] | None = Field(
        default=None, description="Ranks of known taxa named less than with the other guarantees."
    )


class Trial(Part):
    """What confidence and depth were assessed on: specimens and taxa held out from a model."""

    rule: str | None = Field(default=None, description="How the images were divided, in words.")
    n_train: int | None = Field(default=None, description="Training images.")
    n_test: int | None = Field(default=None, description="Tested images.")
    held_out: list[str] | None = Field(default=None, description="Taxa held out.")


class NoveltyScore(Part):
    """How well one score parts unknown from known taxa."""

    auroc: Number | None = Field(
        default=None, description="Chance that an unknown taxon scores higher than a known one."
    )
    fpr95: Number | None = Field(
        default=None, description="Share of the known flagged when 95% of the unknown are."
    )
    interval: Limits | None = Field(
        default=None, description="95% bootstrap interval of auroc: known specimens, unknown taxa."
    )


class NoveltyOfRank(Part):
    """Scores of novelty where the taxa of one rank were left out of training."""

    msp: NoveltyScore | None = Field(default=None, description="One less the greatest probability.")
    knn: NoveltyScore | None = Field(
        default=None, description="Distance to the most similar image."
    )
    combined: NoveltyScore | None = Field(default=None, description="Both together.")
    n_known: int | None = Field(default=None, description="Known specimens.")
    n_unknown: int | None = Field(default=None, description="Unknown specimens.")
    n_unknown_taxa: int | None = Field(default=None, description="Unknown taxa.")


class Novelty(NoveltyScore):
    """Whether unknown taxa are noticed; the figures on top are of one rank."""

    score: str | None = Field(default=None, description="Score of the figures on top.")
    rank: str | None = Field(default=None, description="Rank of the figures on top.")
    n_known: int | None = Field(default=None, description="Known specimens.")
    n_unknown: int | None = Field(default=None, description="Unknown specimens.")
    by_rank: dict[str, NoveltyOfRank] | None = Field(default=None, description="By rank left out.")
