"""A simulated world: a tree, shells that evolved on it, their images, and all the truth."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import covariance
from phylolens.progress import Progress, silent
from phylolens.random import stream
from phylolens.simulation.brownian import brownian, with_lambda
from phylolens.simulation.camera import View, draw_view, to_jpeg
from phylolens.simulation.shell import render_shell
from phylolens.simulation.shell_shape import viable
from phylolens.simulation.spec import WorldSpec
from phylolens.simulation.traits import (
    TRAITS,
    convergent_pairs,
    image_table,
    named_traits,
    trait_values,
)
from phylolens.simulation.tree import RANKS, NamedTree, birth_death_tree
from phylolens.writing import plain, replacing, write_csv, write_json, write_text

RENDERER = 1  # raised whenever the same truth gives other images
DIGITS = 6  # latent values are rounded, so that truth.json holds exactly what was drawn
# Independent random streams: changing one knob leaves what the others drew.
_TREE, _TRAITS, _PAIRS, _PLAN, _SPECIMENS, _TEXTURE, _VIEWS = range(7)


@dataclass(frozen=True)
class World:
    """A simulated world.

    Parameters
    ----------
    spec : WorldSpec
        Its knobs.
    tree : skbio.TreeNode
        Ultrametric tree of the species, height 1, tips as in the column ``species``.
    meta : pandas.DataFrame
        One row an image: ``file``, ``specimen_id``, the five ranks, ``source``, ``view``.
    truth : mapping
        What ``truth.json`` holds.
    """

    spec: WorldSpec
    tree: TreeNode
    meta: pd.DataFrame
    truth: Mapping[str, Any]


def _stream(spec: WorldSpec, *key: int) -> np.random.Generator:
    return stream(spec.seed, "simulation.world", *key)


def build_world(spec: WorldSpec) -> World:
    """Draw everything about a world except its images.

    Parameters
    ----------
    spec : WorldSpec
        The knobs.

    Raises
    ------
    InputError
        If the drawn tree cannot hold the convergent pairs asked for.
    """
    named = birth_death_tree(
        spec.n_species,
        clades=(spec.n_subclasses, spec.n_orders, spec.n_families, spec.n_genera),
        extinction=spec.extinction,
        rng=_stream(spec, _TREE),
    )
    species, pairs = _evolve(named, spec)
    table = image_table(named, spec, _stream(spec, _PLAN))
    specimens = _specimens(table, species, spec)
    views = _views(table, spec)
    truth = _truth(spec, named, species, pairs, table, specimens, views)
    return World(spec, named.tree, table.drop(columns="style"), plain(truth))


def _evolve(
    named: NamedTree, spec: WorldSpec
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Return the latent traits of every species, and the convergent pairs planted in them."""
    shared = covariance(named.tree)
    related = with_lambda(shared.to_numpy(), spec.lambda_)
    latent = brownian(related, len(TRAITS), _stream(spec, _TRAITS))
    species = dict(zip(shared.index, latent, strict=True))
    rank = RANKS.index("order")
    pairs = []
    for first, second in convergent_pairs(named, spec.convergent_pairs, _stream(spec, _PAIRS)):
        before = species[second]
        species[second] = before + spec.convergence_strength * (species[first] - before)
        pairs.append(
            {
                "model": first,
                "moved": second,
                "orders": [named.lineages[first][rank], named.lineages[second][rank]],
                "families": [named.lineages[name][rank + 1] for name in (first, second)],
                "latent_before": before.round(DIGITS),
            }
        )
    return {name: row.round(DIGITS) for name, row in species.items()}, pairs


def _specimens(
    table: pd.DataFrame, species: Mapping[str, np.ndarray], spec: WorldSpec
) -> dict[str, np.ndarray]:
    """Return the latent traits of every specimen: its species' ones plus its own departure."""
    owners = table.drop_duplicates("specimen_id")
    rng = _stream(spec, _SPECIMENS)
    spread = spec.specimen_sd * np.array([trait.plasticity for trait in TRAITS])
    own = rng.standard_normal((len(owners), len(TRAITS))) * spread
    return {
        str(name): (species[owner] + departure).round(DIGITS)
        for name, owner, departure in zip(
            owners["specimen_id"], owners["species"], own, strict=True
        )
    }


def _views(table: pd.DataFrame, spec: WorldSpec) -> list[View]:
    """Return the pose, light and background of every image."""
    return [
        draw_view(
            _stream(spec, _VIEWS, row),
            valve=str(valve),
            style=None if style < 0 else int(style),
            nuisance=spec.nuisance,
        )
        for row, (valve, style) in enumerate(zip(table["view"], table["style"], strict=True))
    ]


