"""Short-time power spectra on the absolute frame grid, log bands, and their running normalization."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from murmur.kernels import FUSED, SUMS, kernel
from murmur.kernels.exponential import natural_log
from murmur.kernels.layout import chunk_size, deinterleave
from murmur.kernels.products import ONE, add_products
from murmur.kernels.vectors import WIDTH, broadcast, load, multiply_add, store

#: The least power that is not silence: the least normal number.
LEAST = np.finfo(np.float32).tiny


class FourierBasis(NamedTuple):
    """Window and basis functions of a transform of 2·half samples, folded twice.

    Attributes
    ----------
    window : float32, shape (half + 1,)
        The centre of the window and its right half.
    cosines, sines : float32, shape (2, half/2 + 1, columns)
        Of the even bins 2, 4, … and of the odd ones 1, 3, …; columns are padded with zeros to a multiple of four.
    """

    window: np.ndarray
    cosines: np.ndarray
    sines: np.ndarray


class Filterbank(NamedTuple):
    """Weights that sum bins into bands, in groups of eight bands.

    Attributes
    ----------
    weights : float32, shape (bins, bands)
    starts, stops : int64, shape (bands/8,)
        No band of group i reaches beyond the bins ``starts[i]:stops[i]``.
    """

    weights: np.ndarray
    starts: np.ndarray
    stops: np.ndarray


@kernel(fastmath=FUSED)
def power_frames(samples: np.ndarray, first_centre: int, hop: int, basis: FourierBasis, power: np.ndarray) -> None:
    """Power spectra of windowed frames.

    A frame is folded about its centre into an even and an odd part, and each of these about its own middle, once for the
    even bins and once for the odd ones, as in the first two steps of a fast Fourier transform. Four small real products
    remain, each for many frames at once.

    Parameters
    ----------
    samples : float32, shape (samples,)
    first_centre, hop : int
        Frame k is centred at ``samples[first_centre + k·hop]``.
    basis : FourierBasis
    power : float32, shape (frames, bins), output
        From bin 1 on; the number of bins is even.
    """
    half = basis.window.shape[0] - 1
    _, places, columns = basis.cosines.shape
    chunk = chunk_size(power.shape[0])
    phases = np.empty((hop, chunk + 2 * half // hop + 1), dtype=np.float32)
    folded = np.zeros((4, places, chunk), dtype=np.float32)
    real, imag = np.empty((columns, chunk), dtype=np.float32), np.empty((columns, chunk), dtype=np.float32)
    for begin in range(0, power.shape[0], chunk):
        count = min(chunk, power.shape[0] - begin)
        deinterleave(samples, first_centre + begin * hop - half, phases)
        for n in range(places):
            _fold(phases, basis.window, n, folded[:, n, :count])
        for odd in range(2):
            real[:] = np.float32(0.0)
            imag[:] = np.float32(0.0)
            add_products(folded[odd], ONE, basis.cosines[odd].reshape(1, places, columns), real, count)
            add_products(folded[2 + odd], ONE, basis.sines[odd].reshape(1, places, columns), imag, count)
            for b in range(power.shape[1] // 2):
                for k in range(count):
                    power[begin + k, 2 * b + 1 - odd] = real[b, k] * real[b, k] + imag[b, k] * imag[b, k]


@kernel(fastmath=FUSED, inner=True)
def _fold(phases: np.ndarray, window: np.ndarray, n: int, folded: np.ndarray) -> None:
    """Fold the samples n after and before the centre, and those as far from the frame's ends.

    `folded` (4, frames) takes the sums for the cosines of the even and the odd bins, and for the sines of the even and odd.
    """
    hop, half = phases.shape[0], window.shape[0] - 1
    inner, outer = window[n], window[half - n]
    if n == 0:
        inner *= np.float32(0.5)  # the centre is its own mirror image
    if 2 * n == half:
        outer = np.float32(0.0)
    a, b = phases[(half + n) % hop, (half + n) // hop :], phases[(half - n) % hop, (half - n) // hop :]
    c, d = phases[(2 * half - n) % hop, (2 * half - n) // hop :], phases[n % hop, n // hop :]
    cosine_even, cosine_odd, sine_even, sine_odd = folded[0], folded[1], folded[2], folded[3]
    for k in range(folded.shape[1]):
        even, far_even = inner * (a[k] + b[k]), outer * (c[k] + d[k])
        odd, far_odd = inner * (a[k] - b[k]), outer * (c[k] - d[k])
        cosine_even[k] = even + far_even
        cosine_odd[k] = even - far_even
        sine_even[k] = odd - far_odd
        sine_odd[k] = odd + far_odd


@kernel()
def bands_and_levels(power: np.ndarray, filterbank: Filterbank, bands: np.ndarray, levels: np.ndarray) -> None:
    """Sum each frame's bins into bands (`band_power`), and take the log of its total power (`frame_levels`)."""
    band_power(power, filterbank, bands)
    frame_levels(power, levels)


@kernel(inner=True)
def band_power(power: np.ndarray, filterbank: Filterbank, out: np.ndarray) -> None:
    """``out[k, b] = Σ_j weights[j, b] · power[k, j]``.

    Parameters
    ----------
    power : float32, shape (frames, bins)
    filterbank : Filterbank
    out : float32, shape (frames, bands), output
    """
    weights, starts, stops = filterbank
    if weights.shape[1] != WIDTH * starts.shape[0] or out.shape[1] != weights.shape[1]:
        raise ValueError("the number of bands is not a multiple of eight")
    last = power.shape[0] - 1
    for first in range(0, last + 1, 4):  # the last four may hold one frame more than once
        p, q, r, s = first, min(first + 1, last), min(first + 2, last), min(first + 3, last)
        for i in range(starts.shape[0]):
            band = i * WIDTH
            a = b = c = d = broadcast(np.float32(0.0))
            for j in range(starts[i], stops[i]):
                weight = load(weights, j, band)
                a = multiply_add(broadcast(power[p, j]), weight, a)
                b = multiply_add(broadcast(power[q, j]), weight, b)
                c = multiply_add(broadcast(power[r, j]), weight, c)
                d = multiply_add(broadcast(power[s, j]), weight, d)
            store(out, p, band, a)
            store(out, q, band, b)
            store(out, r, band, c)
            store(out, s, band, d)


