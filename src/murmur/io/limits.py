"""Limits on sound: sample rate, channel, length and sample values."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.errors import BadSamplesError, MurmurError, ParameterError, TooLongError, TooShortError

MIN_SAMPLE_RATE_HZ = 1000.0
"""Murmurs reach 450 Hz and more, which a lower rate can't represent."""
MAX_SAMPLE_RATE_HZ = 192_000.0
MIN_DURATION_S = 2.0
"""Two cycles of a slow heart."""
MAX_DURATION_S = 25 * 3600.0
"""A day, and an hour for recorders that overrun."""

_LARGEST_SAMPLE = 1e12  # a day of samples this large can be squared and summed in float32
_SMALLEST_PEAK = 1e-12  # the square of a smaller sample underflows


def checked_rate(value: object, label: str, kind: type[MurmurError]) -> float:
    """Return a sample rate in Hz as a float; raise an error of that kind if it is out of range."""
    try:
        rate = math.nan if isinstance(value, str | bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        rate = math.nan
    if math.isnan(rate):
        raise kind(f"{label}: the sample rate must be a number in Hz, not {value!r}")
    if not MIN_SAMPLE_RATE_HZ <= rate <= MAX_SAMPLE_RATE_HZ:
        in_khz = 0 < rate < 200 and kind is ParameterError  # people may confuse the units, headers state Hz
        remedy = "give it in Hz, not kHz" if in_khz else "check the rate, or resample to 4000 Hz"
        raise kind(
            f"{label}: a sample rate of {rate:.10g} Hz is out of range ({MIN_SAMPLE_RATE_HZ:g} to "
            f"{MAX_SAMPLE_RATE_HZ:g} Hz); {remedy}"
        )
    return rate


def choose_channel(channel: int | None, n_channels: int, label: str) -> tuple[int, tuple[str, ...]]:
    """Return the channel to take, the first unless another is requested, and notes on the choice."""
    if channel is None:
        return 0, (f"{n_channels} channels: took channel 0",) if n_channels > 1 else ()
    try:
        index = -1 if isinstance(channel, bool) else operator.index(channel)
    except TypeError:
        index = -1
    if not 0 <= index < n_channels:
        raise ParameterError(
            f"{label}: no channel {channel!r}: it has {n_channels} channel{'s' if n_channels > 1 else ''}, counted from 0"
        )
    return index, ()


def check_length(label: str, n_samples: int, rate: float, n_promised: int | None = None) -> None:
    """Raise TooShortError or TooLongError if the length is out of range."""
    if n_samples < int(MIN_DURATION_S * rate):
        held = seconds(n_samples, rate) if n_samples else "no samples"
        if n_promised is not None and n_promised > n_samples:
            held += f", cut short (the header promises {seconds(n_promised, rate)})"
        raise TooShortError(f"{label}: too short: {held} (minimum {MIN_DURATION_S:g} s, better 15 s)")
    if n_samples > MAX_DURATION_S * rate:
        raise _too_long(label, f"{n_samples / rate / 3600:.4g} h")


def _too_long(label: str, held: str) -> TooLongError:
    return TooLongError(f"{label}: too long: {held} (maximum {MAX_DURATION_S / 3600:g} h): split the recording")


def seconds(n_samples: int, rate: float) -> str:
    """Spell a duration for a message."""
    return f"{n_samples / rate:.6g} s"


class Watch:
    """Checks on samples as they are read, and on all of them at the end."""

    def __init__(self, label: str, sample_rate_hz: float, notes: tuple[str, ...] = ()) -> None:
        self._label = label
        self._rate = sample_rate_hz
        self._remedy = f"check the microphone and the channel taken{''.join(f' ({note})' for note in notes)}"
        self._lowest = math.inf
        self._highest = -math.inf
        self.n_samples = 0

    def passed(self, block: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
        """Check the next block, and return it in float32; BadSamplesError or TooLongError at once."""
        with np.errstate(invalid="ignore"):
            lowest, highest = float(block.min()), float(block.max())
        # Written so that it also fails for NaN, which min and max propagate.
        if not (lowest >= -_LARGEST_SAMPLE and highest <= _LARGEST_SAMPLE):
            self._refuse(block)
        self._lowest, self._highest = min(self._lowest, lowest), max(self._highest, highest)
        self.n_samples += len(block)
        if self.n_samples > MAX_DURATION_S * self._rate:
            raise _too_long(self._label, f"more than {MAX_DURATION_S / 3600:g} h")
        return block.astype(np.float32, copy=False)

    def _refuse(self, block: npt.NDArray[np.floating[Any]]) -> None:
        bad = np.flatnonzero(~(np.abs(block) <= _LARGEST_SAMPLE))
        first = self.n_samples + int(bad[0])
        value = block[bad[0]]
        where = f"{self._label}: sample {first} (at {first / self._rate:.3f} s) is"
        count = f"{len(bad)} like it in the first {seconds(self.n_samples + len(block), self._rate)}"
        if np.isnan(value):
            problem, remedy = "not a number (NaN)", "fill the gap, or cut it out"
        elif np.isinf(value):
            problem, remedy = f"infinite ({value})", "cut it out, or fix the overflow that caused it"
        else:
            problem, remedy = f"{value:.6g}, beyond ±{_LARGEST_SAMPLE:g}", "scale the samples down to about ±1"
        raise BadSamplesError(f"{where} {problem}; {count}: {remedy}")

    def finish(self, n_promised: int | None) -> None:
        """Check the whole: TooShortError, or BadSamplesError if it was silent or constant."""
        check_length(self._label, self.n_samples, self._rate, n_promised)
        if max(-self._lowest, self._highest) < _SMALLEST_PEAK:
            peak = "0" if self._lowest == self._highest == 0 else f"below {_SMALLEST_PEAK:g}"
            raise BadSamplesError(f"{self._label}: silent: all {self.n_samples} samples are {peak}; {self._remedy}")
        if self._lowest == self._highest:
            peak = f"{self._highest:.6g}"
            raise BadSamplesError(f"{self._label}: constant: all {self.n_samples} samples are {peak}; {self._remedy}")
