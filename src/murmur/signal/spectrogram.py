"""The short-time power spectra that segmentation and features share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.spectra import Filterbank, FourierBasis, power_frames
from murmur.kernels.vectors import WIDTH
from murmur.settings import ANALYSIS_RATE_HZ, HOP
from murmur.signal.conditioning import Samples
from murmur.signal.framing import Framer

#: 64 ms Hann windows: short enough to separate S1 from systole, long enough for 16 Hz.
HALF_WINDOW = 64
N_BINS = 52
BIN_SPACING_HZ = ANALYSIS_RATE_HZ / (2 * HALF_WINDOW)
#: Centre frequency of each bin, 15.6 to 812.5 Hz; DC is left out.
BIN_HZ = BIN_SPACING_HZ * np.arange(1, N_BINS + 1)


def _basis() -> FourierBasis:
    n = np.arange(HALF_WINDOW + 1)
    window = 0.5 + 0.5 * np.cos(np.pi * n / HALF_WINDOW)
    # a sine of power p gives p in its bin and half of it split over its neighbours; scaled so that
    # the sum over the bins is the mean power of the signal in the window
    whole = np.sum(window[1:] ** 2) * 2 + window[0] ** 2
    window = window * np.sqrt(2.0 / (2 * HALF_WINDOW * whole))
    places, columns = HALF_WINDOW // 2 + 1, N_BINS // 2
    cosines = np.zeros((2, places, -(-columns // 4) * 4), dtype=np.float32)
    sines = np.zeros_like(cosines)
    for odd in range(2):
        phase = 2 * np.pi * np.outer(np.arange(places), np.arange(2 - odd, N_BINS + 1, 2)) / (2 * HALF_WINDOW)
        cosines[odd, :, :columns], sines[odd, :, :columns] = np.cos(phase), np.sin(phase)
    return FourierBasis(window.astype(np.float32), cosines, sines)


_BASIS = _basis()


def filterbank(weights: NDArray[np.floating[Any]]) -> Filterbank:
    """A filterbank of weights (bands, N_BINS), for a multiple of eight bands."""
    used = np.greater(weights, 0).reshape(-1, WIDTH, N_BINS).max(axis=1)
    starts, stops = used.argmax(axis=1), N_BINS - used[:, ::-1].argmax(axis=1)
    return Filterbank(np.ascontiguousarray(weights.T, dtype=np.float32), starts.astype(np.int64), stops.astype(np.int64))


class Spectrogram:
    """Power spectra on the absolute frame grid: frame k is centred at sample k·HOP, with silence outside."""

    def __init__(self) -> None:
        self._framer = Framer(HALF_WINDOW, HOP)

    def push(self, samples: Samples, last: bool = False) -> NDArray[np.float32]:
        """Take the next samples; return the power of the frames that are complete, shape (frames, N_BINS)."""
        ready = self._framer.push(samples, last)
        power = np.empty((ready.frames, N_BINS), dtype=np.float32)
        power_frames(ready.samples, ready.first_centre, HOP, _BASIS, power)
        return power
