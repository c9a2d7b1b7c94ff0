"""`LiveAnalyzer`: blocks of live sound in, events out, and at the end the analysis of the whole."""

from __future__ import annotations

import array
from collections import Counter
from collections.abc import Callable, Iterator
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

__all__ = ["LiveAnalyzer"]

#: The engine takes steps of this length, whatever the blocks: so the events do not depend on them, and a single sample costs
#: next to nothing.
STEP_S = 0.05
#: Frames that are kept for what is told early: a slow beat, its lag and its margin.
KEPT_FRAMES = 4 * FRAME_RATE_HZ
#: Signs that are told rest on so much of the newest sound: a chest piece is moved.
SIGNS_S = 120.0
#: A shorter history holds too few beats; a longer gap is another stream's beginning.
LEAST_HISTORY_S, LONGEST_GAP_S = 10.0, 600.0
#: What is forgotten is forgotten so much at a time.
FORGOTTEN_AT_ONCE = 0.1


class LiveAnalyzer:
    """Analyze sound while it comes in, with the same answers as the finished recording.

    Blocks of any length go into `push`, which returns what they have made sure; `finish` gives the whole `Analysis`, equal
    to that of `murmur.analyze` on the same samples. Beats and rate are told early, from the reading that is the likeliest
    half a second later. One analyzer is for one stream and one thread at a time; several share nothing.

    Parameters
    ----------
    sample_rate_hz : float
        1 kHz to 192 kHz.
    settings : Settings, optional
        What may be tuned.
    patient, site, position, visit : str, optional
        As of `murmur.analyze`. The site matters: what is a quiet S1 depends on it.
    history_s : float, default 300, at least 10
        What `finish` gives rests on this much of the newest sound, so that a day takes no more memory. Signs told on
        the way rest on the last two minutes at most: a chest piece is moved.
    on_cycles : callable, optional
        Takes the beats that are leaving the history, as (`CardiacCycles`, `CycleFigures`), some at a time.
    models : Models, optional
        Other trained models than those that ship.

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
        self._history_s, self._on_beats = history_s, on_cycles
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
        self._seconds = 0
        self._value = np.float32(0.0)
        self._lost_since = -1
        self._lost_in: Counter[int] = Counter()  # samples lost, by second, as far as the history goes
        self._finished = False

    @property
    def time_s(self) -> float:
        """How much of the stream has come."""
        return (self._taken + self._waits) / self._sample_rate_hz

    def push(self, block: npt.ArrayLike) -> list[Event]:
        """Take the next samples.

        Parameters
        ----------
        block : array-like, shape (samples,)
            Of any length; integer PCM (int8, int16, int32, uint8), or floats with full scale ±1. Samples that are not finite
            count as lost.

        Returns
        -------
        list of events
            Of `murmur.live.events`, in the order in which they became sure.

        Raises
        ------
        ParameterError
            If it is no block of sound, or the stream is finished; nothing of it is taken.
        """
        if not isinstance(block, np.ndarray | list | tuple | array.array) and not hasattr(block, "__array__"):
            raise ParameterError(
                f"the block: must be an array of samples, not {type(block).__name__}; of raw PCM, "
                'numpy.frombuffer(block, dtype="<i2") or another type makes one'
            )
        values = checked_array(block, "the block")
        if values.ndim != 1:
            raise ParameterError(f"the block: samples must be 1-D, not of shape {values.shape}: pass one channel")
        with np.errstate(over="ignore"):
            samples = to_float(values).astype(np.float32, copy=False)
        return self._take(samples)

    def skip(self, samples: int) -> list[Event]:
        """Let so many samples pass that were lost on the way, so that all times stay right; returns events as `push`."""
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
        """End the stream and return all that is to be said of it, or of its last `history_s`.

        Raises
        ------
        TooShortError
            If it lasted less than 2 s.
        ParameterError
            If it was finished before.
        """
        self._check_open()
        check_length("the stream", self._taken + self._waits, self._sample_rate_hz)
        self._finished = True
        rest = self._waiting[: self._waits].copy()
        self._mend(rest)
        measurement = self._with_losses(self._engine.finish(rest))
        notes = []
        if measurement.start_s:
            notes.append(
                f"rests on {measurement.start_s:.0f} s to {measurement.duration_s:.0f} s, all that is kept of the stream"
            )
        if lost := self._lost_in.total():
            notes.append(f"{lost / self._sample_rate_hz:.3g} s of it were lost")
        return self._conclude(measurement, tuple(notes))

    def _conclude(self, measurement: Measurement, notes: tuple[str, ...] = ()) -> Analysis:
        return conclude(
            measurement, self._info, self._settings, self._models, sample_rate_hz=self._sample_rate_hz, notes=notes
        )

    def _check_open(self) -> None:
        if self._finished:
            raise ParameterError("the stream is finished; begin another with a new LiveAnalyzer")

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
        """Take a whole step, and tell what it has made sure."""
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
            self._beats.history.forget_before(since)
            so_far = self._with_losses(self._engine.measured_early(self._beats.history, since))
            yield from self._signs.update(time_s, self._conclude(so_far))
        if time_s - self._engine.start_s >= (1.0 + FORGOTTEN_AT_ONCE) * self._history_s:
            self._forget(int(time_s - self._history_s))

    def _new_seconds(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Levels of the seconds that have become complete, and how much of them was silent or lost."""
        first, self._seconds = self._seconds, self._engine.seconds_done
        seconds = self._engine.seconds
        new = slice(len(seconds) - (self._seconds - first), None)
        silent = seconds.silent[new]
        return seconds.level_db[new], self._silent_or_lost(silent, first)

    def _silent_or_lost(self, silent: npt.NDArray[np.float64], first: int) -> npt.NDArray[np.float64]:
        """How much of each second, from number `first` on, was silent or lost."""
        if not self._lost_in:
            return silent
        lost = np.array([self._lost_in[second] for second in range(first, first + silent.size)])
        return np.maximum(silent, lost / self._sample_rate_hz)

    def _with_losses(self, measurement: Measurement) -> Measurement:
        """Count lost samples as silence, which they are no more than what is put in their place."""
        silent = self._silent_or_lost(measurement.seconds.silent, int(measurement.start_s))
        return replace(measurement, seconds=replace(measurement.seconds, silent=silent))

    def _mend(self, step: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
        """Hold the last sample where some are lost; return the stretches of the stream, in s, whose loss is over."""
        rate, over = self._sample_rate_hz, []
        bad = ~np.isfinite(step)
        if bad.any() or self._lost_since >= 0:
            edges = np.flatnonzero(np.diff(bad, prepend=self._lost_since >= 0)).tolist()
            for place in edges:
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

    def _forget(self, second: int) -> None:
        """Hand on the beats that are older than the history, and forget them."""
        if self._on_beats is not None:
            certain = self._conclude(self._with_losses(self._engine.measured()))
            beats = certain.segmentation.cycles
            if gone := int(np.searchsorted(beats.end_s, second)):
                self._on_beats(_first(beats, gone), _first(certain.cycles, gone))
        self._engine.forget_before(second)
        self._lost_in = Counter({when: lost for when, lost in self._lost_in.items() if when >= second})


def _first(columns: Any, count: int) -> Any:
    """The first rows of a record of columns."""
    return type(columns)(*(getattr(columns, name)[:count] for name in columns.__dataclass_fields__))
