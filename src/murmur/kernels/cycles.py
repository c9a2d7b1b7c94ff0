"""Levels within each heart cycle, from the shared power spectra, and sums over each."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.exponential import exponential, natural_log
from murmur.kernels.spectra import band_power

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
def peak_level(levels: np.ndarray, first_frame: int, start: float, stop: float, out: np.ndarray) -> None:
    """Largest level of each band from `start` to `stop`; at least of one frame; `out` (bands,).

    Starts and stops are fractional frame numbers of the recording, `levels[0]` is frame `first_frame`.
    """
    n = levels.shape[0]
    first = min(max(int(np.ceil(start)) - first_frame, 0), n - 1)
    last = min(max(int(np.ceil(stop)) - first_frame, first + 1), n)
    out[:] = levels[first]
    for k in range(first + 1, last):
        for b in range(out.shape[0]):
            out[b] = max(out[b], levels[k, b])


@kernel()
def _frames_between(start: float, stop: float, first_frame: int, n: int) -> tuple[int, int]:
    """First and one past the last of the frames from `start` to `stop`; where there are none, the nearest to the middle."""
    first, last = int(np.ceil(start)), int(np.ceil(stop))
    if last <= first:
        first = int(np.floor(0.5 * (start + stop) + 0.5))
        last = first + 1
    first = min(max(first - first_frame, 0), n - 1)
    return first, min(max(last - first_frame, first + 1), n)


@kernel()
def _mean(levels: np.ndarray, out: np.ndarray) -> None:
    """Mean over the frames of each band, summed frame by frame."""
    total = np.zeros(levels.shape[1])
    for k in range(levels.shape[0]):
        frame = levels[k]
        for b in range(total.shape[0]):
            total[b] += frame[b]
    for b in range(total.shape[0]):
        out[b] = total[b] / levels.shape[0]


@kernel()
def profile(levels: np.ndarray, first_frame: int, start: float, stop: float, out: np.ndarray) -> None:
    """Mean level of each band in equal parts of the time from `start` to `stop`; `out` (parts, bands).

    A part shorter than a frame takes the frame nearest its middle.
    """
    length = (stop - start) / out.shape[0]
    for p in range(out.shape[0]):
        part = start + p * length
        first, last = _frames_between(part, part + length, first_frame, levels.shape[0])
        _mean(levels[first:last], out[p])


@kernel()
def _mean_spectrum(power: np.ndarray, first_frame: int, start: float, stop: float, floor: float, out: np.ndarray) -> None:
    first, last = _frames_between(start, stop, first_frame, power.shape[0])
    levels = np.empty((last - first, power.shape[1]), dtype=np.float32)
    decibels(power[first:last].reshape(-1), floor, levels.reshape(-1))
    _mean(levels, out)


@kernel()
def measure_levels(
    power: np.ndarray,
    first_frame: int,
    bounds: np.ndarray,
    weights: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    floor: float,
    shares: np.ndarray,
    s1: np.ndarray,
    s2: np.ndarray,
    systole: np.ndarray,
    diastole: np.ndarray,
    systole_spectrum: np.ndarray,
    diastole_spectrum: np.ndarray,
) -> None:
    """Levels in dB of each cycle with boundaries `bounds` (cycles, 5) in frames; `power[0]` is frame `first_frame`.

    `weights`, `starts` and `stops` are the bands' (see `murmur.kernels.spectra.band_power`). `s1` and `s2` (cycles, bands)
    take the sounds' peaks, `systole` and `diastole` (cycles, parts, bands) their profiles, and the spectra (cycles, bins)
    the mean level by bin of the share `shares[0]` to `shares[1]` of systole and `shares[2]` to `shares[3]` of diastole.
    """
    n = power.shape[0]
    for i in range(bounds.shape[0]):
        s1_on, systole_on, s2_on, diastole_on, end_on = bounds[i]
        begin = min(max(int(np.floor(s1_on)) - first_frame, 0), n - 1)
        heard = power[begin : min(int(np.ceil(end_on)) + 1 - first_frame, n)]
        levels = np.empty((heard.shape[0], s1.shape[1]), dtype=np.float32)
        band_power(heard, weights, starts, stops, levels)
        decibels(levels.reshape(-1), floor, levels.reshape(-1))
        first = first_frame + begin
        peak_level(levels, first, s1_on, systole_on, s1[i])
        peak_level(levels, first, s2_on, diastole_on, s2[i])
        profile(levels, first, systole_on, s2_on, systole[i])
        profile(levels, first, diastole_on, end_on, diastole[i])
        length = s2_on - systole_on
        start, stop = systole_on + shares[0] * length, systole_on + shares[1] * length
        _mean_spectrum(heard, first, start, stop, floor, systole_spectrum[i])
        length = end_on - diastole_on
        start, stop = diastole_on + shares[2] * length, diastole_on + shares[3] * length
        _mean_spectrum(heard, first, start, stop, floor, diastole_spectrum[i])


@kernel()
def mean_marked(marked: np.ndarray, starts: np.ndarray, stops: np.ndarray, out: np.ndarray) -> None:
    """Share of marks (0 or 1) in each stretch `starts[i]` to `stops[i]`."""
    for i in range(starts.shape[0]):
        total = 0
        for k in range(starts[i], stops[i]):
            total += marked[k]
        out[i] = total / (stops[i] - starts[i])


@kernel()
def sum_scores(
    scores: np.ndarray,
    log_posteriors: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    weight: np.ndarray,
    score: np.ndarray,
) -> None:
    """Add up each state's posteriors, and the scores that they weigh, over the frames `starts[i]` to `stops[i]`.

    `scores` is (frames, states · classes), `weight` (cycles, states), `score` (cycles, states, classes).
    """
    _, states, classes = score.shape
    weight[:] = 0.0
    score[:] = 0.0
    for i in range(starts.shape[0]):
        count = stops[i] - starts[i]
        posterior = np.empty((count, states), dtype=np.float32)
        exponential(log_posteriors[starts[i] : stops[i]].reshape(-1), posterior.reshape(-1))
        for k in range(count):
            for s in range(states):
                share = np.float64(posterior[k, s])
                weight[i, s] += share
                for c in range(classes):
                    score[i, s, c] += share * scores[starts[i] + k, s * classes + c]
