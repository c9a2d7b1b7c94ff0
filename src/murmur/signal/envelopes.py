"""Fine envelopes in three bands, for sounds too short for the spectrogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.events import GaborFilters, gabor_envelopes
from murmur.settings import ANALYSIS_RATE_HZ
from murmur.signal.conditioning import Samples
from murmur.signal.framing import Framer

ENVELOPE_HOP = 4
ENVELOPE_RATE_HZ = ANALYSIS_RATE_HZ // ENVELOPE_HOP
#: Centre (Hz) and standard deviation in time (s) of each Gabor filter: S3 and S4; S2's components; clicks.
FILTERS = ((32.0, 0.010), (110.0, 0.0045), (320.0, 0.002))


def _gabor_filters() -> GaborFilters:
    centre_hz, deviation_s = np.array(FILTERS).T[:, :, None]
    halves = np.ceil(2.8 * deviation_s * ANALYSIS_RATE_HZ).astype(np.int64)
    n = np.arange(halves.max() + 1)
    window = np.exp(-0.5 * (n / ANALYSIS_RATE_HZ / deviation_s) ** 2) * (n <= halves)
    window /= 2 * window.sum(axis=1, keepdims=True) - window[:, :1]
    phase = 2 * np.pi * centre_hz * n / ANALYSIS_RATE_HZ
    cosines, sines = ((window * wave).astype(np.float32) for wave in (np.cos(phase), np.sin(phase)))
    return GaborFilters(cosines, sines, halves[:, 0].copy())


_GABOR = _gabor_filters()


class Envelopes:
    """Squared Gabor envelopes on an absolute grid of 2 ms: frame k is centred at sample k·ENVELOPE_HOP."""

    def __init__(self) -> None:
        self._framer = Framer(int(_GABOR.halves[0]), ENVELOPE_HOP)

    def push(self, samples: Samples, last: bool = False) -> NDArray[np.float32]:
        """Take the next samples; return the envelopes that are complete, shape (frames, 3): low, middle and high band."""
        ready = self._framer.push(samples, last)
        out = np.empty((ready.frames, len(FILTERS)), dtype=np.float32)
        gabor_envelopes(ready.samples, ready.first_centre, ENVELOPE_HOP, _GABOR, out)
        return out
