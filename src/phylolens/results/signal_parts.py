"""The parts of ``signal.json`` beside its main keys: tests, baselines, clades, pairs, samples."""

from typing import Literal

from pydantic import Field

from phylolens.results.base import Limits, Number, Part
from phylolens.results.permutation import PermutationTest, ShortTest


class SignalTest(PermutationTest):
    """One test of visual against genetic distance."""

    statistic: Number | None = Field(
        default=None, description="Of the distances themselves, without sampling noise."
    )
    tested: Number | None = Field(
        default=None, description="The value that p, z and the null distribution are of."
    )
    scale: str | None = Field(default=None, description="What `tested` is computed of.")
    plain: Number | None = Field(
        default=None,
        description="The statistic of the distances as measured, sampling noise included.",
    )
    eigenvalues: list[Number] | None = Field(
        default=None, description="Of `k_arithmetic`: those of the K matrix, one a direction."
    )
    role: Literal["primary", "confirmatory", "description"] | None = Field(
        default=None, description="`primary` and `confirmatory` decide; a finding needs both."
    )
    p_holm: Number | None = Field(
        default=None, description="Of descriptions: the p-value after Holm's correction among them."
    )
    axes: int | None = Field(
        default=None, description="Of PROTEST: principal coordinates compared."
    )
    expected_under_brownian: Number | None = Field(
        default=None, description="Of K_mult: its value under Brownian motion."
    )
    same_as: str | None = Field(
        default=None, description="The test that gives the same number under another name."
    )
    influence: Limits | None = Field(
        default=None,
        description="Influence of single taxa on the statistic: a jackknife, no interval.",
    )
    specimen_interval: Limits | None = Field(
        default=None, description="Spread of the statistic over specimens drawn again."
    )


class Dropped(Part):
    """Taxa that are not compared."""

    no_images: list[str] | None = Field(
        default=None, description="Tips of the phylogeny without images."
    )
    no_phylogeny: list[str] | None = Field(
        default=None, description="Taxa without a place in the phylogeny."
    )


class ClosestPair(Part):
    """The two taxa nearest to each other in the phylogeny."""

    taxa: list[str] = Field(description="Their names.")
    share: Number = Field(description="Their distance as a share of the largest one.")


class Debiased(Part):
    """Whether the sampling noise of few specimens was taken out of the visual distances."""

    debiased: bool = Field(description="Whether it was.")
    why_not: str | None = Field(default=None, description="Why not; blank where it was.")
    n_pairs: int | None = Field(default=None, description="Pairs of taxa.")
    n_pairs_at_zero: int | None = Field(
        default=None, description="Pairs whose whole distance noise explains."
    )
    noise_share: Number | None = Field(
        default=None, description="Share of the squared visual distances that was noise."
    )


class DistanceClass(Part):
    """One class of genetic distance."""

    low: Number = Field(description="Its lower limit, in the unit of the phylogeny.")
    high: Number = Field(description="Its upper limit.")
    n_pairs: int = Field(description="Pairs of taxa in it.")
    r: Number | None = Field(
        default=None,
        description="Mantel correlation of visual similarity with membership: above 0, pairs of "
        "this class are more similar than others.",
    )
    p_value: Number | None = Field(default=None, description="By permuted taxa, two-sided.")
    p_holm: Number | None = Field(
        default=None, description="After Holm's correction over the classes."
    )
    tested: bool | None = Field(default=None, description="Whether it has pairs enough for a test.")


class Correlogram(Part):
    """Visual similarity by class of genetic distance."""

    classes: list[DistanceClass] = Field(description="From near to far.")


class SpecimenBootstrap(Part):
    """How specimens were drawn again."""

    n: int | None = Field(default=None, description="Replicates.")
    method: str | None = Field(default=None, description="What `specimen_interval` is.")


class TreeMeasure(Part):
    """One measure of the visual tree against the reference tree."""

    value: Number | None = Field(
        default=None, description="Null where there is nothing to compare."
    )
    exact: bool | None = Field(
        default=None, description="Of `quartet`: whether all sets of four taxa were counted."
    )
    n_quartets: int | None = Field(default=None, description="Of `quartet`: sets counted.")
    interval: Limits | None = Field(
        default=None, description="Of `quartet`: 95% interval where a sample of sets was counted."
    )
    higher_is_better: bool | None = Field(
        default=None, description="Of `coherency`, true; the others are distances between 0 and 1."
    )
    reference_value: Number | None = Field(
        default=None, description="Of `coherency`: that of the reference tree."
    )
    tested: Number | None = Field(
        default=None, description="Of the tree made from directions, which p is of."
    )
    random_mean: Number | None = Field(default=None, description="Mean over random trees.")
    random_sd: Number | None = Field(default=None, description="Their standard deviation.")
    tip_permuted_mean: Number | None = Field(
        default=None, description="Mean over trees of permuted tips."
    )
    tip_permuted_sd: Number | None = Field(default=None, description="Their standard deviation.")
    p_value: Number | None = Field(default=None, description="By permuted tips.")
    n_quartets_null: int | None = Field(
        default=None, description="Of `quartet`: sets that its nulls and p are computed of."
    )


