"""What was read, and what was wrong with it: ``check.json``."""

from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from phylolens.results.barcodes import BarcodeInput
from phylolens.results.base import Part, StageResult
from phylolens.results.confounds import PossibleConfounds


class RankCounts(Part):
    """How many images each taxon of a rank has."""

    n_taxa: int | None = Field(default=None, description="Taxa of this rank.")
    n_unknown: int = Field(default=0, description="Usable images without a label of this rank.")
    counts: dict[str, int] = Field(default={}, description="Images of each taxon.")


class SpecimenCounts(Part):
    """The specimens that were read."""

    n_images: int = Field(default=0, description="Images, or rows of features, that were read.")
    n_usable: int | None = Field(default=None, description="Those that can be used.")
    n_specimens: int | None = Field(default=None, description="Specimens that they show.")
    has_specimen_ids: bool = Field(
        default=False, description="Whether the table says which images show one specimen."
    )
    pictures: bool = Field(default=True, description="False where features were given instead.")
    ranks: list[str] = Field(default=[], description="Ranks that were read, coarse to fine.")
    ranks_read: str | None = Field(default=None, description="Where the ranks were read from.")
    examples: list[str] = Field(default=[], description="Three rows as they were understood.")
    classes: dict[str, RankCounts] = Field(default={}, description="Counts at each rank.")


class FoundProblem(Part):
    """One thing that is wrong with the input, severe or not."""

    kind: str = Field(description="Stable name, such as `missing-file` or `two-parents`.")
    severity: Literal["error", "warning", "note"] = Field(
        description="`error`: the row or taxon cannot be used."
    )
    message: str = Field(description="One sentence.")
    count: int | None = Field(default=None, description="Files, rows or taxa concerned.")
    ids: list[str] = Field(default=[], description="Their names.")


class LeftOut(Part):
    """What is not used."""

    images: list[str] = Field(default=[], description="Files or rows with an error.")


class PlacedTaxa(Part):
    """The phylogeny, and how its names met those of the table."""

    rank: str = Field(description="Rank of comparison.")
    tip_rank: str | None = Field(default=None, description="Rank of the tips.")
    n_taxa: int = Field(description="Taxa of the rank with a place.")
    n_tips_used: int | None = Field(default=None, description="Tips behind them.")
    rule: str | None = Field(default=None, description="How tips became taxa of the rank.")
    matched_by: dict[str, int] = Field(default={}, description="Tips matched by each rule.")
    not_placed: dict[str, int] = Field(
        default={}, description="Tips without a taxon in the table, by reason."
    )
    no_phylogeny: list[str] = Field(default=[], description="Taxa that the phylogeny lacks.")
    no_taxon: list[str] = Field(default=[], description="Tips that the table lacks.")
    not_monophyletic: dict[str, list[str]] = Field(
        default={}, description="Taxa whose tips are no clade: other taxa among them."
    )
    zero_length_pairs: list[list[str]] = Field(
        default=[], description="Taxa without any distance between them."
    )
    n_zero_length_pairs: int = Field(default=0, description="How many such pairs there are.")
    rooted: bool | None = Field(default=None, description="Whether the tree has a root.")
    root: str | None = Field(default=None, description="Where the root was put.")
    source: Literal["tree", "distances", "barcodes"] | None = Field(
        default=None, description="Which of them is the genetic side."
    )


class CheckResult(StageResult):
    """What ``phylolens check`` found."""

    FILE: ClassVar[str] = "check.json"

    specimens: SpecimenCounts | None = Field(default=None, description="What was read.")
    problems: list[FoundProblem] = Field(default=[], description="What was wrong with it.")
    left_out: LeftOut = Field(default=LeftOut(), description="What is not used.")
    phylogeny: PlacedTaxa | None = Field(default=None, description="null without a phylogeny.")
    barcodes: BarcodeInput | None = Field(default=None, description="With `--barcodes`.")
    confounds: PossibleConfounds = Field(
        default=PossibleConfounds(), description="Columns that may make taxa look alike."
    )

    def table(self) -> pd.DataFrame:
        """Return one row a problem: severity, kind, message, count."""
        rows = [(p.severity, p.kind, p.message, p.count) for p in self.problems]
        return pd.DataFrame(rows, columns=["severity", "kind", "message", "count"])

    def __repr__(self) -> str:
        found, lines = self.specimens, []
        if found is not None:
            taxa = ", ".join(
                f"{len(one.counts)} of rank {name}" for name, one in found.classes.items()
            )
            lines.append(
                f"{found.n_usable} of {found.n_images} images usable; taxa: {taxa or 'none'}"
            )
        lines += [f"{p.severity}: {p.message} ({p.count})" for p in self.problems]
        return "\n".join(lines)
