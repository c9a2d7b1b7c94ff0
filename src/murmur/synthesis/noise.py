"""Coloured noise, and slow random variation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


def shaped_noise(
    n: int,
    sample_rate_hz: int,
    density: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    rng: np.random.Generator,
    band_hz: tuple[float, float] = (0.0, math.inf),
) -> NDArray[np.float64]:
    """Return Gaussian noise with a given power density over Hz and an expected RMS of 1 within band_hz, shape (n,)."""
    padded = 1 << max(n - 1, 1).bit_length()
    frequency = np.fft.rfftfreq(padded, 1.0 / sample_rate_hz)
    power = density(np.maximum(frequency, 1.0))
    power[0] = 0.0
    inside = (frequency >= band_hz[0]) & (frequency <= band_hz[1])
    power = power / (2.0 * power[inside].sum() / padded)
    spectrum = np.fft.rfft(rng.standard_normal(padded)) * np.sqrt(power)
    return np.fft.irfft(spectrum, padded)[:n]


def band_density(
    low_hz: float, high_hz: float, tilt_db_per_octave: float
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the power density of a tilted band with soft edges, as a function of Hz."""

    def density(f: NDArray[np.float64]) -> NDArray[np.float64]:
        tilt = (f / low_hz) ** (tilt_db_per_octave / (10.0 * math.log10(2.0)))
        return tilt / ((1.0 + (low_hz / f) ** 6) * (1.0 + (f / high_hz) ** 8))

    return density


def slow_db(n: int, sample_rate_hz: int, step_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a random variation with a standard deviation of about 1 that changes over step_s, shape (n,)."""
    knots = np.arange(0.0, n / sample_rate_hz + 2.0 * step_s, step_s)
    values = rng.standard_normal(knots.size) * 1.2  # interpolation reduces it
    return np.interp(np.arange(n) / sample_rate_hz, knots, values)