@kernel(fastmath=SUMS, inner=True)
def frame_levels(power: np.ndarray, levels: np.ndarray) -> None:
    """Natural log of each frame's total power; −inf in digital silence.

    Parameters
    ----------
    power : float32, shape (frames, bins)
    levels : float64, shape (frames,), output
    """
    total, logs = np.empty(power.shape[0], dtype=np.float32), np.empty(power.shape[0], dtype=np.float32)
    for k in range(power.shape[0]):
        frame = power[k]
        whole = np.float32(0.0)
        for b in range(frame.shape[0]):
            whole += frame[b]
        total[k] = max(whole, LEAST)
    natural_log(total, logs)
    for k in range(power.shape[0]):
        levels[k] = logs[k] if total[k] > LEAST else -np.inf


#: How log bands are normalized; levels are natural logs of power, times are in frames. Frames that the running statistics
#: average over (`memory`); how far the noise `floor` lies below the mean level. A frame further below the mean than
#: `gate_deviations`, and at least `least_gate`, is too quiet to learn from, unless it follows `longest_freeze` such frames:
#: then it is the gain that has changed. After a jump, where a level averaged at `recent_rate` is `jump_deviations` off the
#: mean, the statistics average over at most `restart` frames. The bands' variance is at least `least_variance`; the result
#: is limited to ± `clip`.
NORMALIZER_RULES = np.dtype(
    [
        (name, np.float64)
        for name in (
            "memory", "floor", "gate_deviations", "least_gate", "longest_freeze", "restart", "jump_deviations",
            "recent_rate", "clip", "least_variance",
        )
    ]
)  # fmt: skip
#: Running statistics of the frames' levels: mean, variance, frames counted, quiet frames in a row, recent level.
LEVELS = np.dtype([(name, np.float64) for name in ("mean", "variance", "count", "frozen", "recent")])


class RunningStatistics(NamedTuple):
    """What the normalization has learned.

    Attributes
    ----------
    mean, variance : float64, shape (bands,)
        Of the log bands.
    level : LEVELS, shape (1,)
        Of the frames' levels.
    """

    mean: np.ndarray
    variance: np.ndarray
    level: np.ndarray


@kernel()
def normalize(
    bands: np.ndarray, levels: np.ndarray, statistics: RunningStatistics, rules: np.ndarray, out: np.ndarray
) -> None:
    """Log bands, standardized by a running mean and variance that is frozen in silence and lost contact.

    Parameters
    ----------
    bands : float32, shape (frames, bands)
    levels : float64, shape (frames,)
        Of `frame_levels`.
    statistics : RunningStatistics, changed
    rules : NORMALIZER_RULES, shape (1,)
    out : float32, shape (frames, bands), output
    """
    mean, variance, level, rule = statistics.mean, statistics.variance, statistics.level[0], rules[0]
    raised, logs = np.empty(bands.shape[1], dtype=np.float32), np.empty(bands.shape[1], dtype=np.float32)
    for k in range(bands.shape[0]):
        if levels[k] == -np.inf:
            out[k] = -rule["clip"]
            continue
        floor = np.float32(np.exp(level["mean"] - rule["floor"]))
        for b in range(bands.shape[1]):
            raised[b] = bands[k, b] + floor
        natural_log(raised, logs)
        rate = _learning_rate(levels[k], level, rule)
        if rate > 0.0:
            for b in range(bands.shape[1]):
                difference = logs[b] - mean[b]
                mean[b] += rate * difference
                variance[b] += rate * (difference * (logs[b] - mean[b]) - variance[b])
        _standardize(logs, mean, variance, rule, out[k])


@kernel(inner=True)
def _learning_rate(now: float, level: np.ndarray, rule: np.ndarray) -> float:
    """Count a frame's level, and return how much the frame counts; 0 where it is too quiet."""
    deviation = np.sqrt(level["variance"])
    quiet = now < level["mean"] - max(rule["gate_deviations"] * deviation, rule["least_gate"])
    level["frozen"] = level["frozen"] + 1.0 if quiet else 0.0
    if quiet and level["frozen"] <= rule["longest_freeze"]:
        return 0.0
    level["recent"] += rule["recent_rate"] * (now - level["recent"])
    if abs(level["recent"] - level["mean"]) > max(rule["jump_deviations"] * deviation, rule["least_gate"]):
        level["count"] = min(level["count"], rule["restart"])  # the gain has jumped: forget quickly
    level["count"] = min(level["count"] + 1.0, rule["memory"])
    rate = 1.0 / level["count"]
    difference = now - level["mean"]
    level["mean"] += rate * difference
    level["variance"] += rate * (difference * (now - level["mean"]) - level["variance"])
    return rate


@kernel(inner=True)
def _standardize(logs: np.ndarray, mean: np.ndarray, variance: np.ndarray, rule: np.ndarray, out: np.ndarray) -> None:
    most, least_variance = np.float32(rule["clip"]), rule["least_variance"]
    for b in range(logs.shape[0]):
        z = np.float32(logs[b] - mean[b]) / np.sqrt(np.float32(variance[b] + least_variance))
        out[b] = min(max(z, -most), most)
