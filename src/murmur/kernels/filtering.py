"""Recursive filtering and the taming of friction spikes, sample by sample with carried state."""

from __future__ import annotations

import numpy as np

from murmur.kernels import FUSED, kernel

LEAST_PEAKS = 3
#: A window whose peak is below this share of the usual one says nothing about how loud a heart sound is: a diastole, or lost
#: contact. When this many of them have followed one another, it is the gain that has changed.
QUIET_SHARE = 0.1
LONGEST_QUIET = 20
#: Samples that are looked at together.
STRETCH = 256


@kernel(fastmath=FUSED)
def biquad(samples: np.ndarray, coefficients: np.ndarray, state: np.ndarray) -> None:
    """Filter float32 `samples` in place by one second-order section (b0, b1, b2, a1, a2), direct form I.

    `state` is the last two inputs and the last two outputs, newest first. In this form the next output waits for one product
    with the last one, and for nothing else.
    """
    b0, b1, b2, a1, a2 = coefficients
    x1, x2, y1, y2 = state
    for i in range(samples.shape[0]):
        x = np.float64(samples[i])
        y = (b0 * x + b1 * x1 + b2 * x2 - a2 * y2) - a1 * y1
        x1, x2, y1, y2 = x, x1, y, y1
        samples[i] = np.float32(y)
    state[0], state[1], state[2], state[3] = x1, x2, y1, y2


@kernel()
def limit_spikes(
    samples: np.ndarray,
    begin: int,
    first: int,
    window: int,
    longest_lobe: int,
    factor: float,
    peaks: np.ndarray,
    state: np.ndarray,
    limited: np.ndarray,
) -> int:
    """Scale down, in place, each lobe that stands out of the trailing window peaks; return how many samples are settled.

    A lobe runs from one zero crossing to the next (at most `longest_lobe` samples). `samples[begin:]` has not been looked
    at, `samples[0]` is sample number `first`. `peaks` holds the peaks of the last few windows, newest last, zero where none
    has been. `state` is (peak of the window in progress; start of the lobe in progress relative to samples; its peak; its
    sign; the usual peak: see `_usual_peak`; the first sample that is not silent; how many quiet windows have followed one
    another). `limited[i]` becomes 1 for samples in a lobe that was scaled.
    """
    window_peak, lobe_start, lobe_peak, sign = state[0], int(state[1]), state[2], state[3]
    usual, begun, quiet = state[4], state[5], state[6]
    count = peaks.shape[0]
    left = window - (first + begin - int(begun)) % window  # samples until the window in progress is complete
    at, end = begin, samples.shape[0]
    while at < end:
        stop = min(at + min(STRETCH, left), end)
        top = _largest(samples[at:stop]) if begun >= 0.0 and usual > 0.0 else np.inf
        if max(top, lobe_peak) <= factor * usual:  # no lobe stands out: where the last one begins is all that counts
            start = _last_lobe(samples, at, stop, lobe_start, sign, longest_lobe)
            if start > lobe_start:
                lobe_start, lobe_peak = start, 0.0
            lobe_peak = max(lobe_peak, _largest(samples[max(start, at) : stop]))
            sign = 1.0 if samples[stop - 1] >= 0.0 else -1.0
            window_peak = max(window_peak, top)
            left -= stop - at
            at = stop
        else:
            x = np.float64(samples[at])
            now = 1.0 if x >= 0.0 else -1.0
            if now != sign or at - lobe_start >= longest_lobe:
                if usual > 0.0 and lobe_peak > factor * usual:
                    scale = np.float32(usual / lobe_peak)
                    for j in range(lobe_start, at):
                        samples[j] *= scale
                        limited[j] = 1
                lobe_start, lobe_peak, sign = at, 0.0, now
            lobe_peak = max(lobe_peak, abs(x))
            window_peak = max(window_peak, abs(x))
            at += 1
            if begun < 0.0:
                if x == 0.0:
                    continue
                begun = first + at - 1
                left = window
            left -= 1
        if left == 0:
            left = window
            if window_peak > 0.0:
                quiet = quiet + 1.0 if window_peak < QUIET_SHARE * usual else 0.0
            if window_peak > 0.0 and (quiet == 0.0 or quiet > LONGEST_QUIET):
                for j in range(count - 1):
                    peaks[j] = peaks[j + 1]
                peaks[count - 1] = window_peak
                usual = _usual_peak(peaks)
            window_peak = 0.0
    state[0], state[1], state[2], state[3] = window_peak, lobe_start, lobe_peak, sign
    state[4], state[5], state[6] = usual, begun, quiet
    return lobe_start


@kernel(inner=True)
def _last_lobe(samples: np.ndarray, at: int, stop: int, lobe_start: int, sign: float, longest_lobe: int) -> int:
    """Where the lobe begins that is in progress after `samples[at:stop]`; before them it had begun at `lobe_start`."""
    positive = samples[stop - 1] >= 0.0
    start = stop - 1
    while start > at and (samples[start - 1] >= 0.0) == positive:
        start -= 1
    if start == at and positive == (sign > 0.0):
        start = lobe_start
    return start + (stop - 1 - start) // longest_lobe * longest_lobe


@kernel(inner=True)
def _usual_peak(peaks: np.ndarray) -> float:
    """Upper quartile of the peaks, the nearest of them; the largest while some are still missing.

    0 (not known) below three: a recording may begin with a long diastole, and the first beat after it is no spike.
    """
    ordered = peaks.copy()
    for i in range(1, ordered.shape[0]):
        value, k = ordered[i], i
        while k > 0 and ordered[k - 1] > value:
            ordered[k] = ordered[k - 1]
            k -= 1
        ordered[k] = value
    known = 0
    for value in ordered:
        if value > 0.0:
            known += 1
    if known < LEAST_PEAKS:
        return 0.0
    if known < ordered.shape[0]:
        return float(ordered[-1])
    return float(ordered[(3 * (known - 1) + 2) // 4])


@kernel(fastmath={"nnan", "reassoc"}, inner=True)
def _largest(samples: np.ndarray) -> float:
    top = np.float32(0.0)
    for x in samples:
        top = max(top, abs(x))
    return top


@kernel()
def count_clipped(samples: np.ndarray, run: int, state: np.ndarray) -> None:
    """Count samples in flat tops: `run` or more equal samples in a row at the largest magnitude seen so far.

    `state` is (largest magnitude, last sample, length of the run in progress, clipped samples at that magnitude). Most
    stretches come nowhere near the top and are passed over.
    """
    largest, last, length, clipped = state[0], state[1], state[2], state[3]
    for begin in range(0, samples.shape[0], STRETCH):
        stretch = samples[begin : begin + STRETCH]
        if _largest(stretch) < 0.98 * largest:
            last, length = np.float64(stretch[-1]), 1.0
            continue
        for value in stretch:
            x = np.float64(value)
            length = length + 1.0 if x == last and x != 0.0 else 1.0
            last = x
            magnitude = abs(x)
            if magnitude > largest:
                # a new, clearly higher top: what was flat below it was no clipping
                if magnitude > 1.02 * largest:
                    clipped = 0.0
                largest = magnitude
            if magnitude >= 0.98 * largest and length >= run:
                clipped += run if length == run else 1.0
    state[0], state[1], state[2], state[3] = largest, last, length, clipped
