"""Options that several verbs share, and how they become a study."""

from pathlib import Path
from typing import Annotated, Any

import typer

INPUT, COMPARE, EXTRACT = "Input", "Comparison", "Feature extraction"

Images = Annotated[Path | None, typer.Option(
    help="Folder of images; labels from --meta, nested folders or --pattern.")]  # fmt: skip
Meta = Annotated[Path | None, typer.Option(
    help="Table (CSV, TSV, parquet) with a column 'file' and one column a rank.")]  # fmt: skip
Pattern = Annotated[str | None, typer.Option(
    help="Labels in file names, such as '{order}_{family}_{genus}_{species}_{n}'.")]  # fmt: skip
Ranks = Annotated[str | None, typer.Option(
    help="Rank columns, coarse to fine, separated by commas.")]  # fmt: skip
Tree = Annotated[Path | None, typer.Option(help="Tree with branch lengths (Newick, NEXUS).")]
Distances = Annotated[Path | None, typer.Option(
    help="Square matrix of genetic distances (CSV, TSV, PHYLIP).")]  # fmt: skip
FeatureFile = Annotated[Path | None, typer.Option(
    "--features", help="Features made elsewhere (parquet, CSV, npz; ids first).")]  # fmt: skip
Rank = Annotated[str | None, typer.Option(
    help="Rank of comparison; 'family' by default where there is one.")]  # fmt: skip
SkipBad = Annotated[bool, typer.Option(
    "--skip-bad", help="Leave bad rows out (they are listed) instead of stopping.")]  # fmt: skip
Backbone = Annotated[str, typer.Option(help="Feature extractor; see 'phylolens backbones'.")]
Weights = Annotated[Path | None, typer.Option(help="Checkpoint file for the backbone.")]
Layers = Annotated[str | None, typer.Option(
    help="Layers to pool and join, separated by commas.")]  # fmt: skip
Fit = Annotated[str | None, typer.Option(
    help="How a picture becomes square: pad, squash or crop.")]  # fmt: skip
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
Out = Annotated[Path, typer.Option(help="Results directory; an existing one is continued.")]
Json = Annotated[bool, typer.Option("--json", help="Print a machine-readable summary.")]
Recipe = Annotated[str, typer.Option(help="Named recipe.")]

OUT = Path("phylolens-out")
BACKBONE = "efficientnet-lite0"


def names(text: str | None) -> tuple[str, ...] | None:
    """Split ``a,b,c``."""
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else None


def given(**values: Any) -> dict[str, Any]:
    """Keep the options that were given, so that defaults live in the library alone."""
    return {name: value for name, value in values.items() if value is not None}
