"""Recursive filtering, limiting of friction spikes, counting of clipped samples; state is carried from block to block."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from murmur.kernels import FUSED, kernel

LEAST_PEAKS = 3
#: A window whose peak is below this share of the reference says nothing about how loud a heart sound is: a diastole, or lost
#: contact. After this many of them in a row, it is the gain that has changed.
QUIET_SHARE = 0.1
LONGEST_QUIET = 20
#: Samples examined together.
STRETCH = 256
#: Values from this share of the largest magnitude on count as being at it.
TOP_SHARE = 0.98


#: A second-order section: its coefficients (a0 = 1), and the last two inputs and outputs, newest first.
SECTION = np.dtype([(name, np.float64) for name in ("b0", "b1", "b2", "a1", "a2", "x1", "x2", "y1", "y2")])


@kernel(fastmath=FUSED)
def biquad(samples: np.ndarray, section: np.ndarray) -> None:
    """Filter samples in place by one second-order section, direct form I.

    In this form the next output waits for one product with the last output, and for nothing else.

    Parameters
    ----------
    samples : float32, shape (samples,), changed
    section : SECTION, shape (1,), changed
    """
    s = section[0]
    b0, b1, b2, a1, a2 = s["b0"], s["b1"], s["b2"], s["a1"], s["a2"]
    x1, x2, y1, y2 = s["x1"], s["x2"], s["y1"], s["y2"]
    for i in range(samples.shape[0]):
        x = np.float64(samples[i])
        y = (b0 * x + b1 * x1 + b2 * x2 - a2 * y2) - a1 * y1
        x1, x2, y1, y2 = x, x1, y, y1
        samples[i] = np.float32(y)
    s["x1"], s["x2"], s["y1"], s["y2"] = x1, x2, y1, y2


class SpikeRule(NamedTuple):
    """When a lobe, from one zero crossing to the next, is a friction spike.

    Attributes
    ----------
    window : int
        Samples in which one peak is taken.
    longest_lobe : int
        Samples after which a lobe is cut.
    factor : float
        A lobe above this many times the reference peak is a spike.
    """

    window: int
    longest_lobe: int
    factor: float


#: State of `limit_spikes`: the first sample that is not silent (−1: none yet); samples until the window in progress is
#: complete, and its peak; start (relative to the block), peak and sign of the lobe in progress; the reference peak (0: not
#: known yet); quiet windows in a row.
SPIKES = np.dtype(
    [
        ("first_sound", np.int64),
        ("window_peak", np.float64),
        ("lobe_start", np.int64),
        ("lobe_peak", np.float64),
        ("lobe_sign", np.float64),
        ("reference", np.float64),
        ("quiet", np.int64),
    ]
)


@kernel()
def limit_spikes(
    samples: np.ndarray, begin: int, first: int, rule: SpikeRule, peaks: np.ndarray, state: np.ndarray, limited: np.ndarray
) -> int:
    """Scale down each lobe that stands out of the trailing window peaks; return how many samples are settled.

    Parameters
    ----------
    samples : float32, shape (samples,), changed
        The first is sample number `first`; those from `begin` on are new.
    begin, first : int
    rule : SpikeRule
    peaks : float64, shape (windows,), changed
        Peaks of the last few windows, newest last; 0 where there was none.
    state : SPIKES, shape (1,), changed
    limited : uint8, shape (samples,), changed
        Becomes 1 for samples in a lobe that was scaled.
    """
    s = state[0]
    first_sound, window_peak, reference, quiet = s["first_sound"], s["window_peak"], s["reference"], s["quiet"]
    lobe_start, lobe_peak, sign = s["lobe_start"], s["lobe_peak"], s["lobe_sign"]
    left = rule.window - (first + begin - first_sound) % rule.window  # samples until the window is complete
    at, end = begin, samples.shape[0]
    while at < end:
        stop = min(at + min(STRETCH, left), end)
        top = _largest(samples[at:stop]) if first_sound >= 0 and reference > 0.0 else np.inf
        if max(top, lobe_peak) <= rule.factor * reference:  # no lobe stands out: only the start and peak of the last count
            start = _last_lobe(samples, at, stop, lobe_start, sign, rule.longest_lobe)
            lobe_peak = max(lobe_peak if start == lobe_start else 0.0, _largest(samples[max(start, at) : stop]))
            lobe_start, sign = start, 1.0 if samples[stop - 1] >= 0.0 else -1.0
            window_peak = max(window_peak, top)
            left -= stop - at
            at = stop
        else:
            x = np.float64(samples[at])
            now = 1.0 if x >= 0.0 else -1.0
            if now != sign or at - lobe_start >= rule.longest_lobe:
                if reference > 0.0 and lobe_peak > rule.factor * reference:
                    scale = np.float32(reference / lobe_peak)
                    for j in range(lobe_start, at):
                        samples[j] *= scale
                        limited[j] = 1
                lobe_start, lobe_peak, sign = at, 0.0, now
            lobe_peak, window_peak = max(lobe_peak, abs(x)), max(window_peak, abs(x))
            at += 1
            if first_sound < 0:
                if x == 0.0:
                    continue
                first_sound, left = first + at - 1, rule.window
            left -= 1
        if left == 0:
            reference, quiet = _close_window(peaks, window_peak, reference, quiet)
            left, window_peak = rule.window, 0.0
    s["first_sound"], s["window_peak"], s["reference"], s["quiet"] = first_sound, window_peak, reference, quiet
    s["lobe_start"], s["lobe_peak"], s["lobe_sign"] = lobe_start, lobe_peak, sign
    return lobe_start


@kernel(inner=True)
def _close_window(peaks: np.ndarray, window_peak: float, reference: float, quiet: int) -> tuple[float, int]:
    """Let a complete window count in the reference peak, unless it is silent or far too quiet; return that and `quiet`."""
    if window_peak > 0.0:
        quiet = quiet + 1 if window_peak < QUIET_SHARE * reference else 0
        if quiet == 0 or quiet > LONGEST_QUIET:
            for j in range(peaks.shape[0] - 1):
                peaks[j] = peaks[j + 1]
            peaks[-1] = window_peak
            reference = _reference_peak(peaks)
    return reference, quiet


@kernel(inner=True)
def _last_lobe(samples: np.ndarray, at: int, stop: int, lobe_start: int, sign: float, longest_lobe: int) -> int:
    """Start of the lobe in progress after ``samples[at:stop]``; the one in progress before began at `lobe_start`."""
    positive = samples[stop - 1] >= 0.0
    start = stop - 1
    while start > at and (samples[start - 1] >= 0.0) == positive:
        start -= 1
    if start == at and positive == (sign > 0.0):
        start = lobe_start
    return start + (stop - 1 - start) // longest_lobe * longest_lobe


@kernel(inner=True)
def _reference_peak(peaks: np.ndarray) -> float:
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


#: State of `count_clipped`: the largest magnitude, the last sample, the length of the run of equal samples in progress, and
#: the samples clipped at that magnitude.
CLIPPING = np.dtype([("largest", np.float64), ("last", np.float64), ("run", np.int64), ("clipped", np.int64)])


@kernel()
def count_clipped(samples: np.ndarray, shortest_run: int, state: np.ndarray) -> None:
    """Count samples in flat tops: `shortest_run` or more equal samples in a row at the largest magnitude so far.

    Most samples come nowhere near the top and are passed over together.

    Parameters
    ----------
    samples : float32, shape (samples,)
    shortest_run : int
    state : CLIPPING, shape (1,), changed
    """
    s = state[0]
    largest, last, run, clipped = s["largest"], s["last"], s["run"], s["clipped"]
    for begin in range(0, samples.shape[0], STRETCH):
        stretch = samples[begin : begin + STRETCH]
        if _largest(stretch) < TOP_SHARE * largest:
            last, run = np.float64(stretch[-1]), 1
            continue
        for value in stretch:
            x = np.float64(value)
            run = run + 1 if x == last and x != 0.0 else 1
            last = x
            if abs(x) > largest:
                if abs(x) > 1.02 * largest:  # a clearly higher top: what was flat below it was not clipped
                    clipped = 0
                largest = abs(x)
            if abs(x) >= TOP_SHARE * largest and run >= shortest_run:
                clipped += shortest_run if run == shortest_run else 1
    s["largest"], s["last"], s["run"], s["clipped"] = largest, last, run, clipped
