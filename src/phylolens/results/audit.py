"""``audit.json``: published statistics of two matrices beside honest tests."""

from typing import ClassVar

import pandas as pd
from pydantic import Field

from phylolens.results.base import Number, Part, StageResult
from phylolens.results.permutation import PermutationTest
from phylolens.results.signal_parts import Baselines


class Files(Part):
    """The two matrices."""

    a: str = Field(description="Visual distances, or predicted ones.")
    b: str = Field(description="Genetic distances.")


class Unshared(Part):
    """Taxa that are in one matrix only."""

    only_in_a: list[str] = Field(description="Of the first.")
    only_in_b: list[str] = Field(description="Of the second.")


class Spread(Part):
    """Values of a statistic over random matrices."""

    mean: Number = Field(description="Their mean.")
    sd: Number = Field(description="Their standard deviation.")
    low: Number = Field(description="2.5% are below.")
    high: Number = Field(description="2.5% are above.")
    n: int = Field(description="Matrices it is defined for.")


class Noise(Part):
    """Values for matrices that know nothing of any lineage; null where not defined."""

    gaussian: Spread | None = Field(default=None, description="Random centroids in 16 dimensions.")
    outliers: Spread | None = Field(default=None, description="Random centroids, some far out.")
    uniform: Spread | None = Field(default=None, description="Uniform random distances.")
    one_outlier: Spread | None = Field(default=None, description="All taxa the same but one.")

    @property
    def by_kind(self) -> dict[str, Spread | None]:
        """All four, by name."""
        return {name: getattr(self, name) for name in Noise.model_fields}


class _Printed(Part):
    """What a published statistic is and how papers print it."""

    title: str | None = Field(default=None, description="What it is called.")
    fault: str | None = Field(default=None, description="What is wrong with it.")
    is_error: bool | None = Field(
        default=None, description="Whether smaller means better agreement."
    )
    n_as_printed: int | None = Field(
        default=None,
        description="Observations that papers count; null where they print no p-value.",
    )


class HonestTest(PermutationTest):
    """A test of the two matrices, beside its values for noise and for perfect agreement."""

    null_mean: Number | None = Field(default=None, description="Mean of the null distribution.")
    null_sd: Number | None = Field(default=None, description="Its standard deviation.")
    why_absent: str | None = Field(
        default=None, description="Where the statistic is null: why the formula gives no value."
    )
    p_as_printed: Number | None = Field(
        default=None, description="The p-value that papers print; wrong, since cells share taxa."
    )
    perfect: Number | None = Field(
        default=None, description="Value for two equal matrices; null where that is zero by zero."
    )
    nearly_perfect: Spread | None = Field(
        default=None, description="Values for matrices that are equal to a millionth."
    )
    noise: Noise = Field(default=Noise(), description="Values for random matrices.")


class PublishedTest(HonestTest, _Printed):
    """A published statistic with the null distribution that it should have been given."""

    other_listings: Spread | None = Field(
        default=None,
        description="Of `weighted_error`: values with the taxa listed in other orders.",
    )


class AuditFindings(Part):
    """What the two matrices give."""

    n_taxa: int = Field(description="Taxa in both.")
    n_pairs: int = Field(description="Pairs of them.")
    n_noise: int = Field(description="Random matrices of each kind.")
    seed: int = Field(description="Of everything random.")
    published: dict[str, PublishedTest] = Field(
        description="By name: `all_cells`, `triangle_with_diagonal`, `both_triangles`, "
        "`structural_zeros`, `weighted_error`, `in_sample_fit`, `similarity_error`."
    )
    honest: dict[str, HonestTest] = Field(
        description="By name: `mantel_pearson`, `mantel_spearman`, `dcor`, "
        "`mantel_spearman_centred`."
    )
    constant_error: Number = Field(
        description="Beside `similarity_error`: that of the mean for every pair."
    )
    taxon_numbers_fit: Number | None = Field(
        default=None, description="Beside `in_sample_fit`: one number a taxon, without any image."
    )


class Said(Part):
    """What would have been concluded, in sentences."""

    honest: str = Field(description="What the honest tests say.")
    baselines: list[str] = Field(description="On what needs no image.")
    published: dict[str, str] = Field(description="A paragraph a published statistic.")


class _Asked(StageResult):
    """What was compared, and how."""

    files: Files = Field(description="Names of the two files.")
    dropped: Unshared = Field(description="Taxa in one matrix only.")
    notes: list[str] = Field(default_factory=list, description="On reading the matrices.")
    n_permutations: int = Field(description="Random permutations, or all orders where `exact`.")
    exact: bool = Field(description="Whether all orders of the taxa were tried.")


class AuditResult(AuditFindings, _Asked):
    """Published statistics of two matrices beside honest tests.

    Parameters
    ----------
    schema_version : int or None
        Of the keys. All other keys of ``audit.json`` are attributes, too.
    """

    FILE: ClassVar[str] = "audit/audit.json"
    PAGE: ClassVar[str] = "audit/audit.html"

    baselines: Baselines = Field(
        default=Baselines(), description="What needs no image: taxonomy and row means."
    )
    conclusions: Said | None = Field(default=None, description="What would have been concluded.")

    def table(self) -> pd.DataFrame:
        """Return one row a statistic, as ``audit.csv``: as published first, then the honest."""
        rows = [_row("published", name, test) for name, test in self.published.items()]
        rows += [_row("honest", name, test) for name, test in self.honest.items()]
        return pd.DataFrame(rows).astype({"n_as_printed": "Int64"})

    def __repr__(self) -> str:
        table = self.table().set_index("statistic")[["kind", "value", "p_value", "null_median"]]
        for name in ("value", "p_value", "null_median"):
            table[name] = [None if pd.isna(v) else float(f"{v:.4g}") for v in table[name]]
        head = f"{self.n_taxa} taxa in both matrices, {self.n_permutations} permutations"
        return f"{head}\n\n{table.to_string(na_rep='')}"


def _row(kind: str, name: str, test: HonestTest) -> dict[str, str | Number | None]:
    quantiles = test.null_quantiles or {}
    noise, almost = test.noise.gaussian, test.nearly_perfect
    return {
        "kind": kind,
        "statistic": name,
        "value": test.statistic,
        "p_value": test.p_value,
        "null_median": quantiles.get("0.5"),
        "null_low": quantiles.get("0.025"),
        "null_high": quantiles.get("0.975"),
        "noise_mean": noise.mean if noise else None,
        "noise_sd": noise.sd if noise else None,
        "nearly_perfect_mean": almost.mean if almost else None,
        "nearly_perfect_sd": almost.sd if almost else None,
        "n_as_printed": test.n_as_printed if isinstance(test, PublishedTest) else None,
        "p_as_printed": test.p_as_printed,
    }
