"""Test visual against genetic distance."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens import stats
from phylolens.embedding.feature_file import without_rows
from phylolens.errors import InputError, TooFew
from phylolens.phylogeny import read_trees, to_rank
from phylolens.phylogeny.rank_tree import FROM_TREE
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.barcodes import barcode_signal, barcode_tables
from phylolens.pipeline.stages.circular import circularity
from phylolens.pipeline.stages.confounds import adjusted_pairs, find_confounds
from phylolens.pipeline.stages.taxon_features import TaxonFeatures
from phylolens.pipeline.summaries import signal_summary
from phylolens.results.signal import SignalResult, SignalValues
from phylolens.stats.tree_sample import over_trees
from phylolens.writing import write_csv, write_text

JOINED = "all joined"
DEPENDS_ON_ROOT = (
    "kmult",
    "k_arithmetic",
    "k_geometric",
    "lambda",
    "disagreement",
)  # of an unrooted tree: uncertain
REPLICATES, MANY_TAXA = 100, 500  # half as many for more taxa: their trees take long


@dataclass(frozen=True)
class FoundSignal:
    """What the stage found, before it is written.

    Parameters
    ----------
    result : SignalResult
        With what stays in memory.
    features : TaxonFeatures
    compared : Comparison
    """

    result: SignalResult
    features: TaxonFeatures
    compared: stats.Comparison


def signal(context: RunContext) -> dict[str, Any]:
    """Test visual against genetic distance; write ``signal/``."""
    found = find_signal(context)
    _write(context, found)
    found.result.write(context.settings.out)
    return signal_summary(found.result)


def find_signal(context: RunContext) -> FoundSignal:
    """Test visual against genetic distance; nothing is written."""
    options, ranked = context.settings.signal, context.dataset.ranked
    assert ranked is not None
    visual = TaxonFeatures(context.dataset, context.images.originals)
    compared = _comparison(context, visual)
    confounds = find_confounds(context, visual, compared)
    compared = replace(compared, sources=confounds.sources)
    found = stats.signal(
        compared,
        permutations=options.permutations,
        axes=options.axes,
        tree_method=options.tree_method,
        simulations=options.simulations,
        fdr=options.fdr,
        seed=context.settings.seed,
        progress=context.progress,
    )
    circular, why = circularity(
        visual.features, visual.taxa, visual.taxon_of, context.dataset.table.set_index("file")
    )
    adjusted = adjusted_pairs(context, visual, compared, found.pairs)
    optional = {
        "disagreement_adjusted": adjusted.to_dict() if adjusted else None,
        "by_features": _by_features(context, visual, compared),
        "tree_sample": _tree_sample(context, compared, found),
        "barcodes": barcode_signal(context, compared.genetic),
    }
    values = {
        "rank": context.dataset.rank,
        "n_taxa": len(visual.taxa),
        **visual.counts,
        "distance": options.distance,
        "features": without_rows(visual.features.spec),
        "covariance": ranked.covariance_source,
        "root": ranked.root,
        "depends_on_root": list(DEPENDS_ON_ROOT) if not ranked.rooted else [],
        "dropped": {
            "no_images": list(ranked.no_taxon),
            "no_phylogeny": list(ranked.no_phylogeny),
        },
        **found.result.to_dict(),
        **{name: value for name, value in optional.items() if value is not None},
        "circular": circular,
        "circular_why": why,
        "confounds": confounds.result.to_dict(),
    }
    kept = SignalValues(
        visual=compared.visual,
        genetic=compared.genetic,
        pairs=found.pairs,
        residuals=found.residuals,
        visual_tree=found.visual_tree,
    )
    return FoundSignal(SignalResult.of(values).with_values(kept), visual, compared)


def _comparison(context: RunContext, visual: TaxonFeatures) -> stats.Comparison:
    settings, ranked = context.settings, context.dataset.ranked
    assert ranked is not None
    measured = visual.distances(settings.signal.distance, debias=settings.signal.debias)
    taxa = list(visual.taxa)
    wanted = settings.signal.replicates
    if wanted is None:
        wanted = REPLICATES if len(taxa) <= MANY_TAXA else REPLICATES // 2

    def replicates() -> Iterator[DistanceMatrix]:
        return visual.replicates(
            settings.signal.distance, wanted, settings.seed, debias=measured.debiased
        )

    return stats.Comparison(
        visual=measured.matrix,
        measured=measured,
        genetic=ranked.distances.filter(taxa),
        covariance=ranked.covariance.loc[taxa, taxa],
        tree=_pruned(ranked.tree, taxa),
        from_tree=ranked.covariance_source == FROM_TREE,
        lineage=context.dataset.lineage(tuple(taxa)),
        image_counts=visual.image_counts,
        replicates=replicates if wanted else None,
    )


def _pruned(tree: TreeNode, taxa: list[str]) -> TreeNode:
    """Leave out tips whose taxa are not compared."""
    if tree.count(tips=True) == len(taxa):
        return tree
    return tree.shear(set(taxa))


def _by_features(
    context: RunContext, visual: TaxonFeatures, compared: stats.Comparison
) -> list[dict[str, Any]] | None:
    """One table of the backbones alone and joined, and of every distance asked for."""
    options, checkpoints = context.settings.signal, visual.by_backbone()
    named = {name: TaxonFeatures(context.dataset, part) for name, part in checkpoints.items()}
    named[JOINED if checkpoints else str(visual.features.spec.get("backbone", "features"))] = visual
    distances = dict.fromkeys((options.distance, *options.compare))
    if len(named) * len(distances) < 2:
        return None
    rows = []
    for distance in distances:
        for name, part in named.items():
            rows.append(
                {
                    "name": name,
                    "n_features": int(part.features.matrix.shape[1]),
                    "distance": distance,
                    **stats.main_tests(
                        part.distances(distance, debias=options.debias),
                        compared.genetic,
                        compared.covariance,
                        permutations=options.permutations,
                        seed=context.settings.seed,
                    ).to_dict(),
                }
            )
    return rows


def _tree_sample(
    context: RunContext, compared: stats.Comparison, found: stats.Findings
) -> dict[str, Any] | None:
    """Hold the same visual distances against every tree of a sample."""
    settings, taxa = context.settings, list(compared.visual.ids)
    if settings.trees is None:
        return None
    dataset = context.dataset

    def sample() -> Iterator[tuple[DistanceMatrix, pd.DataFrame, TreeNode]]:
        assert settings.trees is not None
        for number, tree in enumerate(read_trees(settings.trees), start=1):
            context.progress("sample of trees", number, number)
            ranked = to_rank(tree, dataset.table, dataset.ranks, dataset.rank)
            missing = sorted(set(taxa) - set(ranked.distances.ids))
            if missing:
                raise InputError(
                    "taxa compared are missing from a tree of the sample.",
                    where=f"{settings.trees}, tree {number}",
                    ids=missing,
                    hint="All trees need the same tips as --tree.",
                )
            kept = ranked.distances.filter(taxa)
            yield kept, ranked.covariance.loc[taxa, taxa], _pruned(ranked.tree, taxa)

    over = over_trees(compared.visual, sample(), found.visual_tree, axes=settings.signal.axes)
    if over.n_used < 2:
        raise TooFew(
            "a sample of trees needs at least two; one was found.",
            where=settings.trees,
            hint="A single tree goes to --tree.",
        )
    return {"file": settings.trees.name, "n_trees": over.n_used, **over.to_dict()}


def _write(context: RunContext, found: FoundSignal) -> None:
    """Write matrices, trees and tables; remove those of an earlier run that has no successor."""
    folder, compared, result = context.settings.out / "signal", found.compared, found.result
    matrices = {
        "visual": compared.visual,
        "visual_plain": compared.distances.plain,
        "genetic": compared.genetic,
    }
    for name, matrix in matrices.items():
        table = matrix.to_data_frame().rename_axis("taxon")
        write_csv(folder / f"{name}_distances.csv", table, index=True)
    for path, square in barcode_tables(context, compared.genetic).items():
        if square is None:
            (folder / path).unlink(missing_ok=True)
        else:
            write_csv(folder / path, square.rename_axis("taxon"), index=True)
    write_text(folder / "tree.nwk", str(compared.tree))
    lineage = compared.lineage
    tables = {
        "lineage.csv": None if lineage is None else lineage.rename_axis("taxon").reset_index(),
        "residuals.csv": None if result.residuals is None else result.residuals.reset_index(),
        "pairs.csv": result.pairs,
        "portraits.csv": found.features.portraits(),
    }
    for name, table in tables.items():
        if table is None:
            (folder / name).unlink(missing_ok=True)
        else:
            write_csv(folder / name, table)
    if result.visual_tree is None:
        (folder / "visual_tree.nwk").unlink(missing_ok=True)
    else:
        write_text(folder / "visual_tree.nwk", str(result.visual_tree))
