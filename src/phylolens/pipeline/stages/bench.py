"""Judge every paradigm of similarity learning on the study's taxa; write ``bench/``."""

import hashlib
from typing import Any

import joblib
import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens import embedding, paradigms
from phylolens.errors import InputError, TooFew
from phylolens.guided.recipes import GUIDE_RECIPES
from phylolens.guided.sample import Sample
from phylolens.paradigms.bench import Keep
from phylolens.paradigms.method import Method
from phylolens.paradigms.registry import ALL, choose_methods
from phylolens.pipeline.checkpoints import Checkpoints
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.guide_data import plan_of, sample_of, taxa_of
from phylolens.pipeline.summaries import bench_summary
from phylolens.provenance import fingerprint
from phylolens.results.bench import BenchResult
from phylolens.specimens import view_id
from phylolens.writing import write_csv

ALTERED = "views"  # how images are altered for self-supervision


def bench(context: RunContext) -> dict[str, Any]:
    """Judge the methods asked for; write ``bench/``. Those that are finished are kept."""
    folder = context.settings.out / "bench"
    result = find_bench(context, folder_of_parts=folder / "parts")
    result.write(context.settings.out)
    write_csv(folder / "bench.csv", result.table())
    return bench_summary(result)


def find_bench(context: RunContext, folder_of_parts: Any = None) -> BenchResult:
    """Judge the methods asked for.

    Parameters
    ----------
    context : RunContext
    folder_of_parts : Path, optional
        Where finished methods are kept; one that is asked for again is not made again.
    """
    settings = context.settings
    own = settings.bench
    methods = choose_methods(own.cells or (ALL,))
    taxa = taxa_of(context, own.held_out)
    plan = plan_of(context, GUIDE_RECIPES["default"])
    features = context.images.of_plan(plan[["file", "copy"]], "")
    sample, root = sample_of(context, plan, features, taxa.names)
    if sample.sizes.max() < 2:
        raise TooFew("the bench needs taxa with several images; every taxon has one.")
    ranked = context.dataset.ranked
    assert ranked is not None
    labels = _labels(context)
    data = paradigms.bench_data(
        sample,
        taxa.genetic,
        ranked.covariance.loc[list(taxa.names), list(taxa.names)],
        taxa.clades,
        taxa.lineage,
        labels,
        quick=own.budget == "quick",
        seed=settings.seed,
    )
    material = _material(context, methods, labels, sample, root)
    keep: Keep | None = None
    if folder_of_parts is not None:
        keep = Checkpoints(folder_of_parts, _mark(context, sample, taxa.genetic)).keep
    return paradigms.run_bench(
        methods,
        material,
        data,
        refits=own.refits,
        refit_seconds=own.refit_seconds,
        jobs=joblib.cpu_count(),
        keep=keep,
        progress=context.progress,
    )


def _labels(context: RunContext) -> pd.DataFrame:
    """Specimen and ranks of each image, coarse to fine."""
    dataset = context.dataset
    return dataset.table.set_index("file")[["specimen_id", *dataset.ranks]]


def _material(
    context: RunContext,
    methods: tuple[Method, ...],
    labels: pd.DataFrame,
    sample: Sample,
    root: bool,
) -> paradigms.Material:
    """Gather what the methods need; altered views are embedded only where one compares them."""
    settings, images = context.settings, context.images
    missing = [str(path) for path in settings.bench.checkpoints.values() if not path.exists()]
    if missing:
        raise InputError("no such file or folder of weights.", where="--checkpoints", ids=missing)
    plan = pd.DataFrame({"file": list(sample.ids), "copy": 0})
    wanted = {need for method in methods for need in method.needs if not method.why_absent()}
    views = training = None
    if images.can_alter and "views" in wanted:
        views = _views(context, sample, root)
    if images.can_alter and "images" in wanted:
        training = embedding.TrainingImages(
            images.views(images.plan_ids(plan, ""), ""),
            fit=settings.fit,
            seed=settings.seed,
            progress=context.progress,
        )
    return paradigms.Material(
        labels,
        context.dataset.rank,
        seed=settings.seed,
        budget=settings.bench.budget,
        root=root,
        views=views,
        images=training,
        barcodes=_barcodes(context),
        backbone=settings.backbone.strip(),
        weights=None if settings.weights is None else str(settings.weights),
        device=settings.device,
        checkpoints=settings.bench.checkpoints,
    )


def _barcodes(context: RunContext) -> DistanceMatrix | None:
    """Distances of barcodes that stand beside a tree or a matrix; alone they are what is judged."""
    settings, found = context.settings, context.dataset.barcodes
    beside = settings.tree is not None or settings.distances is not None
    return found.ranked.distances if found is not None and beside else None


def _views(context: RunContext, sample: Sample, root: bool) -> paradigms.Views:
    """Embed altered views of every image; they are in the store then."""
    n = context.settings.bench.views
    copies = range(1, n + 1)
    plan = pd.DataFrame(
        {"file": np.repeat(sample.ids, n), "copy": np.tile(list(copies), len(sample.ids))}
    )
    found = context.images.of_plan(plan, ALTERED)
    names = [view_id(name, copy, ALTERED) for name in sample.ids for copy in copies]
    matrix = found.take(names).matrix.reshape(len(sample.ids), n, -1)
    matrix = np.sqrt(np.maximum(matrix, 0.0)) if root else matrix
    return paradigms.Views(sample.ids, matrix.astype(np.float32))


def _mark(context: RunContext, sample: Sample, genetic: np.ndarray) -> str:
    """Fingerprint of what a method's row depends on: not of which others are asked for."""
    settings = context.settings
    own = settings.bench.model_dump(mode="json")
    own.pop("cells")
    arrays = [hashlib.sha256(one.tobytes()).hexdigest() for one in (sample.features, genetic)]
    network = [settings.backbone, str(settings.weights), settings.fit, settings.seed]
    return fingerprint("bench", own, network, arrays, sample.taxa, context.dataset.data_hash)
