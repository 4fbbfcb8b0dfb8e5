"""Place unknowns with a stored placer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phylolens.embedding.same_spec import require_asked
from phylolens.pipeline.stages.place import place_with
from phylolens.pipeline.stages.place_unknowns import Source, gather_unknowns
from phylolens.placement.model_file import load_placer
from phylolens.progress import Progress, silent


def place_new(
    folder: Path,
    unknowns: Path,
    out: Path,
    *,
    wanted: Mapping[str, Any] | None = None,
    depth: str | None = None,
    age: float | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Place unknowns; write ``place/`` of a results directory.

    Parameters
    ----------
    folder : Path
        ``place/model`` of an earlier run.
    unknowns : Path
        A folder of images or, where the reference is features made elsewhere, a table of them.
    out : Path
        Results directory.
    wanted : mapping, optional
        What the user wants of the features: it has to be what the placer was made with.
        ``weights`` is the checkpoint, if not the published one.
    depth : str, optional
        Rank said to be new.
    age : float, optional
        Of the unknowns, before the tips, unit of the tree.
    device : str
        For the network.
    progress : callable

    Returns
    -------
    dict
        A summary, as ``--json`` prints it.

    Raises
    ------
    InputError
        If the placer cannot be used with what was given, or no unknown can be read.
    """
    stored = load_placer(folder)
    asked = dict(wanted or {})
    weights = asked.pop("weights", None)
    if stored.of_images:
        require_asked(stored.spec, asked, where=folder)
    source = Source(
        unknowns,
        stored.spec,
        stored.placer.n_features_in_,
        stored.placer.square_rooted_,
        stored.of_images,
    )
    found = gather_unknowns(source, out, weights=weights, device=device, progress=progress)
    return place_with(stored.placer, stored.card, found, {}, out, depth=depth, age=age)