class TreeComparison(Part):
    """The tree built from visual distances beside the reference tree."""

    method: str | None = Field(default=None, description="`nj`, `bme` or `upgma`.")
    n_tips: int | None = Field(default=None, description="Tips of both trees.")
    n_null: int | None = Field(default=None, description="Permutations of the tips.")
    n_random: int | None = Field(default=None, description="Random trees.")
    exact: bool | None = Field(
        default=None, description="Whether all orders of the tips were tried."
    )
    smallest_p: Number | None = Field(default=None, description="The smallest p-value possible.")
    nrf: TreeMeasure | None = Field(
        default=None, description="Normalised Robinson-Foulds distance."
    )
    cid: TreeMeasure | None = Field(
        default=None, description="Clustering information distance, the measure chosen beforehand."
    )
    quartet: TreeMeasure | None = Field(default=None, description="Quartet distance.")
    align: TreeMeasure | None = Field(default=None, description="Align score.")
    coherency: TreeMeasure | None = Field(default=None, description="Kiel's coherency index.")
    reference: str | None = Field(default=None, description="The reference, in older results.")

    @property
    def measures(self) -> dict[str, TreeMeasure]:
        """Measures that have a value, by name."""
        every = {name: getattr(self, name) for name in TREE_MEASURES}
        return {name: own for name, own in every.items() if own and own.value is not None}


TREE_MEASURES = ("nrf", "cid", "quartet", "align", "coherency")


class Correlations(Part):
    """Two correlations with genetic distance that need no image."""

    pearson: Number | None = Field(default=None, description="Over pairs of taxa.")
    spearman: Number | None = Field(default=None, description="Of ranks.")
    ranks: list[str] | None = Field(
        default=None, description="Of `taxonomy_only`: the coarser ranks counted."
    )


class CountTest(Part):
    """Mantel tests of how differently often two taxa are imaged."""

    pearson: Number | None = Field(default=None, description="Null where one side is constant.")
    p_pearson: Number | None = Field(default=None, description="One-sided, by permuted taxa.")
    reason: str | None = Field(default=None, description="Why a correlation is null.")
    spearman: Number | None = Field(default=None, description="Of ranks.")
    p_spearman: Number | None = Field(default=None, description="One-sided, by permuted taxa.")


class ImageCounts(CountTest):
    """The difference of the logarithms of the numbers of images against genetic distance."""

    visual: CountTest | None = Field(default=None, description="The same against visual distance.")


class Baselines(Part):
    """What is known without any image, as correlations with genetic distance."""

    row_means: Correlations | None = Field(
        default=None, description="The sum of the two taxa's mean distances; in-sample."
    )
    taxonomy_only: Correlations | None = Field(
        default=None, description="Steps over the coarser ranks of the table."
    )
    image_counts: ImageCounts | None = Field(
        default=None, description="How differently often two taxa are imaged."
    )


class WithinClades(Part):
    """What images add to the taxonomy: taxa change places only within their clade."""

    rank: str = Field(description="Of the clades.")
    n_clades: int = Field(description="Clades of two taxa or more.")
    n_taxa_moved: int | None = Field(default=None, description="Taxa that change places.")
    pearson: PermutationTest | None = Field(
        default=None,
        description="Mantel test; the median of its null is what the taxonomy alone gives.",
    )
    spearman: PermutationTest | None = Field(default=None, description="The same of ranks.")
    pearson_within_pairs: PermutationTest | None = Field(
        default=None, description="The same over pairs of one clade alone."
    )


class CladeTests(Part):
    """Every test within one clade."""

    rank: str = Field(default="", description="Of the clade.")
    clade: str = Field(default="", description="Its name.")
    n_taxa: int | None = Field(default=None, description="Taxa in it, five or more.")
    pearson: Number | None = Field(default=None, description="Of Mantel's test.")
    p_pearson: Number | None = Field(default=None, description="Not corrected.")
    spearman: Number | None = Field(default=None, description="Of Mantel's test of ranks.")
    p_spearman: Number | None = Field(default=None, description="Not corrected.")
    tests: dict[str, ShortTest | None] | None = Field(
        default=None, description="By name; `p_holm` is corrected over all clades of all ranks."
    )


class LambdaByMl(Part):
    """The fit by maximum likelihood, which other programs report."""

    value: Number | None = Field(default=None, description="The fitted lambda.")
    log_likelihood: Number | None = Field(default=None, description="Its maximum.")
    log_likelihood_ratio: Number | None = Field(
        default=None, description="Twice the gain over lambda = 0, for `axes` independent axes."
    )


