"""Levels within each cardiac cycle, from the shared power spectra, and sums over each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.exponential import exponential, natural_log
from murmur.kernels.spectra import Filterbank, band_power

DECIBELS_PER_LOG_64 = 10.0 / np.log(10.0)
DECIBELS_PER_LOG = np.float32(DECIBELS_PER_LOG_64)
#: −150 dB: nothing is compared with less.
LEAST_RATIO = 1e-15
#: Numbers computed together: they fit into the fastest cache.
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
def _mean_spectrum(
    power: np.ndarray,
    first_frame: int,
    start: float,
    stop: float,
    shares: tuple[float, float],
    floor: float,
    out: np.ndarray,
) -> None:
    """Mean level of each bin between two shares of the time from `start` to `stop`; `out` (bins,)."""
    length = stop - start
    first, last = _frames_between(start + shares[0] * length, start + shares[1] * length, first_frame, power.shape[0])
    levels = np.empty((last - first, power.shape[1]), dtype=np.float32)
    decibels(power[first:last].reshape(-1), floor, levels.reshape(-1))
    _mean(levels, out)


class Levels(NamedTuple):
    """Levels of each cycle, dB, float32: see `murmur.measure.cycles.CycleLevels`.

    Attributes
    ----------
    s1, s2 : shape (cycles, bands)
    systole, diastole : shape (cycles, parts, bands)
    systole_spectrum, late_diastole_spectrum : shape (cycles, bins)
    """

    s1: np.ndarray
    s2: np.ndarray
    systole: np.ndarray
    diastole: np.ndarray
    systole_spectrum: np.ndarray
    late_diastole_spectrum: np.ndarray


class LevelRules(NamedTuple):
    """Where and down to what power levels are measured.

    Attributes
    ----------
    floor : float
        Least power.
    mid_systole, late_diastole : tuple of float
        First and last share of systole, and of diastole, of which the spectra are taken.
    """

    floor: float
    mid_systole: tuple[float, float]
    late_diastole: tuple[float, float]


@kernel()
def measure_levels(
    power: np.ndarray, first_frame: int, bounds: np.ndarray, filterbank: Filterbank, rules: LevelRules, out: Levels
) -> None:
    """Measure the levels of each cycle.

    Parameters
    ----------
    power : float32, shape (frames, bins)
        The first frame is frame `first_frame` of the recording.
    first_frame : int
    bounds : float64, shape (cycles, 5)
        Onsets of S1, systole, S2, diastole and the next S1, in frames of the recording.
    filterbank : Filterbank
    rules : LevelRules
    out : Levels, output
    """
    n, floor = power.shape[0], rules.floor
    for i in range(bounds.shape[0]):
        s1_on, systole_on, s2_on, diastole_on, end_on = bounds[i]
        begin = min(max(int(np.floor(s1_on)) - first_frame, 0), n - 1)
        cycle = power[begin : min(int(np.ceil(end_on)) + 1 - first_frame, n)]
        levels = np.empty((cycle.shape[0], out.s1.shape[1]), dtype=np.float32)
        band_power(cycle, filterbank, levels)
        decibels(levels.reshape(-1), floor, levels.reshape(-1))
        first = first_frame + begin
        peak_level(levels, first, s1_on, systole_on, out.s1[i])
        peak_level(levels, first, s2_on, diastole_on, out.s2[i])
        profile(levels, first, systole_on, s2_on, out.systole[i])
        profile(levels, first, diastole_on, end_on, out.diastole[i])
        _mean_spectrum(cycle, first, systole_on, s2_on, rules.mid_systole, floor, out.systole_spectrum[i])
        _mean_spectrum(cycle, first, diastole_on, end_on, rules.late_diastole, floor, out.late_diastole_spectrum[i])


class ComparisonRules(NamedTuple):
    """Which bands and parts are compared.

    Attributes
    ----------
    murmur_bands : tuple of int
        First band of a murmur, and one past the last: their powers are added.
    bands : int64, shape (bands compared one by one,)
    sound_bands : int64, shape (bands in which heart sounds stand out,)
    mid_systole, late_diastole, early_diastole, middle_diastole : tuple of int
        First part, and one past the last.
    least_power : float
        Late diastole counts as no quieter than this share of S2's power.
    """

    murmur_bands: tuple[int, int]
    bands: np.ndarray
    sound_bands: np.ndarray
    mid_systole: tuple[int, int]
    late_diastole: tuple[int, int]
    early_diastole: tuple[int, int]
    middle_diastole: tuple[int, int]
    least_power: float


@kernel(inner=True)
def _mean_of(values: np.ndarray, parts: tuple[int, int], band: int) -> float:
    """Mean over some parts of one band; `values` (parts, bands)."""
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
def compare_levels(levels: Levels, rules: ComparisonRules, out: np.ndarray) -> None:
    """Compare each cycle's parts, dB.

    Parameters
    ----------
    levels : Levels
    rules : ComparisonRules
    out : shape (cycles,), output
        Of `murmur.measure.comparison.COMPARISON`, or another type with fields of those names.
    """
    for i in range(out.shape[0]):
        _compare_murmur(levels.s1[i], levels.s2[i], levels.systole[i], levels.diastole[i], rules, out[i])
        _compare_bands(levels.s1[i], levels.s2[i], levels.systole[i], levels.diastole[i], rules, out[i])


@kernel(inner=True)
def _compare_murmur(
    s1: np.ndarray, s2: np.ndarray, systole: np.ndarray, diastole: np.ndarray, rules: ComparisonRules, row: np.ndarray
) -> None:
    """Compare the powers of a murmur's bands, together and one by one."""
    parts, first, count = systole.shape[0], rules.murmur_bands[0], rules.murmur_bands[1] - rules.murmur_bands[0]
    mid, late = rules.mid_systole, rules.late_diastole
    systole_power, diastole_power = np.empty((2, parts, count))
    s2_power, systole_sum, diastole_sum = np.empty(count), np.empty(parts), np.empty(parts)
    _to_power(s2, first, s2_power)
    for p in range(parts):
        _to_power(systole[p], first, systole_power[p])
        _to_power(diastole[p], first, diastole_power[p])
        systole_sum[p], diastole_sum[p] = systole_power[p].sum(), diastole_power[p].sum()
    reference = s2_power.sum()
    floor = max(diastole_sum[late[0] : late[1]].mean(), rules.least_power * reference)
    mid_power = systole_sum[mid[0] : mid[1]].mean()
    systole_db, diastole_db = row["profile"], row["diastole_profile"]
    for p in range(parts):
        systole_db[p] = _to_decibels(systole_sum[p] / floor)
        diastole_db[p] = _to_decibels(diastole_sum[p] / floor)
    row["mid_systole"] = _to_decibels(mid_power / floor)
    row["excess"] = mid_power / reference - floor / reference
    row["late_diastole"] = _to_decibels(floor / reference)
    low = _mean_of(systole, mid, first)
    row["low_against_s1"], row["low_against_s2"] = low - s1[first], low - s2[first]
    above_late, against_s2 = row["above_late_by_band"], row["against_s2_by_band"]
    for b in range(count):
        mid_db = _to_decibels(_mean_of(systole_power, mid, b))
        above_late[b] = mid_db - _to_decibels(_mean_of(diastole_power, late, b))
        against_s2[b] = mid_db - s2[first + b]


