"""``signal.json``: what the tests of visual against genetic distance found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd
from pydantic import Field, PrivateAttr

from phylolens.results.barcodes import BarcodeSignal
from phylolens.results.base import Number, Part, StageResult
from phylolens.results.confounds import Confounds
from phylolens.results.signal_parts import (
    AdjustedDisagreement,
    Baselines,
    CladeTests,
    ClosestPair,
    Correlogram,
    Debiased,
    Disagreement,
    Dropped,
    FeatureTests,
    Influential,
    LambdaFit,
    SignalTest,
    SpecimenBootstrap,
    TreeComparison,
    TreeSample,
    WithinClades,
)

if TYPE_CHECKING:
    from skbio import DistanceMatrix, TreeNode

SHOWN = ("role", "statistic", "interval", "z", "p_value", "p_holm")


@dataclass(frozen=True, eq=False)
class SignalValues:
    """What stays in memory beside the JSON.

    Parameters
    ----------
    visual, genetic : DistanceMatrix
        The distances compared; visual ones without sampling noise where specimens are known.
    pairs : DataFrame or None
        Pairs that look more similar, or more different, than relatedness explains, as in
        ``pairs.csv``.
    residuals : Series or None
        Procrustes residual of each taxon, largest first.
    visual_tree : TreeNode or None
        From the visual distances.
    """

    visual: "DistanceMatrix"
    genetic: "DistanceMatrix"
    pairs: pd.DataFrame | None
    residuals: pd.Series | None
    visual_tree: "TreeNode | None"


class Compared(StageResult):
    """What is compared."""

    rank: str = Field(description="Of the taxa.")
    n_taxa: int = Field(description="Taxa compared.")
    n_images: int | None = Field(
        default=None, description="Images of them; absent for features of taxa."
    )
    n_specimens: int | None = Field(default=None, description="Specimens of them.")
    distance: str | None = Field(default=None, description="Between the means of taxa.")
    features: dict[str, Any] | None = Field(
        default=None,
        description="What made the features: backbone, weights and preprocessing, or a file.",
    )
    covariance: str | None = Field(
        default=None, description="Where K_mult's covariance comes from."
    )
    root: str | None = Field(
        default=None, description="Where the root of the phylogeny comes from."
    )
    depends_on_root: list[str] | None = Field(
        default=None, description="Of an unrooted tree: what another root would change."
    )
    dropped: Dropped | None = Field(default=None, description="Taxa that are not compared.")


class SignalFindings(Part):
    """What the tests found."""

    primary: str | None = Field(
        default=None,
        description="The test chosen beforehand: `lambda_score` (with `--tree`) or "
        "`mantel_pearson`.",
    )
    tests: dict[str, SignalTest | None] = Field(
        default_factory=dict,
        description="By name: `lambda_score`, `protest`, `kmult`, `k_arithmetic`, `k_geometric`, "
        "`mantel_pearson`, `mantel_spearman`, `dcor`, `mantel_pearson_centred` (the same number "
        "as `dcor`), `mantel_spearman_centred`.",
    )
    not_possible: dict[str, str] | None = Field(
        default=None, description="Part to the reason why not."
    )
    closest_pair: ClosestPair | None = Field(default=None, description="The two nearest taxa.")
    debiased: Debiased | None = Field(default=None, description="Sampling noise of few specimens.")
    correlogram: Correlogram | None = Field(
        default=None, description="By class of genetic distance."
    )
    influence: str | None = Field(default=None, description="How single taxa were left out.")
    most_influential: Influential | None = Field(
        default=None,
        description="The taxon whose absence changes the Pearson correlation of the two distances "
        "most; null with fewer than five taxa.",
    )
    specimen_bootstrap: SpecimenBootstrap | None = Field(
        default=None, description="How specimens were drawn again."
    )
    tree: TreeComparison | None = Field(default=None, description="The tree from visual distances.")
    baselines: Baselines | None = Field(
        default=None, description="What is known without any image."
    )
    within_clades: WithinClades | None = Field(
        default=None,
        description="Taxa permuted within clades; null where too few could change places.",
    )
    by_clade: list[CladeTests] | None = Field(
        default=None, description="Each clade of each coarser rank."
    )
    lambda_: LambdaFit | Number | None = Field(
        default=None, alias="lambda", description="Pagel's lambda; a bare number in older results."
    )
    disagreement: Disagreement | None = Field(default=None, description="Pairs that disagree.")

    @property
    def made(self) -> dict[str, SignalTest]:
        """Tests that could be made, by name."""
        return {n: test for n, test in self.tests.items() if test and test.statistic is not None}


class SignalResult(SignalFindings, Compared):
    """What the tests of visual against genetic distance found.

    The keys of ``signal.json`` are attributes, such as ``primary``, ``tests`` and ``by_clade``;
    ``lambda`` is ``lambda_``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from phylolens import signal
    >>> tree = "(((a:1,b:1):1,c:2):1,((d:1,e:1):1,(f:1.5,g:1.5):0.5):1);"
    >>> places = np.random.default_rng(1).normal(size=(7, 5)) + np.repeat([0, 3], [3, 4])[:, None]
    >>> features = pd.DataFrame(places, index=list("abcdefg"))
    >>> found = signal(features, tree, permutations=99, simulations=40, replicates=0)
    >>> found.table().index[0], found.visual.shape
    ('lambda_score', (7, 7))
    """

    FILE: ClassVar[str] = "signal/signal.json"

    disagreement_adjusted: AdjustedDisagreement | None = Field(
        default=None, description="Pairs without the effect of the columns in use."
    )
    by_features: list[FeatureTests] | None = Field(
        default=None, description="Several backbones or distances side by side."
    )
    tree_sample: TreeSample | None = Field(default=None, description="With `--trees`.")
    barcodes: BarcodeSignal | None = Field(default=None, description="With `--barcodes`.")
    circular: bool | None = Field(
        default=None, description="Whether the features were fitted to this phylogeny."
    )
    circular_why: str | None = Field(default=None, description="Why, or why not.")
    confounds: Confounds | None = Field(
        default=None, description="Columns that may make taxa look alike."
    )

    _values: SignalValues | None = PrivateAttr(default=None)

    def with_values(self, values: SignalValues) -> Self:
        """Return the result with what stays in memory.

        Parameters
        ----------
        values : SignalValues
            Distances, pairs and the visual tree.

        Returns
        -------
        SignalResult
            The same, with ``visual``, ``genetic``, ``pairs``, ``residuals`` and ``visual_tree``.
        """
        found = self.model_copy()
        found._values = values
        return found

    @property
    def visual(self) -> "DistanceMatrix | None":
        """Visual distances compared; None in a result that was read from its file."""
        return self._values and self._values.visual

    @property
    def genetic(self) -> "DistanceMatrix | None":
        """Genetic distances compared; None in a result that was read from its file."""
        return self._values and self._values.genetic

    @property
    def pairs(self) -> pd.DataFrame | None:
        """Pairs that disagree, as in ``pairs.csv``; None where there are none in memory."""
        return None if self._values is None else self._values.pairs

    @property
    def residuals(self) -> pd.Series | None:
        """Procrustes residual of each taxon, largest first."""
        return None if self._values is None else self._values.residuals

    @property
    def visual_tree(self) -> "TreeNode | None":
        """The tree from the visual distances."""
        return None if self._values is None else self._values.visual_tree

    def table(self) -> pd.DataFrame:
        """Return one row a test, the primary one first; p of descriptions after Holm.

        Returns
        -------
        DataFrame
            Columns ``role``, ``statistic``, ``interval``, ``z``, ``p_value`` and ``p_holm``.
        """
        rows = {
            name: {key: getattr(test, key) for key in SHOWN}
            for name, test in self.tests.items()
            if test is not None and test.same_as is None
        }
        return pd.DataFrame(rows).T[list(SHOWN)]

    def __repr__(self) -> str:
        table = self.table().drop(columns=["interval"])
        for name in ("statistic", "z", "p_value", "p_holm"):
            table[name] = [None if v is None else float(f"{v:.4g}") for v in table[name]]
        head = f"{self.n_taxa} taxa of rank {self.rank}; primary test: {self.primary}"
        return f"{head}\n\n{table.to_string(na_rep='')}"
