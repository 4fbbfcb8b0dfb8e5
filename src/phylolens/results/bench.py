"""``bench.json``: every paradigm of similarity learning in one table."""

from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from phylolens.results.base import Limits, Number, Part, StageResult

DONE, NOT_MADE = "done", "not made"
COLUMNS = (
    "cell",
    "name",
    "skill",
    "p_value",
    "macro_f1_unseen_species",
    "recall_at_1",
    "map",
    "ari",
    "kmult",
    "mantel",
    "seconds",
    "peak_mb",
    "trained_parameters",
    "claims_hold",
    "why_not",
)


class ClusterScores(Part):
    """How clusters of images of species never seen agree with one rank."""

    ari: Number | None = Field(default=None, description="Adjusted Rand index; 0 by chance.")
    nmi: Number | None = Field(default=None, description="Normalised mutual information.")
    nmi_permuted: Number | None = Field(
        default=None, description="The same with permuted labels, mean."
    )
    n_classes: int | None = Field(default=None, description="Classes of the rank, and clusters.")


class ClaimVerdict(Part):
    """What the study says of a method (its section 4.2), and what an experiment says of that."""

    name: str = Field(description="Of the claim.")
    text: str = Field(description="What the study says.")
    holds: Literal["holds", "does not hold", "cannot be said"] = Field(
        description="`holds` or `does not hold` where the interval of the claimed difference lies "
        "on one side of zero; else `cannot be said`."
    )
    figure: str = Field(description="The figures that say so, or why there are none.")
    values: dict[str, Number] = Field(default={}, description="The figures by name.")
    seconds: Number | None = Field(default=None, description="Of the processor.")


class MethodRow(Part):
    """One method of the bench."""

    name: str = Field(description="Of the method.")
    cell: str = Field(description="`category/subcategory` of the map of similarity learning.")
    about: str | None = Field(default=None, description="What it does.")
    sees: Literal["nothing", "images", "labels", "tree"] | None = Field(
        default=None,
        description="What it learned from: `images` alone, the `labels` of taxa too, or genetic "
        "distance (`tree`).",
    )
    note: str | None = Field(default=None, description="What to beware of.")
    status: str = Field(description="`done` or `not made`.")
    why_not: str | None = Field(
        default=None, description="Why it was not made, and the command that mends it."
    )
    skill: Number | None = Field(
        default=None,
        description="On clades held out: share by which the squared error of the best prediction "
        "without images is reduced; 0: images add nothing.",
    )
    interval: Limits | None = Field(
        default=None, description="95% interval of the skill by a jackknife over clades."
    )
    row_rank_gain: Number | None = Field(
        default=None,
        description="Rank correlation along the rows of held-out taxa, beyond the prediction "
        "without images.",
    )
    recall_at_1: Number | None = Field(
        default=None,
        description="Share of images of clades never seen whose nearest image, of another "
        "specimen, is of the same taxon; mean over taxa.",
    )
    map: Number | None = Field(
        default=None, description="Mean average precision of the same queries, mean over taxa."
    )
    n_queried_taxa: int | None = Field(default=None, description="Taxa with queries.")
    macro_f1_unseen_species: Number | None = Field(
        default=None,
        description="Macro-F1 of one fixed linear probe on images of species never seen.",
    )
    ari: Number | None = Field(
        default=None,
        description="Adjusted Rand index of clusters of images of species never seen with the "
        "classes of the probe.",
    )
    nmi: Number | None = Field(
        default=None, description="Normalised mutual information of the same."
    )
    clusters: dict[str, ClusterScores] = Field(
        default={}, description="The same by rank, beside permuted labels."
    )
    trained_parameters: int | None = Field(
        default=None, description="Numbers that training set; null where not known."
    )
    kmult: Number | None = Field(
        default=None, description="K_mult of the embedding; null where the method saw the tree."
    )
    mantel: Number | None = Field(
        default=None, description="Mantel's r of the embedding; null where it saw the tree."
    )
    own: dict[str, Number | None] | None = Field(
        default=None, description="Figures of this method alone."
    )
    seconds: Number | None = Field(
        default=None, description="Of the processor, for all fits but those to permuted taxa."
    )
    peak_mb: Number | None = Field(
        default=None, description="Most memory beyond that before the method began."
    )
    p_value: Number | None = Field(
        default=None, description="Of the skill, by refits to permuted taxa."
    )
    p_why: str | None = Field(default=None, description="Why there is no p-value.")
    n_refits: int | None = Field(default=None, description="Refits that the p-value rests on.")
    p_holm: Number | None = Field(
        default=None, description="The p-value after Holm's correction over all rows with one."
    )
    claim: str | None = Field(
        default=None, description="The first claim of the study about the method."
    )
    claim_holds: str | None = Field(
        default=None, description="`holds`, `does not hold` or `cannot be said`."
    )
    claim_figure: str | None = Field(default=None, description="The figures that say so.")
    claims: list[ClaimVerdict] = Field(default=[], description="All of them.")

    @property
    def claims_hold(self) -> str | None:
        """What came out of its claims, in a word each."""
        return "; ".join(one.holds for one in self.claims) or None


