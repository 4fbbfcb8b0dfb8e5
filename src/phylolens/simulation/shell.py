"""The renderer: one valve seen from outside, shaded, as an image."""

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import gaussian_filter, shift, zoom

from phylolens.simulation.camera import View, backdrop, expose
from phylolens.simulation.shell_shape import (
    DIRECTIONS,
    Outline,
    build_outline,
    smoothstep,
    viable,
)
from phylolens.simulation.shell_surface import STAGES, Surface, build_surface, smooth_noise

SUPERSAMPLING = 2


def render_shell(
    traits: Mapping[str, float], view: View, rng: np.random.Generator, size: int = 224
) -> np.ndarray:
    """Render one valve.

    Parameters
    ----------
    traits : mapping
        Trait values by name, see :data:`phylolens.simulation.traits.TRAITS`.
    view : View
        Pose, light, background and camera.
    rng : numpy.random.Generator
        The specimen's own irregularities; the same state gives the same specimen in every view.
    size : int
        Side of the image in pixels.

    Returns
    -------
    array of uint8, shape (size, size, 3)
        The image before JPEG compression, see :func:`phylolens.simulation.camera.to_jpeg`.
    """
    traits = viable(traits)
    outline = build_outline(traits, _roughness(rng))
    surface = build_surface(traits, rng)
    x, y, scale, frame = _shell_coordinates(outline, view, size * SUPERSAMPLING)
    stage, ray = _growth_coordinates(outline, x, y)
    inside = np.clip((1 - stage) * outline.rho[ray] * scale + 0.5, 0, 1)
    height = _height(traits, outline, surface, stage, ray, scale)
    light, shine = _light(height, view, traits["gloss"])
    colour = _colour(traits, outline, surface, stage, ray)
    colour *= (light * inside)[:, :, None]
    colour += (shine * inside)[:, :, None]
    cover = np.zeros((size, size), dtype=np.float32)
    cover[frame] = _halve(inside)
    scene = backdrop(view, _shadow(cover, view, traits["inflation"] * outline.size))
    scene[frame] *= 1 - cover[frame][:, :, None]
    scene[frame] += _halve(colour)
    return expose(scene, view)


def _roughness(rng: np.random.Generator) -> np.ndarray:
    """Return the specimen's own margin irregularity, smooth, standard deviation 1."""
    noise = smooth_noise(DIRECTIONS, 70, rng) + smooth_noise(DIRECTIONS, 22, rng) / 2
    return noise / noise.std()


