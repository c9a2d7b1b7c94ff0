"""Fine envelopes, and short sounds found in them: a second component of S2, S3, S4 and clicks."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.lanes import deal, room_for
from murmur.kernels.vectors import WIDTH, add, add_scaled, load, multiply, same, scale, store, subtract


@kernel()
def gabor_envelopes(
    samples: np.ndarray,
    first_centre: int,
    hop: int,
    cosines: np.ndarray,
    sines: np.ndarray,
    halves: np.ndarray,
    out: np.ndarray,
) -> None:
    """Power of each Gabor filter at every `hop` samples; `cosines` and `sines` are (filters, longest half + 1).

    `halves[f]` is how far filter f reaches on either side of its centre, the first filter farthest; `out` is (frames,
    filters). A filter's left half is its right one's mirror image, so that samples are added and subtracted in pairs first.
    """
    filters, reach = halves.shape[0], halves[0]
    chunk = room_for(out.shape[0])
    lanes = np.zeros((hop, chunk + (2 * reach) // hop + 1), dtype=np.float32)
    power = np.empty((filters, chunk), dtype=np.float32)
    for begin in range(0, out.shape[0], chunk):
        count = min(chunk, out.shape[0] - begin)
        deal(samples, first_centre + begin * hop - reach, lanes, lanes.shape[1])
        for f in range(filters):
            for first in range(0, count, 2 * WIDTH):
                _gabor_power(lanes, reach, first, cosines, sines, f, halves[f], power)
        for k in range(count):
            for f in range(filters):
                out[begin + k, f] = power[f, k]


@kernel(inner=True)
def _gabor_power(
    lanes: np.ndarray,
    centre: int,
    first: int,
    cosines: np.ndarray,
    sines: np.ndarray,
    f: int,
    half: int,
    power: np.ndarray,
) -> None:
    """Power of filter `f` for two vectors of frames from frame `first` on, each centred at the lanes' sample `centre`."""
    hop = lanes.shape[0]
    left_row, left = centre % hop, centre // hop + first
    right_row, right = left_row, left
    real_a = scale(cosines[f, 0], load(lanes, left_row, left))
    real_b = scale(cosines[f, 0], load(lanes, left_row, left + WIDTH))
    imag_a, imag_b = same(np.float32(0.0)), same(np.float32(0.0))
    for n in range(1, half + 1):
        left_row -= 1
        if left_row < 0:
            left_row, left = hop - 1, left - 1
        right_row += 1
        if right_row == hop:
            right_row, right = 0, right + 1
        before_a, before_b = load(lanes, left_row, left), load(lanes, left_row, left + WIDTH)
        after_a, after_b = load(lanes, right_row, right), load(lanes, right_row, right + WIDTH)
        real_a = add_scaled(cosines[f, n], add(after_a, before_a), real_a)
        real_b = add_scaled(cosines[f, n], add(after_b, before_b), real_b)
        imag_a = add_scaled(sines[f, n], subtract(after_a, before_a), imag_a)
        imag_b = add_scaled(sines[f, n], subtract(after_b, before_b), imag_b)
    store(power, f, first, add(multiply(real_a, real_a), multiply(imag_a, imag_a)))
    store(power, f, first + WIDTH, add(multiply(real_b, real_b), multiply(imag_b, imag_b)))


@kernel(inner=True)
def find_peak(envelope: np.ndarray, first: int, last: int) -> tuple[int, float]:
    """The highest peak strictly inside `first` to `last`: its place and its prominence as a ratio of power.

    The prominence is against the higher of the least values on its two sides. (−1, 1) where there is none.
    """
    where = -1
    for k in range(first + 1, last - 1):
        here = envelope[k]
        if here >= envelope[k - 1] and here > envelope[k + 1] and (where < 0 or here > envelope[where]):
            where = k
    if where < 0:
        return where, 1.0
    here = envelope[where]
    left = here
    j = where - 1
    while j >= first and envelope[j] <= here:
        left = min(left, envelope[j])
        j -= 1
    right = here
    j = where + 1
    while j < last and envelope[j] <= here:
        right = min(right, envelope[j])
        j += 1
    dip = max(left, right)
    return where, here / dip if dip > 0.0 else 1.0


