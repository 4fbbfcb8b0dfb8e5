"""The stages of a run: each takes the study and the material, writes its folder, sums up."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from phylolens.errors import InputError, TooFew
from phylolens.material import Material
from phylolens.phylogeny.tree_order import reference_tree
from phylolens.pictures import Pictures
from phylolens.progress import Progress
from phylolens.specimens import balance, raise_rare, split_specimens
from phylolens.values import Features
from phylolens.writing import write_csv, write_json, write_text

if TYPE_CHECKING:
    from phylolens.study import Study

NEEDS_PHYLOGENY = "needs a phylogeny: give --tree or --distances"


@dataclass(frozen=True)
class Bench:
    """What every stage has at hand."""

    study: "Study"
    material: Material
    pictures: Pictures
    progress: Progress


def not_possible(stage: str, material: Material, *, alone: bool) -> str:
    """Say why a stage cannot run; asked for by itself, that is an error."""
    reason = ""
    if stage in ("guide", "signal") and material.ranked is None:
        reason = NEEDS_PHYLOGENY
    elif stage in ("classify", "guide") and material.taxon_level:
        reason = "needs features of images or specimens, not of taxa"
    if reason and alone:
        raise InputError(f"'{stage}' {reason}.")
    return reason


def embed_originals(bench: Bench) -> dict[str, Any]:
    """Fill the feature store."""
    pictures = bench.pictures
    features = pictures.originals
    return {
        "n_images": len(features),
        "n_features": int(features.matrix.shape[1]),
        "n_computed": pictures.n_computed,
        "n_reused": pictures.n_reused,
        "notes": list(pictures.notes),
        "spec": dict(features.spec),
    }


def classify(bench: Bench) -> dict[str, Any]:
    """Fit and test one head a rank; write ``classify/``."""
    from phylolens import classify as library
    from phylolens.classify.experiment import testable_ranks

    study, material, pictures = bench.study, bench.material, bench.pictures
    settings = study.classify
    recipe = _recipe(library.CLASSIFY_RECIPES, settings, ("models", "upsample_to", "test_share"))
    ranks = settings.ranks or material.ranks[: material.ranks.index(material.rank) + 1]
    material.require_ranks(ranks)
    ranks = testable_ranks(material.table, ranks)
    for name in recipe.models:
        library.make_head(name, study.seed)  # an unknown name stops before any work
    split = split_specimens(material.table, ranks, test_share=recipe.test_share, seed=study.seed)
    labels = material.table.set_index("file").loc[list(split.train)]
    plans = {
        rank: pictures.plan_ids(
            raise_rare(labels[rank], recipe.upsample_to, seed=study.seed), recipe.augmentation
        )
        for rank in ranks
    }
    tested = pd.DataFrame({"file": split.test, "copy": 0})
    wanted = pd.concat([tested, *plans.values()])
    features = pictures.of_plan(wanted[["file", "copy"]], recipe.augmentation)
    result = library.classify(
        features, material.table, split, plans, recipe, seed=study.seed, progress=bench.progress
    )
    raised = recipe.upsample_to if pictures.can_alter else None
    used = _settings_used(recipe, pictures, features, {"upsample_to": raised})
    result = replace(result, metrics=result.metrics | {"settings": used})
    library.write_classified(result, study.out / "classify")
    return brief_of("classify", study.out)


def guide(bench: Bench) -> dict[str, Any]:
    """Fit the guided embedding; write ``guide/``."""
    from phylolens import guide as library

    study, material, pictures = bench.study, bench.material, bench.pictures
    settings = study.guide
    recipe = _recipe(library.GUIDE_RECIPES, settings, ("per_taxon", "epochs", "learning_rate"))
    assert material.ranked is not None
    taxa = tuple(material.ranked.distances.ids)
    labels = material.table.set_index("file")[material.rank]
    labels = labels[labels.isin(taxa)]
    plan = balance(labels, recipe.per_taxon, seed=study.seed)
    plan = pictures.plan_ids(plan, recipe.augmentation)
    features = pictures.of_plan(plan[["file", "copy"]], recipe.augmentation)
    if plan["label"].value_counts().max() < 2:
        raise TooFew("attention needs taxa with several images; every taxon has one.")
    bags = library.to_bags(features, plan.set_index("id")["label"], taxa)
    result = library.fit_guided(
        bags,
        material.ranked.distances,
        material.lineage(taxa),
        recipe,
        rank=material.rank,
        divisor=settings.divisor,
        seed=study.seed,
        progress=bench.progress,
    )
    used = _settings_used(recipe, pictures, features, {"per_taxon": recipe.per_taxon})
    result = replace(result, summary=result.summary | {"settings": used})
    library.write_guided(result, study.out / "guide", features.spec)
    return brief_of("guide", study.out)


def _recipe(recipes: Any, settings: Any, names: tuple[str, ...]) -> Any:
    """Look a recipe up and replace what the user set."""
    if settings.recipe not in recipes:
        raise InputError(
            f"unknown recipe '{settings.recipe}'.", hint=f"Known: {', '.join(recipes)}."
        )
    given = {name: getattr(settings, name) for name in names}
    changed = {name: value for name, value in given.items() if value is not None}
    return replace(recipes[settings.recipe], **changed)


def _settings_used(
    recipe: Any, pictures: Pictures, features: Features, more: dict[str, Any]
) -> dict[str, Any]:
    """Say where a run departs from the published settings."""
    altered = recipe.augmentation if pictures.can_alter else None
    return {
        "published_backbone": recipe.backbone,
        "published_fit": recipe.fit,
        "features": dict(features.spec),
        "augmentation": altered,
        **more,
    }


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


def brief_of(stage: str, out: Path) -> dict[str, Any]:
    """Sum up a finished stage from its files, as ``--json`` prints it."""
    if stage == "classify":
        metrics = _read(out / "classify/metrics.json")
        keys = ("accuracy", "macro_f1")
        scores = {
            model: {rank: {key: values[key] for key in keys} for rank, values in ranks.items()}
            for model, ranks in (
                metrics["models"] | {"majority": metrics["baselines"]["majority"]}
            ).items()
        }
        return {"n_train": metrics["n_train"], "n_test": metrics["n_test"], "scores": scores}
    if stage == "guide":
        summary = _read(out / "guide/guide.json")
        return {key: summary[key] for key in ("rank", "n_taxa", "in_sample", "baselines")}
    summary = _read(out / "signal/signal.json")
    shown = ("statistic", "p_value", "n")
    tests = {name: {key: test[key] for key in shown} for name, test in summary["tests"].items()}
    return {"rank": summary["rank"], "tests": tests, "baselines": summary["baselines"]}


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def report(bench: Bench) -> dict[str, Any]:
    """Write ``report.html`` from the results directory."""
    from phylolens.report import write_report

    bench.progress("writing the report", 0, 1)
    path = write_report(bench.study.out)
    bench.progress("writing the report", 1, 1)
    return {"path": str(path), "megabytes": path.stat().st_size / 1e6}


ACTIONS: Mapping[str, Callable[[Bench], dict[str, Any]]] = {
    "embed": embed_originals,
    "classify": classify,
    "guide": guide,
    "signal": signal,
    "report": report,
}

# Files that show a stage is finished; stages without any always run.
FILES: Mapping[str, tuple[str, ...]] = {
    "embed": (),
    "classify": ("classify/metrics.json", "classify/predictions.csv"),
    "guide": (
        "guide/guide.json",
        "guide/embeddings.csv",
        "guide/attention.csv",
        "guide/loss.csv",
        "guide/model.safetensors",
        *(f"guide/similarity_{name}.csv" for name in ("genetic", "unguided", "guided")),
    ),
    "signal": (
        "signal/signal.json",
        "signal/visual_distances.csv",
        "signal/genetic_distances.csv",
        "signal/tree.nwk",
    ),
    "report": (),
}
