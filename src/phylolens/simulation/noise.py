"""Smooth periodic noise: the unevenness of everything that grows."""

import numpy as np


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
