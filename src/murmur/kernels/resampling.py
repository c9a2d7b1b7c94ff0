"""Rational resampling by a polyphase filter on an exact sample clock."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from murmur.kernels import FUSED, SUMS, kernel
from murmur.kernels.layout import chunk_size, deinterleave


class Polyphase(NamedTuple):
    """A polyphase filter; output n lies at input position n·step/phases.

    Attributes
    ----------
    taps : float32, shape (rows + 1, width)
        Row r is for a position r/rows of the way between two inputs.
    phases, step : int
        The ratio of the rates, kept as integers so that the clock does not drift.
    """

    taps: np.ndarray
    phases: int
    step: int


@kernel(fastmath=FUSED, inner=True)
def _decimate(samples: np.ndarray, start: int, taps: np.ndarray, step: int, out: np.ndarray) -> None:
    """Every output falls on an input: ``out[i] = Σ_j taps[j] · samples[start + i·step + j]``, for many outputs at once."""
    width, chunk = taps.shape[0], chunk_size(out.shape[0])
    phases = np.zeros((step, chunk + width // step + 1), dtype=np.float32)
    for begin in range(0, out.shape[0], chunk):
        count = min(chunk, out.shape[0] - begin)
        deinterleave(samples, start + begin * step, phases)
        total = out[begin : begin + count]
        total[:] = np.float32(0.0)
        for j in range(width):
            tap, delayed = taps[j], phases[j % step, j // step :]
            for k in range(count):
                total[k] += tap * delayed[k]


@kernel(fastmath=SUMS, inner=True)
def _dot(row: np.ndarray, samples: np.ndarray) -> float:
    total = np.float32(0.0)
    for j in range(row.shape[0]):
        total += row[j] * samples[j]
    return total


@kernel()
def resample(samples: np.ndarray, first: int, ratio: Polyphase, out_first: int, out: np.ndarray) -> None:
    """Compute the outputs from number `out_first` on; a position between two rows of the filter blends them.

    Parameters
    ----------
    samples : float32, shape (samples,)
        The first is input sample number `first`.
    first, out_first : int
    ratio : Polyphase
    out : float32, shape (outputs,), output
    """
    taps, phases, step = ratio
    rows, width = taps.shape[0] - 1, taps.shape[1]
    if phases == 1:
        _decimate(samples, out_first * step - width // 2 + 1 - first, taps[0], step, out)
        return
    for i in range(out.shape[0]):
        position = (out_first + i) * step
        start = position // phases - width // 2 + 1 - first
        place = (position % phases) * rows
        around = samples[start : start + width]
        total = _dot(taps[place // phases], around)
        if place % phases:
            share = np.float32(place % phases) / np.float32(phases)
            total += share * (_dot(taps[place // phases + 1], around) - total)
        out[i] = total
