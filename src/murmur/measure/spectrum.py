"""Pitch and character of a sound, from its power spectrum."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.records import Record
from murmur.signal.spectrogram import BIN_HZ

#: The band of murmurs: heart sounds lie below it, and little of a murmur lies above.
LOW_HZ, HIGH_HZ = 90.0, 780.0
ROLLOFF = 0.85
_INSIDE = slice(*np.searchsorted(BIN_HZ, [LOW_HZ, HIGH_HZ]))
_FREQUENCY_HZ = BIN_HZ[_INSIDE]
#: A spectrum is smoothed over seven bins, its ends repeated.
_SMOOTHING, _END = np.full(7, 1.0 / 7.0), np.ones(3)


@dataclass(frozen=True, slots=True)
class SpectralShape(Record):
    """Shape of a power spectrum between 90 and 780 Hz.

    Attributes
    ----------
    centroid_hz, bandwidth_hz : float
        Mean frequency and standard deviation, weighted by power.
    rolloff_hz : float
        Frequency below which 85 % of the power lies.
    flatness : float
        Geometric over arithmetic mean: 1 for white noise, 0 for a tone.
    entropy : float
        Shannon entropy over that of a flat spectrum, 0 to 1.
    harmonicity : float
        Share of the power in tones: what stands out of the spectrum smoothed over 110 Hz.
    """

    centroid_hz: float
    bandwidth_hz: float
    rolloff_hz: float
    flatness: float
    entropy: float
    harmonicity: float


def describe_spectrum(power: NDArray[np.float64]) -> SpectralShape | None:
    """Describe a power spectrum on `murmur.signal.spectrogram.BIN_HZ`; None where it is empty.

    Centroid, bandwidth and flatness are librosa's definitions (McFee et al., 2015) applied to power.
    """
    power, frequency = power[_INSIDE], _FREQUENCY_HZ
    total = power.sum()
    if not total > 0:
        return None
    share = power / total
    centroid = float(share @ frequency)
    floored = np.maximum(power, 1e-6 * power.max())
    smooth = np.convolve(np.concatenate([power[0] * _END, power, power[-1] * _END]), _SMOOTHING, mode="valid")
    return SpectralShape(
        centroid_hz=centroid,
        bandwidth_hz=math.sqrt(share @ (frequency - centroid) ** 2),
        rolloff_hz=float(frequency[share.cumsum().searchsorted(ROLLOFF)]),
        flatness=math.exp(np.log(floored).sum() / share.size) * share.size / float(floored.sum()),
        entropy=-float(share @ np.log(np.maximum(share, 1e-12))) / math.log(share.size),
        harmonicity=float(np.maximum(power - 2.0 * smooth, 0.0).sum() / total),
    )
