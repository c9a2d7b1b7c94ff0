"""Rational resampling by a polyphase filter on an exact sample clock."""

from __future__ import annotations

import numpy as np

from murmur.kernels import SUMS, kernel


@kernel(fastmath=SUMS)
def resample(
    samples: np.ndarray, first: int, taps: np.ndarray, step: int, out_first: int, out: np.ndarray
) -> None:
    """Fill `out` with the outputs `out_first` and on; `samples[0]` is input sample number `first`.

    Output n lies at input position n·step/phases. `taps` has shape (phases, width), and output n is the dot product of its
    phase's taps with the `width` inputs around that position.
    """
    phases, width = taps.shape
    for i in range(out.shape[0]):
        position = (out_first + i) * step
        start = position // phases - width // 2 + 1 - first
        row = taps[position % phases]
        total = np.float32(0.0)
        for j in range(width):
            total += row[j] * samples[start + j]
        out[i] = total
