"""Features of specimens, in one call."""

from collections.abc import Sequence
from pathlib import Path

from phylolens.embedding.backbones import DEFAULT_BACKBONE
from phylolens.embedding.cache import cache_folder
from phylolens.embedding.engine import embed as embed_views
from phylolens.embedding.views import View
from phylolens.errors import InputError
from phylolens.progress import Progress, silent
from phylolens.specimens import Specimens
from phylolens.values import Features


def embed(
    specimens: Specimens,
    *,
    backbone: str = DEFAULT_BACKBONE,
    store: str | Path | None = None,
    weights: str | Path | None = None,
    layers: Sequence[str] = (),
    fit: str | None = None,
    flips: bool = False,
    device: str = "auto",
    progress: Progress = silent,
) -> Features:
    """Turn the images of specimens into features; what was computed before is read again.

    Parameters
    ----------
    specimens : Specimens
        Images that can be opened (:func:`phylolens.read_specimens`).
    backbone : str
        A name that ``phylolens backbones`` lists, or ``timm:<architecture>``; several are
        separated by commas, and their features joined.
    store : str or Path, optional
        Folder of the feature store; one in the user's cache by default.
    weights : str or Path, optional
        A checkpoint to use instead of the published one; for a single backbone only.
    layers : sequence of str
        Layers to average over space and join; empty for the network's own features.
    fit : str, optional
        ``pad``, ``squash`` or ``crop``; the backbone's own by default.
    flips : bool
        Average the features of every image with those of its mirror image. Not for material whose
        handedness is a character.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    progress : callable
        Told how many images are done.

    Returns
    -------
    Features
        One row an image; ids are the column ``file``.

    Raises
    ------
    InputError
        If an image cannot be embedded, or the weights are not to be had.

    Examples
    --------
    Two small images, and the network that comes with ``phylolens[vision]``.

    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from phylolens import embed, read_specimens
    >>> for family, colour in (("Arcidae", "tan"), ("Veneridae", "teal")):
    ...     Path("images", family).mkdir(parents=True)
    ...     Image.radial_gradient("L").resize((64, 64)).save(f"images/{family}/1.png")
    >>> specimens = read_specimens(images=Path("images"))
    >>> embed(specimens, store="store").matrix.shape
    (2, 1280)
    """
    table = specimens.table
    views = [
        View(str(file), Path(path), "", 0)
        for file, path in zip(table["file"], table["path"], strict=True)
    ]
    found = embed_views(
        views,
        backbone,
        store=Path(store) if store is not None else cache_folder() / "features",
        weights=None if weights is None else Path(weights),
        layers=layers,
        fit=fit,
        flips=flips,
        device=device,
        progress=progress,
    )
    if found.failed:
        why = next(iter(found.failed.values()))
        raise InputError(
            f"images could not be embedded ({why}).",
            ids=list(found.failed),
            hint="Replace these images, or leave them out of the table.",
        )
    return found.features
