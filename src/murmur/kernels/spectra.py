"""Short-time power spectra on the absolute frame grid, log bands, and their running normalisation."""

from __future__ import annotations

import numpy as np

from murmur.kernels import FUSED, SUMS, kernel
from murmur.kernels.exponential import natural_log
from murmur.kernels.lanes import deal, room_for, turn
from murmur.kernels.products import ONE, add_products
from murmur.kernels.vectors import WIDTH, add_scaled, load, scale, store

#: The least power that is no silence: the least normal number.
LEAST = np.finfo(np.float32).tiny


@kernel(fastmath=FUSED)
def power_frames(
    samples: np.ndarray,
    first_centre: int,
    hop: int,
    window: np.ndarray,
    cosines: np.ndarray,
    sines: np.ndarray,
    power: np.ndarray,
) -> None:
    """Power spectra of windowed frames; frame k is centred at `samples[first_centre + k·hop]`.

    `window` holds one half of the window and its centre, (half + 1,). A frame is folded about its centre into an even and an
    odd part, and each of these about its own middle, once for the even bins and once for the odd ones: as in a fast Fourier
    transform, but two times only. The rest are four small real products, for many frames at once. `cosines` and `sines`
    (2, places, columns) are of the even bins 2, 4, … and the odd ones 1, 3, …, for the places 0 to half / 2; the columns
    are filled up with zeros to whole fours. `power` is (frames, bins), from bin 1 on, the number of bins even.
    """
    half = window.shape[0] - 1
    quarter = half // 2
    _, places, columns = cosines.shape
    chunk = room_for(power.shape[0])
    lanes = np.empty((hop, chunk + 2 * half // hop + 1), dtype=np.float32)
    folded = np.zeros((4, places, chunk), dtype=np.float32)
    real = np.empty((columns, chunk), dtype=np.float32)
    imag = np.empty((columns, chunk), dtype=np.float32)
    spectrum = np.empty((power.shape[1], chunk), dtype=np.float32)
    for begin in range(0, power.shape[0], chunk):
        count = min(chunk, power.shape[0] - begin)
        deal(samples, first_centre + begin * hop - half, lanes, lanes.shape[1])
        for n in range(quarter + 1):
            inner, outer = window[n], window[half - n]
            if n == 0:
                inner *= np.float32(0.5)  # the centre is its own mirror image
            if n == quarter:
                outer = np.float32(0.0)
            a = lanes[(half + n) % hop, (half + n) // hop :]
            b = lanes[(half - n) % hop, (half - n) // hop :]
            c = lanes[(2 * half - n) % hop, (2 * half - n) // hop :]
            d = lanes[n % hop, n // hop :]
            _fold(a, b, c, d, inner, outer, folded[0, n], folded[1, n], folded[2, n], folded[3, n], count)
        for odd in range(2):
            real[:] = np.float32(0.0)
            imag[:] = np.float32(0.0)
            add_products(folded[odd], ONE, cosines[odd].reshape(1, places, columns), real, count)
            add_products(folded[2 + odd], ONE, sines[odd].reshape(1, places, columns), imag, count)
            for b in range(power.shape[1] // 2):
                _square(real[b], imag[b], spectrum[2 * b + 1 - odd], count)
        turn(spectrum[:, :count], power[begin : begin + count])


@kernel(fastmath=FUSED, inner=True)
def _square(real: np.ndarray, imag: np.ndarray, out: np.ndarray, count: int) -> None:
    for k in range(count):
        out[k] = real[k] * real[k] + imag[k] * imag[k]


@kernel(fastmath=FUSED, inner=True)
def _fold(
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    inner: float,
    outer: float,
    cosine_even: np.ndarray,
    cosine_odd: np.ndarray,
    sine_even: np.ndarray,
    sine_odd: np.ndarray,
    count: int,
) -> None:
    """Fold the samples n after and before the centre (a, b) and those as far from the frame's ends (c, d)."""
    for k in range(count):
        even, far_even = inner * (a[k] + b[k]), outer * (c[k] + d[k])
        odd, far_odd = inner * (a[k] - b[k]), outer * (c[k] - d[k])
        cosine_even[k] = even + far_even
        cosine_odd[k] = even - far_even
        sine_even[k] = odd - far_odd
        sine_odd[k] = odd + far_odd


@kernel()
def bands_and_levels(
    power: np.ndarray,
    weights: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    bands: np.ndarray,
    levels: np.ndarray,
) -> None:
    """Sum each frame's bins into bands (see `band_power`), and take the log of their whole power (see `frame_levels`)."""
    band_power(power, weights, starts, stops, bands)
    frame_levels(power, levels)


@kernel(inner=True)
def band_power(power: np.ndarray, weights: np.ndarray, starts: np.ndarray, stops: np.ndarray, out: np.ndarray) -> None:
    """Sum bins into bands: `out[k, b] = Σ_j weights[j, b] · power[k, j]`.

    The bands come in eights; of the i-th eight none reaches beyond the bins `starts[i]:stops[i]`.
    """
    if weights.shape[1] != WIDTH * starts.shape[0] or out.shape[1] != weights.shape[1]:
        raise ValueError("not whole eights of bands")
    last = power.shape[0] - 1
    for first in range(0, last + 1, 4):  # the last four may hold one frame more than once
        p, q, r, s = first, min(first + 1, last), min(first + 2, last), min(first + 3, last)
        for i in range(starts.shape[0]):
            band = i * WIDTH
            weight = load(weights, starts[i], band)
            a, b = scale(power[p, starts[i]], weight), scale(power[q, starts[i]], weight)
            c, d = scale(power[r, starts[i]], weight), scale(power[s, starts[i]], weight)
            for j in range(starts[i] + 1, stops[i]):
                weight = load(weights, j, band)
                a, b = add_scaled(power[p, j], weight, a), add_scaled(power[q, j], weight, b)
                c, d = add_scaled(power[r, j], weight, c), add_scaled(power[s, j], weight, d)
            store(out, p, band, a)
            store(out, q, band, b)
            store(out, r, band, c)
            store(out, s, band, d)


@kernel(fastmath=SUMS, inner=True)
def frame_levels(power: np.ndarray, levels: np.ndarray) -> None:
    """Natural log of each frame's whole power; −inf in digital silence."""
    total = np.empty(power.shape[0], dtype=np.float32)
    logs = np.empty(power.shape[0], dtype=np.float32)
    for k in range(power.shape[0]):
        frame = power[k]
        whole = np.float32(0.0)
        for b in range(frame.shape[0]):
            whole += frame[b]
        total[k] = max(whole, LEAST)
    natural_log(total, logs)
    for k in range(power.shape[0]):
        levels[k] = logs[k] if total[k] > LEAST else -np.inf


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
        _standardise(logs, mean, variance, least_variance, clip, out[k])
    state[0], state[1], state[2], state[3], state[4] = level_mean, level_variance, count, frozen, short


@kernel(inner=True)
def _standardise(
    logs: np.ndarray, mean: np.ndarray, variance: np.ndarray, least_variance: float, clip: float, out: np.ndarray
) -> None:
    most = np.float32(clip)
    for b in range(logs.shape[0]):
        z = np.float32(logs[b] - mean[b]) / np.sqrt(np.float32(variance[b] + least_variance))
        out[b] = min(max(z, -most), most)
