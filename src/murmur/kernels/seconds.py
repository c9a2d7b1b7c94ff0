"""The signal summed up over seconds."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.exponential import exponential
from murmur.kernels.spectra import frame_levels

DECIBELS_PER_LOG = 10.0 / np.log(10.0)


@kernel()
def summarize_seconds(
    power: np.ndarray, log_posteriors: np.ndarray, limited: np.ndarray, length: int, hop: int, out: np.ndarray
) -> None:
    """Summarize each interval of `length` frames.

    Parameters
    ----------
    power : float32, shape (frames, bins)
    log_posteriors : float32, shape (frames, states)
    limited : uint8, shape (frames·hop,)
        1 for samples in a friction spike; samples missing at the end count as 0.
    length, hop : int
        Frames an interval, samples a frame.
    out : float64, shape (4, intervals), output
        Rows: mean level (dB), mean posterior of the likeliest state, share of limited samples, share of silent frames.
    """
    level_db, certainty, limited_share, silent = out
    levels = np.empty(length)
    top, posterior = np.empty(length, dtype=np.float32), np.empty(length, dtype=np.float32)
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
        total = 0.0
        for k in range(length):
            total += posterior[k]
        marks = 0
        for mark in limited[first * hop : (first + length) * hop]:
            marks += mark
        level_db[i] = DECIBELS_PER_LOG * level / alive if alive else -np.inf
        certainty[i] = total / length
        limited_share[i] = marks / (length * hop)
        silent[i] = 1.0 - alive / length
