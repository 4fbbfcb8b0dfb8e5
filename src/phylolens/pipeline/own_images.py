"""The images that a network is trained on, and those that it must not see."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from phylolens.errors import InputError
from phylolens.pipeline.settings import Settings
from phylolens.progress import Progress
from phylolens.specimens import Specimens, read_specimens, usable, validate
from phylolens.specimens.image_files import find_images
from phylolens.specimens.read import BESIDE_IMAGES

TEST = "test"
LEFT_OUT = "marked 'test' in the column 'split', or the same file as one that is"


@dataclass(frozen=True)
class OwnImages:
    """Images to train on.

    Parameters
    ----------
    files : tuple of str
        Names, in the order given.
    paths : tuple of Path
    hashes : tuple of str
        SHA-256 of each file.
    n_left_out : int
        Images that are not to be seen.
    left_out_why : str
    """

    files: tuple[str, ...]
    paths: tuple[Path, ...]
    hashes: tuple[str, ...]
    n_left_out: int = 0
    left_out_why: str = ""


def own_images(settings: Settings, progress: Progress) -> OwnImages:
    """Gather the images of a table or folder, labelled or not; leave those to test on out.

    A file with the content of one to test on is left out, too, whatever it is called.

    Raises
    ------
    InputError
        If there are none, or some cannot be read and are not to be skipped.
    """
    looked_at = validate(_read(settings), progress=progress)
    table = usable(looked_at, skip_bad=settings.skip_bad).table
    hidden = pd.Series(False, index=table.index)
    if "split" in table:
        every = looked_at.table  # of two rows with one file only one is usable, maybe the other
        tested = every["sha256"][every["split"].str.lower() == TEST].dropna()
        hidden = (table["split"].str.lower() == TEST) | table["sha256"].isin(tested)
    kept = table[~hidden]
    return OwnImages(
        tuple(kept["file"]),
        tuple(Path(path) for path in kept["path"]),
        tuple(kept["sha256"]),
        int(hidden.sum()),
        LEFT_OUT if hidden.any() else "",
    )


def _read(settings: Settings) -> Specimens:
    """Read a table or a pattern as everywhere; a folder alone needs no labels."""
    folder = settings.images
    if settings.meta is None and folder is None:
        raise InputError("no images given.", hint="Give a folder with --images, or --meta.")
    beside = folder is not None and any((folder / name).is_file() for name in BESIDE_IMAGES)
    if settings.meta is not None or settings.pattern is not None or beside or folder is None:
        return read_specimens(
            settings.meta,
            images=folder,
            pattern=settings.pattern,
            ranks=settings.ranks,
            results=settings.out,
        )
    if not folder.is_dir():
        raise InputError("no such folder.", where=folder, hint="Give an existing one to --images.")
    found = find_images(folder, settings.out)
    names = list(found.paths)
    table = pd.DataFrame({"file": names, "specimen_id": names, "path": list(found.paths.values())})
    return Specimens(table, (), found.problems)
