"""Recognise embeddings that were fitted to the phylogeny they are to be tested against."""

from collections.abc import Sequence

import pandas as pd

from phylolens.errors import some
from phylolens.values import Features

CROSS_FITTED = (
    "Each taxon was placed by a model that had not seen its clade. The models had seen the others, "
    "so p-values of these tests are too small; the p-value of refits to permuted taxa in "
    "guide.json is right."
)


def circularity(features: Features, taxa: Sequence[str], taxon_of: pd.Series) -> tuple[bool, str]:
    """Say whether a comparison with the phylogeny is circular, and why.

    An embedding guided by a phylogeny is circular for the taxa of its fit; for taxa held out of
    the fit it is not.

    Parameters
    ----------
    features : Features
        As compared; its spec tells whether it was guided, and which ids were held out.
    taxa : sequence of str
        The taxa compared.
    taxon_of : Series
        Taxon of every row of the features, indexed by its id.

    Returns
    -------
    circular : bool
    why : str
        One sentence; empty for features no phylogeny has touched.
    """
    parts = features.spec.get("fused") or [features.spec]
    if not any(part.get("guided") for part in parts):
        return False, ""
    held_out = set(features.spec.get("held_out") or ())
    rows = taxon_of[taxon_of.isin(taxa)]
    seen = rows[~rows.index.isin(held_out)]
    fitted = sorted(set(taxa) & set(seen.dropna()))
    if not fitted and held_out:
        return False, CROSS_FITTED
    if not fitted:
        return False, "The embedding was guided by a phylogeny, but not by any taxon compared here."
    if len(fitted) == len(set(taxa)):
        return True, "The embedding was fitted to a phylogeny of these very taxa."
    return True, (
        f"The embedding was fitted to {len(fitted)} of the {len(set(taxa))} taxa compared "
        f"({some(fitted, 3)}); compare the others alone."
    )
