"""Levels within each heart cycle, from the shared power spectra, and sums over each."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.exponential import exponential, natural_log
from murmur.kernels.spectra import band_power

DECIBELS_PER_LOG_64 = 10.0 / np.log(10.0)
DECIBELS_PER_LOG = np.float32(DECIBELS_PER_LOG_64)
#: −150 dB: nothing is compared with less.
LEAST_RATIO = 1e-15
#: Numbers that are taken together: they fit into the fastest cache.
STRETCH = 1024


@kernel(inner=True)
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


@kernel(inner=True)
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


@kernel(inner=True)
def _frames_between(start: float, stop: float, first_frame: int, n: int) -> tuple[int, int]:
    """First and one past the last of the frames from `start` to `stop`; where there are none, the nearest to the middle."""
    first, last = int(np.ceil(start)), int(np.ceil(stop))
    if last <= first:
        first = int(np.floor(0.5 * (start + stop) + 0.5))
        last = first + 1
    first = min(max(first - first_frame, 0), n - 1)
    return first, min(max(last - first_frame, first + 1), n)


@kernel(inner=True)
def _mean(levels: np.ndarray, out: np.ndarray) -> None:
    """Mean over the frames of each band, summed frame by frame."""
    total = np.zeros(levels.shape[1])
    for k in range(levels.shape[0]):
        frame = levels[k]
        for b in range(total.shape[0]):
            total[b] += frame[b]
    for b in range(total.shape[0]):
        out[b] = total[b] / levels.shape[0]


@kernel(inner=True)
def profile(levels: np.ndarray, first_frame: int, start: float, stop: float, out: np.ndarray) -> None:
    """Mean level of each band in equal parts of the time from `start` to `stop`; `out` (parts, bands).

    A part shorter than a frame takes the frame nearest its middle.
    """
    length = (stop - start) / out.shape[0]
    for p in range(out.shape[0]):
        part = start + p * length
        first, last = _frames_between(part, part + length, first_frame, levels.shape[0])
        _mean(levels[first:last], out[p])


@kernel(inner=True)
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


@kernel(inner=True)
def _mean_of(values: np.ndarray, parts: np.ndarray, band: int) -> float:
    """Mean over the parts `parts[0]` to `parts[1]` of one band; `values` (parts, bands)."""
    total = 0.0
    for p in range(parts[0], parts[1]):
        total += values[p, band]
    return total / (parts[1] - parts[0])


@kernel(inner=True)
def _to_power(levels: np.ndarray, first_band: int, out: np.ndarray) -> None:
    for b in range(out.shape[0]):
        out[b] = np.exp(np.float64(levels[first_band + b]) / DECIBELS_PER_LOG_64)


@kernel(inner=True)
def _to_decibels(power: float) -> float:
    return DECIBELS_PER_LOG_64 * np.log(max(power, LEAST_RATIO))


@kernel()
def compare_levels(
    s1: np.ndarray,
    s2: np.ndarray,
    systole: np.ndarray,
    diastole: np.ndarray,
    murmur_bands: np.ndarray,
    bands: np.ndarray,
    sound_bands: np.ndarray,
    places: np.ndarray,
    least_power: float,
    out: np.ndarray,
) -> None:
    """Compare each cycle's parts, dB; `out` is (cycles, numbers), in the order of `murmur.measure.comparison.COLUMNS`.

    `s1` and `s2` are (cycles, bands), `systole` and `diastole` (cycles, parts, bands). `murmur_bands` are the first and one
    past the last band of a murmur, whose powers are added; `bands` are those compared one by one, `sound_bands` those in
    which heart sounds stand out. `places` (4, 2) are the first and one past the last part of mid-systole and of late, early
    and middle diastole. Late diastole counts as no quieter than `least_power` times S2.
    """
    parts = systole.shape[1]
    first, count = murmur_bands[0], murmur_bands[1] - murmur_bands[0]
    inner, late, early, middle = places
    whole = np.array([0, parts])
    systole_power, diastole_power = np.empty((2, parts, count))
    s2_power, sums = np.empty(count), np.empty((2, parts))
    for i in range(out.shape[0]):
        row = out[i]
        _to_power(s2[i], first, s2_power)
        for p in range(parts):
            _to_power(systole[i, p], first, systole_power[p])
            _to_power(diastole[i, p], first, diastole_power[p])
            sums[0, p], sums[1, p] = systole_power[p].sum(), diastole_power[p].sum()
        reference = s2_power.sum()
        floor = max(sums[1, late[0] : late[1]].mean(), least_power * reference)
        mid = sums[0, inner[0] : inner[1]].mean()
        for p in range(parts):
            row[p] = _to_decibels(sums[0, p] / floor)
            row[parts + p] = _to_decibels(sums[1, p] / floor)
        k = 2 * parts
        row[k] = _to_decibels(mid / floor)
        row[k + 1] = mid / reference - floor / reference
        row[k + 2] = _to_decibels(floor / reference)
        low = _mean_of(systole[i], inner, first)
        row[k + 3], row[k + 4] = low - s1[i, first], low - s2[i, first]
        k += 5
        for b in range(count):
            mid_db = _to_decibels(_mean_of(systole_power, inner, b))
            row[k + b] = mid_db - _to_decibels(_mean_of(diastole_power, late, b))
            row[k + count + b] = mid_db - s2[i, first + b]
        k += 2 * count
        for p in range(0, parts, 2):
            for b in bands:
                row[k] = 0.5 * (np.float64(systole[i, p, b]) + systole[i, p + 1, b]) - _mean_of(diastole[i], late, b)
                k += 1
        n = bands.shape[0]
        for j in range(n):
            b = bands[j]
            mid_db, late_db = _mean_of(systole[i], inner, b), _mean_of(diastole[i], late, b)
            row[k + j] = mid_db - s2[i, b]
            row[k + n + j] = mid_db - s1[i, b]
            row[k + 2 * n + j] = _mean_of(diastole[i], early, b) - late_db
            row[k + 3 * n + j] = _mean_of(diastole[i], middle, b) - late_db
            row[k + 4 * n + j] = late_db - s2[i, b]
            row[k + 5 * n + j] = mid_db - _mean_of(diastole[i], whole, b)
            row[k + 6 * n + j] = mid_db - late_db
        k += 7 * n
        for b in range(s1.shape[1]):
            row[k + b] = np.float64(s1[i, b]) - s2[i, b]
        k += s1.shape[1]
        row[k], row[k + 1] = 0.0, 0.0
        for b in sound_bands:
            between = 0.5 * (_mean_of(systole[i], whole, b) + _mean_of(diastole[i], whole, b))
            row[k] += (s1[i, b] - between) / sound_bands.shape[0]
            row[k + 1] += (s2[i, b] - between) / sound_bands.shape[0]


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
