"""What else was tried of a classification: agreement, few images, sources, near-duplicates."""

from typing import Literal

from pydantic import Field

from phylolens.results.base import Number, Part


class Scores(Part):
    """Two scores of one rank; no answer is a wrong one."""

    accuracy: Number | None = Field(
        default=None, description="Share of images named correctly, 0 to 1."
    )
    macro_f1: Number | None = Field(
        default=None,
        description="Mean F1 of the classes tested or named, each counting alike, 0 to 1.",
    )


class SchemeScores(Part):
    """One scheme of answering at several ranks."""

    contradictions: Number = Field(
        description="Share of images whose taxon does not lie in the coarser taxon named."
    )
    scores: dict[str, Scores] | None = Field(default=None, description="By rank.")


class Consistency(Part):
    """Whether the answers of the ranks fit together, by scheme of answering."""

    n: int | None = Field(default=None, description="Images with a label at every rank compared.")
    ranks: list[str] | None = Field(default=None, description="Ranks compared.")
    independent: SchemeScores | None = Field(
        default=None, description="A classifier of its own a rank."
    )
    summed: SchemeScores | None = Field(
        default=None, description="Probabilities of the finest taxa, summed up the ranks."
    )
    top_down: SchemeScores | None = Field(
        default=None, description="The same, each answer chosen within the one above."
    )
    blended: SchemeScores | None = Field(
        default=None, description="Summed, from the default blend."
    )
    blended_top_down: SchemeScores | None = Field(
        default=None, description="From the top down, from the default blend."
    )


class DuplicatePair(Part):
    """A tested image and the training image that it nearly repeats."""

    file: str = Field(description="Tested image.")
    nearest: str = Field(description="Training image.")
    similarity: Number = Field(description="Cosine of their features.")


class NearDuplicates(Part):
    """Tested images that nearly repeat a training image."""

    threshold: Number | None = Field(
        default=None, description="Smallest cosine of a near-duplicate."
    )
    usual: Number | None = Field(
        default=None, description="Median cosine to the nearest training image."
    )
    n_tested: int = Field(description="Tested images.")
    n_near: int = Field(description="Near-duplicates among them.")
    share: Number = Field(description="n_near / n_tested.")
    pairs: list[DuplicatePair] | None = Field(default=None, description="The most similar first.")
    accuracy_without: dict[str, Number] | None = Field(
        default=None, description="Accuracy of the first model without them, by rank."
    )


class SourcesTold(Part):
    """How well the features name the source of an image."""

    balanced_accuracy: Number | None = Field(
        default=None, description="Mean share right of the sources."
    )
    chance: Number | None = Field(default=None, description="One over the number of sources.")
    p_value: Number | None = Field(default=None, description="Of the test within the finest taxa.")


class SourcesWithin(Part):
    """The same among images of one taxon: sources permuted among its specimens."""

    rank: str = Field(description="Rank of the taxa.")
    finest: bool | None = Field(
        default=None, description="Whether it is the finest rank: then a test."
    )
    n_taxa: int = Field(description="Taxa of several sources.")
    n_images: int | None = Field(default=None, description="Their images.")
    n_specimens: int | None = Field(default=None, description="Their specimens.")
    balanced_accuracy: Number | None = Field(
        default=None, description="Mean share right of the sources."
    )
    permuted_mean: Number | None = Field(default=None, description="Its mean under permutation.")
    p_value: Number | None = Field(default=None, description="Share of permutations that reach it.")
    n_permutations: int | None = Field(default=None, description="Random permutations.")


class Sources(Part):
    """Whether the features tell where images come from."""

    n_sources: int | None = Field(default=None, description="Sources.")
    images: dict[str, int] | None = Field(default=None, description="Images of each source.")
    can_tell: SourcesTold | None = Field(default=None, description="Over all images.")
    one_source: dict[str, Number | None] | None = Field(
        default=None, description="Share of images in taxa of a single source, by rank."
    )
    within_taxa: SourcesWithin | None = Field(
        default=None, description="Within taxa; null where taxa and sources cannot be told apart."
    )
    held_out: dict[str, Scores] | None = Field(
        default=None, description="Scores on sources left out of training, by rank (older results)."
    )


class FewShotPoint(Part):
    """Scores with some training specimens of each taxon."""

    n: int | Literal["all"] = Field(description="Training specimens of each taxon, or 'all'.")
    accuracy: Number = Field(description="Share named correctly, mean over draws.")
    accuracy_sd: Number | None = Field(
        default=None, description="Standard deviation over draws (n - 1)."
    )
    macro_f1: Number = Field(description="Macro-F1, mean over draws.")
    macro_f1_sd: Number | None = Field(
        default=None, description="Standard deviation over draws (n - 1)."
    )
    n_draws: int | None = Field(default=None, description="Draws of specimens.")
    n_images: Number | None = Field(default=None, description="Training images, mean over draws.")


class FewShot(Part):
    """Scores against the number of training specimens of each taxon."""

    rank: str | None = Field(default=None, description="Rank named.")
    n_per_taxon: list[int] | None = Field(default=None, description="Numbers tried.")
    n_short: list[int] | None = Field(
        default=None, description="For each, taxa with fewer specimens."
    )
    n_taxa: int | None = Field(default=None, description="Taxa.")
    n_test: int | None = Field(default=None, description="Tested images.")
    models: dict[str, list[FewShotPoint]] | None = Field(default=None, description="By model.")


class AblationStep(Part):
    """One choice of features or classifier, with all the choices above it."""

    step: str = Field(description="Short name.")
    what: str | None = Field(default=None, description="What is added, in words.")
    n_features: int | None = Field(default=None, description="Features of an image.")
    scores: dict[str, Scores] = Field(description="On the first split, by rank.")
    left_out: dict[str, Scores] | None = Field(
        default=None, description="On the second split, by rank."
    )


class RankedFeature(Part):
    """What one feature is worth to a forest, by both measures."""

    feature: int = Field(description="Column of the features, from 0.")
    impurity: Number = Field(
        description="Share of the forest's decrease of impurity, on the rows it grew on."
    )
    impurity_se: Number = Field(description="Its standard error over the trees.")
    permutation: Number = Field(
        description="Loss of macro-F1 on tested images when the feature is permuted among them."
    )
    permutation_sd: Number = Field(description="Its standard deviation over the permutations.")


class FeatureRanking(Part):
    """Which features a forest relies on, on training rows and on rows it has not seen."""

    model: str = Field(description="The forest, such as 'rf'.")
    rank: str = Field(description="Rank whose taxa it names.")
    n_features: int = Field(description="Features the forest could use.")
    n_top: int = Field(description="Features permuted because their impurity ranks highest.")
    n_others: int = Field(description="Features permuted that were drawn from all others.")
    n_repeats: int = Field(description="Permutations of each feature.")
    n_test: int = Field(description="Tested images that permutations were scored on.")
    macro_f1: Number = Field(description="Of the forest on these, nothing permuted.")
    spearman: Number | None = Field(
        default=None, description="Rank correlation of both measures over the permuted features."
    )
    top_share: Number = Field(
        description="Share of the decrease of impurity that the highest ranking features have."
    )
    top_loss: Number = Field(
        description="Loss of macro-F1 when all the highest ranking features are permuted together."
    )
    features: list[RankedFeature] = Field(
        description="The permuted features, highest impurity first."
    )
