"""The figures of the signal section, each where its files and keys are there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from phylolens.report.ordering import parents, taxonomy_order
from phylolens.report.plots.heatmaps import DISTANCE, Rows, draw_heatmaps
from phylolens.report.plots.labels import Groups, mark_groups
from phylolens.report.plots.maps import (
    FEWEST_ON_MAP,
    MOST_IN_TREE,
    draw_pcoa,
    draw_phylomorphospace,
    ordinate,
    worth_showing,
)
from phylolens.report.plots.nulls import draw_null, null_tests
from phylolens.report.plots.pairs import draw_hexbin
from phylolens.report.plots.residuals import FEWEST_TAXA, draw_residuals, worst
from phylolens.report.plots.rows import (
    clades_shown,
    draw_by_clade,
    draw_correlogram,
    draw_tree_measures,
    is_significant,
    measured,
)
from phylolens.report.plots.saturation import draw_saturation
from phylolens.report.plots.trees import (
    FEWEST_TIPS,
    MOST_NAMED,
    MOST_ON_PAGE,
    MOST_TIPS,
    draw_tanglegram,
    read_tree,
    tangle_facts,
)
from phylolens.report.results import Results
from phylolens.report.sections.signal.barcodes import about_barcodes
from phylolens.report.thumbnails import small_image
from phylolens.results.signal import SignalResult
from phylolens.stats.trees import untangle

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


HEATMAPS = (("signal-heatmaps", False), ("signal-heatmaps-ranks", True))  # name, percentiles
CORRECTED = "barcode_corrected_distances.csv"
SATURATION_FILES = dict.fromkeys(("tree", "distances"), "genetic_distances.csv")
DOTS = 120  # longer side of an image in a figure
Figures = Iterator[tuple[str, "Canvas", dict[str, Any]]]


@dataclass(frozen=True)
class Found:
    """What the signal stage left, as figures need it.

    Parameters
    ----------
    results : Results
        The directory.
    signal : SignalResult
        ``signal.json``.
    visual, genetic : DataFrame
        Distances of the same taxa, rows in the order of the reference tree.
    """

    results: Results
    signal: SignalResult
    visual: pd.DataFrame
    genetic: pd.DataFrame

    @property
    def taxa(self) -> list[str]:
        """Taxa in the order of the reference tree."""
        return [str(taxon) for taxon in self.genetic.index]

    @property
    def rank(self) -> str:
        """Rank of the taxa."""
        return self.signal.rank

    @cached_property
    def parents(self) -> tuple[str, dict[str, str]]:
        """Next coarser rank, and the group of each taxon in it."""
        return parents(self.results, self.rank)

    @cached_property
    def groups(self) -> Groups:
        """Colours and shapes of the taxa."""
        coarser, groups = self.parents
        return mark_groups(self.taxa, groups, coarser)

    @cached_property
    def portraits(self) -> dict[str, str]:
        """Typical image of each taxon; empty where there is none."""
        table = self.results.table("signal/portraits.csv")
        if table is None or not {"taxon", "file"} <= set(table.columns):
            return {}
        return dict(table[["taxon", "file"]].dropna().itertuples(index=False))

    def pictures(self, taxa: Sequence[str]) -> dict[str, np.ndarray]:
        """Portraits of these taxa as RGB arrays; taxa whose image is gone are left out."""
        table = self.results.specimens
        if table is None or "path" not in table.columns or not self.results.has_images:
            return {}
        paths = dict(zip(table["file"], table["path"], strict=True))
        found = {}
        for taxon in taxa:
            path = paths.get(self.portraits.get(taxon))
            where = self.results.image(path) if path else None
            picture = small_image(where, DOTS) if where else None
            if picture is not None:
                found[taxon] = np.asarray(picture)
        return found


def signal_figures(results: Results, order: Sequence[str]) -> Figures:
    """Draw what there is.

    Parameters
    ----------
    results : Results
        Holds ``signal/``.
    order : sequence of str
        Taxa in the order of the reference tree.

    Yields
    ------
    tuple
        Name, figure and numbers for its caption.
    """
    found = results.signal
    if found is None:
        return
    visual, genetic = (
        results.matrix(f"signal/{name}_distances.csv") for name in ("visual", "genetic")
    )
    if visual is not None and genetic is not None:
        taxa = list(order) if sorted(order) == sorted(genetic.index) else list(genetic.index)
        both = Found(results, found, visual.loc[taxa, taxa], genetic.loc[taxa, taxa])
        yield from _matrices(both)
        yield from _ordination(both)
        yield from _trees(both)
        yield from _residuals(both)
    yield from _barcodes(results, found)
    yield from _numbers(found)


def _barcodes(results: Results, found: SignalResult) -> Figures:
    """Draw raw differences of barcodes against each kind of distance."""
    facts = about_barcodes(found)
    raw = results.matrix("signal/barcode_raw_distances.csv")
    if facts is None or facts.unrelated is None or raw is None:
        return
    files = {name: f"signal/{SATURATION_FILES.get(name, CORRECTED)}" for name in facts.against}
    tables = {facts.against[name]: results.matrix(path) for name, path in files.items()}
    beside = {
        label: table
        for label, table in tables.items()
        if table is not None and set(raw.index) <= set(table.index)
    }
    if beside:
        yield "saturation", draw_saturation(raw, beside, facts.unrelated, facts.raw), {}


def _matrices(found: Found) -> Figures:
    """Draw both matrices, as heatmaps and pair by pair."""
    coarser, groups = found.parents
    beside = Rows(found.taxa, found.rank, groups, coarser)
    matrices = {"visual distance": found.visual, "genetic distance": found.genetic}
    facts = {"n_taxa": len(found.taxa), "coarser": coarser}
    for name, ranks in HEATMAPS:
        yield name, draw_heatmaps(matrices, beside, DISTANCE, ranks=ranks), facts
    listed = taxonomy_order(found.results, found.rank, found.taxa)
    if listed and listed != found.taxa:
        drawn = draw_heatmaps(matrices, replace(beside, taxa=listed), DISTANCE, ranks=True)
        yield "signal-heatmaps-taxonomy", drawn, facts
    yield "hexbin", draw_hexbin(found.visual, found.genetic, found.signal.distance or ""), {}


def _ordination(found: Found) -> Figures:
    """Draw principal coordinates of visual distance, with images and with the tree."""
    if len(found.taxa) < FEWEST_ON_MAP:
        return
    places = ordinate(found.visual)
    pictures = found.pictures(worth_showing(places, list(found.portraits)))
    facts = {"share_1": places.shares[0], "share_2": places.shares[1], "n_taxa": len(found.taxa),
             "coarser": found.groups.rank}  # fmt: skip
    drawn = draw_pcoa(places, found.groups, found.rank, pictures)
    shown = sum(image.get_gid() == "picture" for image in drawn.axes[0].images)
    yield "pcoa", drawn, facts | {"n_pictures": shown}
    tree = read_tree(found.results, "tree.nwk", found.taxa)
    if tree is None or len(found.taxa) > MOST_IN_TREE or not _has_lengths(tree):
        return
    drawn = draw_phylomorphospace(places, tree, found.groups, found.rank)
    yield "phylomorphospace", drawn, facts


def _has_lengths(tree: Any) -> bool:
    """Whether branches have lengths, none of them negative."""
    lengths = [node.length or 0.0 for node in tree.preorder(include_self=False)]
    return min(lengths) >= 0 and max(lengths) > 0


def _trees(found: Found) -> Figures:
    """Draw the reference tree and the visual tree face to face.

    The first one leads the section, so that it has to fit a screen; where names are lost by that,
    a second one has them.
    """
    reference = read_tree(found.results, "tree.nwk", found.taxa)
    looks = read_tree(found.results, "visual_tree.nwk", found.taxa)
    if reference is None or looks is None or not FEWEST_TIPS <= len(found.taxa) <= MOST_TIPS:
        return
    first, second, crossings = untangle(reference, looks)
    facts = tangle_facts((reference, looks), len(found.taxa), crossings)
    facts["coloured"] = found.groups.rank
    how = (reference, looks), (first, second), found.groups, found.rank
    yield "tanglegram", draw_tanglegram(*how, most_named=MOST_ON_PAGE), facts
    if MOST_ON_PAGE < len(found.taxa) <= MOST_NAMED:
        yield "tanglegram-named", draw_tanglegram(*how), facts


def _residuals(found: Found) -> Figures:
    """Draw the taxa that fit worst."""
    table = found.results.table("signal/residuals.csv", numbers=("residual",))
    if table is None or len(table) < FEWEST_TAXA:
        return
    shown = worst(table)
    pictures = found.pictures(list(shown["taxon"]))
    median = float(table["residual"].median())
    facts = {"n_shown": len(shown), "n_taxa": len(table), "median": median,
             "n_pictures": len(pictures)}  # fmt: skip
    yield "procrustes", draw_residuals(table, found.rank, pictures), facts


def _numbers(found: SignalResult) -> Figures:
    """Draw what ``signal.json`` alone holds."""
    classes = found.correlogram.classes if found.correlogram else []
    if len(classes) > 1:
        counts = {"n_classes": len(classes), "n_significant": sum(map(is_significant, classes))}
        yield "correlogram", draw_correlogram(classes), counts
    tests, within = found.made, found.within_clades
    if shown := null_tests(tests):
        facts: dict[str, Any] = {"tests": shown, "within": bool(within)}
        yield "null", draw_null(tests, within), facts
    if found.tree and (names := measured(found.tree)):
        yield "tree-measures", draw_tree_measures(found.tree), {"measures": names}
    rows = found.by_clade or []
    if clades_shown(rows):
        mantel = tests.get("mantel_pearson")
        facts = {"n_shown": len(clades_shown(rows)), "n_clades": len(rows)}
        yield "by-clade", draw_by_clade(rows, mantel.statistic if mantel else None), facts
