"""Relief and colour of a valve in its own coordinates, with the unevenness of what grows.

Everything here is a table: relief and bands over the growth stage (0 beak, 1 margin), rays over
the position along the margin. The renderer looks pixels up in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

STAGES = 2048  # entries of tables over the growth stage
LUMINANCE = np.array([0.299, 0.587, 0.114])
# Pigments at middle lightness, after what molluscs make: no green, no pure blue.
PIGMENTS = np.array(
    [
        [0.37, 0.40, 0.46],  # slate
        [0.46, 0.39, 0.50],  # violet
        [0.62, 0.42, 0.47],  # purple-rose
        [0.72, 0.47, 0.42],  # salmon
        [0.76, 0.45, 0.26],  # orange
        [0.70, 0.50, 0.30],  # tan
        [0.66, 0.53, 0.31],  # ochre
        [0.52, 0.48, 0.30],  # olive-brown
    ]
)
CREAM = np.array([0.985, 0.965, 0.92])


@dataclass(frozen=True)
class Surface:
    """Tables of one specimen.

    Parameters
    ----------
    relief : array of float32, shape (STAGES,)
        Height over the growth stage without the dome: growth lines and folds.
    bands : array of float32, shape (STAGES,)
        Darkness of concentric bands, 0 to 1.
    rays : array of float32, shape (STAGES,)
        Darkness of radial rays over the margin position, 0 to 1.
    wobble : array of float32, shape (STAGES,)
        Sideways shift of tents over the growth stage, in tents.
    striae : array of float32, shape (STAGES,)
        Faint radial unevenness of tone over the margin position.
    ground, pigment : array, shape (3,)
        Ground and pattern colour, RGB 0 to 1.
    """

    relief: np.ndarray
    bands: np.ndarray
    rays: np.ndarray
    wobble: np.ndarray
    striae: np.ndarray
    ground: np.ndarray
    pigment: np.ndarray


def build_surface(traits: Mapping[str, float], rng: np.random.Generator) -> Surface:
    """Return the relief and colour tables of one specimen.

    Parameters
    ----------
    traits : mapping
        Trait values by name.
    rng : numpy.random.Generator
        The specimen's own irregularities: spacing of lines, widths of bands and rays.
    """
    stage = np.linspace(0, 1, STAGES)
    lines = _growth_lines(stage, traits["growth_line_number"], rng)
    folds = _folds(stage, traits["growth_line_number"])
    grown = np.clip(stage / 0.3, 0, 1)  # the beak is worn smooth
    relief = 0.0062 * traits["growth_line_strength"] * lines * grown
    relief = relief + 0.012 * traits["fold_strength"] * folds * stage
    ground = pigment_colour(traits["hue"], traits["saturation"], traits["lightness"])
    dark = 0.62 * traits["lightness"] * (1 - traits["pattern_contrast"]) + 0.08
    pigment = pigment_colour(0.55 * traits["hue"] + 0.3, 0.8, dark)
    return Surface(
        relief.astype(np.float32),
        _bands(stage, rng).astype(np.float32),
        _rays(stage, traits["pattern_number"], rng).astype(np.float32),
        (0.2 * _noise(220, rng)).astype(np.float32),
        (0.022 * _noise(3, rng) + 0.025 * _noise(60, rng)).astype(np.float32),
        ground,
        pigment,
    )


def pigment_colour(hue: float, saturation: float, lightness: float) -> np.ndarray:
    """Return the RGB of a pigment; its luminance rises with ``lightness`` throughout.

    Slate and violet fade to grey when light: no mollusc makes a pale blue shell.
    """
    cool, pale = np.clip([1 - hue / 0.35, (lightness - 0.35) / 0.3], 0, 1)
    saturation = saturation * (1 - 0.8 * cool * pale)
    place = np.clip(hue, 0, 1) * (len(PIGMENTS) - 1)
    low = min(int(place), len(PIGMENTS) - 2)
    colour = PIGMENTS[low] + (place - low) * (PIGMENTS[low + 1] - PIGMENTS[low])
    grey = colour @ LUMINANCE
    colour = grey + saturation * 1.15 * (colour - grey)
    if lightness <= grey:
        return np.clip(colour * lightness / grey, 0, 1)
    share = (lightness - grey) / (1 - grey)
    return np.clip(colour + share * (CREAM - colour), 0, 1)


def _noise(width: float, rng: np.random.Generator) -> np.ndarray:
    return smooth_noise(STAGES, width, rng)


def _growth_lines(stage: np.ndarray, number: float, rng: np.random.Generator) -> np.ndarray:
    """Return fine lines of uneven spacing and depth, with a few deep annual ones."""
    gaps = rng.gamma(5.0, 1.0, max(4, round(number)))
    edges = np.cumsum(gaps) / gaps.sum()
    edges = edges**0.75  # old shells grow slowly: lines crowd towards the margin
    depth = rng.uniform(0.25, 1.0, len(edges))
    annual = rng.permutation(len(edges))[: rng.integers(3, 6)]
    depth[annual] += 1.4
    lines = np.zeros_like(stage)
    for edge, deep in zip(edges, depth, strict=True):
        after = (stage - edge) * STAGES / 9
        lines -= deep * np.exp(-0.5 * after**2) * (1 + 0.8 * np.tanh(after))
    return lines + 0.15 * _noise(4, rng)


def _folds(stage: np.ndarray, number: float) -> np.ndarray:
    """Return regular commarginal folds: round crests, steep on the ventral side."""
    phase = stage**0.85 * round(number * 0.7)
    saw = phase - np.floor(phase)
    crest = np.where(saw < 0.72, saw / 0.72, (1 - saw) / 0.28)
    return gaussian_filter1d(crest, 5, mode="nearest")


def _bands(stage: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return concentric bands of uneven width, with soft and sharp edges."""
    field = np.sin(2 * np.pi * (stage * rng.uniform(3.0, 5.5) + 0.16 * _noise(110, rng)))
    field = field + 0.5 * _noise(25, rng)
    return 0.5 + 0.5 * np.tanh(2.2 * (field - 0.35))


def _rays(stage: np.ndarray, number: float, rng: np.random.Generator) -> np.ndarray:
    """Return radial rays over the margin position, uneven in width and strength."""
    warp = 0.22 * _noise(90, rng)
    field = np.cos(2 * np.pi * (stage * round(number) + warp + rng.uniform()))
    return (0.5 + 0.5 * np.tanh(3.0 * (field - 0.25))) * (0.75 + 0.2 * _noise(120, rng)).clip(
        0.2, 1
    )


def smooth_noise(length: int, width: float, rng: np.random.Generator) -> np.ndarray:
    """Return periodic Gaussian noise.

    Parameters
    ----------
    length : int
        Number of values.
    width : float
        Standard deviation of the Gaussian window that smooths them, in values.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    array, shape (length,)
        Mean about 0, standard deviation 1.
    """
    waves = np.fft.rfft(rng.standard_normal(length))
    turn = 2 * np.pi * np.fft.rfftfreq(length) * width
    noise = np.fft.irfft(waves * np.exp(-0.5 * turn * turn), length)
    return noise / noise.std()
