"""Fine envelopes, and short sounds found in them: a second component of S2, S3, S4 and clicks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from murmur.kernels import FUSED, kernel
from murmur.kernels.layout import chunk_size, deinterleave

#: What `cycle_events` finds in a cycle, one field each: see `murmur.measure.sounds.CycleSounds`.
SOUNDS = np.dtype(
    [
        (name, np.float64)
        for name in (
            "s2_split_s", "s2_dip_db", "s3_level_db", "s3_prominence_db", "s3_lag_s", "s4_level_db", "s4_prominence_db",
            "s4_lead_s", "click_level_db", "click_prominence_db", "click_place", "systole_level_db",
        )
    ]
)  # fmt: skip
#: A lower power counts as this much: nothing is divided by zero.
LEAST_POWER = 1e-20
#: A peak is looked for in more frames than this.
FEWEST_FRAMES = 10


class GaborFilters(NamedTuple):
    """The right halves of Gabor filters; the left halves are their mirror images.

    Attributes
    ----------
    cosines, sines : float32, shape (filters, longest half + 1)
    halves : int64, shape (filters,)
        How far each filter reaches on either side of its centre, in samples; the first reaches farthest.
    """

    cosines: np.ndarray
    sines: np.ndarray
    halves: np.ndarray


@kernel()
def gabor_envelopes(samples: np.ndarray, first_centre: int, hop: int, filters: GaborFilters, out: np.ndarray) -> None:
    """Power of each Gabor filter at every `hop` samples.

    Parameters
    ----------
    samples : float32, shape (samples,)
    first_centre, hop : int
        Frame k is centred at ``samples[first_centre + k·hop]``.
    filters : GaborFilters
    out : float32, shape (frames, filters), output
    """
    reach, chunk = filters.halves[0], chunk_size(out.shape[0])
    phases = np.zeros((hop, chunk + (2 * reach) // hop + 1), dtype=np.float32)
    real, imag = np.empty(chunk, dtype=np.float32), np.empty(chunk, dtype=np.float32)
    for begin in range(0, out.shape[0], chunk):
        count = min(chunk, out.shape[0] - begin)
        deinterleave(samples, first_centre + begin * hop - reach, phases)
        for f in range(filters.halves.shape[0]):
            _correlate(phases, reach, filters.cosines[f], filters.sines[f], filters.halves[f], real[:count], imag[:count])
            for k in range(count):
                out[begin + k, f] = real[k] * real[k] + imag[k] * imag[k]


@kernel(fastmath=FUSED, inner=True)
def _correlate(
    phases: np.ndarray, centre: int, cosine: np.ndarray, sine: np.ndarray, half: int, real: np.ndarray, imag: np.ndarray
) -> None:
    """Real and imaginary part of one filter for many frames; a pair of mirror images is added and subtracted first."""
    hop = phases.shape[0]
    middle = phases[centre % hop, centre // hop :]
    for k in range(real.shape[0]):
        real[k] = cosine[0] * middle[k]
        imag[k] = np.float32(0.0)
    for n in range(1, half + 1):
        before, after = phases[(centre - n) % hop, (centre - n) // hop :], phases[(centre + n) % hop, (centre + n) // hop :]
        for k in range(real.shape[0]):
            real[k] += cosine[n] * (after[k] + before[k])
            imag[k] += sine[n] * (after[k] - before[k])


@kernel(inner=True)
def find_peak(envelope: np.ndarray, first: int, last: int) -> tuple[int, float]:
    """The highest peak strictly inside `first` to `last`: its frame and its prominence as a ratio of power.

    The prominence is against the higher of the minima on its two sides. (−1, 1) where there is no peak.
    """
    where = -1
    for k in range(first + 1, last - 1):
        here = envelope[k]
        if here >= envelope[k - 1] and here > envelope[k + 1] and (where < 0 or here > envelope[where]):
            where = k
    if where < 0:
        return where, 1.0
    dip = max(_base(envelope, where, first - 1, -1), _base(envelope, where, last, 1))
    return where, envelope[where] / dip if dip > 0.0 else 1.0


@kernel(inner=True)
def _base(envelope: np.ndarray, peak: int, stop: int, step: int) -> float:
    """Minimum from a peak towards `stop`, up to where the envelope rises above the peak."""
    lowest = envelope[peak]
    for j in range(peak + step, stop, step):
        if envelope[j] > envelope[peak]:
            break
        lowest = min(lowest, envelope[j])
    return lowest


@kernel(inner=True)
def _to_decibels(ratio: float) -> float:
    return 10.0 * np.log10(ratio)


@kernel()
def cycle_events(
    low: np.ndarray, middle: np.ndarray, high: np.ndarray, first_frame: int, bounds: np.ndarray, rate: float, out: np.ndarray
) -> None:
    """Short sounds in each cycle; NaN where there is none.

    Parameters
    ----------
    low, middle, high : float32, shape (frames,)
        Envelopes in three bands; the first frame is frame `first_frame` of the recording.
    first_frame : int
    bounds : float64, shape (cycles, 5)
        Onsets of S1, systole, S2, diastole and the next S1, in frames of the recording.
    rate : float
        Frames a second.
    out : SOUNDS, shape (cycles,), output
    """
    n = low.shape[0]
    for i in range(bounds.shape[0]):
        found = out[i]
        # whole frames, so that the result does not depend on where the envelopes begin
        s1, systole, s2, diastole, end = np.floor(bounds[i] + 0.5) - first_frame
        s1_power = _largest(low, s1, systole)
        first, last = max(int(s2 - 0.02 * rate), 0), min(int(s2 + 0.14 * rate), n)
        found["s2_split_s"], found["s2_dip_db"] = _split(middle, first, last, rate)
        # S3: 80 to 220 ms after S2 begins, well before the next S1
        first = max(int(s2 + 0.10 * rate), int(diastole), 0)
        last = min(int(s2 + 0.26 * rate), int(end - 0.09 * rate), n)
        level_db, prominence_db, place = _gallop(low, first, last, s1_power)
        found["s3_level_db"], found["s3_prominence_db"], found["s3_lag_s"] = level_db, prominence_db, (place - s2) / rate
        # S4: 200 to 60 ms before S1
        first, last = max(int(end - 0.24 * rate), int(diastole + 0.05 * rate), 0), min(int(end - 0.02 * rate), n)
        level_db, prominence_db, place = _gallop(low, first, last, s1_power)
        found["s4_level_db"], found["s4_prominence_db"], found["s4_lead_s"] = level_db, prominence_db, (end - place) / rate
        first, last = max(int(systole + 0.02 * rate), 0), min(int(s2 - 0.02 * rate), n)
        level_db, prominence_db, place, systole_db = _click(high, first, last, _largest(high, s2, diastole))
        found["click_level_db"], found["click_prominence_db"] = level_db, prominence_db
        found["click_place"] = (place - systole) / max(s2 - systole, 1.0)
        found["systole_level_db"] = systole_db


@kernel(inner=True)
def _gallop(low: np.ndarray, first: int, last: int, s1_power: float) -> tuple[float, float, float]:
    """Level against S1 (dB), prominence (dB) and frame of the highest peak, S3 or S4; NaN where there is none."""
    if last - first > FEWEST_FRAMES:
        place, prominence = find_peak(low, first, last)
        if place >= 0:
            return _to_decibels(low[place] / s1_power), _to_decibels(prominence), float(place)
    return np.nan, np.nan, np.nan


@kernel(inner=True)
def _click(high: np.ndarray, first: int, last: int, s2_power: float) -> tuple[float, float, float, float]:
    """Level of the highest peak against S2 and above systole's median (dB), its frame, and the median against S2 (dB)."""
    if last - first <= FEWEST_FRAMES:
        return np.nan, np.nan, np.nan, np.nan
    median = max(nth_smallest(high[first:last], (last - first) // 2), LEAST_POWER)
    systole_db = _to_decibels(median / s2_power)
    place, _ = find_peak(high, first, last)
    if place < 0:
        return np.nan, np.nan, np.nan, systole_db
    return _to_decibels(high[place] / s2_power), _to_decibels(high[place] / median), float(place), systole_db


@kernel(inner=True)
def nth_smallest(values: np.ndarray, n: int) -> float:
    """The value with rank `n` from 0 on, of float32 `values` that are not negative.

    Such numbers are ordered as their bits are: the answer's bits are found by bisection, without sorting.
    """
    bits = values.view(np.int32)
    low, high = 0, 0x7F800000  # zero and infinity
    while low < high:
        middle = (low + high) // 2
        count = 0
        for k in range(bits.shape[0]):
            count += bits[k] <= middle
        if count > n:
            high = middle
        else:
            low = middle + 1
    for k in range(bits.shape[0]):
        if bits[k] == low:
            return values[k]
    return np.inf


@kernel(inner=True)
def _largest(envelope: np.ndarray, start: float, stop: float) -> float:
    n = envelope.shape[0]
    first = min(max(int(start), 0), n - 1)
    top = envelope[first]
    for k in range(first, min(max(int(stop), first + 1), n)):
        top = max(top, envelope[k])
    return max(float(top), LEAST_POWER)


@kernel(inner=True)
def _split(envelope: np.ndarray, first: int, last: int, rate: float) -> tuple[float, float]:
    """Interval (s) between S2's two components and the depth (dB) of the dip between their peaks; NaN where there is one.

    The components are the largest peak and the largest other within 110 ms with a dip between them. The frequencies in one
    component beat and can give it two humps: the interval is between the centres of what rises above the dip on its two
    sides, each as far out as 1.25 times the distance of the peaks.
    """
    top = first
    for k in range(first, last):
        if envelope[k] > envelope[top]:
            top = k
    other, dip = -1, -1
    depth = 1.0
    for k in range(first + 1, last - 1):
        here = envelope[k]
        if abs(k - top) < 0.015 * rate or abs(k - top) > 0.11 * rate:
            continue
        if here < envelope[k - 1] or here <= envelope[k + 1] or here < 0.03 * envelope[top]:
            continue
        lowest = min(k, top)
        for j in range(min(k, top), max(k, top)):
            if envelope[j] < envelope[lowest]:
                lowest = j
        if here > depth * envelope[lowest] and envelope[lowest] > 0.0:
            depth = here / envelope[lowest]
            other, dip = k, lowest
    if other < 0:
        return np.nan, np.nan
    reach = int(1.25 * abs(other - top))
    before = _centroid(envelope, max(first, dip - reach), dip, dip)
    after = _centroid(envelope, dip + 1, min(last, dip + reach + 1), dip)
    return (after - before) / rate, _to_decibels(depth)


@kernel(inner=True)
def _centroid(envelope: np.ndarray, first: int, last: int, dip: int) -> float:
    """Centroid, counted from the dip, of what rises above the envelope there."""
    total, moment = 0.0, 0.0
    for k in range(first, last):
        above = max(float(envelope[k]) - envelope[dip], 0.0)
        total += above
        moment += above * (k - dip)  # counted from the dip, so that where the envelope begins does not matter
    return moment / total
