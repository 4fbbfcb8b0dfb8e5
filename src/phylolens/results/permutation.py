"""Permutation tests as they are written: whole, and in brief where a table holds many."""

from typing import Literal

from pydantic import Field

from phylolens.results.base import Limits, Number, Part

Alternative = Literal["greater", "less", "two-sided"]


class Histogram(Part):
    """The null distribution in bins."""

    edges: list[Number] = Field(description="Limits of the bins, one more than there are bins.")
    counts: list[int] = Field(description="Permutations in each bin.")


class PermutationTest(Part):
    """One permutation test. The taxon is what is permuted."""

    name: str | None = Field(None, description="Of the test.")
    statistic: Number | None = Field(None, description="The observed value.")
    p_value: Number | None = Field(
        None,
        description="Share of the orders of the taxa that agree at least as well; with random "
        "permutations the observed order is counted, so it is never 0.",
    )
    n: int | None = Field(None, description="Taxa that change places.")
    n_permutations: int | None = Field(
        None, description="Random permutations, or all orders where `exact`."
    )
    alternative: Alternative | None = Field(
        None, description="Which values speak against the null."
    )
    seed: int | None = Field(None, description="Seed of the permutations.")
    exact: bool | None = Field(None, description="Whether all orders of the taxa were tried.")
    null_quantiles: dict[str, Number] | None = Field(
        None, description="Quantiles of the null distribution, by share (`0.5`, `0.95`)."
    )
    null_histogram: Histogram | None = Field(None, description="The null distribution in bins.")
    interval: Limits | None = Field(None, description="95% interval of the statistic.")
    interval_method: str | None = Field(None, description="How the interval was made.")
    z: Number | None = Field(
        None, description="Standard deviations of the null above its mean; null if it is constant."
    )
    n_best: int | None = Field(
        None, description="Permutations, the observed order counted, that share the best value."
    )
    smallest_p: Number | None = Field(
        None, description="The smallest p-value that these permutations can give."
    )

    @property
    def null_median(self) -> Number | None:
        """Middle of the null distribution."""
        return (self.null_quantiles or {}).get("0.5")


class ShortTest(Part):
    """A permutation test in a table of many."""

    statistic: Number | None = Field(
        None, description="The observed value; null where the test could not be made."
    )
    p_value: Number | None = Field(None, description="By permuted taxa.")
    z: Number | None = Field(None, description="Standard deviations of the null above its mean.")
    n_permutations: int | None = Field(
        None, description="Random permutations, or all orders where `exact`."
    )
    exact: bool | None = Field(None, description="Whether all orders of the taxa were tried.")
    smallest_p: Number | None = Field(
        None, description="The smallest p-value that these permutations can give."
    )
    p_holm: Number | None = Field(
        None, description="The p-value after Holm's correction over all clades of all ranks."
    )
    reason: str | None = Field(None, description="Why the test could not be made.")
