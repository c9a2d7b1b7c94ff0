"""Rational resampling by a polyphase filter on an exact sample clock."""

from __future__ import annotations

import numpy as np

from murmur.kernels import SUMS, kernel
from murmur.kernels.lanes import deal, room_for
from murmur.kernels.vectors import WIDTH, add_scaled, load, same, store


@kernel(inner=True)
def _decimate(samples: np.ndarray, start: int, taps: np.ndarray, step: int, out: np.ndarray) -> None:
    """Every output falls on an input: `out[i] = Σ_j taps[j] · samples[start + i·step + j]`, for many outputs at once."""
    width = taps.shape[0]
    chunk = room_for(out.shape[0])
    lanes = np.zeros((step, chunk + width // step + 1), dtype=np.float32)
    total = np.empty((1, chunk), dtype=np.float32)
    for begin in range(0, out.shape[0], chunk):
        count = min(chunk, out.shape[0] - begin)
        deal(samples, start + begin * step, lanes, lanes.shape[1])
        for first in range(0, count, 3 * WIDTH):
            _filtered(lanes, taps, first, total)
        for k in range(count):
            out[begin + k] = total[0, k]


@kernel(inner=True)
def _filtered(lanes: np.ndarray, taps: np.ndarray, first: int, total: np.ndarray) -> None:
    """Three vectors of outputs from `first` on."""
    a, b, c = same(np.float32(0.0)), same(np.float32(0.0)), same(np.float32(0.0))
    row, place = 0, first
    for j in range(taps.shape[0]):
        a = add_scaled(taps[j], load(lanes, row, place), a)
        b = add_scaled(taps[j], load(lanes, row, place + WIDTH), b)
        c = add_scaled(taps[j], load(lanes, row, place + 2 * WIDTH), c)
        row += 1
        if row == lanes.shape[0]:
            row, place = 0, place + 1
    store(total, 0, first, a)
    store(total, 0, first + WIDTH, b)
    store(total, 0, first + 2 * WIDTH, c)


@kernel(fastmath=SUMS, inner=True)
def _dot(row: np.ndarray, samples: np.ndarray) -> float:
    total = np.float32(0.0)
    for j in range(row.shape[0]):
        total += row[j] * samples[j]
    return total


@kernel()
def resample(
    samples: np.ndarray, first: int, taps: np.ndarray, phases: int, step: int, out_first: int, out: np.ndarray
) -> None:
    """Fill `out` with the outputs `out_first` and on; `samples[0]` is input sample number `first`.

    Output n lies at input position n·step/phases, kept in integers so that no clock drifts. `taps` has shape (rows + 1,
    width), row r for a place r/rows of the way between two inputs; where the place falls between rows they are blended.
    """
    if phases == 1:
        _decimate(samples, out_first * step - taps.shape[1] // 2 + 1 - first, taps[0], step, out)
        return
    rows = taps.shape[0] - 1
    width = taps.shape[1]
    for i in range(out.shape[0]):
        position = (out_first + i) * step
        start = position // phases - width // 2 + 1 - first
        place = (position % phases) * rows
        heard = samples[start : start + width]
        total = _dot(taps[place // phases], heard)
        if place % phases:
            share = np.float32(place % phases) / np.float32(phases)
            total += share * (_dot(taps[place // phases + 1], heard) - total)
        out[i] = total