class LambdaFit(LambdaByMl):
    """Pagel's lambda of all features together, by REML."""

    p_value: Number | None = Field(default=None, description="Of lambda = 0, by permuted taxa.")
    rate: Number | None = Field(
        default=None, description="Variance gained per unit of branch length, summed over axes."
    )
    axes: Number | None = Field(default=None, description="Effective number of independent axes.")
    n: int | None = Field(default=None, description="Taxa.")
    n_permutations: int | None = Field(default=None, description="Of the p-value.")
    method: str | None = Field(default=None, description="`reml`.")
    interval: Limits | None = Field(
        default=None,
        description="95%, evolution repeated on the tree; null where it cannot be had.",
    )
    ml: LambdaByMl | None = Field(default=None, description="The fit by maximum likelihood.")


class OfKinds(Part):
    """A number of each kind of pair."""

    convergence: Number | None = Field(default=None, description="Far relatives that look similar.")
    divergence: Number | None = Field(
        default=None, description="Near relatives that look different."
    )


class Disagreement(Part):
    """Pairs of taxa that look more similar, or more different, than relatedness explains."""

    lambda_: Number | None = Field(
        default=None, alias="lambda", description="Of the Brownian motion that was simulated."
    )
    n_simulations: int | None = Field(default=None, description="Simulated worlds.")
    fdr: Number | None = Field(
        default=None, description="False-discovery rate allowed in each kind."
    )
    n_pairs: int | None = Field(default=None, description="Pairs of taxa.")
    n_candidates: OfKinds | None = Field(default=None, description="Pairs that were judged.")
    n_convergent: int | None = Field(
        default=None, description="Significant far pairs, those of one source not counted."
    )
    n_convergent_same_source: int | None = Field(
        default=None, description="Significant far pairs whose images have one source."
    )
    n_divergent: int | None = Field(
        default=None, description="Significant near pairs, those of two sources not counted."
    )
    n_divergent_other_source: int | None = Field(
        default=None, description="Significant near pairs whose images have different sources."
    )
    n_listed: int | None = Field(default=None, description="Rows of `pairs.csv`.")
    axes: Number | None = Field(default=None, description="Effective number of independent axes.")
    width: OfKinds | None = Field(
        default=None, description="Spread of the observed bulk over the simulated one, at least 1."
    )


class AdjustedDisagreement(Part):
    """All pairs once more on features without the effect of the columns in use."""

    n_convergent: int = Field(description="Significant far pairs.")
    n_divergent: int = Field(description="Significant near pairs.")
    n_simulations: int | None = Field(default=None, description="Simulated worlds.")
    fdr: Number | None = Field(
        default=None, description="False-discovery rate allowed in each kind."
    )
    n_kept: int = Field(
        description="Significant pairs that a source may have made and that are significant here."
    )


class BriefTest(Part):
    """A test in the table of several features or distances."""

    statistic: Number | None = Field(default=None, description="The observed value.")
    z: Number | None = Field(
        default=None, description="Standard deviations of the null above its mean."
    )
    p_value: Number | None = Field(default=None, description="By permuted taxa; not corrected.")


class MainTests(Part):
    """The tests that decide, K_mult and both Mantel tests; null where one cannot be made."""

    lambda_score: BriefTest | None = Field(
        default=None, description="Score test of Pagel's lambda."
    )
    protest: BriefTest | None = Field(default=None, description="PROTEST.")
    kmult: BriefTest | None = Field(default=None, description="K_mult.")
    mantel_pearson: BriefTest | None = Field(default=None, description="Mantel test.")
    mantel_spearman: BriefTest | None = Field(default=None, description="Mantel test of ranks.")

    @property
    def by_name(self) -> dict[str, BriefTest | None]:
        """All five, by name."""
        return {name: getattr(self, name) for name in MainTests.model_fields}


class _Named(Part):
    """Which features and distance a row is of."""

    name: str = Field(default="", description="Of the features.")
    n_features: int | None = Field(default=None, description="Values a row.")
    distance: str = Field(default="", description="Between means of taxa.")


class FeatureTests(MainTests, _Named):
    """The main tests of one kind of features and one distance."""


class OverTrees(Part):
    """A statistic over a sample of trees: what the uncertainty of the tree does to it."""

    low: Number | None = Field(default=None, description="2.5% of the trees are below.")
    median: Number | None = Field(default=None, description="Median over the trees.")
    high: Number | None = Field(default=None, description="2.5% of the trees are above.")
    n: int | None = Field(default=None, description="Trees it could be had for.")


class TreeSample(Part):
    """Every statistic for every tree of a posterior or bootstrap sample."""

    file: str | None = Field(default=None, description="Name of the file of trees.")
    n_trees: int | None = Field(default=None, description="Trees read.")
    n_used: int = Field(default=0, description="Trees used.")
    intervals: dict[str, OverTrees | None] = Field(
        default_factory=dict, description="By statistic."
    )


class Influential(Part):
    """The taxon whose absence changes the correlation of distances most."""

    taxon: str = Field(description="Its name.")
    pearson: Number = Field(description="The correlation without it.")
