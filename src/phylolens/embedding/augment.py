"""Named changes to an image: more of a rare class, or views that self-supervision compares.

What is drawn depends on the image's content, the copy's number and the seed only, never on the
order of work or the number of threads. The copies wanted are listed as views of images.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from phylolens.embedding.preprocess import border_colour
from phylolens.errors import InputError, Problem
from phylolens.random import stream
from phylolens.values import Features

NOISE_SD = 25.0  # on the scale 0–255
TURN = 15.0  # degrees either way
JITTER = 0.2  # brightness, contrast and saturation: factor 0.8–1.2
HUE = 0.05  # share of the colour circle either way
SHIFT = 0.05  # share of the side either way
ZOOM = 0.1  # scale 0.9–1.1
# Views of self-supervision. Half of SimCLR's strength in colour: on specimens it is a character.
CROP = (0.2, 1.0)  # share of the area
ASPECT = 4 / 3  # width by height of the crop, either way
STRONG, STRONG_HUE = 0.4, 0.1  # as JITTER and HUE
COLOURED, GREYED, BLURRED = 0.8, 0.2, 0.5  # how often
SHARPEST, BLUREST = 0.1, 2.0  # standard deviation of the blur, pixels on a side of BLUR_SIDE
BLUR_SIDE = 224
Augmentation = Callable[[Image.Image, np.random.Generator], Image.Image]


PIECE = 16  # copies of one image made from one decoding


@dataclass(frozen=True)
class View:
    """One image to embed, as it is or augmented.

    Parameters
    ----------
    id : str
        Unique row id, such as ``images/a.jpg`` or ``images/a.jpg#noise-3``.
    path : Path
        The file.
    augmentation : str
        ``""`` or a key of ``AUGMENTATIONS``.
    copy : int
        Number of the copy; 0 for the original.
    """

    id: str
    path: Path
    augmentation: str = ""
    copy: int = 0


@dataclass(frozen=True)
class Embedding:
    """What the engine did.

    Parameters
    ----------
    features : Features
        One row a view that worked, in the order of the views.
    failed : dict
        Id to reason, for images that could not be read.
    n_computed : int
        Rows computed now, one a backbone and, with flips, another for the mirror image; files
        with identical bytes count once.
    n_reused : int
        Rows that needed no computation, counted alike.
    seconds : float
        Wall time.
    problems : tuple of Problem
        Damaged shards set aside, and notes on how the backbone was run.
    """

    features: Features
    failed: dict[str, str]
    n_computed: int
    n_reused: int
    seconds: float
    problems: tuple[Problem, ...] = ()


def gaussian_noise(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Add independent normal noise (sd 25 of 255) to every value, clipped to 0–255."""
    pixels = np.asarray(image)
    noisy = rng.standard_normal(pixels.shape, dtype=np.float32)
    noisy *= np.float32(NOISE_SD)
    noisy += pixels
    np.rint(noisy, out=noisy)
    np.clip(noisy, 0, 255, out=noisy)
    return Image.fromarray(noisy.astype(np.uint8))