@kernel()
def cycle_events(
    low: np.ndarray,
    middle: np.ndarray,
    high: np.ndarray,
    first_frame: int,
    bounds: np.ndarray,
    rate: float,
    out: np.ndarray,
) -> None:
    """Short sounds in each cycle with boundaries `bounds` (cycles, 5), in frames of the recording; `out` is (cycles, 12).

    The envelopes begin at frame `first_frame`.

    Columns: interval between S2's components in s (NaN: one peak) and the depth of the dip between them in dB; level of S3
    against S1 (low band), its prominence in dB, its place after S2 in s; the same of S4 with its place before S1; and level
    of a click against S2 (high band), its prominence, its place as a share of systole; level of systole's median in that
    band.
    """
    n = low.shape[0]
    for i in range(bounds.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.nan
        # whole frames, so that the result does not depend on where the envelopes begin
        s1, systole, s2, diastole, end = np.floor(bounds[i] + 0.5) - first_frame
        # peaks of the sounds themselves
        s1_low = _largest(low, s1, systole, n)
        s2_high = _largest(high, s2, diastole, n)
        # S2: the largest peak, and the largest other one within 120 ms with a dip between
        first, last = max(int(s2 - 0.02 * rate), 0), min(int(s2 + 0.14 * rate), n)
        gap, depth = _split(middle, first, last, rate)
        out[i, 0] = gap
        out[i, 1] = depth
        # S3: 80 to 220 ms after S2 begins, well before the next S1
        first = max(int(s2 + 0.10 * rate), int(diastole))
        last = min(int(s2 + 0.26 * rate), int(end - 0.09 * rate), n)
        if last - first > 10:
            place, prominence = find_peak(low, max(first, 0), last)
            if place >= 0:
                out[i, 2] = 10.0 * np.log10(low[place] / s1_low)
                out[i, 3] = 10.0 * np.log10(prominence)
                out[i, 4] = (place - s2) / rate
        # S4: 200 to 60 ms before S1
        first = max(int(end - 0.24 * rate), int(diastole + 0.05 * rate), 0)
        last = min(int(end - 0.02 * rate), n)
        if last - first > 10:
            place, prominence = find_peak(low, first, last)
            if place >= 0:
                out[i, 5] = 10.0 * np.log10(low[place] / s1_low)
                out[i, 6] = 10.0 * np.log10(prominence)
                out[i, 7] = (end - place) / rate
        # click: inside systole
        first, last = max(int(systole + 0.02 * rate), 0), min(int(s2 - 0.02 * rate), n)
        if last - first > 10:
            place, prominence = find_peak(high, first, last)
            usual = nth_smallest(high[first:last], (last - first) // 2)
            out[i, 11] = 10.0 * np.log10(max(usual, 1e-20) / max(s2_high, 1e-20))
            if place >= 0:
                out[i, 8] = 10.0 * np.log10(high[place] / max(s2_high, 1e-20))
                out[i, 9] = 10.0 * np.log10(high[place] / max(usual, 1e-20))
                out[i, 10] = (place - systole) / max(s2 - systole, 1.0)


@kernel(inner=True)
def nth_smallest(values: np.ndarray, n: int) -> float:
    """The value with `n` smaller or equal ones before it in order, of float32 `values` that are not negative.

    Such numbers are in order as their bits are: the answer's are found by halves, without sorting.
    """
    bits = values.view(np.int32)
    low, high = 0, 0x7F800000  # nothing and infinity
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
def _largest(envelope: np.ndarray, start: float, stop: float, n: int) -> float:
    first = min(max(int(start), 0), n - 1)
    top = envelope[first]
    for k in range(first, min(max(int(stop), first + 1), n)):
        top = max(top, envelope[k])
    return max(float(top), 1e-20)


@kernel(inner=True)
def _split(envelope: np.ndarray, first: int, last: int, rate: float) -> tuple[float, float]:
    """Interval (s) between S2's two components and the depth (dB) of the dip between their peaks; NaN where there is one.

    A component's own frequencies beat and can give it two humps: the interval is between the centres of what rises above the
    dip on its two sides, each as far out as 1.25 times the distance of the peaks.
    """
    top = first
    for k in range(first, last):
        if envelope[k] > envelope[top]:
            top = k
    other, parting = -1, -1
    depth = 1.0
    for k in range(first + 1, last - 1):
        if abs(k - top) < 0.015 * rate or abs(k - top) > 0.11 * rate:
            continue
        here = envelope[k]
        if here < envelope[k - 1] or here <= envelope[k + 1] or here < 0.03 * envelope[top]:
            continue
        lowest = min(k, top)
        for j in range(min(k, top), max(k, top)):
            if envelope[j] < envelope[lowest]:
                lowest = j
        dip = envelope[lowest]
        if here > depth * dip and dip > 0.0:
            depth = here / dip
            other, parting = k, lowest
    if other < 0:
        return np.nan, np.nan
    reach = int(1.25 * abs(other - top))
    before = _centre(envelope, max(first, parting - reach), parting, parting)
    after = _centre(envelope, parting + 1, min(last, parting + reach + 1), parting)
    return (after - before) / rate, 10.0 * np.log10(depth)


@kernel(inner=True)
def _centre(envelope: np.ndarray, first: int, last: int, parting: int) -> float:
    """Centre of gravity, from the parting on, of what rises above the envelope there."""
    total, moment = 0.0, 0.0
    for k in range(first, last):
        above = max(float(envelope[k]) - envelope[parting], 0.0)
        total += above
        moment += above * (k - parting)  # a sum that does not know where the envelope begins
    return moment / total