def _shell_coordinates(
    outline: Outline, view: View, side: int
) -> tuple[np.ndarray, np.ndarray, float, tuple[slice, slice]]:
    """Return pixels' places around the beak, pixels a shell length, and the frame they fill.

    Places are in shell lengths, for the pixels of the supersampled image of ``side`` pixels
    that lie in the frame: the rows and columns of the final image the shell may touch.
    """
    turn = np.deg2rad(view.rotation)
    mirror = -1.0 if view.valve == "right" else 1.0
    points = outline.points * (mirror, 1.0)
    across = points[:, 0] * np.cos(turn) - points[:, 1] * np.sin(turn)
    up = points[:, 0] * np.sin(turn) + points[:, 1] * np.cos(turn)
    scale = view.scale * side / max(np.ptp(across), np.ptp(up))
    middle_x, middle_y = (across.max() + across.min()) / 2, (up.max() + up.min()) / 2
    columns = _reach(np.ptp(across) * scale / side, view.shift_x, side // SUPERSAMPLING)
    rows = _reach(np.ptp(up) * scale / side, view.shift_y, side // SUPERSAMPLING)
    place = (np.arange(side) + 0.5) / side - 0.5
    right = ((place - view.shift_x) * side / scale + middle_x)[_finer(columns)][None, :]
    above = (-(place - view.shift_y) * side / scale + middle_y)[_finer(rows)][:, None]
    x = mirror * (right * np.cos(turn) + above * np.sin(turn))
    y = -right * np.sin(turn) + above * np.cos(turn)
    return x.astype(np.float32), y.astype(np.float32), float(scale), (rows, columns)


def _reach(extent: float, shift_: float, size: int) -> slice:
    """Return the pixels within half of ``extent`` of the shifted centre, with some to spare."""
    half = 0.5 * extent * 1.02
    low, high = (0.5 + shift_ - half) * size - 3, (0.5 + shift_ + half) * size + 3
    return slice(max(0, int(low)), min(size, int(np.ceil(high))))


def _finer(pixels: slice) -> slice:
    return slice(pixels.start * SUPERSAMPLING, pixels.stop * SUPERSAMPLING)


def _growth_coordinates(
    outline: Outline, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return every pixel's growth stage and the table index of its growth ray."""
    radius = np.sqrt(x * x + y * y) + np.float32(1e-6)
    phi = np.arctan2(x, -y)
    if outline.coiling:
        phi = phi + np.float32(outline.coiling) * np.log(radius / np.float32(outline.reference))
    ray = ((phi + np.float32(np.pi)) * np.float32(DIRECTIONS / (2 * np.pi))).astype(np.int32)
    ray &= DIRECTIONS - 1
    stage = radius / outline.rho[ray]
    if outline.rough.any():  # old shells are the most irregular, and no two margins alike
        rough = outline.rough[ray]
        wave = np.roll(outline.rough, DIRECTIONS // 9)[ray] * np.sin(15 * stage)
        stage = stage / (1 + rough * np.minimum(stage * stage, 1)) + 0.35 * wave * (1 - stage)
        stage = np.maximum(stage, 0)
    return stage, ray


def _height(
    traits: Mapping[str, float],
    outline: Outline,
    surface: Surface,
    stage: np.ndarray,
    ray: np.ndarray,
    scale: float,
) -> np.ndarray:
    """Return the height of the surface in pixels: dome, growth relief, ribs."""
    places = np.linspace(0, 1, STAGES)
    dome = traits["inflation"] * (1 - places**2.1) ** 0.62
    profile = ((dome + surface.relief) * outline.size * scale).astype(np.float32)
    step = np.minimum(stage * (STAGES - 1), STAGES - 1).astype(np.int32)
    height = profile[step] * (1 - 0.7 * outline.ear)[ray]
    if traits["rib_strength"] > 0:
        number = round(traits["rib_number"])
        wave = np.cos(2 * np.pi * number * outline.margin)
        wave = np.tanh(1.4 * wave) * outline.free * (1 - 0.6 * outline.ear)
        period = outline.size * 2.2 * scale / number  # pixels, at the margin
        grown = smoothstep(1.5, 4.0, places * period) * places
        tall = 0.16 * traits["rib_strength"] * period
        height += (tall * grown).astype(np.float32)[step] * wave.astype(np.float32)[ray]
    return height


def _light(height: np.ndarray, view: View, gloss: float) -> tuple[np.ndarray, np.ndarray]:
    """Return diffuse light and highlight of every pixel (Lambert, Blinn-Phong)."""
    down, right = np.gradient(height)
    azimuth, elevation = np.deg2rad([view.azimuth, view.elevation])
    lamp = np.array(
        [
            np.cos(azimuth) * np.cos(elevation),
            np.sin(azimuth) * np.cos(elevation),
            np.sin(elevation),
        ]
    )
    half = lamp + np.array([0, 0, 1])
    half = half / np.linalg.norm(half)
    length = 1 / np.sqrt(1 + right * right + down * down)
    facing = (lamp[2] - lamp[0] * right + lamp[1] * down) * length
    mirror = (half[2] - half[0] * right + half[1] * down) * length
    light = 0.36 + 0.78 * np.maximum(facing, 0)
    shine = np.maximum(mirror, 0)
    shine = shine * shine
    shine = shine * shine
    shine = shine * shine
    return light.astype(np.float32), (gloss * shine * shine).astype(np.float32)


def _colour(
    traits: Mapping[str, float],
    outline: Outline,
    surface: Surface,
    stage: np.ndarray,
    ray: np.ndarray,
) -> np.ndarray:
    """Return the pigment of every pixel: ground colour with rays, bands and tents."""
    step = np.minimum(stage * (STAGES - 1), STAGES - 1).astype(np.int32)
    along = (outline.margin * (STAGES - 1)).astype(np.int32)
    dark = np.zeros_like(stage)
    if traits["rays"] > 0:
        dark += traits["rays"] * (surface.rays[along] * (1 - outline.ear))[ray]
    if traits["bands"] > 0:
        dark += traits["bands"] * surface.bands[step]
    if traits["tents"] > 0:
        number = round(traits["pattern_number"])
        across = (number * outline.margin)[ray] + surface.wobble[step]
        zigzag = np.abs(across - np.floor(across) - 0.5)
        lift = 0.8 * np.roll(surface.wobble, STAGES // 3)[along]  # columns are out of step
        rows = stage * 6.5 + 1.9 * zigzag + lift.astype(np.float32)[ray]
        rows = np.abs(rows - np.floor(rows) - 0.5) * 2
        dark += traits["tents"] * smoothstep(0.62, 0.78, rows).astype(np.float32)
    places = np.linspace(0, 1, STAGES)
    fresh = smoothstep(0.05, 0.45, places).astype(np.float32)  # the old umbo is worn pale
    dark = np.minimum(dark, 1) * (0.35 + 0.65 * fresh)[step]
    tone = (1.08 - 0.1 * places).astype(np.float32)[step]
    ground = surface.ground.astype(np.float32)
    change = (surface.pigment - surface.ground).astype(np.float32)
    tone = tone * (1 + surface.striae[along] * (1 - outline.ear))[ray]
    return (ground + dark[:, :, None] * change) * tone[:, :, None]


def _halve(image: np.ndarray) -> np.ndarray:
    """Return ``picture`` at half the resolution, the mean of 2 x 2 pixels."""
    return 0.25 * (image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2])


def _shadow(cover: np.ndarray, view: View, tall: float) -> np.ndarray:
    """Return the soft shadow that the shell casts, and the dark line where it touches."""
    size = len(cover)
    coarse = cover[::4, ::4]
    reach = 0.09 * len(coarse) * (0.4 + 1.5 * tall)
    turn = np.deg2rad(view.azimuth)
    moved = shift(coarse, (reach * np.sin(turn), -reach * np.cos(turn)), order=1)
    soft = gaussian_filter(moved, 0.03 * len(coarse) + 0.4)
    soft = 0.5 * soft + 0.25 * gaussian_filter(coarse, 0.012 * len(coarse))
    fine = zoom(soft, size / len(coarse), order=1, grid_mode=True, mode="nearest")
    return np.clip(fine, 0, 0.85).astype(np.float32)
