"""Barcodes in the signal stage: how saturated they are, and how far they agree with a tree."""

from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens import stats
from phylolens.errors import InputError
from phylolens.phylogeny.barcode_rank import RankedBarcodes
from phylolens.pipeline.context import RunContext
from phylolens.results.barcodes import BarcodeAgreement, BarcodeSignal, Saturation
from phylolens.results.permutation import PermutationTest
from phylolens.stats.saturation import saturation

RAW_FILE, CORRECTED_FILE, OWN_FILE = (
    f"barcode_{name}_distances.csv" for name in ("raw", "corrected", "model")
)
FEWEST_TAXA = 3


def barcode_signal(context: RunContext, genetic: DistanceMatrix) -> dict[str, Any] | None:
    """Sum up the barcodes of the taxa compared; None where none were given.

    Parameters
    ----------
    context : RunContext
    genetic : DistanceMatrix
        Genetic distances that are tested.
    """
    found = context.dataset.barcodes
    if found is None:
        return None
    taxa = _shared(found, genetic)
    beside = _beside(context)
    read = found.found
    values: dict[str, Any] = {
        "model": read.model,
        "is_genetic_side": not beside,
        "n_taxa": len(taxa),
        "n_sequences": sum(found.ranked.n_tips[taxon] for taxon in taxa),
        "alignment": read.alignment,
    }
    values |= {} if read.sites is None else {"sites": read.sites}
    if len(taxa) < FEWEST_TAXA:
        why = f"only {len(taxa)} of the taxa compared have a barcode; at least three are needed"
        return BarcodeSignal(**values, not_possible=why).to_dict()
    values["saturation"] = _saturation(found, genetic, taxa, beside)
    if beside:
        try:
            values["agreement"] = _agreement(context, found, genetic, taxa)
        except InputError as error:  # all distances equal
            values["not_possible"] = error.problem
    return BarcodeSignal(**values).to_dict()


def barcode_tables(context: RunContext, genetic: DistanceMatrix) -> dict[str, pd.DataFrame | None]:
    """Distances of the barcodes by file name; None where there is nothing to write."""
    found = context.dataset.barcodes
    if found is None:
        return dict.fromkeys((RAW_FILE, CORRECTED_FILE, OWN_FILE))
    taxa = _shared(found, genetic)
    own = found.ranked.distances.filter(taxa).to_data_frame() if _beside(context) else None
    corrected = found.corrected
    return {
        RAW_FILE: _table(found, found.raw, taxa),
        CORRECTED_FILE: None if corrected is None else _table(found, corrected, taxa),
        OWN_FILE: own,
    }


def _table(found: RankedBarcodes, values: np.ndarray, taxa: list[str]) -> pd.DataFrame:
    names = list(found.ranked.distances.ids)
    return pd.DataFrame(values, index=names, columns=names).loc[taxa, taxa]


def _beside(context: RunContext) -> str:
    """Say what the barcodes stand beside; blank where they are the genetic side."""
    settings = context.settings
    return "tree" if settings.tree else "distances" if settings.distances else ""


def _shared(found: RankedBarcodes, genetic: DistanceMatrix) -> list[str]:
    own = set(found.ranked.distances.ids)
    return [taxon for taxon in genetic.ids if taxon in own]


def _saturation(
    found: RankedBarcodes, genetic: DistanceMatrix, taxa: list[str], beside: str
) -> list[Saturation]:
    raw = _table(found, found.raw, taxa).to_numpy()
    sides = {}
    if beside:
        sides[beside] = np.asarray(genetic.filter(taxa).data)
    if found.corrected is not None:
        sides[found.corrected_by] = _table(found, found.corrected, taxa).to_numpy()
    return [saturation(raw, side, name, found.frequencies) for name, side in sides.items()]


def _agreement(
    context: RunContext, found: RankedBarcodes, genetic: DistanceMatrix, taxa: list[str]
) -> BarcodeAgreement:
    """Mantel tests of the barcodes' distances against those of the tree or matrix."""
    tests = {
        method: stats.mantel(
            found.ranked.distances.filter(taxa),
            genetic.filter(taxa),
            method=method,
            permutations=context.settings.signal.permutations,
            seed=context.settings.seed,
        ).to_dict()
        for method in ("pearson", "spearman")
    }
    named = {name: PermutationTest.model_validate(test) for name, test in tests.items()}
    return BarcodeAgreement(n_taxa=len(taxa), **named)