def flip_rotate_jitter_affine(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Mirror (half of the time), rotate, shift and zoom, then jitter the colours.

    Rotation up to 15 degrees, shift up to 5 % of the side, scale 0.9–1.1, in one bilinear step;
    brightness, contrast and saturation by factors 0.8–1.2, hue by up to 0.05, in this order.
    Uncovered corners take the median border colour.
    """
    mirrored = rng.random() < 0.5
    angle = math.radians(rng.uniform(-TURN, TURN))
    zoom = rng.uniform(1 - ZOOM, 1 + ZOOM)
    shift = rng.uniform(-SHIFT, SHIFT, size=2) * image.size
    factors = rng.uniform(1 - JITTER, 1 + JITTER, size=3)
    hue = rng.uniform(-HUE, HUE)
    moved = image.transform(
        image.size,
        Image.Transform.AFFINE,
        _inverse_affine(image.size, mirrored, angle, zoom, shift),
        Image.Resampling.BILINEAR,
        fillcolor=border_colour(image),
    )
    return _turn_hue(_jittered(moved, factors), hue)


def view(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Alter an image as the views that self-supervised methods compare.

    A random part of 20–100 % of the area, its sides no more unequal than 4 to 3, brought to the
    whole size; mirrored half of the time; brightness, contrast and saturation by factors 0.6–1.4
    and hue by up to 0.1, four times in five; grey one time in five; blurred half of the time. After
    Chen et al. (2020), SimCLR, arXiv:2002.05709, with crops as He et al. (2020) take them and
    colours half as strong.

    All is drawn whether it is used or not, so that each draw has one meaning.
    """
    area, ratio = rng.uniform(*CROP), rng.uniform(-math.log(ASPECT), math.log(ASPECT))
    place = rng.random(2)
    mirrored, coloured, greyed, blurred = rng.random(4) < (0.5, COLOURED, GREYED, BLURRED)
    factors = rng.uniform(1 - STRONG, 1 + STRONG, size=3)
    hue, blur = rng.uniform(-STRONG_HUE, STRONG_HUE), rng.uniform(SHARPEST, BLUREST)
    box = _crop_box(image.size, area, math.exp(ratio), place)
    found = image.resize(image.size, Image.Resampling.BICUBIC, box=box)
    if mirrored:
        found = ImageOps.mirror(found)
    if coloured:
        found = _turn_hue(_jittered(found, factors), hue)
    if greyed:
        found = found.convert("L").convert("RGB")
    if blurred:
        found = found.filter(ImageFilter.GaussianBlur(blur * max(image.size) / BLUR_SIDE))
    return found


AUGMENTATIONS: dict[str, Augmentation] = {
    "gaussian-noise": gaussian_noise,
    "flip-rotate-jitter-affine": flip_rotate_jitter_affine,
    "views": view,
}


def augment(image: Image.Image, name: str, *, content: str, copy: int, seed: int) -> Image.Image:
    """Return one augmented copy of an image.

    Parameters
    ----------
    image : PIL image
        Mode RGB, already at the network's size.
    name : str
        A key of ``AUGMENTATIONS``, or ``""`` for the image itself.
    content : str
        SHA-256 of the file, hexadecimal.
    copy : int
        Number of the copy.
    seed : int
        Seed of the run.

    Raises
    ------
    InputError
        If there is no such augmentation.
    """
    if not name:
        return image
    if name not in AUGMENTATIONS:
        raise InputError(
            f"there is no augmentation '{name}'.",
            where="augmentation",
            hint=f"Use one of {', '.join(AUGMENTATIONS)}.",
        )
    rng = stream(seed, "embedding.copies", copy, int(content[:32], 16))
    return AUGMENTATIONS[name](image, rng)


def _inverse_affine(
    size: tuple[int, int], mirrored: bool, angle: float, zoom: float, shift: np.ndarray
) -> tuple[float, ...]:
    """Map output pixels to input pixels: undo shift, zoom and rotation about the centre, mirror."""
    centre_x, centre_y = size[0] / 2, size[1] / 2
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    flip = -1 if mirrored else 1
    rows = np.array([[flip * cos, flip * sin], [-sin, cos]])
    start = np.array([centre_x, centre_y]) - rows @ (np.array([centre_x, centre_y]) + shift)
    return (*rows[0].tolist(), float(start[0]), *rows[1].tolist(), float(start[1]))


def _crop_box(
    size: tuple[int, int], area: float, ratio: float, place: np.ndarray
) -> tuple[float, float, float, float]:
    """Box of a share of an image's area, width by height ``ratio`` times its own; inside it."""
    across, down = (min(1.0, math.sqrt(area * factor)) for factor in (ratio, 1 / ratio))
    width, height = size[0] * across, size[1] * down
    left, top = place * (size[0] - width, size[1] - height)
    return float(left), float(top), float(left) + width, float(top) + height


def _jittered(image: Image.Image, factors: np.ndarray) -> Image.Image:
    """Change brightness, contrast and saturation, in this order."""
    for enhance, factor in zip(
        (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color), factors, strict=True
    ):
        image = enhance(image).enhance(float(factor))
    return image


def _turn_hue(image: Image.Image, share: float) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    offset = round(share * 256)
    turned = hue.point([(level + offset) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def check_views(views: Sequence[View]) -> None:
    """Raise an InputError if ids repeat or an augmentation is unknown."""
    seen: set[str] = set()
    repeated: set[str] = set()
    for view in views:
        (repeated if view.id in seen else seen).add(view.id)
    if repeated:
        raise InputError(
            "the ids of images must be unique.",
            where="views",
            ids=sorted(repeated),
            hint="Give every row its own id.",
        )
    unknown = sorted({v.augmentation for v in views} - {"", *AUGMENTATIONS})
    if unknown:
        raise InputError(
            "there is no such augmentation.",
            where="views",
            ids=unknown,
            hint=f"Use one of {', '.join(AUGMENTATIONS)}.",
        )


def by_file(views: Sequence[View]) -> Iterator[list[View]]:
    """Give neighbouring views of one file together, at most ``PIECE`` at a time."""
    for _, run in groupby(views, key=lambda view: view.path):
        same = list(run)
        for start in range(0, len(same), PIECE):
            yield same[start : start + PIECE]
