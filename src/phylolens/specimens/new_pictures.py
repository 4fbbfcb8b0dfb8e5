"""Images without a table, for a stored model: one, or all of a folder."""

from pathlib import Path

from phylolens.errors import InputError
from phylolens.images import IMAGE_ENDINGS, advice
from phylolens.specimens.image_files import find_images


def new_pictures(images: Path | None, out: Path, without: str) -> dict[str, Path]:
    """Find new images.

    Parameters
    ----------
    images : Path, optional
        An image, or a folder of images.
    out : Path
        Results directory, which is not searched.
    without : str
        What to say where nothing was given.

    Returns
    -------
    dict of str to Path
        By name: relative to the folder. Files of formats that are not read and broken links are
        among them, so that they are listed with the reason why they could not be read.

    Raises
    ------
    InputError
        If nothing was given, or it is neither an image nor a folder.
    """
    if images is None:
        raise InputError(without, hint="Give --images with an image or a folder, or --features.")
    if images.is_file():
        if images.suffix.lower() not in IMAGE_ENDINGS:
            known = f"not an image by its name; endings that are read: {', '.join(IMAGE_ENDINGS)}"
            raise InputError(f"{advice(images.name) or known}.", where=images)
        return {images.name: images}
    if not images.is_dir():
        raise InputError("no such file or folder.", where=images, hint="Check --images.")
    found = find_images(images, out)
    named = [*found.unread, *found.dangling]
    return dict(sorted((found.paths | {name: images / name for name in named}).items()))
