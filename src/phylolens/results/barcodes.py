"""DNA barcodes in the results: what was read, its saturation, its agreement with a tree."""

from typing import Literal

from pydantic import Field

from phylolens.results.base import Number, Part
from phylolens.results.permutation import PermutationTest

Alignment = Literal["given", "pairwise", "none"]


class Sites(Part):
    """Sites compared of a pair of sequences: both have a definite base there."""

    least: int = Field(description="Of the pair with the fewest.")
    median: Number = Field(description="Over the pairs.")


class BarcodeInput(Part):
    """The barcodes that were read, and how their headers met the table."""

    model: str = Field(
        description="`levenshtein`, `p`, `jc69`, `k2p`, `tn93` or `logdet` (`--genetic`)."
    )
    n_sequences: int = Field(description="Sequences of the file.")
    n_used: int = Field(description="Those of a taxon of the table.")
    n_taxa: int = Field(description="Taxa with a sequence.")
    most_of_a_taxon: int = Field(description="Sequences of the taxon that has most.")
    alignment: Alignment = Field(
        description="`given`; `pairwise`: each pair was aligned by itself; `none`: not needed."
    )
    shortest: int = Field(description="Letters of the shortest sequence used, without gaps.")
    longest: int = Field(description="Of the longest.")
    sites: Sites | None = Field(default=None, description="null where nothing was aligned.")
    n_ambiguous: int = Field(description="Sequences with open bases, such as N.")
    placed_by: dict[str, int] = Field(description="Sequences placed by each kind of match.")


class Saturation(Part):
    """How far raw differences still grow with distance."""

    against: str = Field(
        description="The distances beside: `jc69`, `k2p`, `tn93` or `logdet` (K2P where the "
        "p-distance or the edit distance was asked for), `tree` or `distances`."
    )
    n_pairs: int = Field(description="Pairs of taxa.")
    n_undefined: int = Field(default=0, description="Pairs without a value beside; left out.")
    unrelated: Number = Field(
        description="Share of sites expected to differ between unrelated sequences of these base "
        "frequencies: one less their squares."
    )
    largest: Number = Field(description="Largest share of sites that differ.")
    share_near_unrelated: Number = Field(
        description="Share of pairs that differ by 80% of `unrelated` or more."
    )
    slope_near: Number | None = Field(
        description="Slope of raw differences over the nearer half of the distances beside; null "
        "where there is none."
    )
    slope_far: Number | None = Field(
        description="The same over the farther half: near 0, differences have stopped growing."
    )


class BarcodeAgreement(Part):
    """Mantel tests of the barcodes' distances against the tree or matrix given beside."""

    n_taxa: int = Field(description="Taxa with both.")
    pearson: PermutationTest = Field(description="Linear.")
    spearman: PermutationTest = Field(description="Of ranks.")


class BarcodeSignal(Part):
    """The barcodes beside, or as, the genetic distances that were tested."""

    model: str = Field(description="As in `check.json`.")
    is_genetic_side: bool = Field(
        description="Whether they are the genetic distances tested; false beside a tree or matrix."
    )
    n_taxa: int = Field(description="Taxa compared that have a sequence.")
    n_sequences: int = Field(description="Sequences used.")
    alignment: Alignment = Field(description="As in `check.json`.")
    sites: Sites | None = Field(default=None, description="As in `check.json`.")
    saturation: list[Saturation] = Field(
        default=[], description="Against each kind of distance there is."
    )
    agreement: BarcodeAgreement | None = Field(
        default=None, description="null where no tree or matrix was given beside."
    )
    not_possible: str | None = Field(default=None, description="Why something is missing.")
