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
from phylolens.pipeline.stages.circular import circularity
from phylolens.pipeline.stages.confound_pairs import adjusted_pairs
from phylolens.pipeline.stages.confounds import find_confounds
from phylolens.pipeline.stages.taxon_features import TaxonFeatures
from phylolens.pipeline.summaries import summary_of
from phylolens.stats.tree_sample import over_trees
from phylolens.writing import write_csv, write_json, write_text

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
    summary : dict
        As in ``signal.json``.
    features : TaxonFeatures
    compared : Comparison
    findings : Findings
    """

    summary: dict[str, Any]
    features: TaxonFeatures
    compared: stats.Comparison
    findings: stats.Findings


def signal(context: RunContext) -> dict[str, Any]:
    """Test visual against genetic distance; write ``signal/``."""
    found = find_signal(context)
    _write(context, found.features, found.compared, found.findings)
    write_json(context.settings.out / "signal" / "signal.json", found.summary)
    return summary_of("signal", context.settings.out)


def find_signal(context: RunContext) -> FoundSignal:
    """Test visual against genetic distance; nothing is written."""
    options, ranked = context.settings.signal, context.dataset.ranked
    assert ranked is not None
    looks = TaxonFeatures(context.dataset, context.images.originals)
    compared = _comparison(context, looks)
    confounds = find_confounds(context, looks, compared)
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
        looks.features, looks.taxa, looks.taxon_of, context.dataset.table.set_index("file")
    )
    summary = {
        "rank": context.dataset.rank,
        "n_taxa": len(looks.taxa),
        **looks.counts,
        "distance": options.distance,
        "features": without_rows(looks.features.spec),
        "covariance": ranked.covariance_source,
        "root": ranked.root,
        "depends_on_root": list(DEPENDS_ON_ROOT) if not ranked.rooted else [],
        "dropped": {
            "no_images": list(ranked.no_taxon),
            "no_phylogeny": list(ranked.no_phylogeny),
        },
        **found.summary,
        **adjusted_pairs(context, looks, compared, found.pairs),
        **_by_features(context, looks, compared),
        **_tree_sample(context, compared, found),
        "circular": circular,
        "circular_why": why,
        "confounds": confounds.summary,
    }
    return FoundSignal(summary, looks, compared, found)


def _comparison(context: RunContext, looks: TaxonFeatures) -> stats.Comparison:
    settings, ranked = context.settings, context.dataset.ranked
    assert ranked is not None
    measured = looks.distances(settings.signal.distance, debias=settings.signal.debias)
    taxa = list(looks.taxa)
    wanted = settings.signal.replicates
    if wanted is None:
        wanted = REPLICATES if len(taxa) <= MANY_TAXA else REPLICATES // 2

    def replicates() -> Iterator[DistanceMatrix]:
        return looks.replicates(
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
        image_counts=looks.image_counts,
        replicates=replicates if wanted else None,
    )


def _pruned(tree: TreeNode, taxa: list[str]) -> TreeNode:
    """Leave out tips whose taxa are not compared."""
    if tree.count(tips=True) == len(taxa):
        return tree
    return tree.shear(set(taxa))


def _by_features(
    context: RunContext, looks: TaxonFeatures, compared: stats.Comparison
) -> dict[str, Any]:
    """One table of the backbones alone and joined, and of every distance asked for."""
    options, checkpoints = context.settings.signal, looks.by_backbone()
    named = {name: TaxonFeatures(context.dataset, part) for name, part in checkpoints.items()}
    named[JOINED if checkpoints else str(looks.features.spec.get("backbone", "features"))] = looks
    distances = dict.fromkeys((options.distance, *options.compare))
    if len(named) * len(distances) < 2:
        return {}
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
                    ),
                }
            )
    return {"by_features": rows}


def _tree_sample(
    context: RunContext, compared: stats.Comparison, found: stats.Findings
) -> dict[str, Any]:
    """Hold the same looks against every tree of a sample."""
    settings, taxa = context.settings, list(compared.visual.ids)
    if settings.trees is None:
        return {}
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

    summary = over_trees(compared.visual, sample(), found.visual_tree, axes=settings.signal.axes)
    if summary["n_used"] < 2:
        raise TooFew(
            "a sample of trees needs at least two; one was found.",
            where=settings.trees,
            hint="A single tree goes to --tree.",
        )
    return {"tree_sample": {"file": settings.trees.name, "n_trees": summary["n_used"], **summary}}


def _write(
    context: RunContext, looks: TaxonFeatures, compared: stats.Comparison, found: stats.Findings
) -> None:
    """Write matrices, trees and tables; remove those of an earlier run that has no successor."""
    folder = context.settings.out / "signal"
    matrices = {
        "visual": compared.visual,
        "visual_plain": compared.distances.plain,
        "genetic": compared.genetic,
    }
    for name, matrix in matrices.items():
        table = matrix.to_data_frame().rename_axis("taxon")
        write_csv(folder / f"{name}_distances.csv", table, index=True)
    write_text(folder / "tree.nwk", str(compared.tree))
    lineage = compared.lineage
    tables = {
        "lineage.csv": None if lineage is None else lineage.rename_axis("taxon").reset_index(),
        "residuals.csv": None if found.residuals is None else found.residuals.reset_index(),
        "pairs.csv": found.pairs,
        "portraits.csv": looks.portraits(),
    }
    for name, table in tables.items():
        if table is None:
            (folder / name).unlink(missing_ok=True)
        else:
            write_csv(folder / name, table)
    if found.visual_tree is None:
        (folder / "visual_tree.nwk").unlink(missing_ok=True)
    else:
        write_text(folder / "visual_tree.nwk", str(found.visual_tree))
