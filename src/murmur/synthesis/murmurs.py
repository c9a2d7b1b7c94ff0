"""The sound of a murmur: a carrier for its quality under an envelope for its shape."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from murmur.synthesis.levels import gain
from murmur.synthesis.noise import band_density, shaped_noise, slow_db
from murmur.synthesis.phantom import Murmur


def _murmur_carrier(murmur: Murmur, n: int, sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a murmur without its envelope, at an RMS of 1, shape (n,)."""
    low_hz, high_hz, tilt = murmur.colour
    if murmur.quality == "musical":
        t = np.arange(n) / sample_rate_hz
        pitch_hz = low_hz * (1.0 + 0.01 * slow_db(n, sample_rate_hz, 0.08, rng))
        phase = 2.0 * math.pi * np.cumsum(pitch_hz) / sample_rate_hz
        tone = np.zeros(t.size)
        power = 0.0
        for harmonic in range(1, max(int(high_hz / low_hz), 1) + 1):
            level_db = tilt * math.log2(harmonic)
            tone += gain(level_db) * math.sqrt(2.0) * np.sin(harmonic * phase + rng.uniform(0, 2 * math.pi))
            power += gain(level_db) ** 2
        breathy = shaped_noise(n, sample_rate_hz, band_density(low_hz, high_hz, -2.0), rng)
        return (tone / math.sqrt(power) + 0.2 * breathy) / math.sqrt(1.04)
    noise = shaped_noise(n, sample_rate_hz, band_density(low_hz, high_hz, tilt), rng)
    if murmur.quality == "harsh":
        # Roughness is a flutter of the level, a few tens of times per second.
        flutter = shaped_noise(n, sample_rate_hz, band_density(12.0, 40.0, 0.0), rng)
        rough = np.exp(0.45 * np.clip(flutter, -2.5, 2.5))
        noise = noise * rough / math.sqrt(float(np.mean(rough**2)))
    return noise


def _envelope(shape: str, place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the envelope at places from 0 (onset) to 1 (end) of the murmur, with a maximum of 1."""
    if shape == "diamond":
        return np.asarray(np.sin(math.pi * np.clip(place, 0.0, 1.0)) ** 0.8)
    if shape == "decrescendo":
        return np.asarray(np.exp(-1.9 * np.clip(place, 0.0, 1.0)))
    if shape == "crescendo":
        return np.asarray(np.exp(-1.9 * (1.0 - np.clip(place, 0.0, 1.0))))
    return np.ones(place.size)


def add_murmur(
    out: NDArray[np.float64],
    murmur: Murmur,
    spans: list[tuple[float, float]],
    lead_s: float,
    sample_rate_hz: int,
    rng: np.random.Generator,
) -> None:
    """Add a murmur to every span, (start, end) in s; lead_s is how far it may reach into the sound before."""
    carrier = _murmur_carrier(murmur, out.size, sample_rate_hz, rng)
    cycle_db = 0.6 * rng.standard_normal(len(spans))
    for (start_s, end_s), level_db in zip(spans, cycle_db, strict=True):
        from_s = start_s + murmur.onset * (end_s - start_s)
        until_s = start_s + murmur.end * (end_s - start_s)
        ramp_s = min(0.015, 0.2 * (until_s - from_s))
        if murmur.onset == 0.0:
            from_s -= lead_s
        if murmur.end == 1.0:
            until_s += ramp_s
        first = max(math.ceil(from_s * sample_rate_hz), 0)
        last = min(math.ceil(until_s * sample_rate_hz), out.size)
        if last <= first:
            continue
        t = np.arange(first, last) / sample_rate_hz
        edge = np.clip(np.minimum(t - from_s, until_s - t) / ramp_s, 0.0, 1.0)
        envelope = np.sin(0.5 * math.pi * edge) * _envelope(murmur.shape, (t - from_s) / (until_s - from_s))
        out[first:last] += gain(murmur.level_db + level_db) * envelope * carrier[first:last]
