"""Beats as they come: found when S2 is over, closed when the next S1 begins; and the heart rate of the last ones."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from murmur.findings.describe import RHYTHM_SHARE
from murmur.learned.linear import LinearModel
from murmur.live.events import BeatClosed, BeatFound, RateChanged
from murmur.measure.comparison import Comparison
from murmur.measure.cycles import BANDS_HZ, CycleLevels
from murmur.measure.heart_sounds import S1_BAND_HZ
from murmur.measure.measurement import CycleBuffer, MeasuredCycles
from murmur.measure.quality import cycle_confidence
from murmur.pipeline.assembler import LONGEST_CYCLE_S
from murmur.pipeline.engine import Engine
from murmur.segmentation.cycles import Cycles
from murmur.segmentation.decoding import Spans
from murmur.segmentation.durations import CYCLE_S
from murmur.segmentation.fixed_lag import FixedLagDecoder
from murmur.segmentation.result import State
from murmur.settings import FRAME_RATE_HZ, Settings

#: Beats are reported this far behind the newest posteriors: on 80 recordings 99.87 % of frames then keep their state.
LAG_FRAMES = 50
#: A beat is judged together with the two before it; the rate is that of the last five.
BEATS_BEFORE, BEATS_COUNTED = 2, 5
#: A diastole that has only begun is taken to last at least this long.
LEAST_DIASTOLE_FRAMES = 10
#: The rate is reported when it has changed by this much, and given up after this long without a beat.
RATE_STEP_BPM, RATE_KEPT_S = 2.0, 4.0
#: The rate needs less confidence where the last five beats are more regular than noise ever is: above 180 beats per minute
#: the network is not sure where the sounds are.
REGULAR_WITHIN, REGULAR_CONFIDENCE = 0.08, 0.05
CYCLE_STATES = np.array([State.S1, State.SYSTOLE, State.S2, State.DIASTOLE, State.S1], dtype=np.int64)


@dataclass(slots=True)
class _OpenCycle:
    """The spans of a cycle as far as they have come: first frames and onsets of S1, systole, S2, diastole."""

    starts: list[int] = field(default_factory=list)
    onsets_s: list[float] = field(default_factory=list)

    @property
    def state(self) -> int:
        """The last state that has begun; 0 if no cycle has."""
        return len(self.starts)

    def onsets(self) -> dict[str, Any]:
        """Onsets by the names that events give them, once diastole has begun."""
        names = ("s1_onset_s", "systole_onset_s", "s2_onset_s", "diastole_onset_s")
        return dict(zip(names, self.onsets_s, strict=True))


class BeatTracker:
    """Makes beats of the states that an engine reports at a fixed lag.

    The confidence is that of `murmur.measure.quality.cycle_confidence`. Where diastole is not over, it is taken to last as
    long as in the last beats, and judged by what has come of it.

    Attributes
    ----------
    history : CycleBuffer
        The cycles of the beats that were closed.
    """

    def __init__(self, engine: Engine, model: LinearModel, settings: Settings) -> None:
        self._engine, self._model, self._settings = engine, model, settings
        self._decoder = FixedLagDecoder(LAG_FRAMES)
        self._open = _OpenCycle()
        self._before: deque[MeasuredCycles] = deque(maxlen=BEATS_BEFORE)
        self._cycles_s: deque[float] = deque(maxlen=BEATS_COUNTED)
        self._number = 0
        self.history = CycleBuffer()

    def update(self, time_s: float) -> Iterator[BeatFound | BeatClosed]:
        """Report the beats found and closed since the last call."""
        spans, onsets_s = self._engine.read_at_lag(self._decoder)
        for start, state, onset_s in zip(spans.start.tolist(), spans.state.tolist(), onsets_s.tolist(), strict=True):
            cycle = self._open
            if state == State.S1:
                if cycle.state == State.DIASTOLE and (closed := self._close(cycle, start, onset_s, time_s)):
                    yield closed
                self._open = _OpenCycle([start], [onset_s])
            elif state == cycle.state + 1:
                cycle.starts.append(start)
                cycle.onsets_s.append(onset_s)
                if state == State.DIASTOLE:
                    if found := self._find(cycle, time_s):
                        yield found
                    else:
                        self._open = _OpenCycle()
            else:  # out of order: the open cycle is none
                self._open = _OpenCycle()

    def _find(self, cycle: _OpenCycle, time_s: float) -> BeatFound | None:
        s1_s, _, s2_s, _ = cycle.onsets_s
        s1, diastole = cycle.starts[0], cycle.starts[3]
        expected_s = float(np.median(self._cycles_s)) if self._cycles_s else self._expected_cycle_s(s2_s - s1_s)
        end = max(s1 + round(expected_s * FRAME_RATE_HZ), diastole + LEAST_DIASTOLE_FRAMES)
        end = min(end, diastole + LAG_FRAMES)  # so much has come, whenever the beat is reported
        if (judged := self._judge(cycle, end, s1_s + (end - s1) / FRAME_RATE_HZ)) is None:
            return None
        _, confidence, _ = judged
        self._number += 1
        return BeatFound(time_s=time_s, number=self._number, **cycle.onsets(), confidence=confidence)

    def _close(self, cycle: _OpenCycle, start: int, end_s: float, time_s: float) -> BeatClosed | None:
        cycle_s = end_s - cycle.onsets_s[0]
        if cycle_s >= LONGEST_CYCLE_S or (judged := self._judge(cycle, start, end_s)) is None:
            return None
        measured, confidence, compared = judged
        self._before.append(measured)
        self.history.append(measured)
        self._cycles_s.append(cycle_s)
        trusted = confidence >= self._settings.least_confidence
        s1_s2 = compared["s1_against_s2"][-1, BANDS_HZ.index(S1_BAND_HZ)]
        return BeatClosed(
            time_s=time_s,
            number=self._number,
            **cycle.onsets(),
            end_s=end_s,
            confidence=confidence,
            s1_s2_level_db=float(s1_s2) if trusted else None,
            murmur_above_late_diastole_db=float(compared["mid_systole"][-1, 0]) if trusted else None,
        )

    def _judge(self, cycle: _OpenCycle, end: int, end_s: float) -> tuple[MeasuredCycles, float, Comparison] | None:
        """Measure a cycle that ends at a frame, and compare it with those before it; None where it can't be measured.

        The number is the confidence in it.
        """
        starts = np.array([*cycle.starts, end])
        measured = self._engine.measure_uncertain(Spans(starts, CYCLE_STATES, starts), np.array([*cycle.onsets_s, end_s]))
        if measured is None:
            return None
        together = [*self._before, measured]
        compared = Comparison(CycleLevels.joined(part.levels for part in together))
        cycles = Cycles.joined(part.cycles for part in together)
        return measured, float(cycle_confidence(cycles, compared, self._model)[-1]), compared

    def _expected_cycle_s(self, systole_s: float) -> float:
        """The rate class whose expected systole is nearest, as its cycle length."""
        expected_s, _ = self._engine.durations.systole_s(CYCLE_S)
        return float(CYCLE_S[np.abs(expected_s - systole_s).argmin()])


class RateTracker:
    """The heart rate of the last beats, as far as they can be trusted."""

    def __init__(self, settings: Settings) -> None:
        self._least = RHYTHM_SHARE * settings.least_confidence
        self._recent: deque[BeatClosed] = deque(maxlen=BEATS_COUNTED)
        self._cycles_s: deque[float] = deque(maxlen=BEATS_COUNTED)
        self._last_s = -math.inf
        self._reported: float | None = None

    def take(self, beat: BeatClosed) -> None:
        """Count a beat."""
        self._recent.append(beat)
        if beat.confidence >= self._least or self._is_regular():
            if beat.s1_onset_s - self._last_s > RATE_KEPT_S:
                self._cycles_s.clear()
            self._cycles_s.append(beat.end_s - beat.s1_onset_s)
            self._last_s = beat.end_s

    def _is_regular(self) -> bool:
        """Whether the last beats follow one another at equal intervals."""
        beats = list(self._recent)
        if len(beats) < BEATS_COUNTED or min(beat.confidence for beat in beats) < REGULAR_CONFIDENCE:
            return False
        if any(after.s1_onset_s > before.end_s for before, after in pairwise(beats)):
            return False
        cycles_s = np.array([beat.end_s - beat.s1_onset_s for beat in beats])
        median_s = float(np.median(cycles_s))
        return bool(np.abs(cycles_s - median_s).max() <= REGULAR_WITHIN * median_s)

    def update(self, time_s: float) -> Iterator[RateChanged]:
        """Report the rate where it has changed."""
        rate = None if time_s - self._last_s > RATE_KEPT_S else 60.0 / float(np.median(self._cycles_s))
        step = abs((rate or 0.0) - (self._reported or 0.0))
        if (rate is None) != (self._reported is None) or step >= RATE_STEP_BPM:
            self._reported = rate
            yield RateChanged(time_s=time_s, heart_rate_bpm=rate)
