"""The visual side of the comparison: features of the taxa that the phylogeny holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from skbio import DistanceMatrix

from phylolens import stats
from phylolens.pipeline.dataset import Dataset
from phylolens.values import Features


@dataclass(frozen=True)
class TaxonFeatures:
    """Features of the rows of a study, and the taxa among them that the phylogeny holds.

    Parameters
    ----------
    dataset : Dataset
        With genetic distances.
    features : Features
        One row an image, a specimen or a taxon.
    """

    dataset: Dataset
    features: Features

    @cached_property
    def taxon_of(self) -> pd.Series:
        """Taxon of each row, indexed by its id; taxa that the phylogeny lacks are missing."""
        assert self.dataset.ranked is not None
        taxa = self._rows[self.dataset.rank]
        return taxa.where(taxa.isin(self.dataset.ranked.distances.ids))

    @property
    def _rows(self) -> pd.DataFrame:
        return self.dataset.table.set_index("file")

    @cached_property
    def taxa(self) -> tuple[str, ...]:
        """The taxa compared, sorted."""
        return tuple(sorted(self.taxon_of.reindex(list(self.features.ids)).dropna().unique()))

    @property
    def counts(self) -> dict[str, int]:
        """Images and specimens compared; nothing for features of taxa."""
        if self.dataset.taxon_level:
            return {}
        shown = self._rows[self.taxon_of.notna()]
        return {"n_images": len(shown), "n_specimens": int(shown["specimen_id"].nunique())}

    @property
    def image_counts(self) -> pd.Series | None:
        """Images of each taxon; None for features of taxa."""
        if self.dataset.taxon_level:
            return None
        return self.taxon_of.value_counts().sort_index()

    def distances(self, metric: str, *, debias: bool = True) -> stats.VisualDistances:
        """Visual distances between the taxa, without sampling noise where specimens are known."""
        if self.dataset.taxon_level:
            own = self.features.take(self.taxa)
            plain, raw = (stats.visual_distances(own, name) for name in (metric, "euclidean"))
            why = "features are of taxa"
            return stats.VisualDistances.of_matrix(plain, metric, why, raw.data**2)
        given = self.features, self.taxon_of, self._rows["specimen_id"]
        if not debias:
            return stats.plain_distances(*given, metric, "left as measured (--no-debias)")
        return stats.debiased_distances(*given, metric)

    def replicates(
        self, metric: str, n: int, seed: int, *, debias: bool = True
    ) -> Iterator[DistanceMatrix]:
        """Visual distances of specimens drawn anew within taxa; none where nothing can vary."""
        specimens = self._rows["specimen_id"]
        per_taxon = specimens.groupby(self.taxon_of).nunique()
        if self.dataset.taxon_level or not (per_taxon > 1).any():
            return iter(())
        return stats.specimen_replicates(
            self.features,
            self.taxon_of,
            specimens,
            distance=metric,
            replicates=n,
            borrow=True,  # taxa of one specimen would not vary, and intervals be far too narrow
            debias=debias,
            seed=seed,
        )

    def portraits(self) -> pd.DataFrame | None:
        """Choose the most typical image of each taxon; None without images."""
        if self.dataset.taxon_level or "path" not in self.dataset.table:
            return None
        means = stats.taxon_means(self.features, self.taxon_of, self._rows["specimen_id"])
        return stats.portraits(self.features, self.taxon_of.dropna(), means)

    def by_backbone(self) -> Mapping[str, Features]:
        """Return the features of each backbone alone, where several were joined."""
        fused = self.features.spec.get("fused") or ()
        found: dict[str, Features] = {}
        start = 0
        for spec in fused:
            stop = start + int(spec["feature_size"])
            columns = self.features.matrix[:, start:stop]
            found[str(spec.get("backbone", len(found) + 1))] = Features(
                self.features.ids, columns, spec
            )
            start = stop
        return found if len(found) > 1 else {}
