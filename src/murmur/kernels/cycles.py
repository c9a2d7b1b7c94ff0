"""Levels within each heart cycle, from the shared power spectra."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.logarithm import natural_log

DECIBELS_PER_LOG = np.float32(10.0 / np.log(10.0))
#: Numbers that are taken together: they fit into the fastest cache.
STRETCH = 1024


@kernel()
def decibels(power: np.ndarray, floor: float, out: np.ndarray) -> None:
    """Decibels of `power` (n,), not below `floor` (power)."""
    least = np.float32(floor)
    raised = np.empty(STRETCH, dtype=np.float32)
    for begin in range(0, power.shape[0], STRETCH):
        count = min(STRETCH, power.shape[0] - begin)
        for i in range(count):
            raised[i] = max(power[begin + i], least)
        level = out[begin : begin + count]
        natural_log(raised[:count], level)
        for i in range(count):
            level[i] *= DECIBELS_PER_LOG


@kernel()
def peak_levels(levels: np.ndarray, starts: np.ndarray, stops: np.ndarray, out: np.ndarray) -> None:
    """Largest level of each band between frames `starts[i]` and `stops[i]`; `out` (cycles, bands)."""
    for i in range(starts.shape[0]):
        for b in range(levels.shape[1]):
            top = levels[starts[i], b]
            for k in range(starts[i] + 1, stops[i]):
                top = max(top, levels[k, b])
            out[i, b] = top


@kernel()
def profiles(levels: np.ndarray, first_frame: int, starts: np.ndarray, stops: np.ndarray, out: np.ndarray) -> None:
    """Mean level of each band in equal parts of the span from `starts[i]` to `stops[i]`; `out` (cycles, parts, bands).

    Starts and stops are fractional frame numbers of the recording, `levels[0]` is frame `first_frame`; a part
    shorter than a frame takes the frame nearest its middle.
    """
    parts = out.shape[1]
    for i in range(starts.shape[0]):
        length = (stops[i] - starts[i]) / parts
        for p in range(parts):
            a = starts[i] + p * length
            first = int(np.ceil(a))
            last = int(np.ceil(a + length))
            if last <= first:
                first = int(np.floor(a + 0.5 * length + 0.5))
                last = first + 1
            first = min(max(first - first_frame, 0), levels.shape[0] - 1)
            last = min(max(last - first_frame, first + 1), levels.shape[0])
            for b in range(levels.shape[1]):
                total = 0.0
                for k in range(first, last):
                    total += levels[k, b]
                out[i, p, b] = total / (last - first)
