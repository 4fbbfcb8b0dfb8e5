"""``phylolens simulate``."""

from pathlib import Path
from typing import Annotated

import typer

from phylolens import simulation
from phylolens.cli import _options as o
from phylolens.cli._console import progress_bar, show


def command(
    species: Annotated[int | None, typer.Option(help="Species.")] = None,
    genera: Annotated[int | None, typer.Option(help="Genera.")] = None,
    families: Annotated[int | None, typer.Option(help="Families.")] = None,
    orders: Annotated[int | None, typer.Option(help="Orders.")] = None,
    subclasses: Annotated[int | None, typer.Option(help="Subclasses.")] = None,
    images_per_species: Annotated[int | None, typer.Option(help="Mean images a species.")] = None,
    views_per_specimen: Annotated[int | None, typer.Option(help="Images of a specimen.")] = None,
    imbalance: Annotated[
        float | None, typer.Option(help="0: as many images a species; 1: strongly skewed.")
    ] = None,
    pagel_lambda: Annotated[
        float | None,
        typer.Option("--lambda", help="1: traits follow the tree; 0: they ignore it."),
    ] = None,
    convergent_pairs: Annotated[
        int | None, typer.Option(help="Pairs of unrelated species made to look alike.")
    ] = None,
    convergence_strength: Annotated[float | None, typer.Option(help="0 to 1.")] = None,
    extinction: Annotated[float | None, typer.Option(help="Death rate over birth rate.")] = None,
    sources: Annotated[int | None, typer.Option(help="Collections.")] = None,
    source_confound: Annotated[
        float | None, typer.Option(help="1: an order's images share a background.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Side of the images, pixels.")] = None,
    features_only: Annotated[
        bool, typer.Option("--features-only", help="No images: features on a given phylogeny.")
    ] = False,
    tree: Annotated[Path | None, typer.Option(help=o.help_of("tree"))] = None,
    distances: Annotated[Path | None, typer.Option(help=o.help_of("distances"))] = None,
    taxa: Annotated[
        Path | None, typer.Option(help="With --features-only: names to use, one a line.")
    ] = None,
    taxonomy: Annotated[
        Path | None, typer.Option(help="With --features-only: table with their coarser ranks.")
    ] = None,
    rank: Annotated[str, typer.Option(help="With --features-only: rank of the tips.")] = "family",
    per_taxon: Annotated[int | None, typer.Option(help="With --features-only: rows a tip.")] = None,
    n_features: Annotated[int | None, typer.Option(help="With --features-only.")] = None,
    signal: Annotated[
        float | None, typer.Option(help="With --features-only: share that follows the phylogeny.")
    ] = None,
    within_sd: Annotated[
        float | None, typer.Option(help="With --features-only: spread of specimens.")
    ] = None,
    nonnegative: Annotated[
        bool, typer.Option("--nonnegative", help="With --features-only: as after a ReLU.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder of the world.")] = Path("phylolens-world"),
    json: o.Json = False,
) -> None:
    """Make a world with known truth: shells that evolved on a tree, or features alone."""
    if features_only:
        summary = simulation.features_world(
            out,
            tree=tree,
            distances=distances,
            taxa=taxa,
            taxonomy=taxonomy,
            rank=rank,
            nonnegative=nonnegative,
            seed=seed,
            **o.given(
                per_taxon=per_taxon,
                n_features=n_features,
                signal=signal,
                within_sd=within_sd,
                lambda_=pagel_lambda,
            ),
        )
    else:
        knobs = o.given(
            n_species=species,
            n_genera=genera,
            n_families=families,
            n_orders=orders,
            n_subclasses=subclasses,
            images_per_species=images_per_species,
            views_per_specimen=views_per_specimen,
            imbalance=imbalance,
            lambda_=pagel_lambda,
            convergent_pairs=convergent_pairs,
            convergence_strength=convergence_strength,
            extinction=extinction,
            n_sources=sources,
            source_confound=source_confound,
            size=size,
        )
        with progress_bar() as progress:
            spec = simulation.WorldSpec(**knobs, seed=seed)
            world = simulation.simulate_world(spec, out, progress=progress)
        summary = {"out": str(out), "n_images": len(world.meta)}
    show(summary, json=json)
