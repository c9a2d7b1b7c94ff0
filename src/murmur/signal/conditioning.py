"""From samples at any rate to clean samples at 2 kHz, block by block on an exact sample clock."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.filtering import CLIPPING, SECTION, SPIKES, SpikeRule, biquad, count_clipped, limit_spikes
from murmur.kernels.resampling import Polyphase, resample
from murmur.settings import ANALYSIS_RATE_HZ, Settings
from murmur.signal.stream_buffer import prepend

Samples = NDArray[np.float32]

#: Heart sounds begin at about 20 Hz; below lie breathing, motion and handling.
HIGH_PASS_HZ = 20.0
#: The longest half wave that passes the high-pass.
LONGEST_LOBE_S = 0.05
SPIKE_WINDOW_S = 0.5
SPIKE_WINDOWS = 8
CLIPPED_RUN = 3
#: Rates without a simple ratio to 2 kHz blend neighbouring phases out of this many.
MOST_PHASES = 256


@dataclass(frozen=True, slots=True)
class Conditioned:
    """Consecutive conditioned samples, and for each whether it lies in a limited friction spike (0 or 1)."""

    samples: Samples
    limited: NDArray[np.uint8]


@lru_cache(maxsize=8)
def _polyphase(sample_rate_hz: float) -> Polyphase:
    """Low-pass filter for each phase, and the ratio of the rates.

    A windowed sinc with a transition from 800 to 1200 Hz: what aliases lands above 800 Hz, which is not used.
    """
    ratio = Fraction(sample_rate_hz).limit_denominator(1000) / ANALYSIS_RATE_HZ
    phases, step = ratio.denominator, ratio.numerator
    rows = min(phases, MOST_PHASES)
    cutoff_hz = min(0.5 * ANALYSIS_RATE_HZ, 0.5 * sample_rate_hz)
    attenuation_db, transition_hz = 60.0, 0.4 * cutoff_hz
    width_s = (attenuation_db - 7.95) / (2.285 * 2 * np.pi * transition_hz)  # Kaiser's formula
    half = int(np.ceil(0.5 * width_s * sample_rate_hz)) + 1
    offset = np.arange(2 * half) - half + 1
    time_s = (offset[None, :] - np.arange(rows + 1)[:, None] / rows) / sample_rate_hz
    inside = np.clip(1.0 - (2.0 * time_s / width_s) ** 2, 0.0, None)
    window = np.i0(0.1102 * (attenuation_db - 8.7) * np.sqrt(inside)) * (np.abs(time_s) <= 0.5 * width_s)
    taps = np.sinc(2.0 * cutoff_hz * time_s) * window
    taps /= taps.sum(axis=1, keepdims=True)
    table = np.ascontiguousarray(taps, dtype=np.float32)
    table.flags.writeable = False
    return Polyphase(table, phases, step)


def _high_pass() -> NDArray[Any]:
    """Second-order Butterworth high-pass, by the bilinear transform, at rest."""
    k = np.tan(np.pi * HIGH_PASS_HZ / ANALYSIS_RATE_HZ)
    norm = 1.0 / (1.0 + np.sqrt(2.0) * k + k * k)
    b, a = (norm, -2.0 * norm, norm), (2.0 * (k * k - 1.0) * norm, (1.0 - np.sqrt(2.0) * k + k * k) * norm)
    return np.array([(*b, *a, 0.0, 0.0, 0.0, 0.0)], dtype=SECTION)


class Conditioner:
    """Resample, high-pass and limit friction spikes, with identical results for any block size.

    Friction spikes are lobes far above the reference peak, found as by Schmidt et al. (2010,
    doi:10.1088/0967-3334/31/4/004) but against the windows *before* them, so that it works live; and they are scaled to the
    reference peak instead of zeroed, so that a loud heart sound stays a heart sound.
    """

    def __init__(self, sample_rate_hz: float, settings: Settings) -> None:
        self._ratio = _polyphase(sample_rate_hz)
        self._width = self._ratio.taps.shape[1]
        self._input = np.zeros(self._width, dtype=np.float32)  # before the recording: its first sample, held
        self._input_first = -self._width
        self._taken = 0
        self._made = 0
        self._high_pass = _high_pass()
        window, longest_lobe = (int(seconds * ANALYSIS_RATE_HZ) for seconds in (SPIKE_WINDOW_S, LONGEST_LOBE_S))
        self._spike_rule = SpikeRule(window, longest_lobe, settings.spike_factor)
        self._peaks = np.zeros(SPIKE_WINDOWS)
        self._spikes = np.zeros(1, dtype=SPIKES)
        self._spikes["first_sound"] = -1
        self._pending = Conditioned(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.uint8))
        self._pending_first = 0
        self._clipping = np.zeros(1, dtype=CLIPPING)

    @property
    def clipped_fraction(self) -> float:
        """Share of the input samples in flat tops at the largest magnitude."""
        return float(self._clipping["clipped"][0]) / max(self._taken, 1)

    @property
    def samples_taken(self) -> int:
        """Input samples so far."""
        return self._taken

    @property
    def first_sound(self) -> int:
        """Number of the first conditioned sample that is not silent; −1 before there is one."""
        return int(self._spikes["first_sound"][0])

    def push(self, block: Samples, last: bool = False) -> Conditioned:
        """Take the next samples; return what is settled. After the last sample its value is held."""
        count_clipped(block, CLIPPED_RUN, self._clipping)
        return self._limit(self._resample(block, last), last)

    def _resample(self, block: Samples, last: bool) -> Samples:
        """Resampled and high-passed samples, as far as their whole filter lies in what has come."""
        if self._taken == 0 and block.size:
            self._input[:] = block[0]
        self._taken += block.shape[0]
        newest = block[-1] if block.size else self._input[-1]
        after = np.full(self._width if last else 0, newest, dtype=np.float32)
        self._input = np.concatenate([self._input, block, after])
        _, phases, step = self._ratio
        if last:
            until = -(-self._taken * phases // step)
        else:
            reach = self._input_first + self._input.shape[0] - self._width // 2 - 1
            until = max(self._made, reach * phases // step + 1)
        made = np.empty(until - self._made, dtype=np.float32)
        if made.size:
            resample(self._input, self._input_first, self._ratio, self._made, made)
            keep = until * step // phases - self._width // 2 - self._input_first
            if keep > 0:
                self._input = self._input[keep:]
                self._input_first += keep
            if self._made == 0:  # as if the first sample had been held before
                self._high_pass["x1"] = self._high_pass["x2"] = made[0]
            biquad(made, self._high_pass)
            self._made = until
        return made

    def _limit(self, made: Samples, last: bool) -> Conditioned:
        begin = self._pending.samples.shape[0]
        samples = prepend(self._pending.samples, made)
        limited = np.concatenate([self._pending.limited, np.zeros(made.shape[0], dtype=np.uint8)])
        settled = limit_spikes(
            samples, begin, self._pending_first, self._spike_rule, self._peaks, self._spikes, limited
        )  # fmt: skip
        if last:
            settled = samples.shape[0]
        self._spikes["lobe_start"] -= settled
        self._pending = Conditioned(samples[settled:], limited[settled:])
        self._pending_first += settled
        return Conditioned(samples[:settled], limited[:settled])
