"""From samples at any rate to clean samples at 2 kHz, block by block on an exact sample clock."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.filtering import biquad, count_clipped, limit_spikes
from murmur.kernels.resampling import resample
from murmur.settings import ANALYSIS_RATE_HZ, Settings
from murmur.signal.stream_buffer import carry

__all__ = ["Conditioned", "Conditioner"]

Samples = NDArray[np.float32]

#: Heart sounds begin at about 20 Hz; below lie breathing, motion and handling.
HIGH_PASS_HZ = 20.0
#: The longest half wave that the high-pass lets through at all.
LONGEST_LOBE_S = 0.05
SPIKE_WINDOW_S = 0.5
SPIKE_WINDOWS = 8
CLIPPED_RUN = 3
#: Rates without a simple ratio to 2 kHz blend neighbouring phases out of this many.
MOST_PHASES = 256


@dataclass(frozen=True, slots=True)
class Conditioned:
    """A stretch of conditioned signal: `samples` and, for each, whether a friction spike was limited there."""

    samples: Samples
    limited: NDArray[np.uint8]


@lru_cache(maxsize=8)
def _polyphase(sample_rate_hz: float) -> tuple[NDArray[np.float32], int, int]:
    """Low-pass filter for each phase, and output spacing as a fraction of the input's: phases and step.

    A windowed sinc with a transition from 800 to 1200 Hz: what aliases lands above 800 Hz, which nothing looks at.
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
    return table, phases, step


def _high_pass() -> NDArray[np.float64]:
    """Second-order Butterworth high-pass, by the bilinear transform."""
    k = np.tan(np.pi * HIGH_PASS_HZ / ANALYSIS_RATE_HZ)
    norm = 1.0 / (1.0 + np.sqrt(2.0) * k + k * k)
    return np.array([norm, -2.0 * norm, norm, 2.0 * (k * k - 1.0) * norm, (1.0 - np.sqrt(2.0) * k + k * k) * norm])


class Conditioner:
    """Resample, high-pass and limit friction spikes; whatever the blocks, the same numbers come out.

    Friction spikes are lobes far above the usual peak, found as by Schmidt et al. (2010, doi:10.1088/0967-3334/31/4/004)
    but against the windows *before* them, so that it works live; and they are scaled to the usual peak instead of
    zeroed, so that a true loud beat stays a beat.
    """

    def __init__(self, sample_rate_hz: float, settings: Settings) -> None:
        self.sample_rate_hz = sample_rate_hz
        self._taps, self._phases, self._step = _polyphase(sample_rate_hz)
        self._width = self._taps.shape[1]
        self._input = np.zeros(self._width, dtype=np.float32)  # what was before the recording: its first sample, for ever
        self._input_first = -self._width
        self._taken = 0
        self._made = 0
        self._coefficients = _high_pass()
        self._filter_state: NDArray[np.float64] | None = None
        self._factor = settings.spike_factor
        self._peaks = np.zeros(SPIKE_WINDOWS)
        self._spike_state = np.array([0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0])
        self._pending = np.zeros(0, dtype=np.float32)
        self._pending_limited = np.zeros(0, dtype=np.uint8)
        self._pending_first = 0
        self._clip_state = np.zeros(4)

    @property
    def clipped_fraction(self) -> float:
        """Share of the input samples in flat tops at the largest magnitude."""
        return float(self._clip_state[3]) / max(self._taken, 1)

    @property
    def samples_taken(self) -> int:
        """Input samples so far."""
        return self._taken

    @property
    def first_sound(self) -> int:
        """Number of the first conditioned sample that is not silent; −1 before there is one."""
        return int(self._spike_state[5])

    def push(self, block: Samples, last: bool = False) -> Conditioned:
        """Take the next samples; return what is settled. The last sample goes on as the first one did before."""
        count_clipped(block, CLIPPED_RUN, self._clip_state)
        if self._taken == 0 and block.size:
            self._input[:] = block[0]
        self._taken += block.shape[0]
        newest = block[-1] if block.size else self._input[-1]
        after = np.full(self._width if last else 0, newest, dtype=np.float32)
        self._input = np.concatenate([self._input, block, after])
        if last:
            until = -(-self._taken * self._phases // self._step)
        else:  # outputs whose whole filter lies in what has come
            reach = self._input_first + self._input.shape[0] - self._width // 2 - 1
            until = max(self._made, reach * self._phases // self._step + 1)
        made = np.empty(until - self._made, dtype=np.float32)
        if made.size:
            resample(self._input, self._input_first, self._taps, self._phases, self._step, self._made, made)
            self._made = until
            keep = until * self._step // self._phases - self._width // 2 - self._input_first
            if keep > 0:
                self._input = self._input[keep:]
                self._input_first += keep
            if self._filter_state is None:  # begin as if the first sample had been there for ever
                self._filter_state = np.array([made[0], made[0], 0.0, 0.0], dtype=np.float64)
            biquad(made, self._coefficients, self._filter_state)
        return self._limit(made, last)

    def _limit(self, made: Samples, last: bool) -> Conditioned:
        begin = self._pending.shape[0]
        samples = carry(self._pending, made)
        limited = np.concatenate([self._pending_limited, np.zeros(made.shape[0], dtype=np.uint8)])
        settled = limit_spikes(
            samples,
            begin,
            self._pending_first,
            int(SPIKE_WINDOW_S * ANALYSIS_RATE_HZ),
            int(LONGEST_LOBE_S * ANALYSIS_RATE_HZ),
            self._factor,
            self._peaks,
            self._spike_state,
            limited,
        )
        if last:
            settled = samples.shape[0]
        self._spike_state[1] -= settled
        self._pending = samples[settled:]
        self._pending_limited = limited[settled:]
        self._pending_first += settled
        return Conditioned(samples[:settled], limited[:settled])
