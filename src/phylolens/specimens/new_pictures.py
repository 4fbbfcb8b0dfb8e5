"""Pictures without a table, for a stored model: one, or all of a folder."""

from pathlib import Path

from phylolens.errors import InputError
from phylolens.specimens.read import IMAGE_ENDINGS, picture_files


def new_pictures(images: Path | None, out: Path, without: str) -> dict[str, Path]:
    """Find new pictures.

    Parameters
    ----------
    images : Path, optional
        A picture, or a folder of pictures.
    out : Path
        Results directory, which is not searched.
    without : str
        What to say where nothing was given.

    Returns
    -------
    dict of str to Path
        By name: relative to the folder.

    Raises
    ------
    InputError
        If nothing was given, or it is neither a picture nor a folder.
    """
    if images is None:
        raise InputError(without, hint="Give --images with a picture or a folder, or --features.")
    if images.is_file():
        if images.suffix.lower() not in IMAGE_ENDINGS:
            raise InputError(
                f"not a picture; known endings: {', '.join(IMAGE_ENDINGS)}.", where=images
            )
        return {images.name: images}
    if not images.is_dir():
        raise InputError("no such file or folder.", where=images, hint="Check --images.")
    return {path.relative_to(images).as_posix(): path for path in picture_files(images, out)}
