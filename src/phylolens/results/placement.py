"""``place.json``: where unknowns belong, and how far such answers can be trusted."""

from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from phylolens.results.base import Number, Part, StageResult

NEAREST, RANDOM, BEST = "nearest taxon", "random", "best attainable"  # baselines
COLUMNS = ("name", "verdict", "claimed_rank", "claimed_clade", "claimed_probability", "nearest",
           "expected_distance", "branch", "branch_probability", "set_size")  # fmt: skip


class CladeClaim(Part):
    """The likeliest clade of a rank for one unknown."""

    rank: str = Field(description="Of the clade.")
    clade: str = Field(description="Its name.")
    probability: Number = Field(description="Of standing in it or on its stem.")
    stem: Number = Field(description="Of standing on its stem alone.")
    claimed: bool = Field(
        description="Whether the probability reaches the one from which such claims were right."
    )


class PlacedBranch(Part):
    """One branch of a credible set."""

    edge: int = Field(description="Number in `placements.jplace`.")
    leads_to: str = Field(
        description="The taxon, or the two taxa whose last common ancestor it is."
    )
    probability: Number = Field(description="Of the branch.")
    distal: Number = Field(description="Mean distance from its lower end, unit of the tree.")
    pendant: Number = Field(description="Mean length of the unknown's own branch.")


class PlacedUnknown(Part):
    """One unknown."""

    name: str = Field(description="Specimen.")
    n_images: int = Field(description="Images averaged.")
    files: list[str] = Field(default=[], description="The images.")
    verdict: Literal["placed", "placed to clade only", "cannot place"] = Field(
        description="`placed`: a single branch has at least half of the probability; `placed to "
        "clade only`: a clade can be claimed; else `cannot place`."
    )
    why: str = Field(description="What the verdict rests on, in words.")
    claimed_rank: str | None = Field(default=None, description="Finest rank claimed.")
    claimed_clade: str | None = Field(default=None, description="The clade claimed at it.")
    claimed_probability: Number | None = Field(default=None, description="Its probability.")
    clades: list[CladeClaim] = Field(description="By rank, coarse to fine.")
    nearest: str = Field(description="Taxon of least expected distance.")
    expected_distance: Number = Field(description="To it, along the tree, unit of the tree.")
    nearest_specimens: list[str] = Field(
        default=[], description="Files of the reference that look most alike."
    )
    branch: str = Field(description="What the most probable branch leads to.")
    branch_probability: Number = Field(description="Of that branch.")
    set_size: int = Field(description="Branches of the smallest set that holds 90%.")
    branches: list[PlacedBranch] = Field(description="The likeliest ones, at most 20.")
    novelty: Number = Field(
        description="Distance to the nearest taxon, in standard deviations of such distances."
    )
    depths: dict[str, Number] = Field(
        default={}, description="Probability that it is a new taxon of each rank, of these alone."
    )
    also_reference: list[str] = Field(
        default=[], description="Reference files with the same content."
    )


class DepthScores(Part):
    """How taxa were placed whose whole clade of one rank had been left out."""

    n: int = Field(description="Taxa placed.")
    n_clades: int = Field(description="Clades left out.")
    median_patristic_error: Number = Field(
        description="From the true place to the relative named, along the tree, unit of the tree."
    )
    mean_excess: Number = Field(description="Mean error beyond the best attainable one.")
    excess_of_nearest: Number | None = Field(
        default=None, description="Mean excess, as a share of that of the nearest taxon."
    )
    excess_interval: tuple[Number, Number] | None = Field(
        default=None, description="95% interval of that share, clades drawn again."
    )
    top1_edge: Number | None = Field(
        default=None, description="Share whose most probable branch is the true one."
    )
    coverage50: Number | None = Field(
        default=None, description="Share whose true branch lies in the 50% set."
    )
    coverage90: Number | None = Field(default=None, description="The same of the 90% set.")
    coverage50_told: Number | None = Field(
        default=None, description="As `coverage50`, where it is told which rank is new."
    )
    coverage90_told: Number | None = Field(default=None, description="The same of the 90% set.")
    median_set: Number | None = Field(default=None, description="Branches of the 90% set.")
    log_share: Number | None = Field(
        default=None, description="Mean logarithm of the true branch's probability."
    )
    within_clade: dict[str, Number] = Field(
        default={}, description="Share placed in the right clade, by rank."
    )


