"""Levels of every cardiac cycle by band, in S1, systole, S2 and diastole, and mean spectra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.cycles import LevelRules, Levels, measure_levels
from murmur.kernels.spectra import Filterbank
from murmur.settings import FRAME_RATE_HZ
from murmur.signal.columns import Columns
from murmur.signal.spectrogram import BIN_HZ, BIN_SPACING_HZ, N_BINS, filterbank

Frames = NDArray[np.float32]

#: Bands in which levels are measured, in Hz.
BANDS_HZ = ((25, 45), (45, 80), (60, 100), (80, 150), (150, 260), (260, 400), (400, 600), (600, 800))
#: Systole, from the end of S1 to S2, and diastole, from the end of S2 to S1, are each divided into this many parts.
N_PARTS = 10
#: The floor is −300 dB of full scale, below any recording at any gain; mid-systole and late diastole as shares of the state.
_RULES = LevelRules(floor=1e-30, mid_systole=(0.15, 0.85), late_diastole=(0.55, 0.9))


def _band_filterbank() -> Filterbank:
    """Bands of bins, each by the share of its width that lies in the band."""
    low_hz, high_hz = np.array(BANDS_HZ).T[:, :, None]
    upper_hz = np.minimum(BIN_HZ + BIN_SPACING_HZ / 2, high_hz)
    lower_hz = np.maximum(BIN_HZ - BIN_SPACING_HZ / 2, low_hz)
    return filterbank(np.clip(upper_hz - lower_hz, 0.0, None) / BIN_SPACING_HZ)


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
        return cls(*_empty_levels(0))


def measure_cycles(power: Frames, first_frame: int, bounds_s: NDArray[np.float64]) -> CycleLevels:
    """Measure cycles with onsets `bounds_s` (s), shape (cycles, 5), in `power`, which begins at frame `first_frame`."""
    levels = _empty_levels(bounds_s.shape[0])
    measure_levels(power, first_frame, bounds_s * FRAME_RATE_HZ, _FILTERBANK, _RULES, levels)
    return CycleLevels(*levels)


def _empty_levels(cycles: int) -> Levels:
    s1, s2 = np.empty((2, cycles, len(BANDS_HZ)), dtype=np.float32)
    systole, diastole = np.empty((2, cycles, N_PARTS, len(BANDS_HZ)), dtype=np.float32)
    systole_spectrum, late_diastole_spectrum = np.empty((2, cycles, N_BINS), dtype=np.float32)
    return Levels(s1, s2, systole, diastole, systole_spectrum, late_diastole_spectrum)
