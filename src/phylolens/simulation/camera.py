"""What the photograph adds: pose, light, background, blur, JPEG. None of it is biology."""

import io
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from phylolens.random import stream

BACKGROUNDS = ("grey", "white", "velvet", "card", "paper", "foam")
_COLOURS = {
    "grey": (0.56, 0.56, 0.57),
    "white": (0.93, 0.93, 0.925),
    "velvet": (0.055, 0.05, 0.055),
    "card": (0.30, 0.43, 0.60),
    "paper": (0.86, 0.82, 0.72),
    "foam": (0.36, 0.37, 0.38),
}
_GRAIN = {"grey": 0.008, "white": 0.006, "velvet": 0.022, "card": 0.02, "paper": 0.04, "foam": 0.05}


@dataclass(frozen=True)
class View:
    """One photograph's pose, light and background.

    Parameters
    ----------
    valve : str
        ``left`` (anterior to the left) or ``right`` (mirrored).
    rotation : float
        Degrees anticlockwise in the image; 0 has the hinge on top.
    scale : float
        The shell's longer side over the image's side.
    shift_x, shift_y : float
        Shell off the centre, in image sides.
    azimuth, elevation : float
        Direction of the light in degrees: azimuth anticlockwise from the right, elevation above
        the table.
    background : str
        One of ``BACKGROUNDS``.
    exposure : float
        Factor on all light.
    warmth : float
        White balance: above 0 redder, below 0 bluer.
    blur : float
        Standard deviation of the lens blur in pixels of a 224-pixel image.
    quality : int
        JPEG quality.
    furniture : str
        ``none``, ``scale-bar`` or ``label``.
    grain : int
        Seed of the background's grain and of the sensor noise.
    """

    valve: str = "left"
    rotation: float = 0.0
    scale: float = 0.74
    shift_x: float = 0.0
    shift_y: float = 0.0
    azimuth: float = 125.0
    elevation: float = 48.0
    background: str = "grey"
    exposure: float = 1.0
    warmth: float = 0.0
    blur: float = 0.5
    quality: int = 90
    furniture: str = "none"
    grain: int = 0


def draw_view(
    rng: np.random.Generator, *, valve: str, style: int | None = None, nuisance: float = 1.0
) -> View:
    """Draw the pose, light and background of one photograph.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws.
    valve : str
        ``left`` or ``right``.
    style : int, optional
        A collection's own habit: which background it uses and where its lamp stands. Without it
        both are drawn anew.
    nuisance : float
        Factor on the spread of pose and light; 1 turns shells by up to 20 degrees either way.
    """
    spread = rng.uniform(-1, 1, 8) * nuisance
    lamp = rng.uniform(95, 155)
    background = BACKGROUNDS[rng.integers(len(BACKGROUNDS))]
    warmth = 0.035 * spread[6]
    if style is not None:
        background = BACKGROUNDS[style % len(BACKGROUNDS)]
        lamp = 100 + 50 * ((style * 0.382) % 1) + 4 * spread[4]
        warmth = 0.035 * (2 * ((style * 0.618) % 1) - 1)
    furniture = rng.choice(["none", "none", "none", "none", "scale-bar", "label"])
    return View(
        valve=valve,
        rotation=float(20 * spread[0]),
        scale=float(0.74 + 0.08 * spread[1]),
        shift_x=float(0.035 * spread[2]),
        shift_y=float(0.035 * spread[3]),
        azimuth=float(lamp),
        elevation=float(48 + 9 * spread[5]),
        background=background,
        exposure=float(1 + 0.1 * spread[7]),
        warmth=float(warmth),
        blur=float(rng.uniform(0.3, 0.3 + 0.6 * nuisance)),
        quality=int(rng.integers(78, 96)),
        furniture=str(furniture) if nuisance > 0 else "none",
        grain=int(rng.integers(2**31)),
    )


def backdrop(view: View, shadow: np.ndarray) -> np.ndarray:
    """Return the table under the shell, shape (size, size, 3) float32, shadow included.

    Parameters
    ----------
    view : View
        Which background, its furniture, and the seed of its grain.
    shadow : array, shape (size, size)
        Share of the light that the shell takes away, 0 to 1.
    """
    size = len(shadow)
    rng = stream(view.grain, "simulation.grain")
    grain = rng.standard_normal((size, size), dtype=np.float32)
    if view.background in ("paper", "foam", "velvet"):
        grain = 0.5 * grain + 1.6 * gaussian_filter(grain, 1.2, truncate=2)
    place = np.linspace(-1, 1, size, dtype=np.float32)
    turn = np.deg2rad(view.azimuth)
    falloff = 0.06 * (np.cos(turn) * place[None, :] - np.sin(turn) * place[:, None])
    light = (1 + falloff + _GRAIN[view.background] * grain) * (1 - shadow)
    scene = light[:, :, None] * np.array(_COLOURS[view.background], dtype=np.float32)
    _furnish(scene, view, rng)
    return scene


def _furnish(scene: np.ndarray, view: View, rng: np.random.Generator) -> None:
    """Paint a scale bar or a label strip into the image's lower edge."""
    size = len(scene)
    if view.furniture == "scale-bar":
        top, left = round(0.945 * size), round(rng.uniform(0.05, 0.6) * size)
        cell, thick = max(2, round(0.06 * size)), max(2, round(0.016 * size))
        for place in range(4):
            shade = 0.05 if place % 2 == 0 else 0.95
            scene[top : top + thick, left + place * cell : left + (place + 1) * cell] = shade
    elif view.furniture == "label":
        top, left = round(0.9 * size), round(rng.uniform(0.03, 0.6) * size)
        wide, tall = round(0.33 * size), round(0.085 * size)
        scene[top : top + tall, left : left + wide] = (0.92, 0.91, 0.86)
        for line in (0.28, 0.62):
            row = top + round(line * tall)
            words = rng.random(wide - 8) < 0.72
            scene[row : row + max(1, round(0.1 * tall)), left + 4 : left + wide - 4][:, words] = 0.3


def expose(scene: np.ndarray, view: View) -> np.ndarray:
    """Return the image as uint8: lens blur, sensor noise, white balance, exposure."""
    size = len(scene)
    blur = view.blur * size / 224
    if blur > 0.05:
        scene = gaussian_filter(scene, (blur, blur, 0), truncate=2.5)
    balance = np.array([1 + view.warmth, 1, 1 - view.warmth], dtype=np.float32) * view.exposure
    rng = stream(view.grain, "simulation.sensor")
    noise = rng.standard_normal((size, size, 1), dtype=np.float32) * np.float32(0.008)
    return (np.clip(scene * balance + noise, 0, 1) * 255 + 0.5).astype(np.uint8)


def to_jpeg(image: np.ndarray, quality: int) -> bytes:
    """Return ``picture`` (uint8, shape (h, w, 3)) as the bytes of a JPEG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()