class DepthRules(Part):
    """Whether images help at a depth."""

    gain: Number = Field(
        description="How much nearer to the truth than the best guess without images, unit of the "
        "tree."
    )
    p_value: Number = Field(description="Of no gain, over clades; Holm over the depths.")
    helps: bool = Field(description="Whether that is at most 0.05.")


class TreeFacts(Part):
    """The reference tree."""

    n_taxa: int = Field(description="Reference taxa.")
    n_branches: int = Field(description="Branches an unknown can be placed on.")
    height: Number = Field(description="From the root to the farthest tip.")
    ultrametric: bool = Field(description="Whether all tips are equally far from the root.")
    rooted: bool = Field(description="Whether the tree came with a root; else it is its midpoint.")
    n_polytomies: int = Field(description="Nodes with more than two branches.")
    not_named: list[str] = Field(
        default=[], description="Clades by name that are none on this tree, rank before name."
    )


class PlacementResult(StageResult):
    """Where unknowns belong.

    The keys of ``place.json`` are attributes, such as ``unknowns`` and ``by_depth``.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np, pandas as pd
    >>> import phylolens as pl
    >>> _ = Path("tree.nwk").write_text("((a:1,b:1):2,(c:1,d:1):2,(e:1,(f:0.5,g:0.5):0.5):2);")
    >>> ids = [f"{name}{number}" for name in "abcdefg" for number in range(3)]
    >>> meta = pd.DataFrame({"file": ids, "family": [name[0] for name in ids]})
    >>> meta.to_csv("meta.csv", index=False)
    >>> places = pd.DataFrame(np.random.default_rng(0).normal(size=(21, 4)), index=ids)
    >>> places.to_csv("features.csv", index_label="file")
    >>> places.head(1).set_axis(["shell"]).to_csv("shell.csv", index_label="file")
    >>> settings = pl.Settings(features="features.csv", meta="meta.csv", tree="tree.nwk",
    ...                        unknowns="shell.csv", out="results")
    >>> _ = pl.run(settings, stages=["place"])
    >>> found = pl.PlacementResult.from_json("results/place/place.json")
    >>> found.table()[["name", "verdict"]].values.tolist()
    [['shell', 'cannot place']]
    """

    FILE: ClassVar[str] = "place/place.json"

    method: str = Field(description="Method of the answers.")
    asked: str = Field(description="Method asked for.")
    rank: str = Field(description="Of the reference taxa.")
    n_queries: int = Field(description="Unknowns.")
    depth: str | None = Field(default=None, description="Rank said to be new, if any was.")
    tree: TreeFacts = Field(description="The reference tree.")
    leave_one_out: DepthScores | None = Field(
        default=None, description="The method, with the finest rank left out."
    )
    by_depth: dict[str, dict[str, DepthScores]] = Field(
        description="By rank left out, fine to coarse, and by method; baselines among them."
    )
    baselines: dict[str, Number] = Field(
        default={},
        description="Median error of baselines with the finest rank left out: `nearest_family` "
        "(the nearest taxon by images), `random` and `best`.",
    )
    rules: dict[str, DepthRules] = Field(description="Whether images help, by depth.")
    thresholds: dict[str, Number] = Field(
        description="By rank: probability from which claims were right as often as asked for."
    )
    certainty: Number = Field(description="How often claims are to be right.")
    verdicts: dict[str, int] = Field(description="Unknowns by verdict.")
    unknowns: list[PlacedUnknown] = Field(description="By name.")
    not_usable: dict[str, str] = Field(
        default={}, description="Unknowns without a usable image, and why."
    )
    seed: int | None = Field(default=None, description="Of everything random.")

    def table(self) -> pd.DataFrame:
        """Return one row an unknown.

        Returns
        -------
        DataFrame
            As ``placements.csv``.
        """
        rows = [{name: getattr(one, name) for name in COLUMNS} for one in self.unknowns]
        return pd.DataFrame(rows, columns=list(COLUMNS))