def _truth(
    spec: WorldSpec,
    named: NamedTree,
    species: Mapping[str, np.ndarray],
    pairs: list[dict[str, Any]],
    table: pd.DataFrame,
    specimens: Mapping[str, np.ndarray],
    views: list[View],
) -> dict[str, Any]:
    """Return what ``truth.json`` holds."""
    names = [trait.name for trait in TRAITS]
    return {
        "kind": "shells",
        "renderer": RENDERER,
        "spec": asdict(spec),
        "ranks": RANKS,
        "tree": {
            "file": "tree.nwk",
            "units": "tree heights: 1 from the root to every tip",
            "process": "birth-death given the number of living species and the root's age",
        },
        "lambda": spec.lambda_,
        "covariance": "path length shared from the root, off-diagonals times lambda; rate 1; "
        "specimens add (specimen_sd * plasticity)**2, independent for each trait",
        "traits": [asdict(trait) for trait in TRAITS],
        "species": {
            name: {
                "lineage": dict(zip(RANKS, named.lineages[name], strict=True)),
                "images": int((table["species"] == name).sum()),
                "latent": latent,
                "traits": dict(zip(names, trait_values(latent).round(DIGITS), strict=True)),
                "drawn": _drawn(latent),
            }
            for name, latent in species.items()
        },
        "convergent_pairs": pairs,
        "sources": table["source"].value_counts().sort_index().to_dict(),
        "families": table["family"].value_counts().sort_index().to_dict(),
        "specimens": specimens,
        "images": {
            file: {"specimen_id": specimen, "source": source, "tied": bool(style >= 0)}
            | asdict(view)
            for file, specimen, source, style, view in zip(
                table["file"],
                table["specimen_id"],
                table["source"],
                table["style"],
                views,
                strict=True,
            )
        },
    }


def _drawn(latent: np.ndarray) -> dict[str, float]:
    """Return the traits that are drawn otherwise than they evolved, to keep shells viable."""
    traits = named_traits(trait_values(latent))
    return {
        name: round(value, DIGITS)
        for name, value in viable(traits).items()
        if value != traits[name]
    }


def render_image(world: World, file: str) -> bytes:
    """Return the JPEG bytes of one image of ``world``, from its truth alone.

    Parameters
    ----------
    world : World
        The world.
    file : str
        A value of the column ``file``.
    """
    image = dict(world.truth["images"][file])
    specimen = image.pop("specimen_id")
    view = View(**{key: image[key] for key in View.__dataclass_fields__})
    latent = np.array(world.truth["specimens"][specimen])
    texture = _stream(world.spec, _TEXTURE, int(specimen.split("-")[1]))
    picture = render_shell(named_traits(trait_values(latent)), view, texture, world.spec.size)
    return to_jpeg(picture, view.quality)


def simulate_world(spec: WorldSpec, out: Path, *, progress: Progress = silent) -> World:
    """Write a simulated world: ``images/``, ``meta.csv``, ``tree.nwk`` and ``truth.json``.

    Files appear whole; ``meta.csv`` comes last. An interrupted world is continued by calling
    again with the same knobs: images that are there are kept.

    Parameters
    ----------
    spec : WorldSpec
        The knobs.
    out : Path
        Folder to write to.
    progress : callable
        Told how many images are done.

    Returns
    -------
    World
        What was written.

    Raises
    ------
    InputError
        If ``out`` holds another world, or images without their truth.

    Examples
    --------
    >>> from pathlib import Path
    >>> from phylolens import simulate_world
    >>> from phylolens.simulation import WorldSpec
    >>> clades = {"n_subclasses": 1, "n_orders": 2, "n_families": 2, "n_genera": 4, "n_species": 4}
    >>> spec = WorldSpec(**clades, images_per_species=2, convergent_pairs=0, size=32)
    >>> world = simulate_world(spec, Path("world"))
    >>> sorted(path.name for path in Path("world").iterdir())
    ['images', 'meta.csv', 'tree.nwk', 'truth.json']
    """
    out = Path(out)
    world = build_world(spec)
    _refuse_other_world(world.truth, out)
    write_json(out / "truth.json", world.truth)
    write_text(out / "tree.nwk", str(world.tree).strip() + "\n")
    missing = [file for file in world.meta["file"] if not (out / file).exists()]
    done = len(world.meta) - len(missing)
    progress("images", done, len(world.meta))

    def write(file: str) -> None:
        with replacing(out / file) as temporary:
            temporary.write_bytes(render_image(world, file))

    with ThreadPoolExecutor(max_workers=2) as pool:
        try:
            for count, _ in enumerate(pool.map(write, missing), start=done + 1):
                progress("images", count, len(world.meta))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    spoken = world.meta["species"].str.replace("_", " ")  # trees write the blank as underscore
    write_csv(out / "meta.csv", world.meta.assign(species=spoken))
    return world


def _refuse_other_world(truth: Mapping[str, Any], out: Path) -> None:
    """Raise unless ``out`` is free, or holds the beginning of the same world."""
    hint = "Give an empty folder, or remove this one."
    if out.exists() and not out.is_dir():
        raise InputError("expected a folder to write to; found a file.", where=out)
    path = out / "truth.json"
    if not path.exists():
        if (out / "images").exists() or (out / "meta.csv").exists():
            raise InputError(
                "the folder holds images or a table, but no truth.json.", where=out, hint=hint
            )
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        same = all(found.get(key) == truth[key] for key in ("kind", "renderer", "spec"))
    except (ValueError, AttributeError):
        raise InputError("cannot be read as the truth of a world.", where=path, hint=hint) from None
    if not same:
        changed = [
            key for key, value in truth["spec"].items() if found.get("spec", {}).get(key) != value
        ]
        raise InputError("the folder holds another world.", where=out, ids=changed, hint=hint)
