"""Sums over seconds."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.exponential import exponential
from murmur.kernels.spectra import frame_levels

DECIBELS_PER_LOG = 10.0 / np.log(10.0)


@kernel()
def sum_up(
    power: np.ndarray, log_posteriors: np.ndarray, limited: np.ndarray, length: int, hop: int, out: np.ndarray
) -> None:
    """Sum up each `length` frames: mean level (dB), mean posterior of the likeliest state, share of marks, share of silence.

    A frame has `hop` marks in `limited`; those that are missing at the end count as none. `out` is (4, stretches).
    """
    levels = np.empty(length)
    top = np.empty(length, dtype=np.float32)
    posterior = np.empty(length, dtype=np.float32)
    for i in range(out.shape[1]):
        first = i * length
        frame_levels(power[first : first + length], levels)
        alive, level = 0, 0.0
        for k in range(length):
            if levels[k] > -np.inf:
                alive += 1
                level += levels[k]
            top[k] = log_posteriors[first + k, 0]
            for s in range(1, log_posteriors.shape[1]):
                top[k] = max(top[k], log_posteriors[first + k, s])
        exponential(top, posterior)
        certainty = 0.0
        for k in range(length):
            certainty += posterior[k]
        marks = 0
        for mark in limited[first * hop : (first + length) * hop]:
            marks += mark
        out[0, i] = DECIBELS_PER_LOG * level / alive if alive else -np.inf
        out[1, i] = certainty / length
        out[2, i] = marks / (length * hop)
        out[3, i] = 1.0 - alive / length
