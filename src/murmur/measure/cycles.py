"""What is measured of every heart cycle: levels by band in S1, systole, S2 and diastole, and mean spectra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.cycles import measure_levels
from murmur.settings import FRAME_RATE_HZ
from murmur.signal.columns import Columns
from murmur.signal.spectrogram import BIN_HZ, BIN_SPACING_HZ, N_BINS, filterbank

__all__ = ["BANDS_HZ", "N_PARTS", "CycleLevels", "measure_cycles"]

Frames = NDArray[np.float32]

#: Bands in which levels are measured, in Hz.
BANDS_HZ = ((25, 45), (45, 80), (60, 100), (80, 150), (150, 260), (260, 400), (400, 600), (600, 800))
#: Systole, from the end of S1 to S2, and diastole, from the end of S2 to S1, are each cut into this many parts.
N_PARTS = 10
#: −300 dB of full scale, below what any recording holds at any gain.
FLOOR = 1e-30
#: Mid-systole runs from the first share of systole to the second, late diastole from the third of diastole to the fourth.
SHARES = np.array([0.15, 0.85, 0.55, 0.9])


def _band_filterbank() -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    weights = np.zeros((len(BANDS_HZ), N_BINS), dtype=np.float32)
    for b, (low, high) in enumerate(BANDS_HZ):
        # the share of each bin's width that lies in the band
        upper = np.minimum(BIN_HZ + BIN_SPACING_HZ / 2, high)
        lower = np.maximum(BIN_HZ - BIN_SPACING_HZ / 2, low)
        weights[b] = np.clip(upper - lower, 0.0, None) / BIN_SPACING_HZ
    return filterbank(weights)


_FILTERBANK = _band_filterbank()


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
    cycles = bounds_s.shape[0]
    s1, s2 = np.empty((2, cycles, len(BANDS_HZ)), dtype=np.float32)
    systole, diastole = np.empty((2, cycles, N_PARTS, len(BANDS_HZ)), dtype=np.float32)
    systole_spectrum, late_diastole_spectrum = np.empty((2, cycles, N_BINS), dtype=np.float32)
    measure_levels(
        power, first_frame, bounds_s * FRAME_RATE_HZ, *_FILTERBANK, FLOOR, SHARES, s1, s2, systole, diastole,
        systole_spectrum, late_diastole_spectrum,
    )  # fmt: skip
    return CycleLevels(s1, s2, systole, diastole, systole_spectrum, late_diastole_spectrum)
