"""What is measured of every heart cycle: levels by band in S1, systole, S2 and diastole, and mean spectra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.columns import Columns
from murmur.kernels.cycles import decibels, peak_levels, profiles
from murmur.kernels.spectra import band_power
from murmur.settings import FRAME_RATE_HZ
from murmur.spectrogram import BIN_HZ, BIN_SPACING_HZ, N_BINS

__all__ = ["BANDS_HZ", "N_PARTS", "CycleLevels", "measure_cycles"]

Frames = NDArray[np.float32]

#: Bands in which levels are measured, in Hz.
BANDS_HZ = ((25, 45), (45, 80), (60, 100), (80, 150), (150, 260), (260, 400), (400, 600), (600, 800))
#: Systole, from the end of S1 to S2, and diastole, from the end of S2 to S1, are each cut into this many parts.
N_PARTS = 10
#: −300 dB of full scale, below what any recording holds at any gain.
FLOOR = 1e-30
LATE_DIASTOLE = (0.55, 0.9)
MID_SYSTOLE = (0.15, 0.85)


def _band_weights() -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    weights = np.zeros((len(BANDS_HZ), N_BINS), dtype=np.float32)
    for b, (low, high) in enumerate(BANDS_HZ):
        # the share of each bin's width that lies in the band
        upper = np.minimum(BIN_HZ + BIN_SPACING_HZ / 2, high)
        lower = np.maximum(BIN_HZ - BIN_SPACING_HZ / 2, low)
        weights[b] = np.clip(upper - lower, 0.0, None) / BIN_SPACING_HZ
    used = weights > 0
    return weights, used.argmax(axis=1).astype(np.int64), (N_BINS - used[:, ::-1].argmax(axis=1)).astype(np.int64)


_WEIGHTS = _band_weights()


@dataclass(frozen=True, slots=True, eq=False)
class CycleLevels(Columns):
    """Levels of each cycle in dB of full scale; columns of `cycles` rows, bands as in `BANDS_HZ`.

    Attributes
    ----------
    s1, s2 : ndarray, shape (cycles, bands)
        Loudest frame of the sound.
    systole, diastole : ndarray, shape (cycles, N_PARTS, bands)
        Mean level in equal parts.
    systole_spectrum, late_diastole_spectrum : ndarray, shape (cycles, N_BINS)
        Mean level by frequency, of mid-systole and late diastole.
    """

    s1: Frames
    s2: Frames
    systole: Frames
    diastole: Frames
    systole_spectrum: Frames
    late_diastole_spectrum: Frames

    @classmethod
    def none(cls) -> CycleLevels:
        """No cycles."""
        n = len(BANDS_HZ)
        shapes: tuple[tuple[int, ...], ...] = ((0, n), (0, n), (0, N_PARTS, n), (0, N_PARTS, n), (0, N_BINS), (0, N_BINS))
        return cls(*(np.empty(shape, dtype=np.float32) for shape in shapes))


def measure_cycles(power: Frames, first_frame: int, bounds_s: NDArray[np.float64]) -> CycleLevels:
    """Measure cycles whose five boundaries (s), shape (cycles, 5), lie in `power`, which begins at frame `first_frame`."""
    bands = np.empty((power.shape[0], len(BANDS_HZ)), dtype=np.float32)
    band_power(power, *_WEIGHTS, bands)
    levels, spectra = np.empty_like(bands), np.empty_like(power)
    decibels(bands.reshape(-1), FLOOR, levels.reshape(-1))
    decibels(power.reshape(-1), FLOOR, spectra.reshape(-1))
    frames = bounds_s * FRAME_RATE_HZ
    s1, systole, s2, diastole, end = (np.ascontiguousarray(frames[:, i]) for i in range(5))
    cycles = frames.shape[0]

    def loudest(start: NDArray[np.float64], stop: NDArray[np.float64]) -> Frames:
        first = np.clip(np.ceil(start) - first_frame, 0, levels.shape[0] - 1).astype(np.int64)
        last = np.clip(np.ceil(stop) - first_frame, first + 1, levels.shape[0]).astype(np.int64)
        out = np.empty((cycles, levels.shape[1]), dtype=np.float32)
        peak_levels(levels, first, last, out)
        return out

    def parts(of: Frames, start: NDArray[np.float64], stop: NDArray[np.float64], count: int) -> Frames:
        out = np.empty((cycles, count, of.shape[1]), dtype=np.float32)
        profiles(of, first_frame, start, stop, out)
        return out

    def between(start: NDArray[np.float64], stop: NDArray[np.float64], share: tuple[float, float]) -> Frames:
        length = stop - start
        return parts(spectra, start + share[0] * length, start + share[1] * length, 1)[:, 0]

    return CycleLevels(
        s1=loudest(s1, systole),
        s2=loudest(s2, diastole),
        systole=parts(levels, systole, s2, N_PARTS),
        diastole=parts(levels, diastole, end, N_PARTS),
        systole_spectrum=between(systole, s2, MID_SYSTOLE),
        late_diastole_spectrum=between(diastole, end, LATE_DIASTOLE),
    )
