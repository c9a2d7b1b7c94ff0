"""Sounds other than the heart: breath, knocks and background noise."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from murmur.synthesis.levels import gain
from murmur.synthesis.noise import band_density, shaped_noise
from murmur.synthesis.phantom import Phantom


def respiration(phantom: Phantom, n: int, sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return breath sounds, shape (n,); inspiration is louder than expiration."""
    phase = (np.arange(n) / sample_rate_hz * phantom.respiration_rate_per_min / 60.0) % 1.0
    into = np.where(phase < 0.4, np.sin(math.pi * phase / 0.4), 0.0)
    out_of = np.where((phase > 0.45) & (phase < 0.85), np.sin(math.pi * (phase - 0.45) / 0.4), 0.0)
    noise = shaped_noise(n, sample_rate_hz, band_density(90.0, 450.0, -6.0), rng)
    return gain(phantom.respiration_level_db or 0.0) * (into + 0.35 * out_of) * noise


def knocks(phantom: Phantom, n: int, sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return knocks (short) and rubs (longer) against the sensor, shape (n,)."""
    out = np.zeros(n)
    carrier = shaped_noise(n, sample_rate_hz, band_density(30.0, 350.0, -5.0), rng)
    duration_s = n / sample_rate_hz
    for _ in range(round(phantom.knocks_per_minute * duration_s / 60.0)):
        at_s = rng.uniform(0.0, duration_s)
        decay_s = rng.uniform(0.008, 0.02) if rng.uniform() < 0.5 else rng.uniform(0.05, 0.15)
        level = gain(phantom.knock_level_db + 3.0 * rng.standard_normal())
        first = int(at_s * sample_rate_hz)
        last = min(first + int(6 * decay_s * sample_rate_hz), n)
        t = np.arange(last - first) / sample_rate_hz
        out[first:last] += level * (1 - np.exp(-t / 0.002)) * np.exp(-t / decay_s) * carrier[first:last]
    return out


def floor_density(f: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the power density of the noise between heart sounds in CirCor: -5 dB per octave, flat from about 250 Hz."""
    return np.asarray((50.0 / f) ** 1.7 + 10.0**-1.35)
