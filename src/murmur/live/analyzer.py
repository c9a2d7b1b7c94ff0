"""`LiveAnalyzer`: blocks of live sound in, events out, and at the end the whole analysis."""

from __future__ import annotations

import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.errors import ParameterError
from murmur.io.arrays import checked_array, to_float
from murmur.io.info import RecordingInfo
from murmur.io.limits import MIN_DURATION_S, check_length, checked_rate
from murmur.live.beats import BeatTracker, RateTracker
from murmur.live.contact import QualityTracker
from murmur.live.events import BeatClosed, Event, SamplesLost
from murmur.live.signs import SignTracker
from murmur.measure.figures import CycleFigures
from murmur.measure.measurement import Measurement
from murmur.pipeline.analysis import Analysis, conclude
from murmur.pipeline.engine import Engine
from murmur.pipeline.models import Models, shipped_models
from murmur.segmentation.result import CardiacCycles
from murmur.settings import FRAME_RATE_HZ, Settings

#: The engine takes steps of this length whatever the blocks, so that events do not depend on them and a single sample costs
#: next to nothing.
STEP_S = 0.05
#: Frames kept for what is reported at a fixed lag: a slow beat, the lag and a margin.
KEPT_FRAMES = 4 * FRAME_RATE_HZ
#: Signs reported on the way are based on this much of the newest sound: a chest piece is moved.
SIGNS_S = 120.0
#: A shorter history holds too few beats; after a longer gap another stream begins.
LEAST_HISTORY_S, LONGEST_GAP_S = 10.0, 600.0


