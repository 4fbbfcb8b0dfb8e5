"""Test visual against genetic distance."""

from typing import Any

from phylolens.phylogeny.tree_order import reference_tree
from phylolens.stages.bench import Bench
from phylolens.stages.brief import brief_of
from phylolens.writing import write_csv, write_json, write_text


def signal(bench: Bench) -> dict[str, Any]:
    """Test visual against genetic distance; write ``signal/``."""
    from phylolens import stats

    study, material, pictures = bench.study, bench.material, bench.pictures
    assert material.ranked is not None
    features, counts = pictures.originals, {}
    if not material.taxon_level:
        table = material.table.set_index("file")
        shown = table[table[material.rank].isin(material.ranked.distances.ids)]
        counts = {"n_images": len(shown), "n_specimens": shown["specimen_id"].nunique()}
        features = stats.taxon_means(features, table[material.rank], table["specimen_id"])
    taxa = [name for name in material.ranked.distances.ids if name in set(features.ids)]
    visual = stats.visual_distances(features.take(taxa), study.signal.distance)
    genetic = material.ranked.distances.filter(taxa)
    lineage = material.lineage(tuple(taxa))
    found = stats.signal(
        visual, genetic, lineage, permutations=study.signal.permutations, seed=study.seed
    )
    folder = study.out / "signal"
    for name, matrix in (("visual", visual), ("genetic", genetic)):
        table = matrix.to_data_frame().rename_axis("taxon")
        write_csv(folder / f"{name}_distances.csv", table, index=True)
    write_text(folder / "tree.nwk", str(reference_tree(genetic)))
    (folder / "lineage.csv").unlink(missing_ok=True)  # an earlier run may have known more ranks
    if lineage is not None:
        write_csv(folder / "lineage.csv", lineage.rename_axis("taxon"), index=True)
    summary = {
        "rank": material.rank,
        "n_taxa": len(taxa),
        **counts,
        "distance": study.signal.distance,
        "features": dict(features.spec),
        "dropped": {
            "no_images": list(material.ranked.no_taxon),
            "no_phylogeny": list(material.ranked.no_phylogeny),
        },
        **found,
        "circular": bool(features.spec.get("guided")),
    }
    write_json(folder / "signal.json", summary)
    return brief_of("signal", study.out)
