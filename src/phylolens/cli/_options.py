"""Options that several verbs share, and how they become settings of a study.

None of them has a default here: what is not given is left to
:class:`phylolens.pipeline.settings.Settings`.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

Path_ = Path | None
Text = str | None


def _option(kind: Any, help: str, *declared: str) -> Any:
    return Annotated[kind, typer.Option(*declared, help=help)]


Tree = _option(Path_, "Tree with branch lengths (Newick, NEXUS).")
Distances = _option(Path_, "Square matrix of genetic distances (CSV, TSV, PHYLIP).")
Seed = _option(int | None, "Seed of everything random (default 0).")
Out = _option(Path_, "Results directory; an existing one is continued (default phylolens-out).")
Json = _option(bool, "Print a machine-readable summary.", "--json")
Recipe = _option(Text, "Named recipe (roy2025).")

SHARED: Mapping[str, Any] = MappingProxyType(
    {
        "images": _option(
            Path_, "Folder of images; labels from --meta, nested folders or --pattern."
        ),
        "meta": _option(
            Path_, "Table (CSV, TSV, parquet) with a column 'file' and one column a rank."
        ),
        "pattern": _option(
            Text, "Labels in file names, such as '{order}_{family}_{genus}_{species}_{n}'."
        ),
        "ranks": _option(Text, "Rank columns, coarse to fine, separated by commas."),
        "tree": Tree,
        "distances": Distances,
        "trees": _option(
            Path_,
            "Sample of trees beside --tree (posterior, bootstrap; Newick or NEXUS): interval of "
            "every statistic over them.",
        ),
        "features": _option(
            Path_, "Features made elsewhere (parquet, CSV, npz; first column ids)."
        ),
        "ids": _option(
            Path_,
            "Names of the rows, one a line, of a matrix or of features (.npy) without names.",
        ),
        "matches": _option(
            Path_,
            "Table with 'name' (of the phylogeny) and 'candidate' (taxon of the images): "
            "matches.csv of the results, checked and edited.",
        ),
        "rank": _option(Text, "Rank of comparison; family by default where there is one."),
        "confound": _option(
            list[str] | None,
            "Column that may make taxa look alike, such as where images come from (repeatable), "
            "instead of those found; 'none' for none.",
        ),
        "backbone": _option(
            Text,
            "Feature extractor, see 'phylolens backbones' (default efficientnet-lite0); several, "
            "separated by commas, are joined.",
        ),
        "weights": _option(Path_, "Checkpoint file; for a single backbone."),
        "layers": _option(
            Text,
            "Layers of every backbone to pool and join, separated by commas; 'final' is its own "
            "output.",
        ),
        "fit": _option(Text, "How a picture becomes square: pad, squash or crop."),
        "flips": _option(
            bool,
            "Average each picture with its mirror image; not for coiled shells, single valves of "
            "unequal pairs or anything else with a handedness.",
            "--flips",
        ),
        "device": _option(Text, "auto, cpu or cuda (default auto)."),
        "skip_bad": _option(
            bool, "Leave bad rows out (they are listed) instead of stopping.", "--skip-bad"
        ),
        "seed": Seed,
        "out": Out,
    }
)
SPECIMENS = ("images", "meta", "pattern", "ranks")
PHYLOGENY = ("tree", "distances", "ids", "matches")
EXTRACTION = ("backbone", "weights", "layers", "fit", "flips", "device")
CONFOUND = "confound"
RUN = ("skip_bad", "seed", "out")
LISTS = ("ranks", "layers")
FLAGS = ("skip_bad", "flips")

Verb = Callable[..., None]


def takes(*shared: str) -> Callable[[Verb], Verb]:
    """Give a verb the shared options named, around its own.

    The verb's first argument receives those that were given, as settings of a study.
    """

    def decorate(verb: Verb) -> Verb:
        own = list(inspect.signature(verb).parameters.values())[1:]
        parameters = [*map(_parameter, shared), *own, *map(_parameter, RUN)]

        @functools.wraps(verb)
        def command(**options: Any) -> None:
            settings = {name: options.pop(name) for name in (*shared, *RUN)}
            for name in LISTS:
                settings[name] = names(settings.get(name))
            if CONFOUND in settings:
                settings[CONFOUND] = tuple(settings[CONFOUND] or ()) or None
            for name in FLAGS:
                settings[name] = settings.get(name) or None  # not given: left to study.toml
            verb(given(**settings), **options)

        # typer reads a command's options from these two.
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        return command

    return decorate


def _parameter(name: str) -> inspect.Parameter:
    default = False if name in FLAGS else None
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=SHARED[name])


def names(text: str | None) -> tuple[str, ...] | None:
    """Split ``a,b,c``."""
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else None


def given(**values: Any) -> dict[str, Any]:
    """Keep the options that were given."""
    return {name: value for name, value in values.items() if value is not None}