class LiveAnalyzer:
    """Analyze sound as it arrives, with the same results as for the finished recording.

    `push` takes blocks of any length and returns events; `finish` returns the whole `Analysis`, equal to that of
    `murmur.analyze` on the same samples. Beats and rate are reported at a fixed lag, from the states that are the likeliest
    half a second later. An analyzer is for one stream and one thread at a time; several share nothing.

    Parameters
    ----------
    sample_rate_hz : float
        1 kHz to 192 kHz.
    settings : Settings, optional
        Thresholds and other options.
    patient, site, position, visit : str, optional
        As for `murmur.analyze`. The site matters: the reference level of S1 depends on it.
    history_s : float, default 300, at least 10
        `finish` is based on this much of the newest sound, so that a day takes no more memory. Signs reported on the way
        are based on at most the last two minutes: a chest piece is moved.
    on_cycles : callable, optional
        Called with the cycles that leave the history, as (`CardiacCycles`, `CycleFigures`), some at a time.
    models : Models, optional
        Trained models to use instead of those shipped.

    Raises
    ------
    ParameterError
        If the rate, a label or the history is out of range.
    """

    def __init__(
        self,
        sample_rate_hz: float,
        settings: Settings | None = None,
        *,
        patient: str = "",
        site: str = "",
        position: str = "",
        visit: str = "",
        history_s: float = 300.0,
        on_cycles: Callable[[CardiacCycles, CycleFigures], None] | None = None,
        models: Models | None = None,
    ) -> None:
        rate = checked_rate(sample_rate_hz, "the stream", ParameterError)
        if isinstance(history_s, bool) or not isinstance(history_s, int | float) or not history_s >= LEAST_HISTORY_S:
            raise ParameterError(f"history_s must be a number of seconds, {LEAST_HISTORY_S:g} or more, not {history_s!r}")
        if on_cycles is not None and not callable(on_cycles):
            raise ParameterError(f"on_cycles must be callable, not {on_cycles!r}")
        self._settings, self._models = settings or Settings(), models or shipped_models()
        self._info = RecordingInfo("", patient, site, position, visit)
        self._sample_rate_hz = rate
        self._history_s, self._on_cycles = history_s, on_cycles
        self._engine = Engine(
            rate, self._settings, self._models.segmentation, self._models.murmur_network, least_kept_frames=KEPT_FRAMES
        )
        self._beats = BeatTracker(self._engine, self._models.findings.beat, self._settings)
        self._rate = RateTracker(self._settings)
        self._quality = QualityTracker(self._settings)
        self._signs = SignTracker()
        self._step = max(round(STEP_S * rate), 1)
        self._waiting = np.empty(self._step, dtype=np.float32)
        self._waits = 0
        self._taken = 0  # samples that the engine has
        self._value = np.float32(0.0)
        self._lost_since = -1
        self._lost_in: Counter[int] = Counter()  # samples lost, by second, as far as the history goes
        self._finished = False

    @property
    def time_s(self) -> float:
        """Length of the stream so far."""
        return (self._taken + self._waits) / self._sample_rate_hz

    def push(self, block: npt.ArrayLike) -> list[Event]:
        """Take the next samples.

        Parameters
        ----------
        block : array-like, shape (samples,)
            Of any length: integer PCM (int8, int16, int32, uint8), or floats with full scale ±1. Samples that are not finite
            count as lost.

        Returns
        -------
        list of events
            See `murmur.live.events`; in the order in which they became certain.

        Raises
        ------
        ParameterError
            If it is not a block of samples, or the stream is finished; none of its samples are taken.
        """
        if not isinstance(block, np.ndarray | list | tuple | array.array) and not hasattr(block, "__array__"):
            raise ParameterError(
                f"the block: must be an array of samples, not {type(block).__name__}; for raw PCM, "
                'use numpy.frombuffer(block, dtype="<i2"), or another dtype'
            )
        values = checked_array(block, "the block")
        if values.ndim != 1:
            raise ParameterError(f"the block: samples must be 1-D, not of shape {values.shape}: pass one channel")
        with np.errstate(over="ignore"):
            samples = to_float(values).astype(np.float32, copy=False)
        return self._take(samples)

    def skip(self, samples: int) -> list[Event]:
        """Skip samples that were lost on the way, so that all times stay right; return events as `push` does."""
        longest = int(LONGEST_GAP_S * self._sample_rate_hz)
        if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or not 0 <= samples <= longest:
            raise ParameterError(
                f"samples to skip must be a whole number from 0 to {longest}, not {samples!r}; "
                "after a longer gap, begin another stream"
            )
        events = []
        for first in range(0, samples, 2**16):
            events += self._take(np.full(min(samples - first, 2**16), np.nan, dtype=np.float32))
        return events

    def finish(self) -> Analysis:
        """End the stream and return the analysis of it, or of its last `history_s`.

        Raises
        ------
        TooShortError
            If it is shorter than 2 s.
        ParameterError
            If it was finished before.
        """
        self._check_open()
        check_length("the stream", self._taken + self._waits, self._sample_rate_hz)
        self._finished = True
        rest = self._waiting[: self._waits].copy()
        self._mend(rest)
        measurement = self._engine.finish(rest)
        notes = []
        if measurement.start_s:
            notes.append(
                f"based on {measurement.start_s:.0f} s to {measurement.duration_s:.0f} s, the part of the stream kept"
            )
        if lost := self._lost_in.total():
            notes.append(f"{lost / self._sample_rate_hz:.3g} s of the stream were lost")
        return self._conclude(measurement, notes)

    def _conclude(self, measurement: Measurement, notes: Sequence[str] = ()) -> Analysis:
        """Conclude from a measurement; lost samples count as silence: what was put in their place says nothing."""
        silent = self._silent_or_lost(measurement.seconds.silent, int(measurement.start_s))
        heard = replace(measurement, seconds=replace(measurement.seconds, silent=silent))
        rate, notes = self._sample_rate_hz, tuple(notes)
        return conclude(heard, self._info, self._settings, self._models, sample_rate_hz=rate, notes=notes)

    def _check_open(self) -> None:
        if self._finished:
            raise ParameterError("the stream is finished; start another with a new LiveAnalyzer")

    def _take(self, samples: npt.NDArray[np.float32]) -> list[Event]:
        self._check_open()
        events: list[Event] = []
        first = 0
        while first < samples.shape[0]:
            count = min(self._step - self._waits, samples.shape[0] - first)
            self._waiting[self._waits : self._waits + count] = samples[first : first + count]
            self._waits += count
            first += count
            if self._waits == self._step:
                self._waits = 0
                events += self._advance(self._waiting.copy())
        return events

    def _advance(self, step: npt.NDArray[np.float32]) -> Iterator[Event]:
        """Take a whole step; report what has become certain."""
        lost = self._mend(step)
        self._engine.push(step)
        self._taken += step.shape[0]
        time_s = self._taken / self._sample_rate_hz
        for start_s, end_s in lost:
            yield SamplesLost(time_s=time_s, start_s=start_s, end_s=end_s)
        for beat in self._beats.update(time_s):
            self._quality.take(beat)
            if isinstance(beat, BeatClosed):
                self._rate.take(beat)
            yield beat
        yield from self._rate.update(time_s)
        yield from self._quality.update(time_s, *self._new_seconds())
        if time_s >= MIN_DURATION_S and self._signs.is_due(time_s, min(time_s, SIGNS_S)):
            since = max(int(time_s - min(SIGNS_S, self._history_s)), 0)
            self._beats.history.drop_before(since)
            so_far = self._engine.measured_at_lag(self._beats.history, since)
            yield from self._signs.update(time_s, self._conclude(so_far))
        if time_s - self._engine.start_s >= 1.1 * self._history_s:  # rarely, and much at once
            self._trim(int(time_s - self._history_s))

    def _new_seconds(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Levels of the seconds that have become complete, and the share of each that was silent or lost."""
        first, seconds = self._quality.seconds, self._engine.seconds
        new = slice(len(seconds) - (self._engine.seconds_done - first), None)
        return seconds.level_db[new], self._silent_or_lost(seconds.silent[new], first)

    def _silent_or_lost(self, silent: npt.NDArray[np.float64], first: int) -> npt.NDArray[np.float64]:
        """Share of each second, from number `first` on, that was silent or lost."""
        if not self._lost_in:
            return silent
        lost = np.array([self._lost_in[second] for second in range(first, first + silent.size)])
        return np.maximum(silent, lost / self._sample_rate_hz)

    def _mend(self, step: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
        """Hold the last sample where some are lost; return the intervals of the stream (s) whose loss is over."""
        rate, over = self._sample_rate_hz, []
        bad = ~np.isfinite(step)
        if bad.any() or self._lost_since >= 0:
            for place in np.flatnonzero(np.diff(bad, prepend=self._lost_since >= 0)).tolist():
                if self._lost_since < 0:
                    self._lost_since = self._taken + place
                else:
                    over.append((self._lost_since / rate, (self._taken + place) / rate))
                    self._lost_since = -1
            when_s = (self._taken + np.flatnonzero(bad)) / rate
            self._lost_in.update(when_s.astype(int).tolist())
            source = np.where(bad, -1, np.arange(step.shape[0]))
            np.maximum.accumulate(source, out=source)
            step[:] = np.where(source >= 0, step[source], self._value)
        if step.shape[0]:
            self._value = step[-1]
        return over

    def _trim(self, second: int) -> None:
        """Pass on the cycles that end before a second, and forget what is older."""
        if self._on_cycles is not None:
            certain = self._conclude(self._engine.measured())
            cycles = certain.segmentation.cycles
            if leaving := int(np.searchsorted(cycles.end_s, second)):
                self._on_cycles(_first(cycles, leaving), _first(certain.cycles, leaving))
        self._engine.forget_before(second)
        self._lost_in = Counter({when: lost for when, lost in self._lost_in.items() if when >= second})


def _first(columns: Any, count: int) -> Any:
    """The first rows of a record of columns."""
    return type(columns)(*(getattr(columns, name)[:count] for name in columns.__dataclass_fields__))
