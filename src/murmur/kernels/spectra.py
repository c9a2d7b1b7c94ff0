"""Short-time power spectra on the absolute frame grid, log bands, and their running normalisation."""

from __future__ import annotations

import numpy as np

from murmur.kernels import SUMS, kernel
from murmur.kernels.logarithm import natural_log


@kernel(fastmath=SUMS)
def power_frames(
    samples: np.ndarray, first_centre: int, hop: int, cosines: np.ndarray, sines: np.ndarray, power: np.ndarray
) -> None:
    """Power spectra of windowed frames, by folding each frame about its centre into even and odd halves.

    `cosines` and `sines` have shape (half + 1, bins) and include the window; frame k is centred at
    `samples[first_centre + k·hop]`. A spectrum of few bins by two small real products is about as cheap as an FFT here,
    runs at full vector width, and gives the same bits however the frames are grouped.
    """
    half = cosines.shape[0] - 1
    bins = cosines.shape[1]
    real = np.empty(bins, dtype=np.float32)
    imag = np.empty(bins, dtype=np.float32)
    for k in range(power.shape[0]):
        centre = first_centre + k * hop
        for b in range(bins):
            real[b] = samples[centre] * cosines[0, b]
            imag[b] = np.float32(0.0)
        for n in range(1, half + 1):
            even = samples[centre + n] + samples[centre - n]
            odd = samples[centre + n] - samples[centre - n]
            for b in range(bins):
                real[b] += even * cosines[n, b]
                imag[b] += odd * sines[n, b]
        for b in range(bins):
            power[k, b] = real[b] * real[b] + imag[b] * imag[b]


@kernel()
def band_power(power: np.ndarray, weights: np.ndarray, starts: np.ndarray, stops: np.ndarray, out: np.ndarray) -> None:
    """Sum bins into bands: `out[k, b] = Σ weights[b, j] · power[k, j]` over the bins `starts[b]:stops[b]`."""
    for k in range(power.shape[0]):
        for b in range(out.shape[1]):
            total = np.float32(0.0)
            for j in range(starts[b], stops[b]):
                total += weights[b, j] * power[k, j]
            out[k, b] = total


@kernel()
def frame_levels(bands: np.ndarray, levels: np.ndarray) -> None:
    """Natural log of each frame's whole power; −inf in digital silence."""
    for k in range(bands.shape[0]):
        total = 0.0
        for b in range(bands.shape[1]):
            total += bands[k, b]
        levels[k] = np.log(total) if total > 0.0 else -np.inf


@kernel()
def normalise(
    bands: np.ndarray,
    levels: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    state: np.ndarray,
    rules: np.ndarray,
    out: np.ndarray,
) -> None:
    """Log bands, standardised by a running mean and variance that is frozen in silence and lost contact.

    `state` is (mean level, level variance, frames counted, frames frozen in a row, short-term level); `rules` is
    (memory in frames, floor below the mean level, gate in standard deviations, least gate, longest freeze, restart count,
    clip, variance floor, short-term rate, jump in standard deviations). All levels are natural logs of power.
    """
    memory, floor_below, gate_deviations, least_gate, longest_freeze = rules[0], rules[1], rules[2], rules[3], rules[4]
    restart, clip, least_variance, quick, jump = rules[5], rules[6], rules[7], rules[8], rules[9]
    level_mean, level_variance, count, frozen, short = state[0], state[1], state[2], state[3], state[4]
    n_bands = bands.shape[1]
    raised, logs = np.empty(n_bands, dtype=np.float32), np.empty(n_bands, dtype=np.float32)
    for k in range(bands.shape[0]):
        level = levels[k]
        if level == -np.inf:
            for b in range(n_bands):
                out[k, b] = -clip
            continue
        floor = np.exp(level_mean - floor_below)
        gate = max(gate_deviations * np.sqrt(level_variance), least_gate)
        quiet = level < level_mean - gate
        if quiet:
            frozen += 1.0
        else:
            frozen = 0.0
        learn = not quiet or frozen > longest_freeze
        if learn:
            short += quick * (level - short)
            if abs(short - level_mean) > max(jump * np.sqrt(level_variance), least_gate):
                count = min(count, restart)  # the gain has jumped: forget quickly
            count = min(count + 1.0, memory)
            rate = 1.0 / count
            difference = level - level_mean
            level_mean += rate * difference
            level_variance += rate * (difference * (level - level_mean) - level_variance)
        for b in range(n_bands):
            raised[b] = bands[k, b] + np.float32(floor)
        natural_log(raised, logs)
        if learn:
            for b in range(n_bands):
                difference = logs[b] - mean[b]
                mean[b] += rate * difference
                variance[b] += rate * (difference * (logs[b] - mean[b]) - variance[b])
        for b in range(n_bands):
            z = (logs[b] - mean[b]) / np.sqrt(variance[b] + least_variance)
            out[k, b] = min(max(z, -clip), clip)
    state[0], state[1], state[2], state[3], state[4] = level_mean, level_variance, count, frozen, short