class BenchFolds(Part):
    """How methods were judged."""

    rank: str = Field(description="Of the taxa.")
    held_out: str = Field(description="Rank of the clades held out.")
    n_taxa: int = Field(description="Taxa.")
    n_images: int = Field(description="Images.")
    n_clades: int = Field(description="Clades.")
    n_folds: int = Field(description="Folds of whole clades; with `full` one a clade.")
    inner_folds: int = Field(description="Folds of clades within the training taxa.")
    unit: str | None = Field(
        default=None, description="Rank held out for the probe and the clusters."
    )
    target: str | None = Field(default=None, description="Rank of the probe's classes.")
    n_probe_images: int | None = Field(default=None, description="Images that the probe is asked.")


class BenchBaselines(Part):
    """What needs no image, on the same held-out pairs."""

    image_free: Number | None = Field(
        default=None, description="Skill of the best prediction without images: 0 by definition."
    )
    column_means: Number | None = Field(default=None, description="Skill of column means.")
    names: Number | None = Field(
        default=None, description="Skill of the names of coarser ranks, without images."
    )
    gp: Number | None = Field(
        default=None, description="Skill of the Gaussian process, guided by the tree."
    )


class BenchResult(StageResult):
    """Every method in one table.

    The keys of ``bench.json`` are attributes, such as ``methods``, ``folds`` and ``baselines``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import phylolens as pl
    >>> tree = "(((a:1,b:1):1,c:2):1,((d:1,e:1):1,(f:1.5,g:1.5):0.5):1);"
    >>> ids = [f"{name}{number}" for name in "abcdefg" for number in range(3)]
    >>> meta = pd.DataFrame({"file": ids, "order": list("AAAAAABBBCCCCCCDDDDDD"),
    ...                      "family": [name[0] for name in ids]})
    >>> places = pd.DataFrame(np.random.default_rng(0).normal(size=(21, 4)), index=ids)
    >>> found = pl.bench(places, meta, tree, cells="gp", refits=0)
    >>> found.n_compared, found.best, found.folds.held_out
    (1, 'gp', 'order')
    """

    FILE: ClassVar[str] = "bench/bench.json"

    budget: Literal["quick", "full"] | None = Field(default=None, description="As asked for.")
    seed: int | None = Field(default=None, description="Of everything random.")
    folds: BenchFolds = Field(description="How methods were judged.")
    baselines: BenchBaselines = Field(description="What needs no image.")
    n_compared: int = Field(
        description="Methods with a skill: the best of so many flatters, by chance alone."
    )
    best: str | None = Field(default=None, description="The method of the highest skill.")
    methods: list[MethodRow] = Field(description="In the order of the map.")

    def table(self) -> pd.DataFrame:
        """Return the main figures, one row a method.

        Returns
        -------
        DataFrame
            In the order of the map; figures that were not made are missing.
        """
        rows = [{name: getattr(one, name) for name in COLUMNS} for one in self.methods]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def claims(self) -> pd.DataFrame:
        """Return the claims of the study, one a row, with what came out.

        Returns
        -------
        DataFrame
            ``method``, ``claim``, ``holds`` and ``figure``.
        """
        rows = [
            {"method": row.name, "claim": one.text, "holds": one.holds, "figure": one.figure}
            for row in self.methods
            for one in row.claims
        ]
        return pd.DataFrame(rows, columns=["method", "claim", "holds", "figure"])
