"""Make an image square at the size a network wants; and the normalisation networks apply."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from phylolens.embedding.backbones import BackboneSpec
from phylolens.errors import InputError

FITS = {
    "pad": "whole image, proportions kept, the rest filled with the median border colour",
    "squash": "whole image, stretched to a square",
    "crop": "centre of the image, proportions kept",
}
LONG = 16  # sides of the square; an image that is longer is cropped before it is resized
RESAMPLING = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def check_fit(fit: str) -> str:
    """Return ``fit`` if it is one of ``FITS``, else raise an InputError."""
    if fit not in FITS:
        raise InputError(
            f"there is no fit '{fit}'.", where="fit", hint=f"Use one of {', '.join(FITS)}."
        )
    return fit


def fit_square(image: Image.Image, spec: BackboneSpec, fit: str) -> Image.Image:
    """Bring an RGB image to the square input of a backbone.

    Parameters
    ----------
    image : PIL image
        Mode RGB, any size.
    spec : BackboneSpec
        Gives side, interpolation and the share kept by ``crop``.
    fit : str
        ``pad``, ``squash`` or ``crop``.

    Returns
    -------
    PIL image
        Mode RGB, ``input_size`` x ``input_size``. Interpolation is antialiased.
    """
    side, resampling = spec.input_size, RESAMPLING[spec.interpolation]
    if fit == "squash":
        return _resized(image, (side, side), resampling)
    if fit == "crop":
        return _crop(image, side, spec.crop_share, resampling)
    width, height = image.size
    scale = side / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    inner = _resized(image, size, resampling)
    if size == (side, side):
        return inner
    square = Image.new("RGB", (side, side), border_colour(inner))
    square.paste(inner, ((side - size[0]) // 2, (side - size[1]) // 2))
    return square


def border_colour(image: Image.Image) -> tuple[int, int, int]:
    """Return the median colour, channel by channel, of the outermost pixels of an RGB image."""
    pixels = np.asarray(image)
    sides = (pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1])
    red, green, blue = np.median(np.concatenate(sides), axis=0)
    return round(float(red)), round(float(green)), round(float(blue))


def normalise(
    pixels: np.ndarray[Any, Any], mean: Sequence[float], std: Sequence[float]
) -> np.ndarray[Any, Any]:
    """Scale bytes to 0–1, subtract the mean, divide by the standard deviation.

    Parameters
    ----------
    pixels : array of uint8, shape (n, side, side, 3)
        Images.
    mean, std : sequence of float
        Per channel.

    Returns
    -------
    array of float32, shape (n, 3, side, side)
        What a network sees after its first layer here; for networks run elsewhere.
    """
    scaled = pixels.astype(np.float32) / np.float32(255)
    shifted = (scaled - np.asarray(mean, np.float32)) / np.asarray(std, np.float32)
    return np.ascontiguousarray(shifted.transpose(0, 3, 1, 2))


def _crop(image: Image.Image, side: int, share: float, resampling: Image.Resampling) -> Image.Image:
    width, height = image.size
    scale = side / share / min(width, height)
    size = (max(side, round(width * scale)), max(side, round(height * scale)))
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    if max(size) > LONG * side:
        # The whole of a long, thin image would be enlarged for the sake of its centre.
        across, down = width / size[0], height / size[1]
        right, bottom = min(width, (left + side) * across), min(height, (top + side) * down)
        box = (left * across, top * down, right, bottom)
        return image.resize((side, side), resampling, box=box)
    resized = _resized(image, size, resampling)
    return resized.crop((left, top, left + side, top + side))


def _resized(
    image: Image.Image, size: tuple[int, int], resampling: Image.Resampling
) -> Image.Image:
    return image if image.size == size else image.resize(size, resampling)