@kernel(inner=True)
def _compare_bands(
    s1: np.ndarray, s2: np.ndarray, systole: np.ndarray, diastole: np.ndarray, rules: ComparisonRules, row: np.ndarray
) -> None:
    """Compare mean levels band by band, and how far the heart sounds stand out."""
    whole, pairs = (0, systole.shape[0]), row["pairs_above_late"]
    mid_against_s2, mid_against_s1, mid_above_late = row["mid_against_s2"], row["mid_against_s1"], row["mid_above_late"]
    early, middle = row["early_above_late"], row["middle_above_late"]
    late_against_s2, mid_above_diastole = row["late_against_s2"], row["mid_above_diastole"]
    for j in range(rules.bands.shape[0]):
        b = rules.bands[j]
        mid_db, late_db = _mean_of(systole, rules.mid_systole, b), _mean_of(diastole, rules.late_diastole, b)
        for p in range(0, systole.shape[0], 2):
            pairs[p // 2, j] = 0.5 * (np.float64(systole[p, b]) + systole[p + 1, b]) - late_db
        mid_against_s2[j] = mid_db - s2[b]
        mid_against_s1[j] = mid_db - s1[b]
        early[j] = _mean_of(diastole, rules.early_diastole, b) - late_db
        middle[j] = _mean_of(diastole, rules.middle_diastole, b) - late_db
        late_against_s2[j] = late_db - s2[b]
        mid_above_diastole[j] = mid_db - _mean_of(diastole, whole, b)
        mid_above_late[j] = mid_db - late_db
    s1_against_s2, stand_out = row["s1_against_s2"], row["sounds_stand_out"]
    for b in range(s1.shape[0]):
        s1_against_s2[b] = np.float64(s1[b]) - s2[b]
    stand_out[0] = stand_out[1] = 0.0
    for b in rules.sound_bands:
        between = 0.5 * (_mean_of(systole, whole, b) + _mean_of(diastole, whole, b))
        stand_out[0] += (s1[b] - between) / rules.sound_bands.shape[0]
        stand_out[1] += (s2[b] - between) / rules.sound_bands.shape[0]


@kernel()
def sum_scores(
    scores: np.ndarray, log_posteriors: np.ndarray, spans: np.ndarray, weight: np.ndarray, score: np.ndarray
) -> None:
    """Add up each state's posteriors, and the scores weighted by them, over each cycle.

    Parameters
    ----------
    scores : float32, shape (frames, states·classes)
    log_posteriors : float32, shape (frames, states)
    spans : int64, shape (2, cycles)
        First frame of each cycle, and one past the last.
    weight : float64, shape (cycles, states), output
    score : float64, shape (cycles, states, classes), output
    """
    cycles, states, classes = score.shape
    weight[:] = 0.0
    score[:] = 0.0
    for i in range(cycles):
        start, stop = spans[0, i], spans[1, i]
        posterior = np.empty((stop - start, states), dtype=np.float32)
        exponential(log_posteriors[start:stop].reshape(-1), posterior.reshape(-1))
        for k in range(stop - start):
            for s in range(states):
                share = np.float64(posterior[k, s])
                weight[i, s] += share
                for c in range(classes):
                    score[i, s, c] += share * scores[start + k, s * classes + c]
