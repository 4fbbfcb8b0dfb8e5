"""Recognise embeddings that were fitted to the phylogeny they are to be judged by."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from phylolens.errors import some
from phylolens.phylogeny.names import normalise
from phylolens.pipeline.dataset import Dataset
from phylolens.values import Features

CROSS_FITTED = (
    "Each taxon was placed by a model that had not seen its clade. The models had seen the others, "
    "so p-values of these tests are too small; the p-value of refits to permuted taxa in "
    "guide.json is right."
)
UNSEEN = (
    "The embedding was guided by a phylogeny, but not by any taxon compared here, so tests that "
    "permute these taxa are right."
)
PRETRAINED = (
    "The network was trained on {n:,} images without labels ({method}). It saw no phylogeny, so "
    "the comparison is not circular."
)
FITTED_TWICE = (
    "cannot judge an embedding that was itself guided by a phylogeny: it has seen the clades that "
    "would be held out. Give the features it was made from"
)
KEEP_APART = (
    "Mark images to test on in a column 'split' and guide again: it learns from those marked "
    "'train' alone"
)


def _guided(features: Features) -> bool:
    checkpoints = features.spec.get("fused") or [features.spec]
    return any(part.get("guided") for part in checkpoints)


def circularity(
    features: Features,
    taxa: Sequence[str],
    taxon_of: pd.Series,
    labels: pd.DataFrame | None = None,
) -> tuple[bool, str]:
    """Say whether a comparison with the phylogeny is circular, and why.

    An embedding guided by a phylogeny is circular for the taxa of its fit; for taxa held out of
    the fit it is not.

    Parameters
    ----------
    features : Features
        As compared; its spec tells whether it was guided, by which taxa where that is known, and
        which ids were held out.
    taxa : sequence of str
        The taxa compared.
    taxon_of : Series
        Taxon of every row of the features, indexed by its id.
    labels : DataFrame, optional
        All ranks of every row, indexed by its id: tells whether the taxa of the fit are among them.

    Returns
    -------
    circular : bool
    why : str
        One or two sentences; empty for features of a published network. Of one that was trained on
        own images without labels it says so.
    """
    if not _guided(features):
        return False, _pretrained(features)
    held_out = set(features.spec.get("held_out") or ())
    rows = taxon_of[taxon_of.isin(taxa)]
    seen = _of_fit(features, rows[~rows.index.isin(held_out)], labels)
    fitted = sorted(set(taxa) & set(seen.dropna()))
    if not fitted and held_out:
        return False, CROSS_FITTED
    if not fitted:
        return False, UNSEEN
    if len(fitted) == len(set(taxa)):
        return True, "The embedding was fitted to a phylogeny of these very taxa."
    return True, (
        f"The embedding was fitted to {len(fitted)} of the {len(set(taxa))} taxa compared "
        f"({some(fitted, 3)}); compare the others alone."
    )


def _pretrained(features: Features) -> str:
    """Say that a network was trained on own images; blank for any other."""
    parts = features.spec.get("fused") or [features.spec]
    told = [part["pretrained"] for part in parts if part.get("pretrained")]
    return " ".join(PRETRAINED.format(n=one["n_images"], method=one["method"]) for one in told)


def _of_fit(features: Features, rows: pd.Series, labels: pd.DataFrame | None) -> pd.Series:
    """Keep the rows whose taxon was in the fit; all where that is not known."""
    by = features.spec.get("guided_by")
    if not by or labels is None or by["rank"] not in labels:
        return rows
    known = {normalise(taxon) for taxon in by["taxa"]}
    own = labels[by["rank"]].reindex(rows.index)
    return rows[own.isna() | own.map(normalise, na_action="ignore").isin(known)]


def guided_twice(dataset: Dataset) -> str:
    """Say why ``guide`` cannot judge these features; empty where it can."""
    given, ranked = dataset.given, dataset.ranked
    if given is None or ranked is None:
        return ""
    labels = dataset.table.set_index("file")
    circular, _ = circularity(given, ranked.distances.ids, labels[dataset.rank], labels)
    return FITTED_TWICE if circular or given.spec.get("held_out") else ""


def in_fit(features: Features | None, files: Iterable[str]) -> int | None:
    """Count the rows that the embedding was fitted to; None where no phylogeny guided it.

    Where a file does not say which rows those are, all count that were not held out.
    """
    if features is None or not _guided(features):
        return None
    held_out, fitted = set(features.spec.get("held_out") or ()), features.spec.get("fitted")
    if fitted is None:
        return len(set(files) - held_out)
    return len(set(files) & set(fitted))


def tested_in_fit(n: int, n_test: int) -> dict[str, Any]:
    """Say of scores whether the embedding had been fitted to images they were tested on.

    Parameters
    ----------
    n, n_test : int
        Tested images that the embedding was fitted to (see :func:`in_fit`), and all tested.

    Returns
    -------
    dict
        ``circular`` and ``circular_why``.
    """
    if not n:
        why = "The embedding was guided by a phylogeny, but fitted to none of the images tested."
        return {"circular": False, "circular_why": why}
    why = (
        f"The embedding was fitted to {n:,} of the {n_test:,} images tested, and to where their "
        f"taxa stand in the phylogeny. Such scores are too good. {KEEP_APART}."
    )
    return {"circular": True, "circular_why": why}
